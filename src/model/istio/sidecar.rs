//! `Sidecar` (`networking.istio.io`): what sidecars accept and whom they can reach.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::destination_rule::ConnectionPoolSettings;
use super::gateway::ServerTlsSettings;
use super::virtual_service::Destination;
use crate::model::proto::proto_enum;

/// What sidecars accept and whom they can reach. One without a selector is for its whole namespace.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Sidecar {
    /// Workloads that it is for; left out means all of the namespace.
    pub workload_selector: Option<WorkloadSelector>,
    /// What they accept; empty means what their services say.
    pub ingress: Vec<IstioIngressListener>,
    /// Whom they can reach; empty means whom the default can.
    pub egress: Vec<IstioEgressListener>,
    /// Limits of connections to the workload, in place of its DestinationRule's.
    pub inbound_connection_pool: Option<ConnectionPoolSettings>,
    /// What happens to traffic for unknown hosts, in place of the mesh's setting.
    pub outbound_traffic_policy: Option<OutboundTrafficPolicy>,
}

/// A port that a sidecar accepts traffic on.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct IstioIngressListener {
    /// The port.
    pub port: Option<SidecarPort>,
    /// The address; empty means the workload's own.
    pub bind: String,
    /// How traffic gets there.
    pub capture_mode: CaptureMode,
    /// Where the workload listens: `127.0.0.1:port`, `0.0.0.0:port`, `[::1]:port`, `[::]:port` or
    /// `unix:///path`. Empty means on the same port.
    pub default_endpoint: String,
    /// How connections are secured, for workloads without mutual TLS.
    pub tls: Option<ServerTlsSettings>,
    /// Limits of connections on this port, in place of the Sidecar's.
    pub connection_pool: Option<ConnectionPoolSettings>,
}

/// Hosts that a sidecar can reach, perhaps on one port only.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct IstioEgressListener {
    /// The port; left out means every port of the hosts.
    pub port: Option<SidecarPort>,
    /// The address or Unix socket to listen on; empty means the services' own.
    pub bind: String,
    /// How traffic gets there.
    pub capture_mode: CaptureMode,
    /// Hosts, as `namespace/name`: `.` is the own namespace, `*` all, `~` none; wildcards are allowed in the
    /// name.
    pub hosts: Vec<String>,
}

/// Selects workloads by their labels.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WorkloadSelector {
    /// Labels that they must have; empty means all of the namespace.
    pub labels: BTreeMap<String, String>,
}

/// What happens to traffic for unknown hosts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OutboundTrafficPolicy {
    /// Whether it is let through.
    pub mode: OutboundTrafficPolicyMode,
    /// Where it goes in place of its destination.
    pub egress_proxy: Option<Destination>,
}

proto_enum! {
    /// Whether traffic for unknown hosts is let through.
    pub enum OutboundTrafficPolicyMode {
        /// It is not.
        RegistryOnly = 0 => "REGISTRY_ONLY",
        /// It is.
        AllowAny = 1 => "ALLOW_ANY",
        /// It is, to the name that the client asked for. The mesh config alone can say so.
        AllowAnyDynamicDns = 3 => "ALLOW_ANY_DYNAMIC_DNS",
    }
}

/// A port of a sidecar's listener.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SidecarPort {
    /// The number.
    pub number: u32,
    /// `HTTP`, `HTTPS`, `GRPC`, `HTTP2`, `MONGO`, `TCP`, `TLS` and so on.
    pub protocol: String,
    /// The port's name.
    pub name: String,
    /// Not used. Deprecated.
    pub target_port: u32,
}

proto_enum! {
    /// How traffic gets to a listener.
    pub enum CaptureMode {
        /// As for the workload: redirected, usually.
        Default = 0 => "DEFAULT",
        /// It is redirected.
        Iptables = 1 => "IPTABLES",
        /// The application connects to the listener itself.
        None = 2 => "NONE",
    }
}
