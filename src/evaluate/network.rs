//! Network filters: what is done with a connection.

use serde_json::Value;

use super::http::connection_manager::ConnectionManager;
use super::message::{Message, is_type};
use super::rbac::Rbac;

/// A network filter.
#[derive(Debug)]
pub(super) struct NetworkFilter {
    /// Its name.
    pub(super) name: String,
    /// What it does.
    pub(super) kind: Kind,
}

/// What a network filter does.
#[derive(Debug)]
pub(super) enum Kind {
    /// It speaks HTTP.
    Http(Box<ConnectionManager>),
    /// It sends bytes to one of these clusters, each with its weight.
    Tcp(Vec<(String, u32)>),
    /// It asks policies, and others whose answer is noted only.
    Rbac(Option<Rbac>, Option<Rbac>),
    /// It asks this cluster.
    ExtAuthz(String),
    /// It changes nothing of what is told here.
    Other,
    /// It may do anything.
    Unknown(&'static str),
}

impl NetworkFilter {
    /// Reads a filter. `extension` finds a configuration by the name under which it is discovered.
    pub(super) fn new(message: Message<'_>, extension: &dyn Fn(&str) -> Option<Value>) -> Self {
        let name = message.text("name").unwrap_or_default().to_owned();
        let discovered = message.get("config_discovery").and_then(|_| extension(&name));
        let config = message.get("typed_config").or_else(|| discovered.as_ref().map(Message));
        let kind = match config.and_then(Message::unpacked) {
            Some((url, config)) => Kind::new(url, config, extension),
            None => Kind::Other,
        };
        Self { name, kind }
    }
}

impl Kind {
    fn new(url: &str, config: Message<'_>, extension: &dyn Fn(&str) -> Option<Value>) -> Self {
        if is_type(url, "HttpConnectionManager") {
            return Self::Http(Box::new(ConnectionManager::new(config, extension)));
        }
        if is_type(url, "TcpProxy") {
            let weighted = config.get("weighted_clusters");
            let weighted = weighted.into_iter().flat_map(|weighted| weighted.list("clusters"));
            let mut clusters: Vec<(String, u32)> = weighted
                .filter_map(|c| Some((c.text("name")?.to_owned(), c.unsigned("weight").unwrap_or_default())))
                .collect();
            clusters.extend(config.text("cluster").map(|name| (name.to_owned(), 1)));
            return Self::Tcp(clusters);
        }
        if is_type(url, "RBAC") {
            return Self::Rbac(config.get("rules").map(Rbac::new), config.get("shadow_rules").map(Rbac::new));
        }
        if is_type(url, "ExtAuthz") {
            return Self::ExtAuthz(super::http_filter::grpc_cluster(config).unwrap_or_default());
        }
        if is_type(url, "Wasm") {
            return Self::Unknown("a Wasm module may do anything with the connection");
        }
        Self::Other
    }
}
