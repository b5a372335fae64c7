//! `source/extensions/filters/http/header_to_metadata/header_to_metadata_filter.cc`, `Rule`.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::{has, text};

pub(super) const RULES: &[Rule] = &[rule];

fn rule<'a>(rule: &'a Value, found: &mut Findings<'a>) {
    let (header, cookie) = (text(rule, "header"), text(rule, "cookie"));
    if !header.is_empty() && !cookie.is_empty() {
        found.reject("Cannot specify both header and cookie in the same rule");
    }
    if header.is_empty() && cookie.is_empty() {
        found.reject("One of Cookie or Header option needs to be specified");
    }
    if !has(rule, "on_header_present") && !has(rule, "on_header_missing") {
        let message = "header to metadata filter: rule has neither `on_header_present` nor `on_header_missing` set";
        found.reject(message);
    }
    found.field(rule, "on_header_missing", |missing, found| {
        if text(missing, "value").is_empty() {
            found.reject("Cannot specify on_header_missing rule with an empty value");
        }
    });
}
