//! A resource to ask the oracle for: as recorded, and as it can be loaded beside others.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::oracle::Kind;

/// A resource, where it came from, and what is beside it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) kind: Kind,
    pub(crate) origin: String,
    pub(crate) body: Value,
    /// The names of the clusters that the same proxy is served.
    pub(crate) clusters: Rc<BTreeSet<String>>,
}

impl Asked {
    /// Returns its name.
    pub(crate) fn name(&self) -> &str {
        let key = if self.kind == Kind::Endpoint { "cluster_name" } else { "name" };
        self.body[key].as_str().unwrap_or_default()
    }

    /// Returns it as one of several in a response: without Istio's own extensions, with a name and an address of its own.
    pub(crate) fn loadable(&self, index: usize) -> Value {
        let mut body = self.body.clone();
        without_istios_own(&mut body);
        match self.kind {
            Kind::Cluster if self.body["name"].as_str().is_some_and(|name| !name.is_empty()) => {
                body["name"] = json!(label(index, self.name()));
            }
            Kind::Listener => {
                body["name"] = json!(label(index, self.name()));
                own_address(&mut body, index);
            }
            Kind::Cluster => {}
            Kind::Route => body["name"] = json!("asked"),
            Kind::Endpoint if self.name().is_empty() => {}
            Kind::Endpoint => body["cluster_name"] = json!("asked"),
        }
        body
    }
}

fn label(index: usize, name: &str) -> String {
    format!("{index}~{name}")
}

/// Returns the numbers of the resources that Envoy's log refuses by name.
pub(crate) fn refused(log: &str) -> Vec<usize> {
    let named = log.lines().filter(|line| line.contains("config rejected: "));
    let number = |line: &str| -> Option<usize> {
        let after = line.split_once(['\'']).map(|(_, rest)| rest)?;
        after.split_once('~')?.0.parse().ok()
    };
    let mut numbers: Vec<usize> = named.filter_map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Takes out filters that only Istio's proxy has.
fn without_istios_own(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if let (true, Some(list)) = (matches!(name.as_str(), "filters" | "http_filters"), value.as_array_mut())
                {
                    list.retain(|filter| !is_istios_own(filter));
                }
                without_istios_own(value);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(without_istios_own),
        _ => {}
    }
}

fn is_istios_own(filter: &Value) -> bool {
    let config = filter.get("typed_config").unwrap_or(&Value::Null);
    let url = config.get("type_url").or_else(|| config.get("@type")).and_then(Value::as_str);
    url.is_some_and(meshc::rejection::is_istios_own)
}

/// Gives a listener an address of loopback that no other has.
fn own_address(listener: &mut Value, index: usize) {
    let (high, low) = (index / 250 % 250, index % 250);
    let address = listener.pointer_mut("/address/socket_address/address");
    if let Some(address) = address.filter(|a| a.as_str().is_some_and(|a| a.parse::<std::net::IpAddr>().is_ok())) {
        *address = json!(format!("127.{}.{high}.{}", 1 + index / 62_500, 1 + low));
    }
}
