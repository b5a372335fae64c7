//! What the ztunnel of a node does, by an Envoy: it tunnels what a Pod in ambient mode sends and is sent, by HBONE with the Pod's identity.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use serde_json::{Value, json};

use super::network::{Door, Network};
use super::pod::HBONE_PORT;
use crate::certificate::{Authority, Certificate};
use crate::envoy::{self, Envoy};
use crate::server;

/// A running ztunnel, for one Pod and one way.
pub(super) struct Ztunnel {
    /// The workload.
    pub(super) name: String,
    pub(super) address: IpAddr,
    envoy: Envoy,
}

/// The workload that a ztunnel is for.
pub(super) struct Workload<'w> {
    pub(super) name: &'w str,
    pub(super) address: IpAddr,
    pub(super) account: &'w str,
}

impl Ztunnel {
    /// Starts one that hands an application what comes through tunnels.
    pub(super) fn inbound(
        binary: &Path,
        work: &Path,
        workload: &Workload<'_>,
        authority: &Authority,
    ) -> Result<Self, String> {
        let application = server::start(workload.name, ("127.0.0.1", 0))?;
        let route = json!({
            "match": { "connect_matcher": {} },
            "route": { "cluster": "application", "upgrade_configs": [{ "upgrade_type": "CONNECT", "connect_config": {} }] },
        });
        let manager = json!({ "name": "http", "typed_config": {
            "@type": kind("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
            "stat_prefix": "x", "upgrade_configs": [{ "upgrade_type": "CONNECT" }],
            "http2_protocol_options": { "allow_connect": true },
            "http_filters": [{ "name": "router", "typed_config": { "@type": kind("extensions.filters.http.router.v3.Router") } }],
            "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [route] }] },
        } });
        let socket = json!({ "name": "tls", "typed_config": {
            "@type": kind("extensions.transport_sockets.tls.v3.DownstreamTlsContext"),
            "require_client_certificate": true, "common_tls_context": tls(&workload.certificate(authority), authority),
        } });
        let proxied = kind("extensions.filters.listener.proxy_protocol.v3.ProxyProtocol");
        let listener = json!({
            "name": "ztunnel", "address": address(0),
            "listener_filters": [{ "name": "proxy_protocol", "typed_config": { "@type": proxied } }],
            "filter_chains": [{ "filters": [manager], "transport_socket": socket }],
        });
        Self::start(binary, work, workload, &listener, &cluster("application", application))
    }

    /// Starts one that tunnels to a waypoint, where this port leads, what is sent to a destination.
    pub(super) fn outbound(
        binary: &Path,
        work: &Path,
        workload: &Workload<'_>,
        authority: &Authority,
        (destination, waypoint): (&str, u16),
    ) -> Result<Self, String> {
        let proxy = json!({ "name": "tcp", "typed_config": {
            "@type": kind("extensions.filters.network.tcp_proxy.v3.TcpProxy"),
            "stat_prefix": "x", "cluster": "waypoint", "tunneling_config": { "hostname": destination },
        } });
        let listener = json!({ "name": "ztunnel", "address": address(0), "filter_chains": [{ "filters": [proxy] }] });
        let mut cluster = cluster("waypoint", waypoint);
        cluster["transport_socket"] = json!({ "name": "tls", "typed_config": {
            "@type": kind("extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
            "common_tls_context": tls(&workload.certificate(authority), authority),
        } });
        let options = kind("extensions.upstreams.http.v3.HttpProtocolOptions");
        cluster["typed_extension_protocol_options"] = json!({ "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": options, "explicit_http_config": { "http2_protocol_options": { "allow_connect": true } },
        } });
        Self::start(binary, work, workload, &listener, &cluster)
    }

    fn start(
        binary: &Path,
        work: &Path,
        workload: &Workload<'_>,
        listener: &Value,
        cluster: &Value,
    ) -> Result<Self, String> {
        let work = work.join(format!("ztunnel-{}", workload.name));
        std::fs::create_dir_all(&work).map_err(|e| e.to_string())?;
        let envoy = Envoy::start_static(binary, &work, &json!({ "clusters": [cluster], "listeners": [listener] }))?;
        Ok(Self { name: workload.name.to_owned(), address: workload.address, envoy })
    }

    /// The port that it listens at, once it does.
    pub(super) fn port(&self) -> Option<u16> {
        envoy::port_of(&self.envoy, "ztunnel").filter(|port| *port != 0)
    }

    /// Says whether it is live, and tells the network where its tunnels end.
    pub(super) fn is_live(&self, network: &Network) -> bool {
        let port = self.port();
        if let Some(port) = port {
            let door = Door::Gateway(self.address.to_string(), HBONE_PORT);
            network.open(door, SocketAddr::from(([127, 0, 0, 1], port)));
        }
        port.is_some()
    }
}

impl Workload<'_> {
    fn certificate(&self, authority: &Authority) -> Certificate {
        let namespace = self.name.rsplit('.').next().unwrap_or_default();
        authority.certificate(&format!("spiffe://cluster.local/ns/{namespace}/sa/{}", self.account))
    }
}

fn kind(name: &str) -> String {
    format!("type.googleapis.com/envoy.{name}")
}

fn address(port: u16) -> Value {
    json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } })
}

fn cluster(name: &str, port: u16) -> Value {
    let endpoint = json!({ "endpoint": { "address": address(port) } });
    json!({
        "name": name, "type": "STATIC", "connect_timeout": "5s",
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [endpoint] }] },
    })
}

fn tls(own: &Certificate, authority: &Authority) -> Value {
    let inline = |text: &str| json!({ "inline_string": text });
    json!({
        "tls_params": { "tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3" },
        "tls_certificates": [{ "certificate_chain": inline(&own.chain), "private_key": inline(&own.key) }],
        "validation_context": { "trusted_ca": inline(&authority.certificate) },
        "alpn_protocols": ["h2"],
    })
}
