//! `source/extensions/filters/http/lua/lua_filter.cc`. Scripts themselves are not read: Envoy runs them once when it takes the filter.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::{has, text};

pub(super) const RULES: &[Rule] = &[source];

/// `FilterConfig`.
fn source<'a>(config: &'a Value, found: &mut Findings<'a>) {
    if has(config, "default_source_code") && !text(config, "inline_code").is_empty() {
        found.reject("Error: Only one of `inline_code` or `default_source_code` can be set for the Lua filter.");
    }
}
