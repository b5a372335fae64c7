//! Local rate limits: `source/extensions/filters/common/local_ratelimit/local_ratelimit_impl.cc`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Rule;
use crate::rejection::duration::Nanoseconds;
use crate::rejection::finding::Findings;
use crate::rejection::json::{duration, has, list, text};

pub(super) const HTTP: &[Rule] = &[bucket, descriptors, share];
pub(super) const NETWORK: &[Rule] = &[bucket];

/// Buckets are not filled more often than this.
const SHORTEST: Nanoseconds = Nanoseconds(50_000_000);

fn bucket<'a>(limit: &'a Value, found: &mut Findings<'a>) {
    fill_interval(limit, "local rate limit token bucket fill timer must be >= 50ms", found);
}

fn descriptors<'a>(limit: &'a Value, found: &mut Findings<'a>) {
    let mut seen = BTreeSet::new();
    found.each(limit, "descriptors", |descriptor, found| {
        fill_interval(descriptor, "local rate limit descriptor token bucket fill timer must be >= 50ms", found);
        let entry = |entry: &Value| format!("{}={}", text(entry, "key"), text(entry, "value"));
        let entries = list(descriptor, "entries").iter().map(entry).collect::<Vec<_>>().join(",");
        if !seen.insert(entries.clone()) {
            found.reject(format!("duplicate descriptor in the local rate descriptor: {entries}"));
        }
    });
}

/// A proxy of Istio's has no local cluster.
fn share<'a>(limit: &'a Value, found: &mut Findings<'a>) {
    if has(limit, "local_cluster_rate_limit") {
        found.reject("local_cluster_rate_limit is set but no local cluster name is present");
    }
}

fn fill_interval<'a>(message: &'a Value, problem: &str, found: &mut Findings<'a>) {
    found.field(message, "token_bucket", |bucket, found| {
        if duration(bucket, "fill_interval").is_some_and(|interval| interval < SHORTEST) {
            found.reject_field("fill_interval", problem);
        }
    });
}
