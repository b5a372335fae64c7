//! Listeners of a Gateway and its ListenerSets that clash: the first one counts.
//!
//! istiod: `config/kube/gatewaycommon/listener_conflict.go`

use std::collections::BTreeSet;

use crate::mesh::gateway_api::parent::ParentKind;
use crate::model::ObjectMeta;
use crate::model::gateway_api::Listener;

/// The listeners that are left out: whose they are, and their names.
#[derive(Debug, Default)]
pub(super) struct Conflicts(BTreeSet<(Option<&'static str>, String, String, String)>);

/// An object with listeners.
pub(super) struct Owner<'m> {
    pub(super) kind: ParentKind,
    pub(super) meta: &'m ObjectMeta,
    pub(super) listeners: &'m [Listener],
}

impl Conflicts {
    /// Goes through a Gateway's own listeners, then those of its ListenerSets from the oldest on.
    ///
    /// Before kinds count, a ListenerSet and its Gateway of one name are one.
    ///
    /// istiod: `ComputeGatewayListenerConflicts`
    pub(super) fn new(owners: &[Owner<'_>], kinds_count: bool) -> Self {
        let mut accepted: Vec<&Listener> = Vec::new();
        let mut out = Self::default();
        for Owner { kind, meta, listeners } in owners {
            for listener in *listeners {
                if accepted.iter().any(|prior| !are_distinct(listener, prior)) {
                    out.0.insert(key(*kind, kinds_count, meta, &listener.name));
                } else {
                    accepted.push(listener);
                }
            }
        }
        out
    }

    /// Says whether a listener is left out.
    pub(super) fn contain(&self, kind: ParentKind, kinds_count: bool, meta: &ObjectMeta, listener: &str) -> bool {
        self.0.contains(&key(kind, kinds_count, meta, listener))
    }
}

fn key(
    kind: ParentKind,
    kinds_count: bool,
    meta: &ObjectMeta,
    listener: &str,
) -> (Option<&'static str>, String, String, String) {
    (kinds_count.then(|| kind.name()), meta.namespace.clone(), meta.name.clone(), listener.to_owned())
}

/// istiod: `listenersDistinct`
fn are_distinct(a: &Listener, b: &Listener) -> bool {
    let is_l4 = |listener: &Listener| matches!(listener.protocol.as_str(), "TCP" | "UDP");
    let is_http = |listener: &Listener| matches!(listener.protocol.as_str(), "HTTP" | "HTTPS" | "TLS");
    let host = |listener: &Listener| match listener.hostname.as_deref() {
        None | Some("") => "*".to_owned(),
        Some(host) => host.to_owned(),
    };
    if number(a) != number(b) {
        return true;
    }
    match (is_l4(a), is_l4(b)) {
        (true, true) => false,
        (true, false) => !is_http(b) && a.protocol != b.protocol,
        (false, true) => !is_http(a) && a.protocol != b.protocol,
        (false, false) if is_http(a) && is_http(b) => host(a) != host(b),
        (false, false) => a.protocol != b.protocol,
    }
}

/// A port that is left out is the usual one.
fn number(listener: &Listener) -> u32 {
    match (listener.port, listener.protocol.as_str()) {
        (0, "HTTP") => 80,
        (0, "HTTPS") => 443,
        (port, _) => port,
    }
}
