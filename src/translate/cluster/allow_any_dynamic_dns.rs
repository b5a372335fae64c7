//! The cluster of all hosts that nothing is known about, whose addresses Envoy looks up.

use crate::envoy::{
    Cluster, ClusterLbPolicy, DynamicForwardProxyClusterConfig,
    DynamicForwardProxyClusterConfigClusterImplementationSpecifier as Specifier, UpstreamHttpProtocolOptions,
};
use crate::model::istio::ClientTlsSettingsTlsMode;
use crate::proxy::OutboundView;
use crate::translate::cluster::internal_upstream::socket;
use crate::translate::cluster::tls::{self, TlsSettings};
use crate::translate::cluster::{
    circuit_breakers, connection_pool, dynamic_forward_proxy, http_protocol_options, metadata_exchange,
    upstream_protocol,
};
use crate::translate::{dns_cache, name, stat_name};

/// `MeshConfig.outboundTrafficPolicy` with `mode: ALLOW_ANY_DYNAMIC_DNS` -> `Cluster`; none in other modes
///
/// istiod: `cluster_builder.go` `buildAllowAnyDFPCluster`
pub(super) fn cluster(view: &OutboundView<'_>) -> Option<Cluster> {
    if !view.scope.allows_any_dynamic_dns() {
        return None;
    }
    let mesh = &view.mesh.config;
    let tls = mesh.outbound_traffic_policy.as_ref().and_then(|policy| policy.tls.as_ref()).map(tls::as_written);
    let tls = tls.filter(|tls| tls.mode != ClientTlsSettingsTlsMode::Disable);
    // A credential is not for sidecars: without it there is no TLS at all.
    let used = tls.as_ref().filter(|tls| !tls::has_secret(tls));
    let options = used.and_then(upstream_http_protocol_options);
    let config = DynamicForwardProxyClusterConfig {
        cluster_implementation_specifier: Some(Specifier::DnsCacheConfig(dns_cache::of_any_host(view))),
        allow_insecure_cluster_options: tls.is_none() || used.is_some_and(|tls| !is_verified(tls)),
        ..DynamicForwardProxyClusterConfig::default()
    };
    let context = used.and_then(|tls| tls::of_any_host(view.mesh, tls));
    Some(Cluster {
        name: name::ALLOW_ANY_DYNAMIC_DNS_CLUSTER.to_owned(),
        alt_stat_name: stat_name::delimited(name::ALLOW_ANY_DYNAMIC_DNS_CLUSTER),
        cluster_discovery_type: Some(dynamic_forward_proxy::custom_type(config)),
        connect_timeout: connection_pool::connect_timeout(mesh, None),
        lb_policy: ClusterLbPolicy::ClusterProvided,
        circuit_breakers: Some(circuit_breakers::circuit_breakers(view.mesh, None, None)),
        upstream_connection_options: connection_pool::upstream_connection_options(mesh, None),
        typed_extension_protocol_options: match options {
            Some(options) => http_protocol_options::typed_extension_protocol_options(None, None, Some(options)),
            None => http_protocol_options::passthrough(upstream_protocol::preserves_case(view.client)),
        },
        transport_socket: context.map(|context| socket("envoy.transport_sockets.tls", context)),
        filters: metadata_exchange::filters(view.mesh.features()),
        ..Cluster::default()
    })
}

/// Says whether Envoy takes SNI and name from each request and verifies the name.
fn is_verified(tls: &TlsSettings) -> bool {
    tls.sni.is_empty() && !tls.insecure_skip_verify
}

/// istiod: `cluster_tls.go` `setAutoSniAndAutoSanValidation`
fn upstream_http_protocol_options(tls: &TlsSettings) -> Option<UpstreamHttpProtocolOptions> {
    let (auto_sni, auto_san_validation) = (tls.sni.is_empty(), !tls.insecure_skip_verify);
    (auto_sni || auto_san_validation).then(|| UpstreamHttpProtocolOptions {
        auto_sni,
        auto_san_validation,
        ..UpstreamHttpProtocolOptions::default()
    })
}
