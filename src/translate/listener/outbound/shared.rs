//! What proxies with the same scope and client share of their outbound listeners.

use std::sync::{Arc, Mutex, PoisonError};

use super::assemble;
use super::chain::Chain;
use super::egress_listener::table;
use super::listener_table::Entry;
use crate::diagnostic::Diagnostics;
use crate::envoy::{AccessLog, Listener, StatsPluginConfig};
use crate::translate::Resource;
use crate::translate::listener::{ListenerClass, ListenerView};
use crate::translate::security::authorization::ServiceAuthorization;

/// The listeners of services, as far as some proxy has asked for them: what is known changes nothing but the time it takes.
#[derive(Debug, Default)]
pub(crate) struct SharedListeners {
    known: Mutex<Vec<Arc<ServiceListeners>>>,
}

/// The listeners of services for all proxies whose connections are treated alike.
#[derive(Debug)]
struct ServiceListeners {
    stats: Vec<StatsPluginConfig>,
    access_log: Vec<AccessLog>,
    /// The network filters of extensions.
    extensions: Vec<String>,
    authorization: ServiceAuthorization,
    /// Those without requests are the same for all, down to their printed form.
    whole: Vec<(Entry, Arc<Resource>)>,
    /// Those with requests name the workload in their tracing block.
    by_workload: Vec<Entry>,
}

/// The listeners of services for one proxy.
#[derive(Debug, Default)]
pub(in crate::translate::listener) struct OutboundListeners {
    /// Other proxies have them too.
    pub(in crate::translate::listener) shared: Vec<Arc<Resource>>,
    pub(in crate::translate::listener) own: Vec<Listener>,
}

impl SharedListeners {
    /// Builds the listeners of all services that a proxy imports.
    ///
    /// `own_address` is the proxy's main address, at which no headless service has a listener for it.
    ///
    /// istiod: `listener.go` `buildSidecarOutboundListeners`
    pub(in crate::translate::listener) fn listeners(
        &self,
        view: &ListenerView<'_>,
        own_address: &str,
        diagnostics: &mut Diagnostics,
    ) -> OutboundListeners {
        let known = self.known(view, diagnostics);
        let is_own = |entry: &Entry| entry.bind.primary() == own_address;
        let entries = || known.whole.iter().map(|(entry, _)| entry).chain(&known.by_workload);
        if entries().any(|entry| is_own(entry) && !entry.by_endpoint) {
            // Something else is at the proxy's address, and without the endpoint it may be another listener.
            let table = table(view, Some(own_address), diagnostics);
            let own = table.into_entries().map(|entry| build(view, &entry)).collect();
            return OutboundListeners { shared: Vec::new(), own };
        }
        let whole = known.whole.iter().filter(|(entry, _)| !is_own(entry));
        let by_workload = known.by_workload.iter().filter(|entry| !is_own(entry));
        OutboundListeners {
            shared: whole.map(|(_, listener)| listener.clone()).collect(),
            own: by_workload.map(|entry| build(view, entry)).collect(),
        }
    }

    fn known(&self, view: &ListenerView<'_>, diagnostics: &mut Diagnostics) -> Arc<ServiceListeners> {
        let telemetry = view.telemetry.of(ListenerClass::SidecarOutbound);
        let (stats, access_log) = (&telemetry.stats, &telemetry.access_logs.tcp);
        let authorization = view.authorization.services();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let extensions = view.extensions.outbound_network_names();
        let is_same = |known: &&Arc<ServiceListeners>| {
            known.stats == *stats
                && known.access_log == *access_log
                && known.extensions == extensions
                && known.authorization == *authorization
        };
        if let Some(found) = known.iter().find(is_same) {
            return found.clone();
        }
        let entries = table(view, None, diagnostics).into_entries();
        let (by_workload, whole): (Vec<Entry>, Vec<Entry>) =
            entries.partition(|entry| entry.chains.iter().any(Chain::is_http));
        let with_listener = |entry| {
            let listener = Resource::shared(build(view, &entry));
            (entry, listener)
        };
        let made = Arc::new(ServiceListeners {
            stats: stats.clone(),
            access_log: access_log.clone(),
            extensions,
            authorization: authorization.clone(),
            whole: whole.into_iter().map(with_listener).collect(),
            by_workload,
        });
        known.push(made.clone());
        made
    }
}

fn build(view: &ListenerView<'_>, entry: &Entry) -> Listener {
    assemble::listener(view, &entry.bind, entry.port, &entry.chains)
}
