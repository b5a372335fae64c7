//! Endpoints as served, and as an Envoy prints them again from what it has made of them.
//!
//! `/config_dump?include_eds` has no copy of the assignment: it prints hosts. Envoy: `config_dump_handler.cc`
//! `dumpEndpointConfigs`, `addLbEndpoint`

use std::collections::BTreeSet;

use super::canonical::text;
use crate::config_dump::Json;

/// What an unset overprovisioning factor means.
const OVERPROVISIONING: u64 = 140;

type Fields = Vec<(String, Json)>;

/// Drops what says no more than its absence, but for the marks by which [`is_printed_again`] tells.
pub(super) fn canonical(mut assignment: Json) -> Json {
    each_endpoint(&mut assignment, |fields| {
        fields.retain(|(name, value)| match name.as_str() {
            "load_balancing_weight" => value.as_u64() != Some(1),
            "metadata" => !is_empty(value),
            "health_status" => !matches!(value.as_str(), Some("HEALTHY" | "UNKNOWN")),
            _ => true,
        });
    });
    each_locality(&mut assignment, |fields| fields.retain(|(name, value)| name != "locality" || !is_empty(value)));
    assignment
}

/// Brings two assignments to what both can tell.
pub(super) fn level(a: &mut Json, b: &mut Json) {
    let again = (is_printed_again(a), is_printed_again(b));
    for side in [&mut *a, &mut *b] {
        drop_marks(side);
    }
    if again == (false, false) {
        return;
    }
    for side in [&mut *a, &mut *b] {
        // A locality that holds nobody is not there for Envoy.
        each_list(side, |localities| localities.retain(|locality| locality.get("lb_endpoints").is_some()));
    }
    if again.0 {
        weights_that_count(b, a);
    }
    if again.1 {
        weights_that_count(a, b);
    }
    match again {
        (true, true) => {
            drop_health(a, None);
            drop_health(b, None);
        }
        (true, false) => health_that_was_served(b, a),
        _ => health_that_was_served(a, b),
    }
}

/// An Envoy always prints the policy's factor; istiod never sends it.
fn is_printed_again(assignment: &Json) -> bool {
    assignment.get("policy").is_some_and(|policy| policy.get("overprovisioning_factor").is_some())
}

fn drop_marks(assignment: &mut Json) {
    if let Json::Object(fields) = assignment {
        for (name, value) in fields.iter_mut() {
            if let (true, Json::Object(policy)) = (name == "policy", value) {
                policy.retain(|(name, value)| {
                    name != "overprovisioning_factor" || value.as_u64() != Some(OVERPROVISIONING)
                });
            }
        }
        fields.retain(|(name, value)| name != "policy" || !is_empty(value));
    }
    each_endpoint(assignment, |fields| {
        for (name, value) in fields {
            if let (true, Json::Object(endpoint)) = (name == "endpoint", value) {
                endpoint.retain(|(name, value)| name != "health_check_config" || !is_empty(value));
            }
        }
    });
}

/// Weights of localities are printed only where the load balancer uses them.
fn weights_that_count(served: &mut Json, again: &mut Json) {
    let mut has_weights = false;
    each_locality(again, |fields| has_weights |= fields.iter().any(|(name, _)| name == "load_balancing_weight"));
    if !has_weights {
        each_locality(served, |fields| fields.retain(|(name, _)| name != "load_balancing_weight"));
    }
}

/// What was served as healthy may be found otherwise; of what was served as not healthy Envoy knows only that.
fn health_that_was_served(served: &mut Json, again: &mut Json) {
    let mut unhealthy = BTreeSet::new();
    each_endpoint(served, |fields| {
        for (name, value) in fields.iter_mut() {
            if name == "health_status" && matches!(value.as_str(), Some("DRAINING" | "TIMEOUT")) {
                *value = Json::from("UNHEALTHY");
            }
        }
        if fields.iter().any(|(name, _)| name == "health_status") {
            unhealthy.insert(address(fields));
        }
    });
    drop_health(again, Some(&unhealthy));
}

/// Drops the health of all endpoints but those at these addresses.
fn drop_health(assignment: &mut Json, but: Option<&BTreeSet<String>>) {
    each_endpoint(assignment, |fields| {
        if !but.is_some_and(|but| but.contains(&address(fields))) {
            fields.retain(|(name, _)| name != "health_status");
        }
    });
}

fn address(endpoint: &Fields) -> String {
    let endpoint = endpoint.iter().find(|(name, _)| name == "endpoint");
    endpoint.and_then(|(_, endpoint)| endpoint.get("address")).map(text).unwrap_or_default()
}

fn is_empty(value: &Json) -> bool {
    matches!(value, Json::Object(fields) if fields.is_empty())
}

fn each_list(assignment: &mut Json, mut change: impl FnMut(&mut Vec<Json>)) {
    let Json::Object(fields) = assignment else { return };
    for (name, value) in fields.iter_mut() {
        if let (true, Json::Array(localities)) = (name == "endpoints", value) {
            change(localities);
        }
    }
    fields.retain(|(name, value)| name != "endpoints" || !matches!(value, Json::Array(items) if items.is_empty()));
}

fn each_locality(assignment: &mut Json, mut change: impl FnMut(&mut Fields)) {
    each_list(assignment, |localities| {
        for locality in localities {
            if let Json::Object(fields) = locality {
                change(fields);
            }
        }
    });
}

fn each_endpoint(assignment: &mut Json, mut change: impl FnMut(&mut Fields)) {
    each_locality(assignment, |fields| {
        for (name, value) in fields {
            let (true, Json::Array(endpoints)) = (name == "lb_endpoints", value) else { continue };
            for endpoint in endpoints {
                if let Json::Object(fields) = endpoint {
                    change(fields);
                }
            }
        }
    });
}
