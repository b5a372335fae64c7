//! The clusters of a waypoint.
//!
//! ```text
//! main_internal                         what has come in a tunnel
//! inbound-vip|9080|http|reviews..       a service of its own ─▶ workloads, by HBONE
//! inbound-vip|9080|http/v1|reviews..    one of its subsets
//! encap                                 a workload of its own, by its address
//! ```
//!
//! istiod: `core/cluster_waypoint.go` `buildWaypointInboundClusters`

use crate::envoy::Cluster;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Port, Resolution, Service};
use crate::proxy::{ProxyView, WaypointScope};
use crate::translate::cluster::upstream::{ClusterMode, Upstream};
use crate::translate::cluster::{baggage, built_in, hbone, http_protocol_options, inbound_vip, upstream_protocol};
use crate::translate::{name, traffic_policy};

/// Builds all clusters of a waypoint but those of services that it does not own.
pub(super) fn own(view: &ProxyView<'_>) -> Vec<Cluster> {
    let Some(waypoint) = &view.outbound.scope.waypoint else { return Vec::new() };
    let mut clusters = vec![main_internal(view), encap(view, waypoint)];
    for service in &waypoint.services {
        clusters.extend(service.ports.iter().flat_map(|port| for_port(view, waypoint, service, port)));
    }
    if waypoint.east_west && view.outbound.mesh.installation.features.ambient_multi_network {
        clusters.extend([hbone::forward_inner_connect(view), built_in::black_hole(&view.outbound)]);
    } else {
        clusters.push(hbone::of_waypoint(view));
    }
    clusters.extend(hbone::double(view));
    clusters
}

/// The listener of what has come in a tunnel. istiod: `cluster_waypoint.go` `GetMainInternalCluster`
pub(super) fn main_internal(view: &ProxyView<'_>) -> Cluster {
    Cluster {
        typed_extension_protocol_options: http_protocol_options::passthrough(upstream_protocol::preserves_case(
            view.outbound.client,
        )),
        ..hbone::to_listener(view, name::MAIN_INTERNAL, name::MAIN_INTERNAL)
    }
}

/// The listener that opens tunnels. istiod: `cluster_waypoint.go` `GetEncapCluster`
fn encap(view: &ProxyView<'_>, waypoint: &WaypointScope) -> Cluster {
    if waypoint.east_west {
        return hbone::to_listener(view, name::ENCAP, name::FORWARD_INNER_CONNECT);
    }
    Cluster {
        typed_extension_protocol_options: http_protocol_options::passthrough(upstream_protocol::preserves_case(
            view.outbound.client,
        )),
        filters: baggage::always(view.outbound.mesh).into_iter().collect(),
        ..hbone::to_listener(view, name::ENCAP, name::CONNECT_ORIGINATE)
    }
}

/// A cluster for TCP, for HTTP, or for both where the port does not tell; the same for each subset of the rule. An east-west gateway
/// sees tunnels only, so that a rule means nothing to it.
///
/// istiod: `cluster_waypoint.go` `buildWaypointInboundVIP`
fn for_port(view: &ProxyView<'_>, waypoint: &WaypointScope, service: &Service, port: &Port) -> Vec<Cluster> {
    if port.protocol == Protocol::Udp || !is_supported(view, service, port) {
        return Vec::new();
    }
    let outbound = &view.outbound;
    if waypoint.east_west {
        let mode = ClusterMode::InboundVip("tcp");
        return inbound_vip::east_west(&Upstream::without_rule(outbound, mode, service, port)).into_iter().collect();
    }
    let protocol = port.protocol;
    let is_tcp = protocol.is_unsupported() || protocol.is_tcp();
    let is_http = protocol.is_unsupported() || protocol.is_http();
    let modes =
        || [is_tcp.then_some("tcp"), is_http.then_some("http")].into_iter().flatten().map(ClusterMode::InboundVip);
    let rule = view.outbound.inbound_destination_rule(&service.hostname).map(|consolidated| &consolidated.rule);
    let whole = |mode| {
        let without = Upstream::without_rule(outbound, mode, service, port);
        let policy = rule.and_then(|rule| rule.spec.traffic_policy.as_ref());
        Upstream { rule, policy: traffic_policy::for_port(policy, port.number), ..without }
    };
    let mut clusters: Vec<Cluster> = modes().filter_map(|mode| inbound_vip::cluster(&whole(mode))).collect();
    for subset in rule.iter().flat_map(|rule| &rule.spec.subsets) {
        clusters.extend(modes().filter_map(|mode| inbound_vip::cluster(&whole(mode).with_subset(subset))));
    }
    clusters
}

/// Hosts that only requests name are supported where the protocol names them: HTTP, and TLS if
/// `ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS` says so.
fn is_supported(view: &ProxyView<'_>, service: &Service, port: &Port) -> bool {
    service.resolution != Resolution::DynamicDns
        || match port.protocol {
            Protocol::Http => true,
            Protocol::Tls => view.outbound.mesh.installation.features.wildcard_host_service_entries_for_tls,
            _ => false,
        }
}
