//! Listeners of gateways of which every request gets a 404: nothing is routed there, although somebody wrote routes for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::creation;
use super::translated::Translated;
use crate::lint::context::{Item, LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::gateway::GatewayServer;
use crate::mesh::{hostname, protocol::Protocol};
use crate::model::istio::{ServerTlsSettingsTlsMode as Mode, VirtualService};

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let told = of_other_protocols(translated, context, out);
    of_empty_listeners(translated, context, &told, out);
    of_age(translated, context, out);
}

/// VirtualServices whose routes are of a kind that no server of their Gateways has.
fn of_other_protocols<'c>(
    translated: &Translated<'_>,
    context: &'c LintContext<'_>,
    out: &mut Vec<Finding<'c>>,
) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    for service in context.virtual_services().filter(|service| context.is_taken(service.item)) {
        let spec = service.spec;
        let gateways: Vec<&String> = spec.gateways.iter().filter(|name| *name != "mesh").collect();
        if !spec.http.is_empty() || gateways.is_empty() || gateways.len() < spec.gateways.len() {
            continue;
        }
        let servers: Vec<_> = gateways.iter().filter_map(|name| servers(translated, &service, name)).collect();
        if servers.len() < gateways.len() {
            continue;
        }
        let servers: Vec<_> = servers.into_iter().flatten().collect();
        let Some((server, gateway)) = servers.first() else { continue };
        let passes = |(server, _): &Served<'_>| matches!(kind(server), Kind::Passthrough);
        let takes_tcp = |(server, _): &Served<'_>| matches!(kind(server), Kind::Tcp | Kind::Passthrough);
        let of_tls = !spec.tls.is_empty() && !servers.iter().any(passes);
        let of_tcp = !spec.tcp.is_empty() && !servers.iter().any(takes_tcp);
        let field = match (spec.tls.is_empty(), spec.tcp.is_empty()) {
            (false, true) if of_tls => "tls",
            (true, false) if of_tcp => "tcp",
            (false, false) if of_tls && of_tcp => "tls",
            _ => continue,
        };
        let port = server.port.as_ref().map_or(0, |port| port.number);
        let hosts = server.hosts.join(", ");
        let (what, why) = match kind(server) {
            Kind::Terminating(mode) => (
                format!("all HTTPS requests for {hosts} on port {port} get a 404"),
                format!("the server terminates TLS (mode {mode}), and `{field}` routes are for {}", meant(field)),
            ),
            Kind::Tcp | Kind::Passthrough => (
                format!("no connection to port {port} gets through"),
                format!("the server has no listener for `{field}` routes, which are for {}", meant(field)),
            ),
            Kind::Http => (
                format!("all requests for {hosts} on port {port} get a 404"),
                format!("the server speaks HTTP, and `{field}` routes are for {}", meant(field)),
            ),
        };
        told.insert(service.full_name());
        let finding =
            Finding::new(&rules::MESHC0119, service.item, format!("{what}: {why}")).point(&format!("spec.{field}"));
        let item = context.by_resource(*gateway);
        let finding = match item {
            Some(item) => finding.related(item, "spec.servers", "the servers"),
            None => finding,
        };
        let help = if field == "tls" {
            "use `http` routes, or set `tls.mode: PASSTHROUGH` at the server"
        } else {
            "use `http` routes"
        };
        out.push(finding.help(help));
    }
    told
}

fn meant(field: &str) -> &'static str {
    if field == "tls" { "mode PASSTHROUGH" } else { "servers of protocol TCP, and of TLS" }
}

/// A server with the Gateway that it is of.
type Served<'t> = (&'t crate::model::istio::Server, crate::source::ResourceRef);

/// Returns the servers of a Gateway for the hosts of a VirtualService; nothing if istiod has no such Gateway.
fn servers<'t>(
    translated: &'t Translated<'_>,
    service: &Typed<'_, VirtualService>,
    gateway: &str,
) -> Option<Vec<Served<'t>>> {
    let (namespace, name) = gateway.split_once('/').unwrap_or((&service.namespace, gateway));
    let mut gateways = translated.mesh.gateways.iter();
    let gateway = gateways.find(|known| known.meta.namespace == namespace && known.meta.name == name)?;
    let is_for = |host: &String| {
        let host = host.split_once('/').map_or(host.as_str(), |(_, host)| host);
        service.spec.hosts.iter().any(|own| hostname::matches(host, own))
    };
    let servers = gateway.spec.servers.iter().filter(|server| server.hosts.iter().any(is_for));
    Some(servers.map(|server| (server, gateway.source)).collect())
}

/// What a server does with its connections.
enum Kind {
    Http,
    Terminating(Mode),
    Passthrough,
    Tcp,
}

fn kind(server: &crate::model::istio::Server) -> Kind {
    let protocol = Protocol::parse(server.port.as_ref().map_or("", |port| port.protocol.as_str()));
    let mode = server.tls.as_ref().map(|tls| tls.mode);
    match (protocol, mode) {
        (_, Some(Mode::Passthrough | Mode::AutoPassthrough)) if !protocol.is_http() => Kind::Passthrough,
        (Protocol::Https, Some(mode)) => Kind::Terminating(mode),
        _ if protocol.is_http() => Kind::Http,
        _ => Kind::Tcp,
    }
}

/// Route configurations of gateways in which there is nothing, though routes of the files are for their hosts.
fn of_empty_listeners<'c>(
    translated: &Translated<'_>,
    context: &'c LintContext<'_>,
    told: &BTreeSet<String>,
    out: &mut Vec<Finding<'c>>,
) {
    let mut found: BTreeMap<(String, usize), Finding<'c>> = BTreeMap::new();
    for proxy in &translated.proxies {
        let Some(merged) = proxy.merged_gateway(translated.mesh) else { continue };
        for (route, servers) in &merged.servers_by_route_name {
            if !translated.known.empty_routes.contains(&(proxy.full_name(), route.clone())) {
                continue;
            }
            for server in servers {
                let key = (server.gateway_name.clone(), server.index);
                if !found.contains_key(&key)
                    && let Some(finding) = empty(translated, context, server, told)
                {
                    found.insert(key, finding);
                }
            }
        }
    }
    out.extend(found.into_values());
}

/// Ingresses with one TLS host, of which the older one has the routes, where the files do not say how old they are.
fn of_age<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let served =
        translated.mesh.gateways.iter().filter_map(|gateway| Some((gateway, context.by_resource(gateway.source)?)));
    let mut known: BTreeSet<String> = BTreeSet::new();
    for (gateway, item) in served.filter(|(_, item)| item.kind() == "Ingress" && creation::lacks_time(item)) {
        let of_tls = gateway.spec.servers.iter().filter(|server| server.tls.is_some());
        let hosts: Vec<&str> =
            of_tls.flat_map(|server| &server.hosts).map(|host| host.rsplit('/').next().unwrap_or(host)).collect();
        let Some(rival) = rival(context, item, &hosts) else { continue };
        if known.contains(&rival.full_name()) || !known.insert(item.full_name()) {
            continue;
        }
        let message = format!(
            "Ingress {} has the same TLS host, and the older one gets the routes; the files have no creationTimestamp, so meshc orders them by name",
            rival.full_name()
        );
        out.push(
            Finding::new(&rules::MESHC0111, item, message)
                .point("spec.tls")
                .related(rival, "spec.tls", "the same TLS host")
                .help("put the rules of one TLS host into one Ingress, or give each Ingress a host of its own"),
        );
    }
}

fn empty<'c>(
    translated: &Translated<'_>,
    context: &'c LintContext<'_>,
    server: &Arc<GatewayServer>,
    told: &BTreeSet<String>,
) -> Option<Finding<'c>> {
    let item = context.by_resource(server.gateway.source)?;
    let hosts: Vec<&str> = server.spec.hosts.iter().map(|host| host.rsplit('/').next().unwrap_or(host)).collect();
    let is_tls = server.spec.tls.as_ref().is_some_and(|tls| !tls.https_redirect);
    if server.spec.tls.as_ref().is_some_and(|tls| tls.https_redirect) {
        return None;
    }
    let what =
        format!("no route: all {} requests for {} get a 404", if is_tls { "HTTPS" } else { "HTTP" }, hosts.join(", "));
    if item.kind() == "Ingress" {
        let rival = rival(context, item, &hosts)?;
        let message =
            format!("{what}: the routes go to Ingress {}, which has the same TLS host and is older", rival.full_name());
        return Some(
            Finding::new(&rules::MESHC0119, item, message)
                .point("spec.tls")
                .related(rival, "spec.tls", "the same TLS host")
                .help("put the rules of one TLS host into one Ingress, or give each Ingress a host of its own"),
        );
    }
    // Routes may be in the folders of applications: only routes that are here and do not count are judged.
    let names = [format!("{}/{}", item.namespace, item.name()), item.name().to_owned()];
    let mut bound = context.virtual_services().filter(|service| {
        let is_bound =
            |gateway: &String| *gateway == names[0] || *gateway == names[1] && service.namespace == item.namespace;
        service.spec.gateways.iter().any(is_bound)
            && hosts.iter().any(|host| service.spec.hosts.iter().any(|own| hostname::matches(host, own)))
    });
    let service = bound.next()?;
    let explained = told.contains(&service.full_name())
        || !context.is_taken(service.item)
        || translated.is_told(service.item)
        || translated.is_said(&[&rules::IST0145, &rules::IST0106], item);
    if explained || service.spec.http.is_empty() {
        return None;
    }
    let message = format!("{what}: VirtualService {} has no route for this server", service.full_name());
    Some(
        Finding::new(&rules::MESHC0119, item, message)
            .point(&format!("spec.servers[{}]", server.index))
            .related(service.item, "spec.http", "its routes")
            .help("check its `match` (ports, gateways), its `exportTo`, and the namespaces in the server's hosts"),
    )
}

/// Returns another Ingress that serves one of these hosts over TLS.
fn rival<'c>(context: &'c LintContext<'_>, own: &Item<'_>, hosts: &[&str]) -> Option<&'c Item<'c>> {
    let mut others = context.of("networking.k8s.io", "Ingress").filter(|other| !std::ptr::eq(*other, own));
    others.find(|other| {
        let tls = other.node().get("spec").and_then(|spec| spec.get("tls"));
        let mut of_tls = tls.into_iter().flat_map(crate::source::Node::items).filter_map(|one| one.get("hosts"));
        of_tls.any(|list| list.items().filter_map(crate::source::Node::as_str).any(|host| hosts.contains(&host)))
    })
}
