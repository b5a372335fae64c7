//! One service of a waypoint: its workloads are reached by HBONE, through the listener that opens tunnels.

use serde_json::Value;

use crate::envoy::{
    Cluster, ClusterClusterDiscoveryType, ClusterCommonLbConfig, ClusterDiscoveryType, ClusterDnsLookupFamily,
    ClusterLbPolicy, Metadata, TransportSocket,
};
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{DnsConnectStrategy, Resolution};
use crate::proxy::ProxyKind;
use crate::translate::cluster::upstream::Upstream;
use crate::translate::cluster::{
    baggage, circuit_breakers, common_lb_config, connection_pool, discovery_type, dns, dynamic_forward_proxy,
    http_protocol_options, internal_upstream, lb_config, lb_policy, outlier_detection, tls, upstream_protocol,
};
use crate::translate::{endpoint, metadata, stat_name};

/// Builds the cluster; none if Envoy would look up endpoints and there are none.
///
/// istiod: `cluster_waypoint.go` `buildWaypointInboundVIPCluster`
pub(super) fn cluster(upstream: &Upstream<'_>) -> Option<Cluster> {
    let Upstream { view, service, port, policy, .. } = *upstream;
    let mesh = &view.mesh.config;
    let base = base(upstream)?;
    let pool = policy.connection_pool;
    // Unlike elsewhere an upgrade comes after the limits of HTTP/2, which do not hold then.
    let declared = upstream_protocol::inbound(port, view.client, pool);
    let protocol = upstream_protocol::outbound(port, view.client, mesh, pool);
    let tls = tls::settings(upstream);
    let (inner, is_plain) = tls::inner_socket(upstream, tls.as_ref(), protocol);
    let metadata = metadata(upstream);
    let r#type = type_of(&base);
    Some(Cluster {
        connect_timeout: connection_pool::connect_timeout(mesh, pool),
        circuit_breakers: Some(circuit_breakers::circuit_breakers(view.mesh, pool, policy.retry_budget)),
        outlier_detection: policy.outlier_detection.map(outlier_detection::outlier_detection),
        upstream_connection_options: connection_pool::upstream_connection_options(mesh, pool),
        typed_extension_protocol_options: http_protocol_options::upgraded(
            declared,
            protocol,
            pool,
            tls.as_ref().and_then(|tls| tls::upstream_http_protocol_options(upstream, tls)),
        ),
        dns_lookup_family: if service.dns_connect_strategy == DnsConnectStrategy::FirstHealthyRace {
            ClusterDnsLookupFamily::All
        } else {
            base.dns_lookup_family
        },
        transport_socket: Some(internal_upstream::of_waypoint(view.mesh, inner)),
        metadata: if is_plain { metadata } else { baggage::disabled(view.mesh, metadata) },
        filters: r#type.and_then(|r#type| baggage::filter(view.mesh, true, r#type)).into_iter().collect(),
        ..base
    })
}

/// Builds the cluster of an east-west gateway: what it hands on are tunnels, whatever is in them.
pub(super) fn east_west(upstream: &Upstream<'_>) -> Option<Cluster> {
    let Upstream { view, port, .. } = *upstream;
    let mesh = &view.mesh.config;
    let protocol = upstream_protocol::inbound(port, view.client, None);
    let socket: TransportSocket = internal_upstream::full(view.mesh, internal_upstream::raw_buffer());
    Some(Cluster {
        connect_timeout: connection_pool::connect_timeout(mesh, None),
        circuit_breakers: Some(circuit_breakers::circuit_breakers(view.mesh, None, None)),
        upstream_connection_options: connection_pool::upstream_connection_options(mesh, None),
        typed_extension_protocol_options: http_protocol_options::typed_extension_protocol_options(protocol, None, None),
        transport_socket: Some(socket),
        metadata: metadata(upstream),
        ..base(upstream)?
    })
}

/// How the cluster finds its endpoints, and chooses among them.
fn base(upstream: &Upstream<'_>) -> Option<Cluster> {
    let Upstream { view, service, port, policy, .. } = *upstream;
    let features = view.mesh.features();
    let name = upstream.name();
    let alt_stat_name = stat_name::delimited(&name);
    if service.resolution == Resolution::DynamicDns {
        let tls = tls::settings(upstream);
        return Some(Cluster {
            alt_stat_name,
            cluster_discovery_type: Some(dynamic_forward_proxy::discovery_type(upstream, tls.as_ref())),
            lb_policy: ClusterLbPolicy::ClusterProvided,
            common_lb_config: outlier_detection::healthy_panic_threshold(view.mesh, service, policy.outlier_detection)
                .filter(|_| policy.outlier_detection.is_some())
                .map(|percent| ClusterCommonLbConfig {
                    healthy_panic_threshold: Some(percent),
                    ..ClusterCommonLbConfig::default()
                }),
            name,
            ..Cluster::default()
        });
    }
    let resolved = discovery_type::discovery_type(features, ProxyKind::Waypoint, service);
    let r#type = discovery_type::with_policy(resolved, &policy);
    let is_dns = discovery_type::is_dns(resolved);
    let inline = if is_dns { Some(endpoint::inline_vip(view, &name, service, port, &policy)?) } else { None };
    Some(Cluster {
        alt_stat_name,
        eds_cluster_config: discovery_type::eds_cluster_config(r#type, &name),
        cluster_discovery_type: Some(ClusterClusterDiscoveryType::Type(r#type)),
        lb_policy: lb_policy::lb_policy(
            resolved,
            policy.load_balancer,
            features.redis_filter && port.protocol == Protocol::Redis,
        ),
        lb_config: lb_config::lb_config(resolved, service, port, policy.load_balancer),
        common_lb_config: Some(common_lb_config::common_lb_config(upstream)),
        load_assignment: inline.filter(|_| r#type == resolved),
        dns_lookup_family: if is_dns {
            dns::lookup_family(features, view.client.ip_mode, service)
        } else {
            ClusterDnsLookupFamily::default()
        },
        dns_refresh_rate: if is_dns { dns::refresh_rate(&view.mesh.config) } else { None },
        dns_jitter: is_dns.then(|| dns::jitter(features)),
        respect_dns_ttl: is_dns,
        typed_dns_resolver_config: is_dns.then(|| dns::resolver(features)),
        name,
        ..Cluster::default()
    })
}

fn type_of(cluster: &Cluster) -> Option<ClusterDiscoveryType> {
    match &cluster.cluster_discovery_type {
        Some(ClusterClusterDiscoveryType::Type(r#type)) => Some(*r#type),
        _ => None,
    }
}

/// The service, the rule if it has a policy, the protocol with the subset -> `Cluster.metadata`
fn metadata(upstream: &Upstream<'_>) -> Option<Metadata> {
    let has_policy =
        upstream.written_policy().is_some() || upstream.rule.is_some_and(|rule| rule.spec.traffic_policy.is_some());
    let fields = [
        Some(("services", Value::Array(vec![metadata::service(upstream.service)]))),
        upstream.rule.filter(|_| has_policy).map(|rule| ("config", metadata::destination_rule(rule))),
        Some(("subset", upstream.vip_protocol().into())),
    ];
    metadata::istio(fields.into_iter().flatten())
}
