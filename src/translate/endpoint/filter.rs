//! Which endpoints a client gets.

use crate::mesh::endpoint::{Endpoint, Health};
use crate::translate::endpoint::{Request, lb_endpoint};

/// `internalTrafficPolicy`, `MeshConfig.serviceSettings[].settings.clusterLocal`, networks, health -> whether an endpoint is sent to the client
///
/// istiod: `endpoint_builder.go` `filterIstioEndpoint`
pub(super) fn is_wanted(request: &Request<'_>, endpoint: &Endpoint) -> bool {
    let client = request.view.client;
    let service = request.service;
    let features = request.view.mesh.features();
    if service.node_local && endpoint.node_name != client.node_name {
        return false;
    }
    let cluster_local = service.node_local || request.view.mesh.cluster_local_hosts.contains(&service.hostname);
    if cluster_local && endpoint.cluster_id != client.cluster_id {
        return false;
    }
    if !is_visible(&client.requested_network_view, &endpoint.network) {
        return false;
    }
    let ambient = &request.view.mesh.ambient;
    let is_local = ambient.multi_network
        && ambient.service(&service.namespace, &service.hostname).is_some_and(|known| !known.global);
    if is_local && endpoint.cluster_id != client.cluster_id {
        return false;
    }
    // Without an address the endpoint is reached through a gateway of its network or not at all.
    let multi_network = request.gateways().is_multi_network();
    if endpoint.addresses.is_empty() && (!multi_network || in_network(&client.network, &endpoint.network)) {
        return false;
    }
    match endpoint.health {
        Health::Terminating => return false,
        Health::Unhealthy if !request.sends_unhealthy() => return false,
        Health::Healthy | Health::Unhealthy | Health::Draining | Health::Unknown => {}
    }
    // Requests of a session stick to an endpoint even while it drains.
    service.has_label(&features.persistent_session_label) || !lb_endpoint::is_draining(features, endpoint)
}

/// Metadata `REQUESTED_NETWORK_VIEW`: the networks of which a client wants endpoints; all, if it names none.
///
/// istiod: `proxy_view.go` `IsVisible`
pub(super) fn is_visible(requested: &[String], network: &str) -> bool {
    requested.is_empty() || network.is_empty() || requested.iter().any(|wanted| wanted == network)
}

/// Says whether two networks may be the same. istiod: `context.go` `InNetwork`.
pub(super) fn in_network(client: &str, endpoint: &str) -> bool {
    client.is_empty() || endpoint.is_empty() || client == endpoint
}
