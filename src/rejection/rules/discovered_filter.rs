//! What is discovered: filters (`source/common/filter/config_discovery_impl.cc`), and where from
//! (`source/common/config/utility.cc`).

use serde_json::Value;

use super::{Rule, extension};
use crate::rejection::finding::Findings;
use crate::rejection::json::{flag, has, list, message_name, text};

pub(super) const CONFIG_SOURCE: &[Rule] = &[config_source];
pub(super) const API_CONFIG_SOURCE: &[Rule] = &[api_config_source];

/// A filter whose configuration is discovered.
pub(super) fn check<'a>(filter: &'a Value, category: &str, found: &mut Findings<'a>) {
    found.field(filter, "config_discovery", |discovery, found| {
        let name = filter.get("name").and_then(Value::as_str).unwrap_or_default();
        let default = discovery.get("default_config");
        if flag(discovery, "apply_default_config_without_warming") && default.is_none() {
            found.reject(format!("Error: filter config {name} applied without warming but has no default config."));
        }
        let urls = discovery.get("type_urls").and_then(Value::as_array);
        let types: Vec<&str> = urls.into_iter().flatten().filter_map(|url| url.as_str()?.rsplit('/').next()).collect();
        if let Some(unknown) = types.iter().find(|kind| !extension::is_known(kind, category)) {
            found.reject_field("type_urls", format!("Error: no factory found for a required type URL {unknown}."));
        }
        let given = default.map(message_name).unwrap_or_default();
        if !given.is_empty() && !given.ends_with(".TypedStruct") && !types.contains(&given) {
            let message = format!("Error: filter config has type URL {given} but expect {}.", types.join(", "));
            found.reject_field("default_config", message);
        }
    });
}

/// `Utility::checkApiConfigSourceSubscriptionBackingCluster` and its callers: it says where from.
fn config_source<'a>(source: &'a Value, found: &mut Findings<'a>) {
    if !["path", "path_config_source", "api_config_source", "ads", "self"].iter().any(|name| has(source, name)) {
        found.reject("Missing config source specifier in envoy::config::core::v3::ConfigSource");
    }
}

/// `Utility::checkApiConfigSourceNames`: gRPC asks one server. The type that an unset field means is no more.
fn api_config_source<'a>(source: &'a Value, found: &mut Findings<'a>) {
    let kind = text(source, "api_type");
    let servers = list(source, "grpc_services").len();
    if kind.is_empty() || kind.starts_with("DEPRECATED_") {
        let message = "Using the default now-deprecated value DEPRECATED_AND_UNAVAILABLE_DO_NOT_USE";
        found.reject_field("api_type", message);
    } else if kind.ends_with("GRPC") && servers == 0 {
        found.reject("API configs must have either a gRPC service or a cluster name defined");
    } else if kind.ends_with("GRPC") && servers > 1 {
        found.reject("(DELTA_)GRPC::.DiscoveryRequests must have no more than 1 gRPC services specified");
    }
}
