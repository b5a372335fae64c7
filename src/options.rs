//! What the caller decides: overrides, and istiod's environment switches with the defaults of 1.30.3.

use std::collections::BTreeMap;

/// The revision of a default install.
const DEFAULT_REVISION: &str = "default";

/// Settings of one translation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// YAML that replaces the mesh config of the input.
    pub mesh_config: Option<crate::source::SourceFile>,
    /// YAML that replaces the mesh networks of the input.
    pub mesh_networks: Option<crate::source::SourceFile>,
    /// The revision of istiod and of its injector; empty is `default`.
    pub revision: String,
    /// What istiod would fetch from each of these URIs, to verify tokens.
    pub jwks: BTreeMap<String, String>,
    /// Complete what the input lacks, as the controllers would.
    pub expand: bool,
}

impl Options {
    /// Returns the revision by its name.
    pub fn revision(&self) -> &str {
        if self.revision.is_empty() { DEFAULT_REVISION } else { &self.revision }
    }

    /// Returns the name that an object of istiod has in the revision: `istio` -> `istio-canary`. Those of `default` have no suffix.
    pub fn of_revision(&self, name: &str) -> String {
        match self.revision() {
            DEFAULT_REVISION => name.to_owned(),
            revision => format!("{name}-{revision}"),
        }
    }
}

/// istiod's feature switches, each by the name of its environment variable, with the default of 1.30.3.
///
/// istiod: `pilot/pkg/features/*.go`
pub mod features {
    /// `PILOT_SCOPE_GATEWAY_TO_NAMESPACE`
    pub const SCOPE_GATEWAY_TO_NAMESPACE: bool = false;
    /// `PILOT_GATEWAY_TRANSPORT_SOCKET_CONNECT_TIMEOUT`, seconds
    pub const TRANSPORT_SOCKET_CONNECT_TIMEOUT: i64 = 15;
    /// `MAX_CONNECTIONS_PER_SOCKET_EVENT_LOOP`
    pub const MAX_CONNECTIONS_TO_ACCEPT_PER_SOCKET_EVENT: u32 = 1;
    /// `ISTIO_DUAL_STACK`
    pub const DUAL_STACK: bool = false;
    /// `ENABLE_TLS_ON_SIDECAR_INGRESS`
    pub const TLS_ON_SIDECAR_INGRESS: bool = false;
    /// `PILOT_TRACE_SAMPLING`, percent
    pub const TRACE_SAMPLING: f64 = 1.0;
}
