//! What the caller decides.

use std::collections::BTreeMap;

use crate::installation::{Behaviour, Release};

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
    /// How istiod runs, where the input does not say or is wrong.
    pub istio: IstioOptions,
    /// How much the input may multiply.
    pub budgets: Budgets,
    /// The release that all proxies are taken to be of; without it their Pods decide.
    pub proxy_version: Option<Release>,
    /// What istiod and the proxies do otherwise than their releases: steps on the way from one release to another.
    pub behaviours: Vec<(Behaviour, bool)>,
}

/// How much an input may multiply before it is refused: a small file could take all memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budgets {
    /// Values that aliases of YAML repeat, in all documents together.
    pub alias_nodes: u64,
    /// Routes of one VirtualService: its hosts times its gateways times the matches of its routes and those of their delegates.
    pub routes: u64,
    /// What one ServiceEntry comes to: its hosts times its ports times its addresses and endpoints.
    pub service_entry: u64,
    /// What the policies and filters of all workloads come to: rules times the Pods that they are for.
    pub policies: u64,
}

impl Default for Budgets {
    /// What no honest input comes near.
    fn default() -> Self {
        Self { alias_nodes: 4_000_000, routes: 250_000, service_entry: 4_000_000, policies: 2_000_000 }
    }
}

/// How istiod runs, as the caller states it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IstioOptions {
    /// Its version.
    pub version: Option<Stated>,
    /// Variables of its environment, by name.
    pub env: BTreeMap<String, Stated>,
    /// Values of istiod's chart, in YAML.
    pub values: Option<crate::source::SourceFile>,
    /// The id of its cluster.
    pub cluster_id: Option<Stated>,
    /// The domain of the cluster's Services.
    pub domain: Option<Stated>,
    /// The network of the cluster.
    pub network: Option<Stated>,
    /// The id of the mesh.
    pub mesh_id: Option<Stated>,
    /// What the dump of a proxy tells, where nothing else does.
    pub dumped: DumpedNode,
}

/// How istiod runs, by the node that a proxy of it named when it connected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DumpedNode {
    /// The proxy's version.
    pub version: Option<Stated>,
    /// The id of its cluster.
    pub cluster_id: Option<Stated>,
    /// The domain of the cluster's Services.
    pub domain: Option<Stated>,
    /// Its network.
    pub network: Option<Stated>,
    /// The id of the mesh.
    pub mesh_id: Option<Stated>,
}

/// A setting, and what states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The value.
    pub value: String,
    /// The flag or the file: `--domain`, `.meshc.yaml`.
    pub by: String,
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
