//! `ReferenceGrant`: who may refer to objects of another namespace.
//!
//! istiod: `pilot/pkg/config/kube/gatewaycommon/references.go`

use std::collections::{BTreeMap, BTreeSet};

use crate::installation::{Behaviour, Behaviours};
use crate::mesh::credential::{self, CredentialKind};
use crate::model::Config;
use crate::model::gateway_api::{GROUP, ReferenceGrant, ReferenceGrantTo};

/// All grants of the mesh.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferenceGrants {
    /// What is allowed, by who refers to what.
    allowed: BTreeMap<Reference, BTreeSet<Allowed>>,
}

/// Who refers to what: kinds and namespaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Reference {
    from_kind: String,
    from_namespace: String,
    to_kind: String,
    to_namespace: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Allowed {
    All,
    Name(String),
}

impl ReferenceGrants {
    /// Gathers the grants. Kinds that istiod does not know are for other controllers.
    ///
    /// istiod: `references.go` `ReferenceGrantsCollection`
    pub(super) fn new<'m>(grants: impl Iterator<Item = &'m Config<ReferenceGrant>>, behaviours: Behaviours) -> Self {
        const FROM: [&str; 6] = ["Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "ListenerSet"];
        const TO: [&str; 3] = ["ConfigMap", "Secret", "Service"];
        let mut allowed: BTreeMap<Reference, BTreeSet<Allowed>> = BTreeMap::new();
        for grant in grants {
            let from = grant.spec.from.iter().filter(|from| from.group == GROUP && FROM.contains(&from.kind.as_str()));
            for from in from {
                let known = grant.spec.to.iter().filter(|to| to.group.is_empty() && TO.contains(&to.kind.as_str()));
                let mut known: Vec<_> = known.collect();
                if !behaviours.contains(Behaviour::HonoursAllNamesOfReferenceGrants) {
                    known = last_of_each_kind(&known);
                }
                for to in known {
                    let reference = Reference {
                        from_kind: from.kind.clone(),
                        from_namespace: from.namespace.clone(),
                        to_kind: to.kind.clone(),
                        to_namespace: grant.meta.namespace.clone(),
                    };
                    let name = to.name.clone().map_or(Allowed::All, Allowed::Name);
                    allowed.entry(reference).or_default().insert(name);
                }
            }
        }
        Self { allowed }
    }

    /// Says whether a route may send requests to a Service of another namespace.
    ///
    /// istiod: `references.go` `BackendAllowed`
    pub(super) fn backend_allowed(&self, from_kind: &str, from_namespace: &str, to: (&str, &str, &str)) -> bool {
        let (kind, namespace, name) = to;
        self.contains(from_kind, from_namespace, kind, namespace, name)
    }

    /// Says whether a Gateway or ListenerSet may use what an SDS name means. A CA's name ends in `-cacert` here too, so that a
    /// grant for a single name does not hold for it.
    ///
    /// istiod: `references.go` `SecretAllowed`
    pub fn secret_allowed(&self, from_kind: &str, resource_name: &str, from_namespace: &str) -> bool {
        credential::parse(resource_name, "").is_some_and(|credential| {
            let kind = match credential.kind {
                CredentialKind::ConfigMap => "ConfigMap",
                CredentialKind::Kubernetes | CredentialKind::KubernetesGateway => "Secret",
                CredentialKind::Invalid => return false,
            };
            self.contains(from_kind, from_namespace, kind, credential.namespace, credential.name)
        })
    }

    fn contains(&self, from_kind: &str, from_namespace: &str, to_kind: &str, to_namespace: &str, name: &str) -> bool {
        let reference = Reference {
            from_kind: from_kind.to_owned(),
            from_namespace: from_namespace.to_owned(),
            to_kind: to_kind.to_owned(),
            to_namespace: to_namespace.to_owned(),
        };
        self.allowed
            .get(&reference)
            .is_some_and(|allowed| allowed.contains(&Allowed::All) || allowed.contains(&Allowed::Name(name.to_owned())))
    }
}

/// Entries of one kind had one key before [`Behaviour::HonoursAllNamesOfReferenceGrants`], so that the last replaces the others.
fn last_of_each_kind<'m>(entries: &[&'m ReferenceGrantTo]) -> Vec<&'m ReferenceGrantTo> {
    let last: BTreeMap<&str, &ReferenceGrantTo> = entries.iter().map(|to| (to.kind.as_str(), *to)).collect();
    last.into_values().collect()
}
