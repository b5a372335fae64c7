//! The routes of an inbound filter chain: everything goes to the workload.
//!
//! istiod: `httproute.go` `buildSidecarInboundHTTPRouteConfig`

use crate::envoy::{
    Duration, RetryPolicy, Route, RouteAction, RouteActionMaxStreamDuration, RouteConfiguration, VirtualHost,
};
use crate::mesh::protocol::Protocol;
use crate::translate::route::default_route::{default_route, to_cluster};
use crate::translate::route::domains::join_host_port;

/// A port that a workload serves -> the `RouteConfiguration` of its filter chain
///
/// `hostname` is that of the service, `<sidecar>.<namespace>` for `Sidecar.ingress`, or empty for pass-through, whose port is 0.
///
/// istiod: `httproute.go` `buildSidecarInboundHTTPRouteConfig`
pub(crate) fn inbound(cluster: &str, hostname: &str, port: u32, protocol: Protocol) -> RouteConfiguration {
    RouteConfiguration {
        name: cluster.to_owned(),
        virtual_hosts: vec![VirtualHost {
            name: format!("inbound|http|{port}"),
            domains: vec!["*".to_owned()],
            routes: vec![route(cluster, &join_host_port(hostname, port), protocol)],
            ..VirtualHost::default()
        }],
        validate_clusters: Some(false),
        ..RouteConfiguration::default()
    }
}

/// No timeout, and one more try where the request surely did not arrive: not for gRPC, whose streams suffer from it.
///
/// istiod: `route.go` `BuildDefaultHTTPInboundRoute`
fn route(cluster: &str, host_and_port: &str, protocol: Protocol) -> Route {
    let no_timeout = Some(Duration::seconds(0));
    let action = RouteAction {
        timeout: no_timeout,
        max_stream_duration: Some(RouteActionMaxStreamDuration {
            max_stream_duration: no_timeout,
            grpc_timeout_header_max: no_timeout,
            ..RouteActionMaxStreamDuration::default()
        }),
        retry_policy: (!protocol.is_grpc()).then(|| RetryPolicy {
            retry_on: "reset-before-request".to_owned(),
            num_retries: Some(2),
            ..RetryPolicy::default()
        }),
        ..to_cluster(cluster.to_owned())
    };
    default_route(host_and_port, action)
}
