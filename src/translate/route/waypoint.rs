//! The routes of a waypoint: the listener knows the service already, so that there is one virtual host.
//!
//! istiod: `listener_waypoint.go` `buildWaypointInboundHTTPRouteConfig`

use crate::envoy::{Duration, Route, RouteAction, RouteActionHashPolicy, RouteConfiguration, VirtualHost};
use crate::installation::Behaviour;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Port, Resolution, Service};
use crate::mesh::virtual_service::MESH_GATEWAY;
use crate::model::Config;
use crate::model::istio::VirtualService;
use crate::proxy::{OutboundView, WaypointScope};
use crate::translate::destination::DestinationService;
use crate::translate::name;
use crate::translate::route::default_route::{default_route, to_cluster};
use crate::translate::route::domains::join_host_port;
use crate::translate::route::sidecar::MAX_DIRECT_RESPONSE_BODY_SIZE;
use crate::translate::route::virtual_service::{HttpRouteOptions, http_routes};
use crate::translate::route::{hash_policy, inbound, retry};

/// A port of one of the waypoint's services -> the `RouteConfiguration` of its filter chain
///
/// The routes of all VirtualServices that speak of the service follow one another; without any, everything goes to the service.
///
/// istiod: `listener_waypoint.go` `buildWaypointInboundHTTPRouteConfig`
pub(crate) fn waypoint(
    view: &OutboundView<'_>,
    waypoint: &WaypointScope,
    service: &Service,
    port: &Port,
) -> RouteConfiguration {
    let cluster = name::inbound_vip_cluster(port.number, "http", &service.hostname);
    let configs = waypoint.virtual_services_of(&view.client.namespace, service);
    let routes: Vec<Route> = configs.flat_map(|config| routes(view, config, port.number)).collect();
    // Otherwise clients could ask for hosts that the wildcard does not cover.
    let domain = if service.resolution == Resolution::DynamicDns { &service.hostname } else { "*" };
    if routes.is_empty() && !view.mesh.does(Behaviour::RoutesAtWaypointsAsOutbound) {
        let of_sidecar = inbound::inbound(&cluster, &service.hostname, port.number, port.protocol);
        let hosts = of_sidecar.virtual_hosts.into_iter();
        let virtual_hosts = hosts.map(|host| VirtualHost { domains: vec![domain.to_owned()], ..host }).collect();
        return RouteConfiguration { virtual_hosts, ..of_sidecar };
    }
    if routes.is_empty() {
        let hashes = view.mesh.does(Behaviour::HashesAtWaypoints);
        let hash = hash_policy::at_waypoint(view, &service.hostname).filter(|_| hashes);
        let hash = hash.and_then(hash_policy::hash_policy);
        let route = to_service(view, &cluster, &join_host_port(&service.hostname, port.number), hash);
        return default_form(configuration(&cluster, port.number, domain, vec![route]));
    }
    configuration(&cluster, port.number, domain, routes)
}

/// The `RouteConfiguration` of what is for workloads.
pub(crate) fn waypoint_to_workloads(view: &OutboundView<'_>, cluster: &str) -> RouteConfiguration {
    if !view.mesh.does(Behaviour::RoutesAtWaypointsAsOutbound) {
        return inbound::inbound(cluster, "", 0, Protocol::Tcp);
    }
    let route = to_service(view, cluster, &join_host_port("", 0), None);
    default_form(configuration(cluster, 0, "*", vec![route]))
}

/// Clients are not told apart by their labels: what asks for them is left out.
///
/// istiod: `listener_waypoint.go` `waypointInboundRoute`
fn routes(view: &OutboundView<'_>, config: &Config<VirtualService>, listener_port: u32) -> Vec<Route> {
    let options = HttpRouteOptions {
        view,
        listener_port,
        gateway: MESH_GATEWAY,
        is_tls: false,
        service: &|host: &str| view.service(host).map(|service| DestinationService::from(service.as_ref())),
    };
    http_routes(&options, config)
}

/// Like the route of a client to the service.
///
/// istiod: `httproute.go` `buildSidecarInboundHTTPRouteConfig`, for waypoints
fn to_service(
    view: &OutboundView<'_>,
    cluster: &str,
    host_and_port: &str,
    hash: Option<RouteActionHashPolicy>,
) -> Route {
    let no_timeout = Some(Duration::seconds(0));
    let action = RouteAction {
        timeout: no_timeout,
        max_grpc_timeout: no_timeout,
        retry_policy: retry::retry_policy(view.mesh.config.default_http_retry_policy.as_ref(), false),
        hash_policy: hash.into_iter().collect(),
        ..to_cluster(cluster.to_owned())
    };
    default_route(host_and_port, action)
}

fn configuration(cluster: &str, port: u32, domain: &str, routes: Vec<Route>) -> RouteConfiguration {
    RouteConfiguration {
        name: cluster.to_owned(),
        virtual_hosts: vec![VirtualHost {
            name: format!("inbound|http|{port}"),
            domains: vec![domain.to_owned()],
            routes,
            ..VirtualHost::default()
        }],
        validate_clusters: Some(false),
        ..RouteConfiguration::default()
    }
}

fn default_form(configuration: RouteConfiguration) -> RouteConfiguration {
    RouteConfiguration { max_direct_response_body_size_bytes: Some(MAX_DIRECT_RESPONSE_BODY_SIZE), ..configuration }
}
