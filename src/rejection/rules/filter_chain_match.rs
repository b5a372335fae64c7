//! Which connections a filter chain takes: `FilterChainManagerImpl::addFilterChains`. No two chains may take the same.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::Value;

use crate::rejection::finding::Findings;
use crate::rejection::json::{has, list, number, text};
use crate::rejection::syntax::address::ip;

/// At most this many combinations of one chain are compared.
const MAX_COMBINATIONS: usize = 10_000;

/// Compares the chains of a listener.
pub(super) fn check<'a>(listener: &'a Value, found: &mut Findings<'a>) {
    if has(listener, "filter_chain_matcher") {
        return;
    }
    let mut matches = BTreeMap::new();
    let mut combinations = BTreeSet::new();
    let mut index = 0_usize;
    found.each(listener, "filter_chains", |chain, found| {
        let null = Value::Null;
        let condition = chain.get("filter_chain_match").unwrap_or(&null);
        let name = text(chain, "name");
        index += 1;
        let written = match condition {
            Value::Object(object) if object.is_empty() => String::new(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        if let Some(first) = matches.insert(written, name) {
            found.reject(format!("filter chain '{name}' has the same matching rules defined as '{first}'"));
            return;
        }
        if has(condition, "address_suffix") || has(condition, "suffix_len") {
            found.reject(format!("filter chain '{name}' contains unimplemented fields"));
            return;
        }
        let partial = list(condition, "server_names")
            .iter()
            .filter_map(Value::as_str)
            .any(|name| name.contains('*') && !name.starts_with("*.") || name.trim_start_matches("*.").contains('*'));
        if partial {
            found.reject("partial wildcards are not supported in \"server_names\"");
            return;
        }
        let mut overlaps = false;
        for combination in combine(condition) {
            overlaps |= !combinations.insert(combination);
        }
        if overlaps {
            found.reject("multiple filter chains with overlapping matching rules are defined");
        }
    });
}

/// Every combination of one value of each criterion.
fn combine(condition: &Value) -> Vec<Vec<String>> {
    let texts = |name: &str| -> Vec<String> {
        list(condition, name)
            .iter()
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect()
    };
    let server_names = texts("server_names").into_iter().map(|name| {
        // `*.x` and `.x` are the same.
        name.strip_prefix('*').map_or(name.clone(), str::to_owned).to_ascii_lowercase()
    });
    let criteria = [
        vec![number(condition, "destination_port").unwrap_or(0).to_string()],
        ranges(condition, "prefix_ranges"),
        server_names.collect(),
        vec![text(condition, "transport_protocol").to_owned()],
        texts("application_protocols"),
        ranges(condition, "direct_source_prefix_ranges"),
        vec![condition.get("source_type").map(ToString::to_string).unwrap_or_default()],
        ranges(condition, "source_prefix_ranges"),
        texts("source_ports"),
    ];
    let mut out = vec![Vec::new()];
    for values in criteria {
        let values = if values.is_empty() { vec![String::new()] } else { values };
        if out.len() * values.len() > MAX_COMBINATIONS {
            return Vec::new();
        }
        let extend = |combination: &Vec<String>| {
            let one = |value: &String| combination.iter().cloned().chain([value.clone()]).collect::<Vec<_>>();
            values.iter().map(one).collect::<Vec<_>>()
        };
        out = out.iter().flat_map(extend).collect();
    }
    out
}

/// Networks by their first address and length.
fn ranges(condition: &Value, name: &str) -> Vec<String> {
    let network = |range: &Value| {
        let length = number(range, "prefix_len").unwrap_or(0);
        match ip(text(range, "address_prefix")) {
            Some(IpAddr::V4(address)) => {
                let length = length.min(32);
                let mask = u32::MAX.checked_shl(u32::try_from(32 - length).unwrap_or(0)).unwrap_or(0);
                format!("{}/{length}", std::net::Ipv4Addr::from(u32::from(address) & mask))
            }
            Some(IpAddr::V6(address)) => {
                let length = length.min(128);
                let mask = u128::MAX.checked_shl(u32::try_from(128 - length).unwrap_or(0)).unwrap_or(0);
                format!("{}/{length}", std::net::Ipv6Addr::from(u128::from(address) & mask))
            }
            None => range.to_string(),
        }
    };
    list(condition, name).iter().map(network).collect()
}
