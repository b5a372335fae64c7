//! Weighted clusters of routes and of TCP proxies: `source/common/router/weighted_cluster_specifier.cc`.

use serde_json::Value;

use super::{Rule, header, route};
use crate::rejection::finding::Findings;
use crate::rejection::json::{has, list, number, text};

pub(super) const HTTP: &[Rule] = &[http, entries];

/// `WeightedClustersConfig`: weights that sum to something, within 32 bits.
fn http<'a>(weighted: &'a Value, found: &mut Findings<'a>) {
    let total: u64 = list(weighted, "clusters").iter().filter_map(|entry| number(entry, "weight")).sum();
    let is_empty = list(weighted, "clusters").is_empty();
    if total == 0 && !is_empty {
        found.reject("Sum of weights in the weighted_cluster must be greater than 0.");
    }
    if total > u64::from(u32::MAX) {
        found.reject("The sum of weights of all weighted clusters of route exceeds 4294967295");
    }
}

/// `WeightedClustersConfigEntry`.
fn entries<'a>(weighted: &'a Value, found: &mut Findings<'a>) {
    found.each(weighted, "clusters", |entry, found| {
        match (text(entry, "name").is_empty(), text(entry, "cluster_header").is_empty()) {
            (true, true) => found.reject("At least one of name or cluster_header need to be specified"),
            (false, false) => found.reject("Only one of name or cluster_header can be specified"),
            _ => {}
        }
        if !has(entry, "weight") {
            found.reject("Field 'weight' is missing");
        }
        header::check_removed(entry, found);
        route::per_filter(entry, found);
    });
}
