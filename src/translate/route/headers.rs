//! `Headers`: headers to set, add and remove.
//!
//! istiod: `route.go` `TranslateHeadersOperations`

use std::collections::BTreeMap;

use crate::envoy::{HeaderValue, HeaderValueOption, HeaderValueOptionHeaderAppendAction as AppendAction};
use crate::model::istio::{Headers, HeadersHeaderOperations};

/// What `headers` of a route or a destination asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct HeaderOperations {
    pub(super) request_headers_to_add: Vec<HeaderValueOption>,
    pub(super) request_headers_to_remove: Vec<String>,
    pub(super) response_headers_to_add: Vec<HeaderValueOption>,
    pub(super) response_headers_to_remove: Vec<String>,
    /// The value for the request's `Host`, if one is given: it becomes a host rewrite.
    pub(super) authority: Option<String>,
}

impl HeaderOperations {
    /// Appends another's operations after these; the authority stays.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.request_headers_to_add.extend(other.request_headers_to_add);
        self.request_headers_to_remove.extend(other.request_headers_to_remove);
        self.response_headers_to_add.extend(other.response_headers_to_add);
        self.response_headers_to_remove.extend(other.response_headers_to_remove);
        self
    }
}

/// `VirtualService.http[].headers`, `http[].route[].headers` -> `request_headers_to_add`, `request_headers_to_remove`,
/// `response_headers_to_add`, `response_headers_to_remove`
///
/// Those to set come before those to add, each in alphabetical order. `Host` and pseudo headers cannot be changed.
///
/// istiod: `route.go` `TranslateHeadersOperations`
pub(super) fn header_operations(headers: Option<&Headers>) -> HeaderOperations {
    let request = headers.and_then(|h| h.request.as_ref());
    let response = headers.and_then(|h| h.response.as_ref());
    HeaderOperations {
        request_headers_to_add: to_add(request),
        request_headers_to_remove: to_remove(request),
        response_headers_to_add: to_add(response),
        response_headers_to_remove: to_remove(response),
        authority: request.and_then(|r| authority(&r.set).or_else(|| authority(&r.add))),
    }
}

/// istiod: `translateAppendHeaders`
fn to_add(operations: Option<&HeadersHeaderOperations>) -> Vec<HeaderValueOption> {
    let Some(HeadersHeaderOperations { set, add, remove: _ }) = operations else { return Vec::new() };
    let set = set.iter().map(|header| (header, AppendAction::OverwriteIfExistsOrAdd));
    let add = add.iter().map(|header| (header, AppendAction::AppendIfExistsOrAdd));
    set.chain(add)
        .filter(|((key, _), _)| !is_internal(key))
        .map(|((key, value), append_action)| HeaderValueOption {
            header: Some(HeaderValue { key: key.clone(), value: value.clone(), ..HeaderValue::default() }),
            append_action,
            ..HeaderValueOption::default()
        })
        .collect()
}

/// istiod: `dropInternal`
fn to_remove(operations: Option<&HeadersHeaderOperations>) -> Vec<String> {
    operations.into_iter().flat_map(|o| &o.remove).filter(|key| !is_internal(key)).cloned().collect()
}

/// Returns the value for `Host`, unless it is empty.
fn authority(headers: &BTreeMap<String, String>) -> Option<String> {
    headers
        .iter()
        .filter(|(key, _)| is_authority(key))
        .map(|(_, value)| value)
        .next_back()
        .filter(|v| !v.is_empty())
        .cloned()
}

/// Envoy does not let these be changed. istiod: `isInternalHeader`.
fn is_internal(key: &str) -> bool {
    key.starts_with(':') || key.eq_ignore_ascii_case("host")
}

/// istiod: `isAuthorityHeader`
fn is_authority(key: &str) -> bool {
    key.eq_ignore_ascii_case(":authority") || key.eq_ignore_ascii_case("host")
}
