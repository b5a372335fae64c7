//! What the caller decides.

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
