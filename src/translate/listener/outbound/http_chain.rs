//! The HTTP chain of a service port.

use super::chain::{Chain, ChainFilters};
use super::listener_table::Wanted;
use crate::envoy::Filter;
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::mesh::hostname;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Resolution, Service};
use crate::translate::listener::address::wildcard;
use crate::translate::listener::bind::Bind;
use crate::translate::listener::chain_match::ChainMatch;
use crate::translate::listener::http_connection_manager::{self, HcmOptions};
use crate::translate::listener::proxy_headers::proxy_headers;
use crate::translate::listener::{ListenerClass, ListenerProtocol, ListenerView, http1};
use crate::translate::stat_name;

const CLASS: ListenerClass = ListenerClass::SidecarOutbound;

/// What the connection manager of a chain depends on, beside the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HttpChain {
    listener_name: String,
    route_config_name: String,
    protocol: Protocol,
    port: u32,
    /// The wildcard host of a service whose hosts Envoy looks up request by request.
    dynamic_forward_proxy: Option<String>,
}

/// Plans the chain that asks for routes.
///
/// It takes HTTP only where other connections may come too: on all addresses, and where Envoy finds out what it is.
///
/// istiod: `listener.go` `buildSidecarOutboundHTTPListenerOpts`
pub(super) fn chain(view: &ListenerView<'_>, wanted: &Wanted<'_>, bind: &Bind) -> Chain {
    let sniffed = is_sniffed(wanted);
    let on_all_addresses = bind.primary() == wildcard(view.outbound.client.ip_mode);
    let shared = on_all_addresses && wanted.port.protocol != Protocol::HttpProxy;
    Chain {
        matches: if sniffed || shared {
            ChainMatch::plaintext_http(view.outbound.mesh.features())
        } else {
            ChainMatch::default()
        },
        metadata: None,
        filters: ChainFilters::Http(HttpChain {
            listener_name: bind.listener_name(wanted.port.number),
            route_config_name: route_config_name(wanted, bind, sniffed && !on_all_addresses),
            protocol: wanted.port.protocol,
            port: wanted.port.number,
            dynamic_forward_proxy: dynamic_forward_proxy(view.outbound.mesh, wanted.service).map(str::to_owned),
        }),
    }
}

/// The routes of a port are shared by its services, but for a service of which Envoy finds out that it speaks HTTP.
fn route_config_name(wanted: &Wanted<'_>, bind: &Bind, own: bool) -> String {
    match wanted.port.number {
        0 => bind.primary().to_owned(),
        port if own => format!("{}:{port}", wanted.service.hostname),
        port => port.to_string(),
    }
}

/// Says whether Envoy finds out what connections to the port are.
pub(super) fn is_sniffed(wanted: &Wanted<'_>) -> bool {
    ListenerProtocol::from(wanted.port.protocol) == ListenerProtocol::Auto
}

impl HttpChain {
    /// Says whether the routes are those that a service port at this address asks for.
    pub(super) fn has_routes_of(&self, view: &ListenerView<'_>, wanted: &Wanted<'_>, bind: &Bind) -> bool {
        let on_all_addresses = bind.primary() == wildcard(view.outbound.client.ip_mode);
        self.route_config_name == route_config_name(wanted, bind, is_sniffed(wanted) && !on_all_addresses)
    }

    /// Builds the filters as one proxy has them; `before` are those that come before the connection manager.
    pub(super) fn filters(&self, view: &ListenerView<'_>, before: Vec<Filter>) -> Vec<Filter> {
        let options = HcmOptions {
            class: CLASS,
            stat_prefix: stat_name::delimited(&format!("outbound_{}", self.listener_name)),
            route_specifier: http_connection_manager::rds(&self.route_config_name),
            protocol: self.protocol,
            port: self.port,
            use_remote_address: view.outbound.mesh.features().sidecar_use_remote_address,
            quic: false,
            metadata_exchange: true,
            headers: proxy_headers(&view.outbound.client.proxy_config, CLASS),
            http_protocol_options: http1::accept_http_10(view),
            http2: false,
            dynamic_forward_proxy: self.dynamic_forward_proxy.as_deref(),
        };
        let mut filters = before;
        filters.push(http_connection_manager::filter(http_connection_manager::build(view, options)));
        filters
    }
}

/// The wildcard host of a service whose hosts Envoy looks up request by request.
pub(super) fn dynamic_forward_proxy<'s>(mesh: &Mesh, service: &'s Service) -> Option<&'s str> {
    let dynamic = service.resolution == Resolution::DynamicDns
        && hostname::is_wildcard(&service.hostname)
        && mesh.does(Behaviour::ServesDynamicDnsToSidecars);
    dynamic.then_some(service.hostname.as_str())
}
