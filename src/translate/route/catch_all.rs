//! The virtual host for hosts that nothing is known about.
//!
//! istiod: `httproute.go` `buildCatchAllVirtualHost`

use crate::envoy::{DirectResponseAction, Duration, Route, RouteAction, RouteActionOneof, VirtualHost};
use crate::model::istio::{OutboundTrafficPolicy, OutboundTrafficPolicyMode};
use crate::proxy::OutboundView;
use crate::translate::route::default_route::to_cluster;
use crate::translate::route::{matching, proxy_headers};
use crate::translate::{destination, name};

/// `Sidecar.outboundTrafficPolicy`, `MeshConfig.outboundTrafficPolicy` -> the virtual host `allow_any` or `block_all`
///
/// istiod: `httproute.go` `buildCatchAllVirtualHost`
pub(super) fn virtual_host(view: &OutboundView<'_>) -> VirtualHost {
    let policy = view.scope.outbound_traffic_policy.as_ref();
    let allowed = policy.filter(|p| p.mode == OutboundTrafficPolicyMode::AllowAny);
    let (name, action) = match allowed {
        Some(policy) => ("allow_any", RouteActionOneof::Route(pass_through(view, policy))),
        None => {
            ("block_all", RouteActionOneof::DirectResponse(DirectResponseAction { status: 502, ..Default::default() }))
        }
    };
    VirtualHost {
        name: name.to_owned(),
        domains: vec!["*".to_owned()],
        routes: vec![Route {
            name: name.to_owned(),
            r#match: Some(matching::everything()),
            action: Some(action),
            ..Route::default()
        }],
        include_request_attempt_count: proxy_headers::include_request_attempt_count(view),
        ..VirtualHost::default()
    }
}

/// Leads to where the client meant to go, or to `outboundTrafficPolicy.egressProxy`.
fn pass_through(view: &OutboundView<'_>, policy: &OutboundTrafficPolicy) -> RouteAction {
    let proxy = policy.egress_proxy.as_ref().map(|proxy| destination::cluster(proxy, None, 0));
    let no_timeout = Some(Duration::seconds(0));
    RouteAction {
        timeout: no_timeout,
        max_grpc_timeout: no_timeout,
        append_x_forwarded_host: proxy_headers::append_x_forwarded_host(view),
        ..to_cluster(proxy.unwrap_or_else(|| name::PASSTHROUGH_CLUSTER.to_owned()))
    }
}
