//! Where connections to a service go if no virtual service speaks of them.

use super::http_chain::dynamic_forward_proxy;
use super::listener_table::Wanted;
use crate::envoy::Filter;
use crate::mesh::service::Port;
use crate::translate::listener::ListenerView;
use crate::translate::listener::tcp_destination::{self, SingleDestination};
use crate::translate::name;
use crate::translate::security::authorization::ChainPolicies;
use crate::translate::stat_name::{self, StatService};

/// Filters that lead to the service's own cluster.
///
/// A service with one port gets there whatever port the Sidecar listens on; otherwise the port is taken as the service's.
///
/// istiod: `tls.go` `buildSidecarOutboundTLSFilterChainOpts`, `buildSidecarOutboundTCPFilterChainOpts`
pub(super) fn filters(view: &ListenerView<'_>, wanted: &Wanted<'_>) -> Vec<Filter> {
    let service = wanted.service.as_ref();
    let number = match service.ports.as_slice() {
        [only] => only.number,
        _ => wanted.port.number,
    };
    let cluster = name::outbound_cluster(number, "", &service.hostname);
    let pattern = &view.outbound.mesh.config.outbound_cluster_stat_name;
    let stat_prefix = (!pattern.is_empty()).then(|| {
        let unnamed = Port { name: String::new(), number, protocol: wanted.port.protocol, target_port: None };
        stat_name::cluster(pattern, StatService::from(service), "", &unnamed, 0)
    });
    let dynamic_forward_proxy = dynamic_forward_proxy(view.outbound.mesh, service);
    let to = SingleDestination {
        stat_prefix: stat_prefix.as_deref().unwrap_or(&cluster),
        cluster: &cluster,
        subset: "",
        port: wanted.port,
        rule: view.outbound.destination_rule(&service.hostname).map(|rule| &rule.rule.spec),
        tunnel: true,
        metadata_exchange: false,
        policies: dynamic_forward_proxy.map_or(ChainPolicies::None, |_| ChainPolicies::Service(&service.namespace)),
        dynamic_forward_proxy,
    };
    tcp_destination::single(view, to)
}
