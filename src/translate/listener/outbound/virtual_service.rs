//! Which virtual services speak of a connection; all that is known before it comes is decided here.
//!
//! istiod: `core/tls.go`

use std::collections::BTreeMap;

use super::listener_table::Wanted;
use crate::mesh::{hostname, labels};
use crate::model::Config;
use crate::model::istio::{L4MatchAttributes, TlsMatchAttributes, VirtualService};
use crate::translate::listener::ListenerView;

/// The gateway name that stands for all sidecars.
const MESH: &str = "mesh";

/// Returns the virtual services with a host that matches the service's; wildcards count on both sides.
///
/// istiod: `tls.go` `getConfigsForHost`
pub(super) fn for_service<'m>(wanted: &Wanted<'m>) -> impl Iterator<Item = &'m Config<VirtualService>> {
    let service = wanted.service;
    let configs = wanted.virtual_services().iter().map(AsRef::as_ref);
    configs.filter(move |config: &&'m Config<VirtualService>| {
        config.spec.hosts.iter().any(|host| hostname::matches(host, &service.hostname))
    })
}

/// istiod: `tls.go` `matchTLS`
pub(super) fn tls_match_applies(view: &ListenerView<'_>, wanted: &Wanted<'_>, attributes: &TlsMatchAttributes) -> bool {
    let TlsMatchAttributes { sni_hosts: _, destination_subnets: _, port, source_labels, gateways, source_namespace } =
        attributes;
    applies(view, wanted, gateways, source_labels, source_namespace, *port)
}

/// istiod: `tls.go` `matchTCP`
pub(super) fn tcp_match_applies(view: &ListenerView<'_>, wanted: &Wanted<'_>, attributes: &L4MatchAttributes) -> bool {
    let L4MatchAttributes { destination_subnets: _, port, source_subnet: _, source_labels, gateways, source_namespace } =
        attributes;
    applies(view, wanted, gateways, source_labels, source_namespace, *port)
}

fn applies(
    view: &ListenerView<'_>,
    wanted: &Wanted<'_>,
    gateways: &[String],
    source_labels: &BTreeMap<String, String>,
    source_namespace: &str,
    port: u32,
) -> bool {
    let client = view.outbound.client;
    (gateways.is_empty() || gateways.iter().any(|gateway| gateway == MESH))
        && labels::subset(source_labels, &client.labels)
        && (port == 0 || port == wanted.port.number)
        && (source_namespace.is_empty() || source_namespace == client.namespace)
}
