//! What stands between Envoy and the wire.

use crate::envoy::{
    ClusterDiscoveryType, ClusterTransportSocketMatch, ProxyProtocolConfig, ProxyProtocolConfigVersion,
    ProxyProtocolUpstreamTransport, RawBuffer, Struct, TransportSocket, TransportSocketConfigType,
};
use crate::model::istio::{ClientTlsSettingsTlsMode, TrafficPolicyProxyProtocol, TrafficPolicyProxyProtocolVersion};
use crate::translate::cluster::tls::context;
use crate::translate::cluster::tls::settings::TlsSettings;
use crate::translate::cluster::upstream::{ClusterMode, Upstream};
use crate::translate::cluster::upstream_protocol::UpstreamProtocol;

/// TLS settings, `DestinationRule.trafficPolicy.proxyProtocol` -> `Cluster.transport_socket`, `Cluster.transport_socket_matches`
///
/// Automatic mutual TLS is for endpoints that say that they accept it, where Envoy knows its endpoints at all.
///
/// istiod: `cluster_tls.go` `applyUpstreamTLSSettings`, `cluster_traffic_policy.go` `applyUpstreamProxyProtocol`
pub(in crate::translate::cluster) fn transport_sockets(
    upstream: &Upstream<'_>,
    tls: Option<&TlsSettings>,
    r#type: ClusterDiscoveryType,
    protocol: Option<UpstreamProtocol>,
) -> (Option<TransportSocket>, Vec<ClusterTransportSocketMatch>) {
    if upstream.mode == ClusterMode::SniDnat {
        return (None, Vec::new());
    }
    let context = tls.and_then(|tls| context::context(upstream, tls, protocol));
    let socket = context.map(|context| socket("envoy.transport_sockets.tls", context.into()));
    let automatic = tls.is_some_and(|tls| tls.automatic && tls.mode == ClientTlsSettingsTlsMode::IstioMutual);
    let by_endpoint = automatic && r#type != ClusterDiscoveryType::OriginalDst;

    let Some(proxy_protocol) = upstream.policy.proxy_protocol else {
        return if by_endpoint { (None, matches(socket)) } else { (socket, Vec::new()) };
    };
    if by_endpoint {
        let wrap = |m: ClusterTransportSocketMatch| ClusterTransportSocketMatch {
            transport_socket: m.transport_socket.map(|inner| wrapped(proxy_protocol, inner)),
            ..m
        };
        return (None, matches(socket).into_iter().map(wrap).collect());
    }
    let plain = || self::socket("raw_buffer", RawBuffer::default().into());
    (Some(wrapped(proxy_protocol, socket.unwrap_or_else(plain))), Vec::new())
}

/// The socket for endpoints with the label `security.istio.io/tlsMode: istio`, and plain text for all others.
fn matches(istio: Option<TransportSocket>) -> Vec<ClusterTransportSocketMatch> {
    vec![
        ClusterTransportSocketMatch {
            name: "tlsMode-istio".to_owned(),
            r#match: Some(Struct::from([("tlsMode", "istio")])),
            transport_socket: istio,
        },
        ClusterTransportSocketMatch {
            name: "tlsMode-disabled".to_owned(),
            r#match: Some(Struct::default()),
            transport_socket: Some(socket("envoy.transport_sockets.raw_buffer", RawBuffer::default().into())),
        },
    ]
}

/// `DestinationRule.trafficPolicy.proxyProtocol.version` -> a socket that sends the PROXY header before what another sends
fn wrapped(proxy_protocol: &TrafficPolicyProxyProtocol, inner: TransportSocket) -> TransportSocket {
    let version = match proxy_protocol.version {
        TrafficPolicyProxyProtocolVersion::V1 => ProxyProtocolConfigVersion::V1,
        TrafficPolicyProxyProtocolVersion::V2 => ProxyProtocolConfigVersion::V2,
    };
    let transport = ProxyProtocolUpstreamTransport {
        config: Some(ProxyProtocolConfig { version, ..ProxyProtocolConfig::default() }),
        transport_socket: Some(inner),
        ..ProxyProtocolUpstreamTransport::default()
    };
    socket("envoy.transport_sockets.upstream_proxy_protocol", transport.into())
}

fn socket(name: &str, config: crate::envoy::Any) -> TransportSocket {
    TransportSocket { name: name.to_owned(), config_type: Some(TransportSocketConfigType::TypedConfig(config)) }
}
