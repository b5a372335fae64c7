//! What is read of a connection before its chain is chosen, and on which ports it is not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::envoy::ListenerFilter;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::Service;
use crate::translate::listener::inbound::on_ports;
use crate::translate::listener::listener_filters;

/// What a port speaks, as far as the services before have said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    Http,
    Tcp,
    Unclear,
}

/// What the ports of a waypoint's services speak, all services taken together.
///
/// istiod: `listener_waypoint.go` `buildWaypointInternal`, its `portProtocols`
#[derive(Debug, Default)]
pub(super) struct Ports(BTreeMap<u32, Spoken>);

impl Ports {
    /// Notes a port whose chain is for requests.
    pub(super) fn http(&mut self, port: u32) {
        let unclear = self.0.get(&port).is_some_and(|before| *before != Spoken::Http);
        self.0.insert(port, if unclear { Spoken::Unclear } else { Spoken::Http });
    }

    /// Notes a port whose chain is for connections. istiod leaves ports of TLS and the like as they are too.
    pub(super) fn tcp(&mut self, port: u32) {
        let unclear = self.0.get(&port).is_some_and(|before| *before != Spoken::Tcp);
        self.0.insert(port, if unclear { Spoken::Unclear } else { Spoken::Tcp });
    }

    /// Notes a port of which nobody says what it speaks.
    pub(super) fn unclear(&mut self, port: u32) {
        self.0.insert(port, Spoken::Unclear);
    }

    /// Notes a port of tunnels in tunnels, whatever was said before.
    pub(super) fn tunnel(&mut self, port: u32) {
        self.0.insert(port, Spoken::Tcp);
    }

    /// Finds HTTP where it may be: everywhere, if workloads are reached by any port.
    pub(super) fn http_inspector(&self, has_workloads: bool) -> ListenerFilter {
        let clear = self.0.iter().filter(|(_, spoken)| **spoken != Spoken::Unclear).map(|(port, _)| *port);
        let off = if has_workloads { Vec::new() } else { clear.collect() };
        ListenerFilter { filter_disabled: on_ports(off), ..listener_filters::http_inspector() }
    }
}

/// Finds the server name of TLS, if some port speaks it; not on ports that never do.
///
/// istiod: `listener_waypoint.go` `buildWaypointInternal`
pub(super) fn tls_inspector(services: &[Arc<Service>]) -> Option<ListenerFilter> {
    let ports = services.iter().flat_map(|service| &service.ports);
    let (tls, other): (BTreeSet<_>, BTreeSet<_>) = {
        let (tls, other): (Vec<_>, Vec<_>) =
            ports.partition(|port| matches!(port.protocol, Protocol::Tls | Protocol::Https));
        (tls.into_iter().map(|port| port.number).collect(), other.into_iter().map(|port| port.number).collect())
    };
    let off = other.difference(&tls).copied().collect();
    (!tls.is_empty()).then(|| ListenerFilter { filter_disabled: on_ports(off), ..listener_filters::tls_inspector() })
}
