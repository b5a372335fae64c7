//! Calls to other servers: `source/extensions/filters/http/ext_authz` and `ext_proc`.

use serde_json::Value;

use super::Rule;
use super::header::check_name;
use crate::rejection::finding::Findings;
use crate::rejection::json::{has, text};

pub(super) const HTTP_SERVICE: &[Rule] = &[http_service];
pub(super) const REQUEST: &[Rule] = &[headers_to_add];
pub(super) const EXTERNAL_PROCESSOR: &[Rule] = &[external_processor];

/// `RawHttpClientImpl`'s configuration.
fn http_service<'a>(service: &'a Value, found: &mut Findings<'a>) {
    let prefix = text(service, "path_prefix");
    if !prefix.is_empty() && !prefix.starts_with('/') {
        found.reject_field("path_prefix", "path_prefix should start with \"/\".");
    }
}

fn headers_to_add<'a>(request: &'a Value, found: &mut Findings<'a>) {
    found.each(request, "headers_to_add", check_name);
}

/// `ExternalProcessingFilterConfig`.
fn external_processor<'a>(processor: &'a Value, found: &mut Findings<'a>) {
    if has(processor, "grpc_service") == has(processor, "http_service") {
        found.reject("One and only one of grpc_service or http_service must be configured");
    }
}
