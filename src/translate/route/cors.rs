//! `CorsPolicy`: which other origins may use the answers.

use crate::envoy;
use crate::model::istio::{CorsPolicy, CorsPolicyUnmatchedPreflights};
use crate::translate::route::percent::{always, integer_percent};
use crate::translate::string_match;

/// `VirtualService.http[].corsPolicy` -> `Route.typed_per_filter_config["envoy.filters.http.cors"]`
///
/// Preflight requests from other origins reach the service unless the policy says `IGNORE`.
///
/// istiod: `route.go` `TranslateCORSPolicy`
pub(super) fn cors_policy(policy: &CorsPolicy) -> envoy::CorsPolicy {
    let CorsPolicy {
        allow_origin,
        allow_origins,
        allow_methods,
        allow_headers,
        expose_headers,
        max_age,
        allow_credentials,
        unmatched_preflights,
    } = policy;
    let origins = match allow_origins.as_slice() {
        [] => allow_origin.iter().map(|o| string_match::exact(o)).collect(),
        origins => origins.iter().filter_map(string_match::string_matcher).collect(),
    };
    envoy::CorsPolicy {
        allow_origin_string_match: origins,
        allow_methods: allow_methods.join(","),
        allow_headers: allow_headers.join(","),
        expose_headers: expose_headers.join(","),
        max_age: max_age.map(|age| age.seconds.to_string()).unwrap_or_default(),
        allow_credentials: *allow_credentials,
        filter_enabled: Some(always(integer_percent(100))),
        forward_not_matching_preflights: Some(*unmatched_preflights != CorsPolicyUnmatchedPreflights::Ignore),
        ..envoy::CorsPolicy::default()
    }
}
