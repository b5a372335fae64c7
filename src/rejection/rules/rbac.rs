//! `source/extensions/filters/common/rbac/matchers.cc`.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::{Findings, Step};
use crate::rejection::json::{has, number};

pub(super) const NETWORK: &[Rule] = &[network];
pub(super) const PERMISSION: &[Rule] = &[port_range];

/// `PortRangeMatcher`.
fn port_range<'a>(permission: &'a Value, found: &mut Findings<'a>) {
    found.field(permission, "destination_port_range", |range, found| {
        let (start, end) = (number(range, "start").unwrap_or(0), number(range, "end").unwrap_or(0));
        if start > 65_536 {
            found.reject_field("start", format!("range start {start} is out of bounds"));
        } else if end > 65_536 {
            found.reject_field("end", format!("range end {end} is out of bounds"));
        } else if start >= end {
            found.reject(format!("range start {start} cannot be greater or equal than range end {end}"));
        }
    });
}

/// `validateRbacRules` of `filters/network/rbac/config.cc`: there are no headers.
fn network<'a>(config: &'a Value, found: &mut Findings<'a>) {
    for rules in ["rules", "shadow_rules"] {
        found.field(config, rules, |rules, found| {
            found.field(rules, "policies", |policies, found| {
                for (name, policy) in policies.as_object().into_iter().flatten() {
                    found.within(Step::Key(name), |found| {
                        found.each(policy, "permissions", without_headers);
                        found.each(policy, "principals", without_headers);
                    });
                }
            });
        });
    }
}

fn without_headers<'a>(condition: &'a Value, found: &mut Findings<'a>) {
    if has(condition, "header") {
        found.reject_field("header", "Found header rule, not supported by RBAC network filter");
    }
    for (list, inner) in [("and_rules", "rules"), ("or_rules", "rules"), ("and_ids", "ids"), ("or_ids", "ids")] {
        found.field(condition, list, |all, found| found.each(all, inner, without_headers));
    }
    for name in ["not_rule", "not_id"] {
        found.field(condition, name, without_headers);
    }
}
