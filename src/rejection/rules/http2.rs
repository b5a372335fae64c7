//! Parameters of HTTP/2: `Http2::Utility::initializeAndValidateOptions` in `source/common/http/utility.cc`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::{has, list, number};

pub(super) const RULES: &[Rule] = &[settings];

/// Settings that have a field of their own.
const NAMED: &[(u64, &str)] =
    &[(1, "hpack_table_size"), (3, "max_concurrent_streams"), (4, "initial_stream_window_size")];

/// The setting that turns server push on.
const ENABLE_PUSH: u64 = 2;

fn settings<'a>(options: &'a Value, found: &mut Findings<'a>) {
    let mut values = BTreeMap::new();
    for parameter in list(options, "custom_settings_parameters") {
        let identifier = number(parameter, "identifier").unwrap_or(0);
        let value = number(parameter, "value").unwrap_or(0);
        let message = if values.insert(identifier, value).is_some_and(|before| before != value) {
            format!("inconsistent HTTP/2 custom SETTINGS parameter(s) detected; identifiers = {{0x{identifier:02x}}}")
        } else if identifier == ENABLE_PUSH && value == 1 {
            "server push is not supported by Envoy and can not be enabled via a SETTINGS parameter.".to_owned()
        } else if let Some((_, name)) = NAMED.iter().find(|(id, name)| *id == identifier && has(options, name)) {
            format!(
                "the {{{name}}} HTTP/2 SETTINGS parameter(s) can not be configured through both named and custom parameters"
            )
        } else {
            continue;
        };
        found.reject_field("custom_settings_parameters", message);
    }
}
