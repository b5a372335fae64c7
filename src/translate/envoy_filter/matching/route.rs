//! `match.routeConfiguration`

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::SubsetKey;
use crate::envoy::DynamicMessage;
use crate::model::istio::{
    EnvoyFilterPatchContext as PatchContext, EnvoyFilterRouteConfigurationMatchRouteMatchAction as Action,
};
use crate::translate::envoy_filter::patch::Patch;

/// Service ports by the port on which a router listens.
pub(in crate::translate::envoy_filter) type PortMap = BTreeMap<u32, BTreeSet<u32>>;

/// `match.routeConfiguration.{name, portNumber, portName, gateway}`; the last two are for routers.
///
/// istiod: `rc_patch.go` `routeConfigurationMatch`
pub(in crate::translate::envoy_filter) fn route_configuration(
    patch: &Patch,
    context: PatchContext,
    routes: &DynamicMessage,
    ports: &PortMap,
) -> bool {
    let Some(wanted) = patch.route_configuration() else { return true };
    let name = routes.text("name");
    if !wanted.name.is_empty() && wanted.name != name {
        return false;
    }
    if context != PatchContext::Gateway {
        return wanted.port_number == 0 || listener_port(name) == i64::from(wanted.port_number);
    }
    let parsed = GatewayRouteName::parse(name);
    let any_port = || match u32::try_from(parsed.port).ok().and_then(|port| ports.get(&port)) {
        Some(service_ports) => service_ports.contains(&wanted.port_number),
        None => parsed.port == i64::from(wanted.port_number),
    };
    (wanted.port_name.is_empty() || wanted.port_name == parsed.port_name)
        && (wanted.gateway.is_empty() || wanted.gateway == parsed.gateway)
        && (wanted.port_number == 0 || any_port())
}

/// istiod: `rc_patch.go` `getListenerPortFromName`
fn listener_port(name: &str) -> i64 {
    if name.starts_with("inbound") { SubsetKey::parse(name).port } else { name.parse().unwrap_or_default() }
}

/// The parts of a router's route name. istiod: `gateway.go` `ParseGatewayRDSRouteName`
#[derive(Debug, Default, PartialEq, Eq)]
struct GatewayRouteName<'n> {
    port: i64,
    port_name: &'n str,
    /// `namespace/name`
    gateway: String,
}

impl<'n> GatewayRouteName<'n> {
    fn parse(name: &'n str) -> Self {
        if let Some(port) = name.strip_prefix("http.") {
            return Self { port: port.parse().unwrap_or_default(), ..Self::default() };
        }
        let parts: Vec<&str> = name.split('.').collect();
        let ["https", port, port_name, gateway, namespace] = parts[..] else { return Self::default() };
        Self { port: port.parse().unwrap_or_default(), port_name, gateway: format!("{namespace}/{gateway}") }
    }
}

/// `match.routeConfiguration.vhost.{name, domainName}`. istiod: `rc_patch.go` `virtualHostMatch`
pub(in crate::translate::envoy_filter) fn virtual_host(patch: &Patch, host: &DynamicMessage) -> bool {
    let Some(wanted) = patch.route_configuration().and_then(|routes| routes.vhost.as_ref()) else { return true };
    (wanted.name.is_empty() || wanted.name == host.text("name"))
        && (wanted.domain_name.is_empty() || host.texts("domains").any(|domain| domain == wanted.domain_name))
}

/// Whether there is a `match.routeConfiguration.vhost.route`.
pub(in crate::translate::envoy_filter) fn has_route(patch: &Patch) -> bool {
    patch.route_configuration().and_then(|routes| routes.vhost.as_ref()).is_some_and(|host| host.route.is_some())
}

/// `match.routeConfiguration.vhost.route.{name, action}`; a route that does none of the actions matches each of them.
///
/// istiod: `rc_patch.go` `routeMatch`
pub(in crate::translate::envoy_filter) fn route(patch: &Patch, route: &DynamicMessage) -> bool {
    let host = patch.route_configuration().and_then(|routes| routes.vhost.as_ref());
    let Some(wanted) = host.and_then(|host| host.route.as_ref()) else { return true };
    if !wanted.name.is_empty() && wanted.name != route.text("name") {
        return false;
    }
    let actions =
        [("route", Action::Route), ("redirect", Action::Redirect), ("direct_response", Action::DirectResponse)];
    let action = actions.into_iter().find(|(field, _)| route.get(field).is_some());
    wanted.action == Action::Any || action.is_none_or(|(_, action)| action == wanted.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_routers_routes_have_parts() {
        let name = GatewayRouteName::parse("https.443.https-shop.public.shop");
        assert_eq!(name, GatewayRouteName { port: 443, port_name: "https-shop", gateway: "shop/public".to_owned() });
        assert_eq!(GatewayRouteName::parse("http.8080"), GatewayRouteName { port: 8080, ..Default::default() });
        assert_eq!(GatewayRouteName::parse("https.443.a.b"), GatewayRouteName::default());
    }

    #[test]
    fn ports_of_sidecars_routes_are_in_their_names() {
        for (name, port) in [("8080", 8080), ("inbound|9090||", 9090), ("a.b:80", 0), ("InboundPassthroughCluster", 0)]
        {
            assert_eq!(listener_port(name), port, "{name}");
        }
    }
}
