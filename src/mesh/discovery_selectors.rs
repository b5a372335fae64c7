//! What istiod looks at: namespaces by `MeshConfig.discoverySelectors`, rules by their revision.
//!
//! istiod: `pkg/kube/namespace/filter.go`, `pkg/config/model.go` `LabelsInRevision`

use std::collections::{BTreeMap, BTreeSet};

use crate::ingest::Manifests;
use crate::model::istio::MeshConfig;
use crate::model::istio::label::REVISION;
use crate::model::kubernetes::LabelSelector;

/// The namespaces whose resources count, and the revision of the rules that do.
#[derive(Debug, Clone)]
pub(crate) struct DiscoveryNamespaces {
    /// The selected ones; all, without selectors.
    selected: Option<BTreeSet<String>>,
    revision: String,
}

impl DiscoveryNamespaces {
    /// A namespace counts when one of the selectors matches its labels.
    pub(crate) fn new(manifests: &Manifests, mesh: &MeshConfig, revision: &str) -> Self {
        let revision = revision.to_owned();
        if mesh.discovery_selectors.is_empty() {
            return Self { selected: None, revision };
        }
        let selectors: Vec<LabelSelector> =
            mesh.discovery_selectors.iter().map(|s| LabelSelector::from(s.clone())).collect();
        let selected = manifests.namespaces.iter().filter(|n| selectors.iter().any(|s| s.matches(&n.meta.labels)));
        Self { selected: Some(selected.map(|n| n.meta.name.clone()).collect()), revision }
    }

    /// Says whether resources of a namespace count; those without a namespace always do.
    pub(crate) fn contains(&self, namespace: &str) -> bool {
        self.selected.as_ref().is_none_or(|names| namespace.is_empty() || names.contains(namespace))
    }

    /// Says whether a rule with these labels counts: one that names no revision, or this one.
    pub(crate) fn is_in_revision(&self, labels: &BTreeMap<String, String>) -> bool {
        labels.get(REVISION).is_none_or(|revision| *revision == self.revision)
    }
}
