//! Which HTTP Envoy speaks to a cluster.

use crate::mesh::service::Port;
use crate::model::istio::{
    ConnectionPoolSettings, ConnectionPoolSettingsHttpSettingsH2UpgradePolicy, MeshConfig, MeshConfigH2UpgradePolicy,
};
use crate::proxy::{Client, ProxyKind};

/// The HTTP of a cluster, where istiod says one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UpstreamProtocol {
    /// HTTP/1.1.
    Http1 {
        /// Headers keep the case in which they came.
        preserve_case: bool,
    },
    /// HTTP/2.
    Http2,
    /// What the client of the proxy speaks.
    Downstream {
        /// Headers keep the case in which they came, over HTTP/1.1.
        preserve_case: bool,
    },
}

/// `DestinationRule.trafficPolicy.connectionPool.http.{h2UpgradePolicy, useClientProtocol}`, `MeshConfig.h2UpgradePolicy`, the
/// port's protocol -> the protocol of an outbound cluster
///
/// An upgrade changes nothing where the port's protocol has decided already.
///
/// istiod: `cluster_traffic_policy.go` `applyH2Upgrade`, `applyConnectionPool`
pub(super) fn outbound(
    port: &Port,
    client: &Client,
    mesh: &MeshConfig,
    pool: Option<&ConnectionPoolSettings>,
) -> Option<UpstreamProtocol> {
    let upgrade = || upgrades(port, mesh, pool).then_some(UpstreamProtocol::Http2);
    client_protocol(by_port(port, client).or_else(upgrade), pool)
}

/// `DestinationRule.trafficPolicy.connectionPool.http.useClientProtocol`, the port's protocol -> the protocol of an inbound cluster
pub(super) fn inbound(port: &Port, client: &Client, pool: Option<&ConnectionPoolSettings>) -> Option<UpstreamProtocol> {
    client_protocol(by_port(port, client), pool)
}

/// istiod: `cluster_builder.go` `shouldPreserveHeaderCase`
pub(super) fn preserves_case(client: &Client) -> bool {
    let headers = client.proxy_config.proxy_headers.as_ref();
    headers.and_then(|h| h.preserve_http1_header_case).unwrap_or(false)
}

/// The protocol by a port's declaration.
///
/// What is not declared follows the client, but not for a router: its clients negotiate HTTP/2, which the service may not speak.
///
/// istiod: `cluster_builder.go` `setUpstreamProtocol`
fn by_port(port: &Port, client: &Client) -> Option<UpstreamProtocol> {
    let protocol = port.protocol;
    if protocol.is_http2() {
        return Some(UpstreamProtocol::Http2);
    }
    let preserve_case = protocol.is_http_or_sniffed() && preserves_case(client);
    if client.kind != ProxyKind::Router && protocol.is_unsupported() {
        return Some(UpstreamProtocol::Downstream { preserve_case });
    }
    preserve_case.then_some(UpstreamProtocol::Http1 { preserve_case })
}

/// istiod: `cluster_traffic_policy.go` `shouldH2Upgrade`
fn upgrades(port: &Port, mesh: &MeshConfig, pool: Option<&ConnectionPoolSettings>) -> bool {
    let http = pool.and_then(|p| p.http.as_ref());
    if http.is_some_and(|h| h.use_client_protocol) {
        return false;
    }
    match http.map(|h| h.h2_upgrade_policy) {
        Some(ConnectionPoolSettingsHttpSettingsH2UpgradePolicy::Upgrade) => true,
        Some(ConnectionPoolSettingsHttpSettingsH2UpgradePolicy::DoNotUpgrade) => false,
        Some(ConnectionPoolSettingsHttpSettingsH2UpgradePolicy::Default) | None => {
            port.protocol.is_http() && mesh.h2_upgrade_policy == MeshConfigH2UpgradePolicy::Upgrade
        }
    }
}

/// A rule's word replaces what was chosen; only of a declared HTTP/1.1 the header case stays. istiod: `setUseDownstreamProtocol`.
fn client_protocol(
    chosen: Option<UpstreamProtocol>,
    pool: Option<&ConnectionPoolSettings>,
) -> Option<UpstreamProtocol> {
    let by_rule = pool.and_then(|p| p.http.as_ref()).is_some_and(|http| http.use_client_protocol);
    match chosen {
        chosen if !by_rule => chosen,
        Some(UpstreamProtocol::Http1 { preserve_case }) => Some(UpstreamProtocol::Downstream { preserve_case }),
        Some(UpstreamProtocol::Http2 | UpstreamProtocol::Downstream { .. }) | None => {
            Some(UpstreamProtocol::Downstream { preserve_case: false })
        }
    }
}
