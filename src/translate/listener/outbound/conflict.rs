//! What the outbound listeners leave out, since something else is there.

use super::chain::{Chain, ChainFilters};
use super::http_chain;
use super::listener_table::{Entry, Wanted};
use super::place::Place;
use crate::diagnostic::Diagnostic;
use crate::mesh::conflict::{Part, outranked, virtual_service_name};
use crate::mesh::service::Service;
use crate::model::Config;
use crate::model::istio::VirtualService;
use crate::translate::listener::ListenerView;

/// A port for which there is no place.
pub(super) fn refused(view: &ListenerView<'_>, wanted: &Wanted<'_>, existing: &Entry) -> Diagnostic {
    let message = format!(
        "port {} of {} is left out: another protocol in which the server speaks first is spoken in {}",
        wanted.port.number,
        wanted.service.hostname,
        listener(wanted, existing),
    );
    at(view, wanted, existing, "outbound-listener-protocol-conflict", message)
}

/// A port whose connections all go elsewhere.
pub(super) fn hidden(view: &ListenerView<'_>, wanted: &Wanted<'_>, existing: &Entry) -> Diagnostic {
    let message = format!(
        "connections to port {} of {} go to another service: both have the same address, port and match in {}",
        wanted.port.number,
        wanted.service.hostname,
        listener(wanted, existing),
    );
    at(view, wanted, existing, "outbound-listener-conflict", message)
}

/// What a port loses to a listener that is there already and is left as it is: its connections, if Envoy finds out what they are,
/// but for requests where services share their routes.
///
/// istiod: `listener.go` `buildSidecarOutboundListener`, at "listener already exists"
pub(super) fn not_served(
    view: &ListenerView<'_>,
    wanted: &Wanted<'_>,
    place: &Place,
    existing: &Entry,
) -> Option<Diagnostic> {
    if !http_chain::is_sniffed(wanted) || existing.source == wanted.service.source {
        return None;
    }
    let shares_routes = existing.chains.iter().any(|Chain { filters, .. }| match filters {
        ChainFilters::Http(chain) => chain.has_routes_of(view, wanted, &place.bind),
        ChainFilters::Network(_) => false,
    });
    if !shares_routes {
        return Some(hidden(view, wanted, existing));
    }
    let message = format!(
        "plain TCP connections to port {} of {} go to another service: an HTTP listener already uses {}",
        wanted.port.number,
        wanted.service.hostname,
        listener(wanted, existing),
    );
    Some(at(view, wanted, existing, "outbound-listener-conflict", message))
}

/// The port of a service in its object: `spec.ports[0]`.
pub(super) fn port_path(view: &ListenerView<'_>, service: &Service, number: u32) -> String {
    // The service of an egress listener may have fewer ports than the object that it is from.
    let whole = view.outbound.mesh.service(&service.hostname, &service.namespace);
    let whole = whole.filter(|whole| whole.source == service.source);
    let place = whole.and_then(|whole| whole.ports.iter().position(|port| port.number == number));
    place.map_or_else(|| "spec.ports".to_owned(), |place| format!("spec.ports[{place}]"))
}

/// Of a headless service, one stands for the listeners of all endpoints.
fn listener(wanted: &Wanted<'_>, existing: &Entry) -> String {
    if wanted.by_endpoint {
        "the listeners of its endpoints".to_owned()
    } else {
        format!("the listener {}", existing.bind.listener_name(existing.port))
    }
}

fn at(
    view: &ListenerView<'_>,
    wanted: &Wanted<'_>,
    existing: &Entry,
    code: &'static str,
    message: String,
) -> Diagnostic {
    let path = port_path(view, wanted.service, wanted.port.number);
    let diagnostic = Diagnostic::warning(code, message).at(wanted.service.source, &path);
    diagnostic.label_at(existing.source, "spec.ports", "the listener was made for this one")
}

/// A match of a VirtualService's `tls`, by its route's place and its own.
type TlsMatch<'a> = (&'a Config<VirtualService>, (usize, usize));

/// `VirtualService.tls[].match[]` that another one repeats.
pub(super) fn tls_match((loser, place): TlsMatch<'_>, (winner, winner_place): TlsMatch<'_>) -> Diagnostic {
    let path = |(route, place): (usize, usize)| format!("spec.tls[{route}].match[{place}]");
    let message = format!(
        "the match is dropped for sidecars: {} has one with the same `sniHosts` and `destinationSubnets`",
        virtual_service_name(winner)
    );
    let code = "virtual-service-duplicate-tls-match";
    outranked(code, message, (loser, &path(place)), (winner, &path(winner_place)))
}

/// `VirtualService.tcp[]` behind one that takes all connections.
pub(super) fn tcp_route(
    wanted: &Wanted<'_>,
    loser: Part<'_, VirtualService>,
    winner: Part<'_, VirtualService>,
) -> Diagnostic {
    let message = format!(
        "the route is dropped for sidecars: a route of {} takes all connections to {}",
        virtual_service_name(winner.0),
        wanted.service.hostname
    );
    outranked("virtual-service-tcp-route-behind", message, loser, winner)
}
