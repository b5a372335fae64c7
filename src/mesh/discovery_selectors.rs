//! `MeshConfig.discoverySelectors`: the namespaces that istiod looks at.
//!
//! istiod: `pkg/kube/namespace/filter.go`

use std::collections::BTreeSet;

use crate::ingest::Manifests;
use crate::model::istio::MeshConfig;
use crate::model::kubernetes::LabelSelector;

/// The namespaces whose resources count.
#[derive(Debug, Clone)]
pub(crate) enum DiscoveryNamespaces {
    /// No selectors: all of them.
    All,
    /// The selected ones.
    Selected(BTreeSet<String>),
}

impl DiscoveryNamespaces {
    /// A namespace counts when one of the selectors matches its labels.
    pub(crate) fn new(manifests: &Manifests, mesh: &MeshConfig) -> Self {
        if mesh.discovery_selectors.is_empty() {
            return Self::All;
        }
        let selectors: Vec<LabelSelector> =
            mesh.discovery_selectors.iter().map(|s| LabelSelector::from(s.clone())).collect();
        let selected = manifests.namespaces.iter().filter(|n| selectors.iter().any(|s| s.matches(&n.meta.labels)));
        Self::Selected(selected.map(|n| n.meta.name.clone()).collect())
    }

    /// Says whether resources of a namespace count; those without a namespace always do.
    pub(crate) fn contains(&self, namespace: &str) -> bool {
        match self {
            Self::All => true,
            Self::Selected(names) => namespace.is_empty() || names.contains(namespace),
        }
    }
}
