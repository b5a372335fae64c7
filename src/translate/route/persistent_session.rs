//! Sessions that stick to one endpoint.

use std::collections::BTreeMap;

use crate::envoy::{
    Any, Cookie, CookieBasedSessionState, HeaderBasedSessionState, StatefulSession, StatefulSessionPerRoute,
    StatefulSessionPerRouteOverride, TypedExtensionConfig,
};
use crate::installation::Features;

/// The labels of `PILOT_PERSISTENT_SESSION_LABEL` and `PILOT_PERSISTENT_SESSION_HEADER_LABEL` on a Service ->
/// `typed_per_filter_config["envoy.filters.http.stateful_session"]` of a route or virtual host
///
/// A cookie goes before a header: `name` or `name:path`.
///
/// istiod: `util.go` `MaybeBuildStatefulSessionFilterConfig`
pub(super) fn per_route(features: &Features, labels: &BTreeMap<String, String>) -> Option<(String, Any)> {
    if !features.persistent_session_filter {
        return None;
    }
    let label = |name: &str| labels.get(name).filter(|value| !value.is_empty());
    let state = match (label(&features.persistent_session_label), label(&features.persistent_session_header_label)) {
        (Some(cookie), _) => {
            let (name, path) = cookie.split_once(':').unwrap_or((cookie, "/"));
            let cookie = Cookie { name: name.to_owned(), path: path.to_owned(), ..Cookie::default() };
            let state = CookieBasedSessionState { cookie: Some(cookie) };
            extension("envoy.http.stateful_session.cookie", state.into())
        }
        (None, Some(header)) => {
            extension("envoy.http.stateful_session.header", HeaderBasedSessionState { name: header.clone() }.into())
        }
        (None, None) => return None,
    };
    let session = StatefulSession { session_state: Some(state), ..StatefulSession::default() };
    let config =
        StatefulSessionPerRoute { r#override: Some(StatefulSessionPerRouteOverride::StatefulSession(session)) };
    Some(("envoy.filters.http.stateful_session".to_owned(), config.into()))
}

fn extension(name: &str, config: Any) -> TypedExtensionConfig {
    TypedExtensionConfig { name: name.to_owned(), typed_config: Some(config) }
}
