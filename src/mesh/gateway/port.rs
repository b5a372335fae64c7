//! The ports on which a router listens for a server.

use std::collections::BTreeSet;

use crate::mesh::gateway::select::Selected;

/// A Service that bears this label does not translate the ports of Gateways chosen by labels.
///
/// istiod: `gateway.go` `DisableGatewayPortTranslationLabel`
const DISABLE_PORT_TRANSLATION_LABEL: &str = "experimental.istio.io/disable-gateway-port-translation";

/// `Gateway.servers[].port.number` -> the listening ports: the target ports of the service ports of that number
///
/// A Gateway chosen by labels gets the first such target port, and else listens on the number itself. One that names its
/// services gets all of them, or none.
///
/// istiod: `gateway.go` `resolvePorts`
pub(super) fn listening_ports(number: u32, selected: &Selected<'_>) -> BTreeSet<u32> {
    let mut found = selected
        .targets
        .iter()
        .filter(|t| !selected.by_labels || !t.labels.contains_key(DISABLE_PORT_TRANSLATION_LABEL))
        .filter(|t| t.port == number)
        .map(|t| t.target_port);
    if selected.by_labels { BTreeSet::from([found.next().unwrap_or(number)]) } else { found.collect() }
}
