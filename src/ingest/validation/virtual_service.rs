//! `VirtualService`. istiod: `ValidateVirtualService`

use crate::model::Config;
use crate::model::istio::{
    L4MatchAttributes, RouteDestination, TcpRoute, TlsMatchAttributes, TlsRoute, VirtualService,
};

use super::export_to::{self, Exporter};
use super::finding::{At, Findings};
use super::name::{self, Hosts, check_labels, is_label};
use super::{header, http_route, unreachable};

/// The gateway that stands for all sidecars.
const MESH: &str = "mesh";

pub(super) fn check(config: &Config<VirtualService>, findings: &mut Findings<'_>) {
    let service = &config.spec;
    let VirtualService { hosts, gateways, http, tls, tcp, export_to } = service;
    let delegate = hosts.is_empty();
    if delegate {
        for (field, set) in [("gateways", gateways.is_empty()), ("tls", tls.is_empty()), ("tcp", tcp.is_empty())] {
            if !set {
                findings.error(&At::SPEC.field(field), "a delegate (without `hosts`) has only `http`");
            }
        }
    }
    check_gateways(gateways, &At::SPEC, findings);
    if !is_for_gateways(service) {
        check_claims(service, findings);
    }
    check_hosts(service, findings);
    if http.is_empty() && tls.is_empty() && tcp.is_empty() {
        findings.error(&At::SPEC, "a VirtualService requires `http`, `tls` or `tcp`");
    }
    let list = At::SPEC.field("http");
    for (index, route) in http.iter().enumerate() {
        http_route::check(route, delegate, &list.item(index), findings);
    }
    let list = At::SPEC.field("tls");
    let mut covered = Hosts::default();
    for host in hosts {
        covered.add(host);
    }
    for (index, route) in tls.iter().enumerate() {
        check_tls_route(route, service, &covered, &list.item(index), findings);
    }
    let list = At::SPEC.field("tcp");
    for (index, route) in tcp.iter().enumerate() {
        check_tcp_route(route, &list.item(index), findings);
    }
    export_to::check(&config.meta.namespace, export_to, Exporter::Other, findings);
    unreachable::check(service, findings);
}

/// Whether no sidecar gets the routes. istiod: `isGateway`
fn is_for_gateways(service: &VirtualService) -> bool {
    !service.gateways.is_empty() && service.gateways.iter().all(|gateway| gateway != MESH)
}

/// Names of gateways: `namespace/name`, or `name` in the same namespace. istiod: `validateGatewayNames`
pub(super) fn check_gateways(gateways: &[String], at: &At<'_>, findings: &mut Findings<'_>) {
    let list = at.field("gateways");
    for (index, gateway) in gateways.iter().enumerate() {
        let at = list.item(index);
        let Some((namespace, name)) = gateway.split_once('/') else {
            if let Some((name, rest)) = gateway.split_once('.') {
                let namespace = rest.split('.').next().unwrap_or("");
                let message = format!("`{namespace}/{name}` is the usual form of `{gateway}`");
                findings.warning("legacy-gateway-name", &at, message);
            }
            findings.check(&at, name::domain(gateway));
            // istiod looks at none after the first of this form.
            return;
        };
        for (part, what) in [(namespace, "namespace"), (name, "name of a gateway")] {
            if !is_label(part) {
                findings.error(&at, format!("`{part}` is not a valid {what}"));
            }
        }
    }
}

/// Claims of tokens decide only at gateways.
fn check_claims(service: &VirtualService, findings: &mut Findings<'_>) {
    let list = At::SPEC.field("http");
    for (index, route) in service.http.iter().enumerate() {
        let at = list.item(index);
        let list = at.field("match");
        for (index, request) in route.r#match.iter().enumerate() {
            let at = list.item(index);
            for (field, headers) in [("headers", &request.headers), ("withoutHeaders", &request.without_headers)] {
                let at = at.field(field);
                for name in headers.keys().filter(|name| header::is_jwt_claim(name)) {
                    findings.error(&at.field(name), "claims can only be matched at gateways");
                }
            }
        }
    }
}

fn check_hosts(service: &VirtualService, findings: &mut Findings<'_>) {
    let gateway = is_for_gateways(service);
    let sni = service.tls.iter().flat_map(|route| &route.r#match).any(|condition| !condition.sni_hosts.is_empty());
    let list = At::SPEC.field("hosts");
    let mut valid = true;
    for (index, host) in service.hosts.iter().enumerate() {
        let found = if gateway { name::gateway_domain(host, sni) } else { name::wildcard_domain(host) };
        let found = match found {
            Err(_) if name::is_ip(host) => Ok(()),
            Ok(()) if !gateway && host == "*" => Err("the host `*` is for gateways only".to_owned()),
            found => found,
        };
        valid &= found.is_ok();
        findings.check(&list.item(index), found);
    }
    if !valid {
        return;
    }
    let mut before = Hosts::default();
    for (index, host) in service.hosts.iter().enumerate() {
        if let Some(other) = before.overlapping(host) {
            findings.error(&list.item(index), format!("`{host}` and `{other}` have names in common"));
        }
        before.add(host);
    }
}

/// istiod: `validateTLSRoute`
fn check_tls_route(
    route: &TlsRoute,
    service: &VirtualService,
    hosts: &Hosts<'_>,
    at: &At<'_>,
    findings: &mut Findings<'_>,
) {
    if route.r#match.is_empty() {
        findings.error(at, "a TLS route requires at least one `match`");
    }
    let list = at.field("match");
    for (index, condition) in route.r#match.iter().enumerate() {
        check_tls_match(condition, service, hosts, &list.item(index), findings);
    }
    check_destinations(&route.route, at, findings);
}

/// istiod: `validateTLSMatch`, `validateSniHost`
fn check_tls_match(
    condition: &TlsMatchAttributes,
    service: &VirtualService,
    hosts: &Hosts<'_>,
    at: &At<'_>,
    findings: &mut Findings<'_>,
) {
    let TlsMatchAttributes { sni_hosts, destination_subnets, port, source_labels, gateways, source_namespace: _ } =
        condition;
    if sni_hosts.is_empty() {
        findings.error(at, "a TLS match requires at least one of `sniHosts`");
    }
    let list = at.field("sniHosts");
    for (index, host) in sni_hosts.iter().enumerate() {
        let at = list.item(index);
        let found =
            if is_for_gateways(service) { name::gateway_domain(host, true) } else { name::wildcard_domain(host) };
        match found {
            Err(_) if name::is_ip(host) => {
                let message = format!("clients do not send an IP address such as `{host}` as server name");
                findings.warning("sni-address", &at, message);
            }
            Err(message) => findings.error(&at, message),
            Ok(()) if !hosts.cover(host) => {
                findings.error(&at, format!("`{host}` is not one of the VirtualService's hosts"));
            }
            Ok(()) => {}
        }
    }
    check_connection(destination_subnets, *port, at, findings);
    check_labels(source_labels, &at.field("sourceLabels"), findings);
    check_gateways(gateways, at, findings);
}

/// istiod: `validateTCPRoute`, `validateTCPMatch`
fn check_tcp_route(route: &TcpRoute, at: &At<'_>, findings: &mut Findings<'_>) {
    let list = at.field("match");
    for (index, condition) in route.r#match.iter().enumerate() {
        let at = list.item(index);
        let L4MatchAttributes {
            destination_subnets,
            port,
            source_subnet: _,
            source_labels,
            gateways,
            source_namespace: _,
        } = condition;
        check_connection(destination_subnets, *port, &at, findings);
        check_labels(source_labels, &at.field("sourceLabels"), findings);
        check_gateways(gateways, &at, findings);
    }
    check_destinations(&route.route, at, findings);
}

fn check_connection(subnets: &[String], port: u32, at: &At<'_>, findings: &mut Findings<'_>) {
    let list = at.field("destinationSubnets");
    for (index, subnet) in subnets.iter().enumerate() {
        findings.check(&list.item(index), name::ip_or_cidr(subnet));
    }
    if port != 0 {
        findings.check(&at.field("port"), name::port(port));
    }
}

/// istiod: `validateRouteDestinations`
fn check_destinations(destinations: &[RouteDestination], at: &At<'_>, findings: &mut Findings<'_>) {
    let list = at.field("route");
    if destinations.is_empty() {
        findings.error(at, "a route requires at least one destination");
    }
    for (index, destination) in destinations.iter().enumerate() {
        let at = list.item(index);
        http_route::check_required_destination(destination.destination.as_ref(), &at, findings);
        if destination.weight < 0 {
            findings.error(&at.field("weight"), "the weight must not be negative");
        }
    }
    http_route::check_weights(destinations.iter().map(|destination| destination.weight), &list, findings);
}
