//! The name of a route's spans in traces.

use crate::envoy::{Decorator, RouteMatch, RouteMatchPathSpecifier};

/// `Route.decorator` of a VirtualService's route: its path, after host and port of its only destination, else after name and port
/// of the VirtualService and the listener.
///
/// istiod: `route.go` `GetRouteOperation`
pub(super) fn decorator(
    r#match: &RouteMatch,
    cluster: Option<&str>,
    virtual_service: &str,
    listener_port: u32,
) -> Decorator {
    let path = match &r#match.path_specifier {
        Some(RouteMatchPathSpecifier::Prefix(prefix)) => format!("{prefix}*"),
        Some(RouteMatchPathSpecifier::Path(path)) => path.clone(),
        Some(RouteMatchPathSpecifier::SafeRegex(regex)) => regex.regex.clone(),
        _ => "/*".to_owned(),
    };
    let operation = match cluster.and_then(host_and_port) {
        Some((host, port)) => format!("{host}:{port}{path}"),
        None => format!("{virtual_service}:{listener_port}{path}"),
    };
    Decorator { operation, ..Decorator::default() }
}

/// `Route.decorator` of a route without a VirtualService: any path of the host.
///
/// istiod: `pilot/pkg/networking/telemetry/telemetry.go` `TraceOperation`
pub(super) fn default_decorator(host_and_port: &str) -> Decorator {
    Decorator { operation: format!("{host_and_port}/*"), ..Decorator::default() }
}

/// Reads host and port from the name of a cluster: `outbound|port|subset|host`. istiod: `ParseSubsetKey`.
fn host_and_port(cluster: &str) -> Option<(&str, &str)> {
    let parts: Vec<_> = cluster.split('|').collect();
    match parts.as_slice() {
        [_, port, _, host] => Some((host, port)),
        _ => None,
    }
}
