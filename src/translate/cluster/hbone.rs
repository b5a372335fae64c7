//! The clusters by which a proxy opens tunnels.
//!
//! ```text
//! connect_originate        a tunnel to a workload or its waypoint
//! forward_inner_connect    a tunnel that is there already, in an east-west gateway
//! inner_connect_originate  a tunnel inside of ┐
//! outer_connect_originate  a tunnel to a gateway of another network
//! ```
//!
//! istiod: `core/cluster_waypoint.go`

use std::collections::BTreeMap;

use crate::envoy::{
    Any, Cluster, ClusterClusterDiscoveryType, ClusterDiscoveryType, ClusterLbConfig, ClusterLbPolicy,
    ClusterLoadAssignment, ClusterOriginalDstLbConfig, CommonTlsContext, Duration, Endpoint, LbEndpoint,
    LbEndpointHostIdentifier, LocalityLbEndpoints, MetadataKey, MetadataKeyPathSegment, MetadataKeyPathSegmentSegment,
    StringMatcher, TransportSocket, UpstreamTlsContext,
};
use crate::proxy::{ProxyKind, ProxyView};
use crate::translate::cluster::{circuit_breakers, connection_pool, http_protocol_options, internal_upstream};
use crate::translate::security::certificates::prefix;
use crate::translate::security::hbone;
use crate::translate::{address, name, stat_name};

/// The port of tunnels. istiod: `model.HBoneInboundListenPort`
const HBONE_PORT: u32 = 15008;
const CLEANUP_INTERVAL: Duration = Duration::seconds(60);

/// What a sidecar or a gateway sends HBONE by.
///
/// istiod: `cluster.go` `buildClusters`
pub(super) fn of_client(view: &ProxyView<'_>) -> Vec<Cluster> {
    let mut out = if view.outbound.client.kind == ProxyKind::Router { double(view) } else { Vec::new() };
    out.extend(view.outbound.sends_hbone().then(|| connect_originate(view, Vec::new())));
    out
}

/// What a waypoint sends HBONE by. Waypoints of its namespace are peers whatever their trust domain is called.
///
/// istiod: `cluster_waypoint.go` `buildWaypointConnectOriginate`
pub(super) fn of_waypoint(view: &ProxyView<'_>) -> Cluster {
    let domain = &view.outbound.mesh.config.trust_domain;
    let own = prefix(format!("spiffe://{domain}/ns/{}/sa/", view.proxy.namespace));
    connect_originate(view, vec![own])
}

/// The cluster of workloads by their own address, or by that of a waypoint.
fn connect_originate(view: &ProxyView<'_>, further: Vec<StringMatcher>) -> Cluster {
    Cluster {
        typed_extension_protocol_options: http2_connect(view, None),
        transport_socket: Some(tls(hbone::common_tls_context(view.outbound.mesh, view.proxy, further))),
        ..original_dst(view, name::CONNECT_ORIGINATE, true)
    }
}

/// Hands on a tunnel that another proxy has opened. istiod: `cluster_waypoint.go` `buildForwardInnerConnect`
pub(super) fn forward_inner_connect(view: &ProxyView<'_>) -> Cluster {
    original_dst(view, name::FORWARD_INNER_CONNECT, true)
}

/// The two tunnels to another network. Connections are not pooled, or one would take all requests to one workload there.
///
/// istiod: `cluster_waypoint.go` `buildInnerConnectOriginateCluster`, `buildOuterConnectOriginateCluster`
pub(super) fn double(view: &ProxyView<'_>) -> Vec<Cluster> {
    if !view.outbound.opens_double_tunnels() {
        return Vec::new();
    }
    let tls = || tls(hbone::common_tls_context(view.outbound.mesh, view.proxy, Vec::new()));
    let inner = Cluster {
        typed_extension_protocol_options: http2_connect(view, Some(1)),
        transport_socket: Some(internal_upstream::bare("internal_upstream_with_tls", tls())),
        ..to_listener(view, name::INNER_CONNECT_ORIGINATE, name::OUTER_CONNECT_ORIGINATE)
    };
    let outer = Cluster {
        typed_extension_protocol_options: http2_connect(view, Some(1)),
        transport_socket: Some(tls()),
        ..original_dst(view, name::OUTER_CONNECT_ORIGINATE, false)
    };
    vec![inner, outer]
}

/// A cluster whose one endpoint is a listener of the proxy itself.
///
/// istiod: `cluster_waypoint.go` `buildInternalUpstreamCluster`
pub(super) fn to_listener(view: &ProxyView<'_>, cluster: &str, listener: &str) -> Cluster {
    let endpoint = Endpoint { address: Some(address::internal(listener, "")), ..Endpoint::default() };
    let lb_endpoint =
        LbEndpoint { host_identifier: Some(LbEndpointHostIdentifier::Endpoint(endpoint)), ..LbEndpoint::default() };
    Cluster {
        name: cluster.to_owned(),
        alt_stat_name: stat_name::delimited(cluster),
        cluster_discovery_type: Some(ClusterClusterDiscoveryType::Type(ClusterDiscoveryType::Static)),
        circuit_breakers: Some(circuit_breakers::circuit_breakers(view.outbound.mesh, None, None)),
        load_assignment: Some(ClusterLoadAssignment {
            cluster_name: cluster.to_owned(),
            endpoints: vec![LocalityLbEndpoints { lb_endpoints: vec![lb_endpoint], ..LocalityLbEndpoints::default() }],
            ..ClusterLoadAssignment::default()
        }),
        transport_socket: Some(internal_upstream::bare("internal_upstream", internal_upstream::raw_buffer())),
        ..Cluster::default()
    }
}

/// A cluster whose endpoint is the end of the tunnel, at the port of tunnels; with `by_waypoint` the waypoint that stands for it.
fn original_dst(view: &ProxyView<'_>, cluster: &str, by_waypoint: bool) -> Cluster {
    let segment = MetadataKeyPathSegment { segment: Some(MetadataKeyPathSegmentSegment::Key("waypoint".to_owned())) };
    let waypoint = MetadataKey { key: "envoy.filters.listener.original_dst".to_owned(), path: vec![segment] };
    Cluster {
        name: cluster.to_owned(),
        alt_stat_name: stat_name::delimited(cluster),
        cluster_discovery_type: Some(ClusterClusterDiscoveryType::Type(ClusterDiscoveryType::OriginalDst)),
        connect_timeout: connection_pool::connect_timeout(&view.outbound.mesh.config, None),
        lb_policy: ClusterLbPolicy::ClusterProvided,
        lb_config: Some(ClusterLbConfig::OriginalDstLbConfig(ClusterOriginalDstLbConfig {
            upstream_port_override: Some(HBONE_PORT),
            metadata_key: by_waypoint.then_some(waypoint),
            ..ClusterOriginalDstLbConfig::default()
        })),
        cleanup_interval: Some(CLEANUP_INTERVAL),
        circuit_breakers: Some(circuit_breakers::circuit_breakers(view.outbound.mesh, None, None)),
        ..Cluster::default()
    }
}

fn http2_connect(view: &ProxyView<'_>, max_requests_per_connection: Option<u32>) -> BTreeMap<String, Any> {
    http_protocol_options::http2_connect(view.outbound.mesh, max_requests_per_connection)
}

fn tls(context: CommonTlsContext) -> TransportSocket {
    internal_upstream::socket(
        "tls",
        UpstreamTlsContext { common_tls_context: Some(context), ..UpstreamTlsContext::default() },
    )
}
