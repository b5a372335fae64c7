//! Headers that are added and taken out: `source/common/router/header_parser.cc`.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::{has, text};
use crate::rejection::syntax::format;

pub(super) const VALUE_OPTION: &[Rule] = &[value_option];

/// `HeadersToAddEntry`.
fn value_option<'a>(option: &'a Value, found: &mut Findings<'a>) {
    found.field(option, "header", |header, found| {
        check_name(header, found);
        if !has(header, "raw_value") || !text(header, "value").is_empty() {
            found.field(header, "value", |value, found| {
                let value = value.as_str().unwrap_or_default();
                // Headers still know this command of old, with a parameter.
                let old = if value.contains("%PER_REQUEST_STATE(") { &["PER_REQUEST_STATE"][..] } else { &[] };
                found.reject_if(format::problem(value, old));
            });
        }
    });
    let action = text(option, "append_action");
    if has(option, "append") && !["", "APPEND_IF_EXISTS_OR_ADD"].contains(&action) {
        found.reject("Both append and append_action are set and it's not allowed");
    }
}

/// The name of a header that is added or set.
pub(super) fn check_name<'a>(header: &'a Value, found: &mut Findings<'a>) {
    if is_fixed(text(header, "key")) {
        found.reject_field("key", ":-prefixed or host headers may not be modified");
    }
}

/// The names of headers that are taken out.
pub(super) fn check_removed<'a>(message: &'a Value, found: &mut Findings<'a>) {
    for list in ["request_headers_to_remove", "response_headers_to_remove"] {
        found.each(message, list, |name, found| {
            if is_fixed(name.as_str().unwrap_or_default()) {
                found.reject(":-prefixed or host headers may not be removed");
            }
        });
    }
}

/// `HeaderUtility::isModifiableHeader` and `isRemovableHeader`.
fn is_fixed(name: &str) -> bool {
    name.starts_with(':') || name.eq_ignore_ascii_case("host")
}
