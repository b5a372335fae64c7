//! What the rules need to know of one resource of a proxy.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cause::Cause;
use crate::rejection::{self, Checked, Fine};

/// Which of Envoy's discovery services serves a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Discovery {
    /// CDS.
    Cluster,
    /// LDS.
    Listener,
    /// RDS.
    Route,
    /// EDS.
    Endpoint,
}

/// Routes of one VirtualService that are behind those of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shadow {
    /// Whose route is never reached.
    pub(super) behind: Cause,
    /// The name of that route; empty if it has none.
    pub(super) route: String,
    /// Whose route takes its requests.
    pub(super) by: Cause,
    /// The virtual host.
    pub(super) host: String,
    /// The path that the route is for, and the shorter one that takes it, where it is a prefix.
    pub(super) paths: Option<(String, String)>,
}

/// What is to be known of one resource.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The digest of the resource.
    pub(super) digest: [u64; 2],
    /// The manifests that have a part in it.
    pub(super) causes: BTreeSet<Cause>,
    /// Clusters that it leads to, each with the VirtualService that says so.
    pub(super) destinations: BTreeSet<(Cause, String)>,
    /// Routes that are never reached.
    pub(super) shadows: BTreeSet<Shadow>,
    /// What Envoy says of it.
    pub(super) checked: Checked,
    /// Of a cluster, the DestinationRule that it is by.
    pub(super) upstream: Option<Cause>,
    /// Whether all that it has is an answer that there is nothing.
    pub(super) is_empty_route: bool,
    /// Of a listener, its addresses.
    pub(super) addresses: Vec<String>,
}

impl Facts {
    /// Looks at a resource, as Envoy's admin page prints it; of some parts it may be known that they are fine.
    pub(super) fn of(discovery: Discovery, json: &Value, fine: &Fine) -> Self {
        let mut facts = Self::default();
        match discovery {
            Discovery::Cluster => {
                facts.upstream = Cause::of(json).filter(|cause| cause.kind == "destination-rule");
                facts.causes.extend(facts.upstream.clone());
            }
            Discovery::Listener | Discovery::Route => {
                facts.walk(json, None);
                facts.is_empty_route = is_empty_route(json);
            }
            Discovery::Endpoint => {}
        }
        facts.checked = rejection::check_new(json, fine);
        if discovery == Discovery::Listener {
            facts.addresses = rejection::listener_addresses(json);
        }
        facts
    }

    /// Says whether there is anything that is to be told by proxy.
    pub(super) fn depend_on_the_proxy(&self) -> bool {
        !self.destinations.is_empty()
            || !self.shadows.is_empty()
            || self.upstream.is_some()
            || self.is_empty_route
            || self.checked != Checked::default()
    }

    fn walk(&mut self, value: &Value, cause: Option<&Cause>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, cause)),
            Value::Object(fields) => {
                let own = Cause::of(value);
                self.causes.extend(own.clone());
                let cause = own.as_ref().or(cause);
                if let Some(cause) = cause.filter(|cause| cause.kind == "virtual-service") {
                    self.destinations.extend(destinations(value).map(|cluster| (cause.clone(), cluster.to_owned())));
                }
                if let Some(hosts) = fields.get("virtual_hosts").and_then(Value::as_array) {
                    for host in hosts {
                        self.shadows(host);
                    }
                }
                fields.values().for_each(|field| self.walk(field, cause));
            }
            _ => {}
        }
    }

    /// Finds routes behind one that takes everything, or has the same condition.
    fn shadows(&mut self, host: &Value) {
        let routes = host.get("routes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (index, route) in routes.iter().enumerate() {
            let Some(behind) = Cause::of(route) else { continue };
            let condition = &route["match"];
            let earlier = routes.iter().take(index);
            let mut takers = earlier.filter(|other| covers(&other["match"], condition));
            let Some((by, taker)) = takers.find_map(|other| Some((Cause::of(other)?, other))) else { continue };
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let path =
                |condition: &Value| PATHS.iter().find_map(|key| condition.get(*key)?.as_str().map(str::to_owned));
            let paths = path(condition).zip(path(&taker["match"]));
            let (route, host) = (text(&route["name"]), text(&host["name"]));
            self.shadows.insert(Shadow { behind, route, by, host, paths });
        }
    }
}

/// Fields of a condition that hold its path.
const PATHS: &[&str] = &["prefix", "path", "path_separated_prefix"];

/// Whether a condition takes all requests that another one is for: its path covers the other's, and all else that it asks for is
/// asked for by the other too.
fn covers(wide: &Value, narrow: &Value) -> bool {
    let (Some(wide), Some(fields)) = (wide.as_object(), narrow.as_object()) else { return false };
    let ignores_case =
        |condition: &serde_json::Map<String, Value>| condition.get("case_sensitive") == Some(&Value::Bool(false));
    if ignores_case(fields) && !ignores_case(wide) && wide.get("prefix").is_none_or(|prefix| prefix != "/") {
        return wide == fields;
    }
    wide.iter().all(|(key, value)| match key.as_str() {
        "case_sensitive" => true,
        "prefix" => value.as_str().is_some_and(|prefix| {
            let of_regex = prefix == "/" && fields.contains_key("safe_regex");
            of_regex
                || PATHS
                    .iter()
                    .any(|key| fields.get(*key).and_then(Value::as_str).is_some_and(|path| path.starts_with(prefix)))
        }),
        "path_separated_prefix" => value.as_str().is_some_and(|prefix| {
            let below =
                |path: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            PATHS.iter().any(|key| fields.get(*key).and_then(Value::as_str).is_some_and(below))
                && (!fields.contains_key("prefix")
                    || fields.get("prefix").and_then(Value::as_str).is_some_and(|path| path.len() > prefix.len()))
        }),
        // Lists of conditions of which all must hold.
        "headers" | "query_parameters" | "dynamic_metadata" => value.as_array().is_some_and(|wide| {
            let narrow = fields.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            wide.iter().all(|one| narrow.contains(one))
        }),
        _ => fields.get(key) == Some(value),
    })
}

/// Whether a route configuration has nothing but the virtual host with which istiod says so.
fn is_empty_route(json: &Value) -> bool {
    let hosts = json.get("virtual_hosts").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_blackhole =
        |host: &Value| host.get("name").and_then(Value::as_str).is_some_and(|name| name.starts_with("blackhole:"));
    !hosts.is_empty() && hosts.iter().all(is_blackhole)
}

/// Returns the clusters that a route action or TCP proxy names.
fn destinations(value: &Value) -> impl Iterator<Item = &str> {
    let one = value.get("cluster").and_then(Value::as_str);
    let weighted =
        value.get("weighted_clusters").and_then(|weighted| weighted.get("clusters")).and_then(Value::as_array);
    one.into_iter().chain(weighted.into_iter().flatten().filter_map(|cluster| cluster.get("name")?.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::covers;

    #[test]
    fn conditions_that_cover_others() {
        for (wide, narrow, expected) in [
            (json!({"prefix": "/"}), json!({"safe_regex": {"regex": "/a"}}), true),
            (json!({"prefix": "/test"}), json!({"prefix": "/test2"}), true),
            (json!({"prefix": "/test/"}), json!({"prefix": "/test2"}), false),
            (json!({"prefix": "/test", "headers": [{"name": "a"}]}), json!({"prefix": "/test2"}), false),
            (json!({"prefix": "/test"}), json!({"path": "/test/x", "headers": [{"name": "a"}]}), true),
            (json!({"path": "/test"}), json!({"prefix": "/test"}), false),
            (json!({"path_separated_prefix": "/a"}), json!({"path_separated_prefix": "/a/b"}), true),
            (json!({"path_separated_prefix": "/a"}), json!({"prefix": "/ab"}), false),
            (json!({"prefix": "/a"}), json!({"prefix": "/ab", "case_sensitive": false}), false),
            (json!({"prefix": "/a", "grpc": {}}), json!({"prefix": "/ab"}), false),
        ] {
            assert_eq!(covers(&wide, &narrow), expected, "{wide} {narrow}");
        }
    }
}
