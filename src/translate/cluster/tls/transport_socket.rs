//! What stands between Envoy and the wire.

use crate::envoy::{
    ClusterDiscoveryType, ClusterTransportSocketMatch, ProxyProtocolConfig, ProxyProtocolConfigVersion,
    ProxyProtocolUpstreamTransport, RawBuffer, Struct, TransportSocket,
};
use crate::model::istio::{ClientTlsSettingsTlsMode, TrafficPolicyProxyProtocol, TrafficPolicyProxyProtocolVersion};
use crate::translate::cluster::internal_upstream::{self, raw_buffer, socket};
use crate::translate::cluster::tls::context;
use crate::translate::cluster::tls::settings::TlsSettings;
use crate::translate::cluster::upstream::{ClusterMode, Upstream};
use crate::translate::cluster::upstream_protocol::UpstreamProtocol;

/// The sockets of a cluster.
#[derive(Debug, Default)]
pub(in crate::translate::cluster) struct Sockets {
    /// `Cluster.transport_socket`
    pub(in crate::translate::cluster) one: Option<TransportSocket>,
    /// `Cluster.transport_socket_matches`
    pub(in crate::translate::cluster) matches: Vec<ClusterTransportSocketMatch>,
    /// What goes through a tunnel is not what the server reads.
    pub(in crate::translate::cluster) is_wrapped: bool,
}

/// TLS settings, `DestinationRule.trafficPolicy.proxyProtocol` -> the sockets of a cluster
///
/// Automatic mutual TLS is for endpoints that say that they accept it, where Envoy knows its endpoints at all.
///
/// istiod: `cluster_tls.go` `applyUpstreamTLSSettings`, `cluster_traffic_policy.go` `applyUpstreamProxyProtocol`
pub(in crate::translate::cluster) fn transport_sockets(
    upstream: &Upstream<'_>,
    tls: Option<&TlsSettings>,
    r#type: ClusterDiscoveryType,
    protocol: Option<UpstreamProtocol>,
) -> Sockets {
    if upstream.mode == ClusterMode::SniDnat {
        return Sockets::default();
    }
    let context = tls.and_then(|tls| context::context(upstream, tls, protocol));
    let own = context.map(|context| socket("envoy.transport_sockets.tls", context));
    let sockets = if upstream.view.dials_hbone() {
        with_hbone(upstream, tls, own, r#type)
    } else if r#type != ClusterDiscoveryType::OriginalDst && tls.is_some_and(is_automatic) {
        Sockets { matches: vec![istio(own), disabled()], ..Sockets::default() }
    } else {
        Sockets { one: own, ..Sockets::default() }
    };
    let Some(proxy_protocol) = upstream.policy.proxy_protocol else { return sockets };
    let one = match sockets.one {
        None if sockets.matches.is_empty() => Some(raw_buffer()),
        one => one,
    };
    let wrap = |m: ClusterTransportSocketMatch| ClusterTransportSocketMatch {
        transport_socket: m.transport_socket.map(|inner| wrapped(proxy_protocol, inner)),
        ..m
    };
    Sockets {
        one: one.map(|inner| wrapped(proxy_protocol, inner)),
        matches: sockets.matches.into_iter().map(wrap).collect(),
        is_wrapped: upstream.view.dials_hbone(),
    }
}

/// HBONE for the endpoints that take it. Mutual TLS of the mesh is what it stands for; TLS that the user set up goes through it.
///
/// istiod: `cluster_tls.go` `applyHBONETransportSocketMatches`
fn with_hbone(
    upstream: &Upstream<'_>,
    tls: Option<&TlsSettings>,
    own: Option<TransportSocket>,
    r#type: ClusterDiscoveryType,
) -> Sockets {
    let hbone = |inner| {
        by_match("hbone", Struct::from([("tunnel", "http")]), internal_upstream::full(upstream.view.mesh, inner))
    };
    let matches = match (tls, own) {
        (Some(_), own) if r#type == ClusterDiscoveryType::OriginalDst => {
            return Sockets { one: own, ..Sockets::default() };
        }
        (Some(tls), own) if is_automatic(tls) => vec![hbone(plain()), istio(own), disabled()],
        (Some(tls), Some(own)) if tls.mode == ClientTlsSettingsTlsMode::IstioMutual => {
            vec![hbone(plain()), ClusterTransportSocketMatch { r#match: None, ..istio(Some(own)) }]
        }
        (Some(_), Some(own)) => {
            let user = ClusterTransportSocketMatch {
                name: "user".to_owned(),
                transport_socket: Some(own.clone()),
                ..ClusterTransportSocketMatch::default()
            };
            return Sockets { one: None, matches: vec![hbone(own), user], is_wrapped: true };
        }
        _ => vec![hbone(plain()), disabled()],
    };
    Sockets { matches, ..Sockets::default() }
}

/// What goes through the tunnel of a waypoint's own service: TLS that the user set up, else plain text; with a PROXY header before it if
/// a rule says so. And whether that is plain text alone.
///
/// istiod: `cluster_waypoint.go` `buildWaypointInboundVIPCluster`
pub(in crate::translate::cluster) fn inner_socket(
    upstream: &Upstream<'_>,
    tls: Option<&TlsSettings>,
    protocol: Option<UpstreamProtocol>,
) -> (TransportSocket, bool) {
    let context = tls.and_then(|tls| context::context(upstream, tls, protocol));
    let own = context.map(|context| socket("envoy.transport_sockets.tls", context));
    let is_plain = own.is_none() && upstream.policy.proxy_protocol.is_none();
    let own = own.unwrap_or_else(raw_buffer);
    let inner = match upstream.policy.proxy_protocol {
        Some(proxy_protocol) => wrapped(proxy_protocol, own),
        None => own,
    };
    (inner, is_plain)
}

/// Mutual TLS that nobody asked for.
fn is_automatic(tls: &TlsSettings) -> bool {
    tls.automatic && tls.mode == ClientTlsSettingsTlsMode::IstioMutual
}

/// The socket for endpoints with the label `security.istio.io/tlsMode: istio`.
fn istio(own: Option<TransportSocket>) -> ClusterTransportSocketMatch {
    ClusterTransportSocketMatch {
        name: "tlsMode-istio".to_owned(),
        r#match: Some(Struct::from([("tlsMode", "istio")])),
        transport_socket: own,
    }
}

/// Plain text for all others.
fn disabled() -> ClusterTransportSocketMatch {
    by_match("tlsMode-disabled", Struct::default(), plain())
}

fn by_match(name: &str, metadata: Struct, socket: TransportSocket) -> ClusterTransportSocketMatch {
    ClusterTransportSocketMatch { name: name.to_owned(), r#match: Some(metadata), transport_socket: Some(socket) }
}

fn plain() -> TransportSocket {
    socket("envoy.transport_sockets.raw_buffer", RawBuffer::default())
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
    socket("envoy.transport_sockets.upstream_proxy_protocol", transport)
}
