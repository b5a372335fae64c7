//! How the sidecar injector is set up.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::kubernetes::LabelSelector;

/// Whom the injector injects without being asked, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Injector {
    /// Pods of namespaces that say nothing are injected too: `sidecarInjectorWebhook.enableNamespacesByDefault`.
    pub namespaces_by_default: bool,
    /// What becomes of Pods that do not ask themselves.
    pub policy: InjectionPolicy,
    /// Of Pods that do not ask themselves, those that are never injected.
    pub never_inject: Vec<LabelSelector>,
    /// Likewise those that always are.
    pub always_inject: Vec<LabelSelector>,
    /// Annotations that every injected Pod gets.
    pub annotations: BTreeMap<String, String>,
    /// Other names of its revision: `revisionTags`, and `default` for `defaultRevision`.
    pub tags: BTreeSet<String>,
    /// The network that proxies state: `global.network`.
    pub network: String,
    /// The id of the mesh that proxies state: `global.meshID`; empty for the trust domain.
    pub mesh_id: String,
    /// The id of the cluster that proxies state: `global.multiCluster.clusterName`; empty for istiod's.
    pub cluster_id: String,
    /// The domain in which proxies look for Services: `global.proxy.clusterDomain`; empty for istiod's.
    pub cluster_domain: String,
}

/// What becomes of Pods in injected namespaces that do not ask themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InjectionPolicy {
    /// They are injected.
    #[default]
    Enabled,
    /// They are not.
    Disabled,
    /// istiod does not know the word, and injects no Pod at all.
    Illegal,
}
