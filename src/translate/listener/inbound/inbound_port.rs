//! One port of the workload, as connections find it.

use std::collections::BTreeMap;

use super::chain_condition::ChainCondition;
use crate::envoy::FilterChainMatch;
use crate::mesh::protocol::Protocol;
use crate::model::ObjectMeta;
use crate::model::istio::ServerTlsSettings;
use crate::translate::listener::ChainKind;
use crate::translate::listener::bind::Bind;
use crate::translate::stat_name;

/// A port of the workload, or all ports that no one speaks of. istiod: `listener_inbound.go` `inboundChainConfig`
#[derive(Debug, Clone)]
pub(super) struct InboundPort {
    pub(super) cluster: String,
    /// The number and name under which clients know it.
    pub(super) service_port: u32,
    pub(super) service_port_name: String,
    pub(super) protocol: Protocol,
    /// The port of the workload; 0 for all that no one speaks of.
    pub(super) target_port: u32,
    /// Where it would listen: it names the chains, also where `virtualInbound` has them.
    pub(super) bind: Bind,
    /// TLS that the Sidecar terminates in place of the mesh's.
    pub(super) tls: Option<ServerTlsSettings>,
    /// No service is behind it.
    pub(super) passthrough: bool,
    /// Connections come through a tunnel.
    pub(super) hbone: bool,
    /// The service's hostname, or a name for the Sidecar's listener.
    pub(super) hostname: String,
    /// Name and namespace of the Kubernetes Service.
    pub(super) kubernetes_service: Option<(String, String)>,
    /// The Sidecar that asks for it.
    pub(super) sidecar: Option<ObjectMeta>,
}

/// The first of all that have the same target port, by target port: the oldest service decides what it speaks.
pub(super) fn first_by_target_port(ports: Vec<InboundPort>) -> Vec<InboundPort> {
    let mut by_target_port = BTreeMap::new();
    for port in ports {
        by_target_port.entry(port.target_port).or_insert(port);
    }
    by_target_port.into_values().collect()
}

impl InboundPort {
    /// `FilterChain.name`. istiod: `listener_inbound.go` `Name`
    pub(super) fn chain_name(&self, kind: ChainKind) -> String {
        match kind {
            ChainKind::Http if self.passthrough => "virtualInbound-catchall-http".to_owned(),
            ChainKind::Tcp if self.passthrough => "virtualInbound".to_owned(),
            ChainKind::Http | ChainKind::Tcp => self.bind.listener_name(self.target_port),
        }
    }

    /// `HttpConnectionManager.stat_prefix`. istiod: `listener_inbound.go` `StatPrefix`
    pub(super) fn stat_prefix(&self) -> String {
        if self.passthrough {
            stat_name::delimited(&self.cluster)
        } else {
            stat_name::delimited(&format!("inbound_{}", self.chain_name(ChainKind::Http)))
        }
    }

    /// `FilterChain.filter_chain_match`. istiod: `listener_inbound.go` `ToFilterChainMatch`
    pub(super) fn filter_chain_match(&self, condition: &ChainCondition) -> FilterChainMatch {
        FilterChainMatch {
            destination_port: Some(self.target_port).filter(|port| *port > 0),
            transport_protocol: condition.transport_protocol.to_owned(),
            application_protocols: condition.application_protocols.iter().map(|&alpn| alpn.to_owned()).collect(),
            ..FilterChainMatch::default()
        }
    }
}
