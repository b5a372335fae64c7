//! `PeerAuthentication` (`security.istio.io`): whether workloads accept plain text.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::selector::TypeWorkloadSelector;
use crate::model::proto::proto_enum;

/// Whether workloads accept plain text, mutual TLS or both.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PeerAuthentication {
    /// Workloads that it is for; left out means all of its namespace, or all of the mesh in the root
    /// namespace.
    pub selector: Option<TypeWorkloadSelector>,
    /// What they accept; left out means what the wider policy says.
    pub mtls: Option<PeerAuthenticationMutualTls>,
    /// What they accept on single ports, by the workload's port; needs a selector.
    #[serde(deserialize_with = "crate::model::proto::number_keys")]
    pub port_level_mtls: BTreeMap<u32, PeerAuthenticationMutualTls>,
}

/// What a workload accepts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PeerAuthenticationMutualTls {
    /// What it accepts.
    pub mode: PeerAuthenticationMutualTlsMode,
}

proto_enum! {
    /// What a workload accepts.
    pub enum PeerAuthenticationMutualTlsMode {
        /// What the wider policy says; both if none says anything.
        Unset = 0 => "UNSET",
        /// Plain text.
        Disable = 1 => "DISABLE",
        /// Both.
        Permissive = 2 => "PERMISSIVE",
        /// Mutual TLS.
        Strict = 3 => "STRICT",
    }
}
