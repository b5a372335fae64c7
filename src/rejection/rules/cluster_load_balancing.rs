//! How a cluster balances load: `ClusterInfoImpl::configureLbPolicies` and `source/extensions/load_balancing_policies`.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::{has, list, message_name, number, text};

pub(super) const MAGLEV: &[Rule] = &[maglev];
pub(super) const RING_HASH: &[Rule] = &[ring_hash];

/// The policy suits the type.
pub(super) fn policy<'a>(cluster: &'a Value, found: &mut Findings<'a>) {
    let policy = cluster.get("lb_policy").and_then(Value::as_str).unwrap_or("ROUND_ROBIN");
    let custom = cluster.pointer("/cluster_type/typed_config").map(message_name).unwrap_or_default();
    let kind = text(cluster, "type");
    // Types that bring a policy of their own.
    let provides = custom.contains(".dynamic_forward_proxy.") || custom.contains(".aggregate.");
    if has(cluster, "load_balancing_policy") {
        if has(cluster, "lb_subset_config") {
            found.reject("cluster: load_balancing_policy cannot be combined with lb_subset_config");
        }
        return;
    }
    let message = match policy {
        "LOAD_BALANCING_POLICY_CONFIG" => "cluster: field load_balancing_policy need to be set".to_owned(),
        "CLUSTER_PROVIDED" if has(cluster, "lb_subset_config") => {
            "cluster: LB policy CLUSTER_PROVIDED cannot be combined with lb_subset_config".into()
        }
        "CLUSTER_PROVIDED" if custom.is_empty() && kind != "ORIGINAL_DST" => {
            "cluster provided LB specified but cluster did not provide one. Check cluster documentation.".into()
        }
        "CLUSTER_PROVIDED" => return,
        _ if custom.is_empty() && kind == "ORIGINAL_DST" => format!(
            "cluster: LB policy {policy} is not valid for Cluster type ORIGINAL_DST. Only 'CLUSTER_PROVIDED' is allowed with \
             cluster type 'ORIGINAL_DST'"
        ),
        _ if provides => {
            "cluster provided LB not specified but cluster provided one. Check cluster documentation.".into()
        }
        _ => return,
    };
    found.reject_field("lb_policy", message);
}

/// The sizes of rings and tables.
pub(super) fn hashing<'a>(cluster: &'a Value, found: &mut Findings<'a>) {
    if has(cluster, "load_balancing_policy") {
        return;
    }
    match text(cluster, "lb_policy") {
        "RING_HASH" => found.field(cluster, "ring_hash_lb_config", ring_hash),
        "MAGLEV" => found.field(cluster, "maglev_lb_config", maglev),
        _ => {}
    }
}

/// `RingHashLoadBalancer`: 1024 to 8388608 unless it says otherwise.
fn ring_hash<'a>(config: &'a Value, found: &mut Findings<'a>) {
    let min = number(config, "minimum_ring_size").unwrap_or(1024);
    let max = number(config, "maximum_ring_size").unwrap_or(8_388_608);
    if min > max {
        found.reject(format!("ring hash: minimum_ring_size ({min}) > maximum_ring_size ({max})"));
    }
}

/// `MaglevLoadBalancer`.
fn maglev<'a>(config: &'a Value, found: &mut Findings<'a>) {
    let size = number(config, "table_size").unwrap_or(65_537);
    // Rules of the API hold it below 5000012.
    let has_divisor = (2..=2_236).take_while(|n| n * n <= size).any(|n| size.is_multiple_of(n));
    if size < 2 || has_divisor {
        found.reject_field("table_size", "The table size of maglev must be prime number");
    }
}

/// `LbSubsetInfo`: the keys to fall back to are some of the selector's.
pub(super) fn subsets<'a>(cluster: &'a Value, found: &mut Findings<'a>) {
    found.field(cluster, "lb_subset_config", |config, found| {
        found.each(config, "subset_selectors", |selector, found| {
            if text(selector, "fallback_policy") != "KEYS_SUBSET" {
                return;
            }
            let (keys, fallback) = (list(selector, "keys"), list(selector, "fallback_keys_subset"));
            let message = if fallback.is_empty() {
                "fallback_keys_subset cannot be empty"
            } else if !fallback.iter().all(|key| keys.contains(key)) {
                "fallback_keys_subset must be a subset of selector keys"
            } else if keys.iter().all(|key| fallback.contains(key)) {
                "fallback_keys_subset cannot be equal to keys"
            } else {
                return;
            };
            found.reject_field("fallback_keys_subset", message);
        });
    });
}
