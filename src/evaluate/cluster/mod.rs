//! `envoy.config.cluster.v3.Cluster`, with its endpoints.

mod endpoints;
mod tls;

use serde_json::Value;

pub(super) use endpoints::Endpoints;
pub use tls::{TlsMode, UpstreamTls};

use super::message::Message;
use tls::Sockets;

/// A cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    /// How its endpoints are found.
    pub(super) discovery: Discovery,
    /// The name under which endpoints are discovered.
    pub(super) service_name: String,
    /// Its endpoints, where it holds them itself.
    pub(super) assignment: Option<Value>,
    /// How TLS is chosen.
    pub(super) sockets: Sockets,
    /// Percent of healthy endpoints below which health is not looked at.
    pub(super) panic_threshold: f64,
    /// The whole message, for what is only told.
    pub(super) body: Value,
}

/// How endpoints are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discovery {
    /// They are written in the cluster.
    Static,
    /// By DNS, all addresses.
    StrictDns,
    /// By DNS, one address.
    LogicalDns,
    /// By EDS.
    Eds,
    /// The destination of the connection.
    OriginalDst,
    /// By an extension.
    Extension,
}

impl Cluster {
    /// Reads a cluster.
    pub(super) fn new(message: Message<'_>) -> Self {
        let name = message.text("name").unwrap_or_default();
        let discovery = match message.text("type") {
            Some("STRICT_DNS") => Discovery::StrictDns,
            Some("LOGICAL_DNS") => Discovery::LogicalDns,
            Some("EDS") => Discovery::Eds,
            Some("ORIGINAL_DST") => Discovery::OriginalDst,
            _ if message.get("cluster_type").is_some() => Discovery::Extension,
            _ => Discovery::Static,
        };
        let service = message.get("eds_cluster_config").and_then(|eds| eds.text("service_name"));
        let threshold = message.get("common_lb_config").and_then(|lb| lb.get("healthy_panic_threshold"));
        Self {
            discovery,
            service_name: service.unwrap_or(name).to_owned(),
            assignment: message.get("load_assignment").map(|assignment| assignment.0.clone()),
            sockets: Sockets::new(message),
            panic_threshold: threshold.map_or(50.0, |threshold| threshold.double("value").unwrap_or_default()),
            body: message.0.clone(),
        }
    }
}
