//! The routes of a route configuration of Envoy, as what cases may reach.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rules::{Rule, Rules};
use crate::explain::Report;
use crate::source::FieldPath;

/// The routes of a route configuration, each a rule.
#[derive(Debug, Default)]
pub struct ConfiguredRoutes {
    /// The rules.
    pub rules: Rules,
    /// Their marks, by virtual host, whose names differ, and place in it.
    marks: BTreeMap<(String, usize), usize>,
}

impl ConfiguredRoutes {
    /// Lists the routes of a `RouteConfiguration` that is JSON.
    pub fn new(config: &Value) -> Self {
        let mut out = Self::default();
        let list = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let name = |value: &Value| value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        for host in list(config, "virtual_hosts") {
            let virtual_host = name(&host);
            for (index, route) in list(&host, "routes").iter().enumerate() {
                let named = match name(route) {
                    name if name.is_empty() => String::new(),
                    name => format!(" route {name}"),
                };
                out.marks.insert((virtual_host.clone(), index), out.rules.list.len());
                out.rules.list.push(Rule {
                    object: format!("virtual host {virtual_host}{named}"),
                    path: FieldPath::parse(&format!("routes[{index}]")),
                    is_route: true,
                    ..Rule::default()
                });
            }
        }
        out
    }

    /// Returns the mark of the route that a request takes.
    pub fn in_report(&self, report: &Report) -> Vec<usize> {
        let taken = report.hops.first().and_then(|hop| Some((hop.virtual_host.clone()?, hop.route.as_ref()?.index)));
        taken.and_then(|taken| self.marks.get(&taken).copied()).into_iter().collect()
    }
}
