//! PeerAuthentication: which mode of mutual TLS holds where.
//!
//! istiod: `pilot/pkg/model/authentication.go`, `pilot/pkg/security/authn/policy_applier.go` `ComposePeerAuthentication`

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::mesh::conflict;
use crate::mesh::labels;
use crate::mesh::order;
use crate::model::Config;
use crate::model::istio::{PeerAuthentication, PeerAuthenticationMutualTls, PeerAuthenticationMutualTlsMode};

/// A mode of mutual TLS. istiod: `model.MutualTLSMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum MutualTlsMode {
    /// No policy says anything.
    #[default]
    Unknown,
    /// Plain text only.
    Disable,
    /// Both.
    Permissive,
    /// Mutual TLS only.
    Strict,
}

/// What holds for one workload. istiod: `MergedPeerAuthentication`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ComposedPeerAuthentication {
    /// The mode of all ports not named below.
    pub mode: MutualTlsMode,
    /// The mode of single workload ports.
    pub port_level: BTreeMap<u32, MutualTlsMode>,
}

/// All PeerAuthentications.
#[derive(Debug, Default)]
pub struct PeerAuthenticationIndex {
    /// By namespace; of several without selector only the oldest.
    by_namespace: BTreeMap<String, Vec<Arc<Config<PeerAuthentication>>>>,
    /// The mode of each namespace that has a policy of its own.
    namespace_mode: BTreeMap<String, MutualTlsMode>,
    /// The mode of the mesh; unknown without a policy.
    global_mode: MutualTlsMode,
    root_namespace: String,
}

impl PeerAuthenticationIndex {
    /// Indexes the policies. istiod: `addPeerAuthentication`.
    pub fn new(
        policies: &[Arc<Config<PeerAuthentication>>],
        root_namespace: &str,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut sorted: Vec<_> = policies.to_vec();
        order::sort(&mut sorted);
        let mut index = Self { root_namespace: root_namespace.to_owned(), ..Self::default() };
        let mut found: BTreeMap<String, Option<MutualTlsMode>> = BTreeMap::new();
        let for_all = sorted.iter().filter(|policy| has_no_selector(&policy.spec));
        let code = "peer-authentication-overridden";
        diagnostics.extend(conflict::first_of_namespace(code, "PeerAuthentication", for_all, root_namespace));
        for policy in sorted {
            let namespace = policy.meta.namespace.clone();
            if has_no_selector(&policy.spec) {
                if found.contains_key(&namespace) {
                    continue;
                }
                found.insert(namespace.clone(), mode(policy.spec.mtls.as_ref()));
            }
            index.by_namespace.entry(namespace).or_default().push(policy);
        }
        if let Some(mesh) = found.remove(root_namespace) {
            index.global_mode = mesh.unwrap_or(MutualTlsMode::Permissive);
        }
        let inherited = match index.global_mode {
            MutualTlsMode::Unknown => MutualTlsMode::Permissive,
            known => known,
        };
        index.namespace_mode = found.into_iter().map(|(ns, mode)| (ns, mode.unwrap_or(inherited))).collect();
        index
    }

    /// Returns what the namespace's (else the mesh's) policy says. istiod: `GetNamespaceMutualTLSMode`.
    pub fn namespace_mutual_tls_mode(&self, namespace: &str) -> MutualTlsMode {
        self.namespace_mode.get(namespace).copied().unwrap_or(self.global_mode)
    }

    /// Returns the policies of a namespace that select a workload, of which the first counts. Those of the root namespace select
    /// none.
    pub(crate) fn selecting(
        &self,
        namespace: &str,
        workload: &BTreeMap<String, String>,
    ) -> impl Iterator<Item = &Arc<Config<PeerAuthentication>>> {
        let own = self.by_namespace.get(namespace).filter(|_| namespace != self.root_namespace);
        own.into_iter().flatten().filter(|p| {
            let selector = p.spec.selector.as_ref().map(|s| &s.match_labels);
            !has_no_selector(&p.spec) && selector.is_some_and(|s| labels::subset(s, workload))
        })
    }

    /// Returns the namespaces of policies that select workloads, once for each policy.
    pub(crate) fn selecting_namespaces(&self) -> impl Iterator<Item = &str> {
        let all = self.by_namespace.values().flatten().filter(|policy| !has_no_selector(&policy.spec));
        all.map(|policy| policy.meta.namespace.as_str())
    }

    /// Returns what holds for a workload: the mesh's policy, then the namespace's, then the workload's own, where the oldest of
    /// each kind counts. istiod: `ComposePeerAuthentication`.
    pub fn for_workload(&self, namespace: &str, workload: &BTreeMap<String, String>) -> ComposedPeerAuthentication {
        let own = self.by_namespace.get(namespace).filter(|_| namespace != self.root_namespace);
        let mesh = self.by_namespace.get(&self.root_namespace).into_iter().flatten().find(|p| has_no_selector(&p.spec));
        let namespaced = own.into_iter().flatten().find(|p| has_no_selector(&p.spec));
        let selected = self.selecting(namespace, workload).next();

        let mtls = |policy: Option<&Arc<Config<PeerAuthentication>>>| policy.and_then(|p| mode(p.spec.mtls.as_ref()));
        let composed = mtls(selected).or_else(|| mtls(namespaced)).or_else(|| mtls(mesh));
        let composed = composed.unwrap_or(MutualTlsMode::Permissive);
        let ports = selected.map(|p| &p.spec.port_level_mtls);
        let port_level =
            ports.into_iter().flatten().map(|(&port, mtls)| (port, mode(Some(mtls)).unwrap_or(composed))).collect();
        ComposedPeerAuthentication { mode: composed, port_level }
    }
}

/// Says whether the policy is for a whole namespace, or the mesh.
fn has_no_selector(policy: &PeerAuthentication) -> bool {
    policy.selector.as_ref().is_none_or(|s| s.match_labels.is_empty())
}

/// Returns the mode, unless it is unset.
fn mode(mtls: Option<&PeerAuthenticationMutualTls>) -> Option<MutualTlsMode> {
    match mtls?.mode {
        PeerAuthenticationMutualTlsMode::Unset => None,
        PeerAuthenticationMutualTlsMode::Disable => Some(MutualTlsMode::Disable),
        PeerAuthenticationMutualTlsMode::Permissive => Some(MutualTlsMode::Permissive),
        PeerAuthenticationMutualTlsMode::Strict => Some(MutualTlsMode::Strict),
    }
}
