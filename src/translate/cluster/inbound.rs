//! Clusters of a workload's own ports.

use std::collections::BTreeMap;

use crate::envoy::{
    Cluster, ClusterClusterDiscoveryType, ClusterCommonLbConfig, ClusterDiscoveryType, ClusterLbPolicy,
    ClusterLoadAssignment, Duration, Endpoint, LbEndpoint, LbEndpointHostIdentifier, LocalityLbEndpoints,
};
use crate::installation::Behaviour;
use crate::mesh::service::{Port, Service};
use crate::model::istio::MeshConfigInboundTrafficPolicyMode;
use crate::proxy::{InterceptionMode, ProxyView, ServiceTarget};
use crate::translate::address::{self, LOOPBACK_IPV4, LOOPBACK_IPV6};
use crate::translate::cluster::{
    alt_stat_name, circuit_breakers, connection_pool, http_protocol_options, ingress, lb_config, metadata,
    upstream_bind_config, upstream_protocol,
};
use crate::translate::name;
use crate::translate::stat_name::StatService;
use crate::translate::traffic_policy::{self, EffectiveTrafficPolicy};

/// As long as Envoy's type of durations allows, so that original destinations are never forgotten. istiod: `maxSecondsValue`.
const NEVER: Duration = Duration::seconds(9_223_372_035);

/// Builds a cluster for each port on which the workload serves, or for each that its Sidecar names.
///
/// Without interception there would be two listeners on a port, so that only a Sidecar's ports count; with
/// `PILOT_ALLOW_SIDECAR_SERVICE_INBOUND_LISTENER_MERGE` those of services stand beside them. Each comes with the hosts of
/// its services.
///
/// istiod: `cluster.go` `buildInboundClusters`
pub(super) fn inbound(view: &ProxyView<'_>) -> Vec<(Cluster, Vec<String>)> {
    let hosts = |targets: &[&ServiceTarget]| targets.iter().map(|target| target.service.hostname.clone()).collect();
    let by_target_port = by_target_port(view);
    let cluster = |port: u32, targets: &[&ServiceTarget]| (for_target_port(view, port, targets), hosts(targets));
    if view.outbound.scope.has_ingress_listener() {
        let named = |port: u32| view.outbound.scope.ingress_ports().any(|number| number == port);
        let merges = view.outbound.mesh.features().sidecar_inbound_listener_merge;
        let services = by_target_port.iter().filter(|(port, _)| merges && !named(**port));
        return services.map(|(port, targets)| cluster(*port, targets)).chain(ingress::ingress(view)).collect();
    }
    if view.outbound.client.interception_mode == InterceptionMode::None {
        return Vec::new();
    }
    by_target_port.iter().map(|(port, targets)| cluster(*port, targets)).collect()
}

fn by_target_port<'v>(view: &ProxyView<'v>) -> BTreeMap<u32, Vec<&'v ServiceTarget>> {
    let mut out: BTreeMap<u32, Vec<&ServiceTarget>> = BTreeMap::new();
    for target in &view.proxy.service_targets {
        out.entry(target.target_port).or_default().push(target);
    }
    out
}

/// One cluster for all services of a port. Where they differ, the first decides.
fn for_target_port(view: &ProxyView<'_>, port: u32, targets: &[&ServiceTarget]) -> Cluster {
    let mode = view.outbound.mesh.config.inbound_traffic_policy.as_ref().map(|p| p.mode).unwrap_or_default();
    let loopback = address::loopbacks(view.outbound.client.ip_mode).first().copied().unwrap_or(LOOPBACK_IPV4);
    let bind = match mode {
        MeshConfigInboundTrafficPolicyMode::Passthrough => String::new(),
        MeshConfigInboundTrafficPolicyMode::Localhost => loopback.to_owned(),
    };
    // The map has no port without a target.
    let first = targets.first();
    cluster(
        view,
        &Inbound {
            cluster_port: port,
            bind,
            target_port: port,
            service: first.map(|target| target.service.as_ref()),
            hostname: first.map(|target| target.service.hostname.as_str()).unwrap_or_default(),
            port: first.map_or_else(|| unnamed(port), |target| target.port.clone()),
            targets,
        },
    )
}

fn unnamed(number: u32) -> Port {
    Port { name: String::new(), number, protocol: crate::mesh::protocol::Protocol::Unsupported, target_port: None }
}

/// What an inbound cluster is made for.
pub(super) struct Inbound<'a> {
    /// The port in its name.
    pub(super) cluster_port: u32,
    /// The address of the workload; empty for the one to which the request came.
    pub(super) bind: String,
    /// The port of the workload.
    pub(super) target_port: u32,
    /// The service, if there is one.
    pub(super) service: Option<&'a Service>,
    /// Its hostname, or what stands for it.
    pub(super) hostname: &'a str,
    /// The service's port.
    pub(super) port: Port,
    /// All service ports behind it.
    pub(super) targets: &'a [&'a ServiceTarget],
}

/// Builds one inbound cluster.
///
/// `DestinationRule.trafficPolicy.connectionPool` holds here too, for the first service, so that a server is not narrower than its
/// clients; `Sidecar.inboundConnectionPool` and `Sidecar.ingress[].connectionPool` take its place, and
/// `MeshConfig.defaultTrafficPolicy` stands in for it.
///
/// istiod: `cluster_builder.go` `buildInboundCluster`
pub(super) fn cluster(view: &ProxyView<'_>, inbound: &Inbound<'_>) -> Cluster {
    let (mesh, client, scope) = (&view.outbound.mesh.config, view.outbound.client, view.outbound.scope);
    let name = name::inbound_cluster(inbound.cluster_port);
    let rule = view.outbound.inbound_destination_rule(inbound.hostname).map(|consolidated| &consolidated.rule);
    let rule = rule.filter(|rule| rule.spec.traffic_policy.is_some());
    let by_rule = rule.map(|r| traffic_policy::for_port(r.spec.traffic_policy.as_ref(), inbound.port.number));
    let by_rule = by_rule.unwrap_or_default().over_default(mesh.default_traffic_policy.as_ref());
    let by_sidecar = scope.inbound_connection_pool(inbound.cluster_port);
    let keeps_retry_budget = view.outbound.mesh.does(Behaviour::KeepsRetryBudgetInMerges);
    let policy = EffectiveTrafficPolicy {
        connection_pool: by_sidecar.or(by_rule.connection_pool),
        retry_budget: by_rule.retry_budget.filter(|_| by_sidecar.is_none() || keeps_retry_budget),
        ..by_rule
    };
    let protocol = upstream_protocol::inbound(&inbound.port, client, policy.connection_pool);
    let service = inbound.service.map(StatService::from);
    let service = service.unwrap_or(StatService { hostname: inbound.hostname, kubernetes: None });
    let original_dst = inbound.bind.is_empty();
    let loopback = inbound.bind == LOOPBACK_IPV4 || inbound.bind == LOOPBACK_IPV6;
    Cluster {
        alt_stat_name: alt_stat_name::inbound(
            &mesh.inbound_cluster_stat_name,
            service,
            &inbound.port,
            inbound.cluster_port,
            &name,
        ),
        cluster_discovery_type: Some(ClusterClusterDiscoveryType::Type(if original_dst {
            ClusterDiscoveryType::OriginalDst
        } else {
            ClusterDiscoveryType::Static
        })),
        connect_timeout: connection_pool::connect_timeout(mesh, policy.connection_pool),
        lb_policy: if original_dst { ClusterLbPolicy::ClusterProvided } else { ClusterLbPolicy::default() },
        lb_config: inbound
            .service
            .filter(|_| original_dst)
            .and_then(|s| lb_config::original_dst_lb_config(s, &inbound.port)),
        common_lb_config: Some(ClusterCommonLbConfig::default()),
        load_assignment: (!original_dst).then(|| load_assignment(&name, &inbound.bind, inbound.target_port)),
        cleanup_interval: original_dst.then_some(NEVER),
        circuit_breakers: Some(circuit_breakers::circuit_breakers(
            view.outbound.mesh,
            policy.connection_pool,
            policy.retry_budget,
        )),
        upstream_connection_options: connection_pool::upstream_connection_options(mesh, policy.connection_pool),
        typed_extension_protocol_options: http_protocol_options::typed_extension_protocol_options(
            protocol,
            policy.connection_pool,
            None,
        ),
        upstream_bind_config: (!loopback)
            .then(|| upstream_bind_config::inbound(view.outbound.mesh.features(), client.ip_mode)),
        metadata: metadata::inbound(view.outbound.mesh.features(), inbound.targets, rule),
        name,
        ..Cluster::default()
    }
}

/// The workload as the only endpoint. istiod: `cluster.go` `buildInboundLocalityLbEndpoints`.
fn load_assignment(cluster_name: &str, bind: &str, port: u32) -> ClusterLoadAssignment {
    let endpoint = Endpoint { address: Some(address::address(bind, port)), ..Endpoint::default() };
    let lb_endpoint =
        LbEndpoint { host_identifier: Some(LbEndpointHostIdentifier::Endpoint(endpoint)), ..LbEndpoint::default() };
    ClusterLoadAssignment {
        cluster_name: cluster_name.to_owned(),
        endpoints: vec![LocalityLbEndpoints { lb_endpoints: vec![lb_endpoint], ..LocalityLbEndpoints::default() }],
        ..ClusterLoadAssignment::default()
    }
}
