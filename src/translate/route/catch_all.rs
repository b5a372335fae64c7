//! The virtual host for hosts that nothing is known about.
//!
//! istiod: `httproute.go` `buildCatchAllVirtualHost`

use crate::envoy::{
    DirectResponseAction, Duration, Route, RouteAction, RouteActionOneof, RouteConfiguration, VirtualHost,
};
use crate::model::istio::OutboundTrafficPolicyMode;
use crate::proxy::OutboundView;
use crate::translate::route::default_route::to_cluster;
use crate::translate::route::{MAX_DIRECT_RESPONSE_BODY_SIZE, matching, proxy_headers};
use crate::translate::{destination, name};

/// The name of virtual host, route and routes.
const ALLOW_ANY_DYNAMIC_DNS: &str = "allow_any_dynamic_dns";

/// `Sidecar.outboundTrafficPolicy`, `MeshConfig.outboundTrafficPolicy` -> the virtual host `allow_any`, `allow_any_dynamic_dns` or
/// `block_all`
///
/// istiod: `httproute.go` `buildCatchAllVirtualHost`
pub(super) fn virtual_host(view: &OutboundView<'_>) -> VirtualHost {
    let policy = view.scope.outbound_traffic_policy.as_ref();
    let (name, action) = match policy.map(|policy| (policy.mode, &policy.egress_proxy)) {
        Some((OutboundTrafficPolicyMode::AllowAny, proxy)) => {
            let proxy = proxy.as_ref().map(|proxy| destination::cluster(proxy, None, 0));
            let cluster = proxy.unwrap_or_else(|| name::PASSTHROUGH_CLUSTER.to_owned());
            ("allow_any", RouteActionOneof::Route(to(view, cluster)))
        }
        Some((OutboundTrafficPolicyMode::AllowAnyDynamicDns, _)) => {
            let cluster = name::ALLOW_ANY_DYNAMIC_DNS_CLUSTER.to_owned();
            (ALLOW_ANY_DYNAMIC_DNS, RouteActionOneof::Route(to(view, cluster)))
        }
        Some((OutboundTrafficPolicyMode::RegistryOnly, _)) | None => {
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

/// Sends requests on without a timeout.
fn to(view: &OutboundView<'_>, cluster: String) -> RouteAction {
    let no_timeout = Some(Duration::seconds(0));
    RouteAction {
        timeout: no_timeout,
        max_grpc_timeout: no_timeout,
        append_x_forwarded_host: proxy_headers::append_x_forwarded_host(view),
        ..to_cluster(cluster)
    }
}

/// The routes of requests to addresses that no listener is for.
///
/// istiod: `listener_builder.go` `buildAllowAnyDynamicDNSHTTPFilterChain`
pub(crate) fn any_host(view: &OutboundView<'_>) -> RouteConfiguration {
    RouteConfiguration {
        name: ALLOW_ANY_DYNAMIC_DNS.to_owned(),
        virtual_hosts: vec![virtual_host(view)],
        validate_clusters: Some(false),
        max_direct_response_body_size_bytes: Some(MAX_DIRECT_RESPONSE_BODY_SIZE),
        ignore_port_in_host_matching: true,
        ..RouteConfiguration::default()
    }
}
