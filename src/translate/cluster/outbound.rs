//! Clusters of the services that a proxy sees.

use rayon::prelude::*;

use crate::envoy::{Cluster, ClusterClusterDiscoveryType, ClusterDiscoveryType, ClusterDnsLookupFamily};
use crate::installation::Behaviour;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Resolution, Service};
use crate::model::istio::LoadBalancerSettingsSimpleLb;
use crate::proxy::OutboundView;
use crate::translate::cluster::upstream::{ClusterMode, Upstream};
use crate::translate::cluster::{
    alt_stat_name, baggage, circuit_breakers, common_lb_config, connection_pool, discovery_type, dns,
    dynamic_forward_proxy, http_protocol_options, lb_config, lb_policy, metadata, metadata_exchange, outlier_detection,
    tls, upstream_protocol,
};
use crate::translate::endpoint;
use crate::translate::traffic_policy;

/// Builds a cluster for each port of each service in the scope, and for each of its subsets.
///
/// istiod: `cluster.go` `buildOutboundClusters`
pub(crate) fn outbound(view: &OutboundView<'_>) -> Vec<Cluster> {
    // A waypoint reaches what it does not own only where it has to.
    let services = view.scope.waypoint.as_ref().map_or(&view.scope.services, |waypoint| &waypoint.outbound);
    let services = services.par_iter().filter(|service| service.resolution != Resolution::Alias);
    services.flat_map_iter(|service| for_service(view, service)).collect()
}

fn for_service(view: &OutboundView<'_>, service: &Service) -> Vec<Cluster> {
    let ports = service.ports.iter().filter(|p| p.protocol != Protocol::Udp);
    ports
        .flat_map(|port| {
            let upstream = Upstream::whole(view, ClusterMode::Default, service, port);
            if upstream.is_dynamic_forward_proxy() && !view.mesh.does(Behaviour::ServesDynamicDnsToSidecars) {
                // Listeners and routes lead to a cluster all the same.
                Vec::new()
            } else if upstream.is_dynamic_forward_proxy() {
                dynamic_forward_proxy::cluster(&upstream).into_iter().collect()
            } else {
                with_subsets(&upstream)
            }
        })
        .collect()
}

/// Builds the cluster for a whole service, then those for its subsets. None, if Envoy would look up endpoints and there are none.
///
/// istiod: `cluster_builder.go` `applyDestinationRule`
pub(super) fn with_subsets(whole: &Upstream<'_>) -> Vec<Cluster> {
    let resolved = discovery_type::discovery_type(whole.view.mesh.features(), whole.view.client.kind, whole.service);
    let Some(cluster) = cluster(whole, resolved) else { return Vec::new() };
    let mut clusters = vec![cluster];
    if whole.is_dynamic_forward_proxy() {
        return clusters;
    }
    let inherited = discovery_type::with_policy(resolved, &whole.policy);
    for subset in whole.rule.iter().flat_map(|rule| &rule.spec.subsets) {
        let written = subset.traffic_policy.as_ref().and_then(|p| p.load_balancer.as_ref());
        let resolved = match traffic_policy::simple_lb(written) {
            LoadBalancerSettingsSimpleLb::Passthrough => ClusterDiscoveryType::OriginalDst,
            _ => inherited,
        };
        clusters.extend(self::cluster(&whole.with_subset(subset), resolved));
    }
    clusters
}

/// Builds one cluster. `resolved` is how the service finds its endpoints; the policy may still send requests where the client
/// meant them to go.
///
/// istiod: `cluster_builder.go` `buildCluster`, `cluster_traffic_policy.go` `applyTrafficPolicy`
fn cluster(upstream: &Upstream<'_>, resolved: ClusterDiscoveryType) -> Option<Cluster> {
    let Upstream { view, service, port, policy, .. } = *upstream;
    let name = upstream.name();
    let r#type = discovery_type::with_policy(resolved, &policy);
    let is_dns = discovery_type::is_dns(resolved);
    // Not even a cluster that ends up without them is built unless there are endpoints.
    let inline =
        if is_dns { Some(endpoint::inline(view, &name, service, port, upstream.subset, &policy)?) } else { None };
    let inline = inline.filter(|_| r#type == resolved);

    let mesh = &view.mesh.config;
    let protocol = upstream_protocol::outbound(port, view.client, mesh, policy.connection_pool);
    let tls = tls::settings(upstream);
    let sockets = tls::transport_sockets(upstream, tls.as_ref(), r#type, protocol);
    let metadata = metadata::outbound(upstream);
    Some(Cluster {
        alt_stat_name: alt_stat_name::outbound(upstream, &name),
        eds_cluster_config: discovery_type::eds_cluster_config(r#type, &name),
        cluster_discovery_type: Some(ClusterClusterDiscoveryType::Type(r#type)),
        connect_timeout: connection_pool::connect_timeout(mesh, policy.connection_pool),
        lb_policy: lb_policy::lb_policy(
            resolved,
            policy.load_balancer,
            view.mesh.features().redis_filter && port.protocol == Protocol::Redis,
        ),
        lb_config: lb_config::lb_config(resolved, service, port, policy.load_balancer),
        common_lb_config: Some(common_lb_config::common_lb_config(upstream)),
        load_assignment: inline,
        circuit_breakers: Some(circuit_breakers::circuit_breakers(
            view.mesh,
            policy.connection_pool,
            policy.retry_budget,
        )),
        outlier_detection: policy.outlier_detection.map(outlier_detection::outlier_detection),
        upstream_connection_options: connection_pool::upstream_connection_options(mesh, policy.connection_pool),
        typed_extension_protocol_options: http_protocol_options::typed_extension_protocol_options(
            protocol,
            policy.connection_pool,
            tls.as_ref().and_then(|tls| tls::upstream_http_protocol_options(upstream, tls)),
        ),
        dns_lookup_family: if is_dns {
            dns::lookup_family(view.mesh.features(), view.client.ip_mode, service)
        } else {
            ClusterDnsLookupFamily::default()
        },
        dns_refresh_rate: if is_dns { dns::refresh_rate(mesh) } else { None },
        dns_jitter: is_dns.then(|| dns::jitter(view.mesh.features())),
        respect_dns_ttl: is_dns,
        typed_dns_resolver_config: is_dns.then(|| dns::resolver(view.mesh.features())),
        transport_socket: sockets.one,
        transport_socket_matches: sockets.matches,
        metadata: if sockets.is_wrapped { baggage::disabled(view.mesh, metadata) } else { metadata },
        filters: metadata_exchange::filters(view.mesh.features())
            .into_iter()
            .chain(baggage::filter(view.mesh, view.dials_hbone(), r#type))
            .collect(),
        name,
        ..Cluster::default()
    })
}
