//! What a request is when it arrives at an endpoint: the TLS and the headers that the proxy before sends.

use std::net::SocketAddr;

use crate::evaluate::{Answer, Certificate, Direction, EndpointAnswer, Request, Speaks, Tls, TlsMode, Tunnel, Version};
use crate::mesh::Mesh;
use crate::proxy::Proxy;

/// A request at an endpoint.
pub(super) struct Next {
    /// The endpoint, or where a tunnel is to lead.
    pub(super) destination: SocketAddr,
    /// The waypoint that the tunnel leads to.
    pub(super) waypoint: Option<SocketAddr>,
    /// The share of all requests that it gets.
    pub(super) share: f64,
    /// The request as it arrives.
    pub(super) request: Request,
}

impl Next {
    /// The address of the proxy that takes the connection, if any does.
    pub(super) fn place(&self) -> std::net::IpAddr {
        self.waypoint.unwrap_or(self.destination).ip()
    }
}

/// Returns where a proxy sends a request, and as what.
pub(super) fn next(proxy: &Proxy, mesh: &Mesh, request: &Request, answer: &Answer<'_>) -> Vec<Next> {
    let mut out = Vec::new();
    let own = proxy.ip_addresses.first().and_then(|ip| ip.parse().ok());
    let sent = |tls: Option<Tls>, version: Version| {
        let mut sent = Request {
            source: own.unwrap_or(request.source),
            // What passes as bytes keeps the TLS that the client speaks.
            tls: if answer.upstream.is_none() && tls.is_none() { request.tls.clone() } else { tls },
            tunnel: None,
            version,
            direction: Direction::Inbound,
            ..request.clone()
        };
        if let Some(upstream) = &answer.upstream {
            sent.path.clone_from(&upstream.path);
            sent.authority.clone_from(&upstream.authority);
            sent.headers = answer.upstream_headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            sent.token.clone_from(&request.token);
        }
        sent
    };
    for cluster in &answer.clusters {
        let speaks_http2 = cluster.body.is_some_and(|body| body.to_string().contains("http2_protocol_options"));
        let version = if speaks_http2 { Version::Http2 } else { Version::Http11 };
        if cluster.endpoints.is_empty() && cluster.discovery == Some(crate::evaluate::Discovery::OriginalDst) {
            let request = sent(cluster.tls.map(|tls| speak(tls, proxy, mesh, answer, request, version)), version);
            out.push(Next { destination: request.destination, waypoint: None, share: cluster.share, request });
        }
        for endpoint in cluster.endpoints.iter().filter(|endpoint| endpoint.share > 0.0) {
            let share = cluster.share * endpoint.share;
            let tls = endpoint.tls.map(|tls| speak(tls, proxy, mesh, answer, request, version));
            let mut request = sent(tls, version);
            if let Some(destination) = address(endpoint) {
                out.push(Next { destination, waypoint: None, share, request });
            } else if let Some((destination, waypoint)) = tunnelled(endpoint) {
                let certificate =
                    Some(Certificate { uris: vec![identity(mesh, &proxy.namespace, &proxy.service_account)] });
                request.tunnel = Some(Tunnel { certificate, authority: destination.to_string() });
                out.push(Next { destination, waypoint, share, request });
            }
        }
    }
    out
}

fn address(endpoint: &EndpointAnswer<'_>) -> Option<SocketAddr> {
    endpoint.address.parse().ok()
}

/// Where the tunnel to an endpoint leads, and the waypoint that is its other end.
///
/// istiod: `endpoint_builder.go` `buildEnvoyLbEndpoint`
fn tunnelled(endpoint: &EndpointAnswer<'_>) -> Option<(SocketAddr, Option<SocketAddr>)> {
    let noted = endpoint.metadata?.get("envoy.filters.listener.original_dst")?;
    let address = |key: &str| noted.get(key)?.as_str()?.parse::<SocketAddr>().ok();
    Some((address("local")?, address("waypoint")))
}

/// The name of a workload in its certificate.
pub(super) fn identity(mesh: &Mesh, namespace: &str, account: &str) -> String {
    let account = if account.is_empty() { "default" } else { account };
    format!("spiffe://{}/ns/{namespace}/sa/{account}", mesh.config.trust_domain)
}

/// What the filter `istio.alpn` offers for a version of HTTP.
pub(super) fn istio_alpn(version: Version) -> Vec<String> {
    let names =
        if version == Version::Http2 { ["istio-h2", "istio", "h2"] } else { ["istio-http/1.1", "istio", "http/1.1"] };
    names.map(str::to_owned).to_vec()
}

/// The handshake that a proxy begins with an endpoint.
fn speak(
    tls: &crate::evaluate::UpstreamTls,
    proxy: &Proxy,
    mesh: &Mesh,
    answer: &Answer<'_>,
    request: &Request,
    version: Version,
) -> Tls {
    let is_istio = tls.mode == TlsMode::Mutual && tls.secret.as_deref() == Some("default");
    // The filter `istio.alpn` offers what the inbound listener of a sidecar tells HTTP by.
    let overrides = is_istio && request.speaks == Speaks::Http && answer.filters.iter().any(|f| f.name == "istio.alpn");
    let alpn = if overrides { istio_alpn(version) } else { tls.alpn.clone() };
    let certificate = match (tls.mode, is_istio) {
        (TlsMode::Simple, _) => None,
        (TlsMode::Mutual, true) => {
            Some(Certificate { uris: vec![identity(mesh, &proxy.namespace, &proxy.service_account)] })
        }
        (TlsMode::Mutual, false) => Some(Certificate::default()),
    };
    Tls { sni: tls.sni.clone(), alpn, certificate }
}
