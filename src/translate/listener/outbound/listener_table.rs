//! What happens when two service ports want the same address and port.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::chain::Chain;
use super::place::{Place, place};
use super::{conflict, http_chain, tcp_chain, tls_chain};
use crate::diagnostic::Diagnostics;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Port, Resolution, Service};
use crate::model::Config;
use crate::model::istio::VirtualService;
use crate::proxy::EgressListener;
use crate::source::ResourceRef;
use crate::translate::listener::address::wildcard;
use crate::translate::listener::bind::Bind;
use crate::translate::listener::chain_match::ChainKey;
use crate::translate::listener::{ListenerProtocol, ListenerView};

/// A service port that an egress listener wants to serve. istiod: `listener.go` `outboundListenerOpts`
#[derive(Debug, Clone)]
pub(super) struct Wanted<'m> {
    pub(super) egress: &'m EgressListener,
    pub(super) service: &'m Arc<Service>,
    pub(super) port: &'m Port,
    /// Without addresses if the service decides.
    pub(super) bind: Bind,
    /// It is one of the listeners for a headless service's endpoints.
    pub(super) by_endpoint: bool,
}

impl<'m> Wanted<'m> {
    /// The virtual services of the egress listener.
    pub(super) fn virtual_services(&self) -> &'m [Arc<Config<VirtualService>>] {
        &self.egress.virtual_services
    }
}

/// A listener in the making. istiod: `listener.go` `outboundListenerEntry`
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) bind: Bind,
    pub(super) port: u32,
    pub(super) chains: Vec<Chain>,
    /// What the chains are told apart by.
    keys: BTreeSet<ChainKey>,
    /// What it speaks as a whole: not declared once TCP and HTTP are mixed.
    protocol: Protocol,
    /// The Sidecar asked for exactly this.
    locked: bool,
    /// Nothing but endpoints of headless services wanted this address and port.
    pub(super) by_endpoint: bool,
    /// The service that came first.
    pub(super) source: ResourceRef,
}

/// Listeners by address and port.
#[derive(Debug, Default)]
pub(super) struct ListenerTable {
    entries: BTreeMap<(String, u32), Entry>,
}

/// What becomes of a service port. istiod: the conflict types of `listener.go`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It has the listener for itself; what was there is gone.
    Own,
    /// Its chains are added.
    Merge,
    /// Its chains are added, and the listener now tells HTTP from TCP.
    MergeAndSniff,
    /// The listener that is there serves it too.
    Served,
    /// There is no place for it beside a protocol in which the server speaks first.
    Refused,
}

impl ListenerTable {
    /// Closes all listeners to what comes later.
    pub(super) fn lock(&mut self) {
        for entry in self.entries.values_mut() {
            entry.locked = true;
        }
    }

    /// Returns the listeners by address and port.
    pub(super) fn into_entries(self) -> impl Iterator<Item = Entry> {
        self.entries.into_values()
    }

    /// Adds a service port. istiod: `listener.go` `buildSidecarOutboundListener`
    pub(super) fn add(&mut self, view: &ListenerView<'_>, wanted: &Wanted<'_>, diagnostics: &mut Diagnostics) {
        let protocol = ListenerProtocol::from(wanted.port.protocol);
        if wanted.service.resolution == Resolution::Alias || protocol == ListenerProtocol::Unknown {
            return;
        }
        let place = place(view, wanted, protocol);
        let key = (place.bind.primary().to_owned(), wanted.port.number);
        let existing = self.entries.get_mut(&key).map(|entry| (entry.protocol, entry));
        let Some((existing_protocol, entry)) = existing else {
            self.entries.insert(key, Entry::new(view, wanted, place, protocol, diagnostics));
            return;
        };
        entry.by_endpoint &= wanted.by_endpoint;
        if entry.locked {
            return;
        }
        match outcome(existing_protocol, wanted.port.protocol) {
            Outcome::Own => {
                let by_endpoint = entry.by_endpoint;
                *entry = Entry { by_endpoint, ..Entry::new(view, wanted, place, protocol, diagnostics) };
            }
            Outcome::Merge => entry.merge(view, wanted, &place, diagnostics),
            Outcome::MergeAndSniff => {
                entry.merge(view, wanted, &place, diagnostics);
                entry.protocol = Protocol::Unsupported;
            }
            Outcome::Served => diagnostics.push_some(conflict::not_served(view, wanted, &place, entry)),
            Outcome::Refused => diagnostics.push(conflict::refused(view, wanted, entry)),
        }
    }
}

/// Decides what happens to a service port that finds a listener on its address and port.
fn outcome(existing: Protocol, incoming: Protocol) -> Outcome {
    let speaks_first = |protocol: Protocol| matches!(protocol, Protocol::Mongo | Protocol::MySql);
    let outcome = match ListenerProtocol::from(incoming) {
        // Each replaces the one before: the route is the same.
        ListenerProtocol::Http if incoming == Protocol::HttpProxy => return Outcome::Own,
        ListenerProtocol::Http | ListenerProtocol::Auto if existing.is_tcp() => Outcome::MergeAndSniff,
        ListenerProtocol::Auto if existing.is_http() => Outcome::Own,
        ListenerProtocol::Tcp if existing.is_http() => Outcome::MergeAndSniff,
        ListenerProtocol::Tcp => Outcome::Merge,
        ListenerProtocol::Http | ListenerProtocol::Auto | ListenerProtocol::Unknown => return Outcome::Served,
    };
    if incoming != existing && (speaks_first(incoming) || speaks_first(existing)) { Outcome::Refused } else { outcome }
}

impl Entry {
    fn new(
        view: &ListenerView<'_>,
        wanted: &Wanted<'_>,
        place: Place,
        protocol: ListenerProtocol,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let chains = chains(view, wanted, &place, protocol, diagnostics);
        let Place { bind, cidrs: _ } = place;
        let on_all_addresses = bind.primary() == wildcard(view.outbound.client.ip_mode);
        let shares_http = protocol == ListenerProtocol::Http && wanted.port.protocol != Protocol::HttpProxy;
        Self {
            // On all addresses, what is not HTTP passes through.
            protocol: if shares_http && on_all_addresses { Protocol::Unsupported } else { wanted.port.protocol },
            bind,
            port: wanted.port.number,
            keys: chains.iter().map(|chain| chain.matches.key()).collect(),
            chains,
            locked: false,
            by_endpoint: wanted.by_endpoint,
            source: wanted.service.source,
        }
    }

    /// Adds the chains that Envoy can tell from those that are there. istiod: `listener.go` `mergeTCPFilterChains`
    fn merge(&mut self, view: &ListenerView<'_>, wanted: &Wanted<'_>, place: &Place, diagnostics: &mut Diagnostics) {
        let mut is_hidden = false;
        for chain in chains(view, wanted, place, ListenerProtocol::from(wanted.port.protocol), diagnostics) {
            if self.keys.insert(chain.matches.key()) {
                self.chains.push(chain);
            } else {
                is_hidden = true;
            }
        }
        // Once for all of them: a service may have many addresses.
        if is_hidden {
            diagnostics.push(conflict::hidden(view, wanted, self));
        }
    }
}

/// The filter chains of a service port: TCP before HTTP where Envoy finds out.
fn chains(
    view: &ListenerView<'_>,
    wanted: &Wanted<'_>,
    place: &Place,
    protocol: ListenerProtocol,
    diagnostics: &mut Diagnostics,
) -> Vec<Chain> {
    let mut tcp = || {
        if wanted.port.protocol.is_tls() {
            tls_chain::chains(view, wanted, place, diagnostics)
        } else {
            tcp_chain::chains(view, wanted, place, diagnostics)
        }
    };
    match protocol {
        ListenerProtocol::Http => vec![http_chain::chain(view, wanted, &place.bind)],
        ListenerProtocol::Tcp => tcp(),
        ListenerProtocol::Auto => {
            let mut chains = tcp();
            chains.push(http_chain::chain(view, wanted, &place.bind));
            chains
        }
        ListenerProtocol::Unknown => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts() {
        use Outcome::{Merge, MergeAndSniff, Own, Refused, Served};
        use Protocol::{Http, HttpProxy, Mongo, MySql, Redis, Tcp, Unsupported};
        for (existing, incoming, expected) in [
            (Http, Http, Served),
            (Http, Tcp, MergeAndSniff),
            (Http, Unsupported, Own),
            (Tcp, Http, MergeAndSniff),
            (Tcp, Redis, Merge),
            (Tcp, Unsupported, MergeAndSniff),
            (Unsupported, Http, Served),
            (Unsupported, Tcp, Merge),
            (Unsupported, Unsupported, Served),
            (Mongo, Mongo, Merge),
            (Mongo, Tcp, Refused),
            (Tcp, MySql, Refused),
            (Mongo, Http, Refused),
            (Unsupported, Mongo, Refused),
            (Tcp, HttpProxy, Own),
        ] {
            assert_eq!(outcome(existing, incoming), expected, "{incoming:?} after {existing:?}");
        }
    }
}
