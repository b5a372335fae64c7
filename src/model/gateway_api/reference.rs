//! References from one object to another.

use serde::Deserialize;

/// What a route, or a ListenerSet, attaches to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ParentReference {
    /// Its API group.
    pub group: String,
    /// Its kind: Gateway, ListenerSet, Service, ServiceEntry.
    pub kind: String,
    /// Its namespace; left out means that of the referring object.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// One listener of it; left out means all.
    pub section_name: Option<String>,
    /// One port of it; left out means all.
    pub port: Option<u32>,
}

/// Where traffic goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BackendObjectReference {
    /// Its API group; empty is Kubernetes' own.
    pub group: String,
    /// Its kind: Service, or Istio's Hostname.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; left out means that of the route.
    pub namespace: Option<String>,
    /// Its port.
    pub port: Option<u32>,
}

/// Where traffic goes, and its share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BackendRef {
    /// Where.
    #[serde(flatten)]
    pub backend: BackendObjectReference,
    /// The share, of the sum of all; zero means nothing.
    pub weight: i32,
}

/// A Secret or ConfigMap with certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectReference {
    /// Its API group; empty is Kubernetes' own.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; left out means that of the referring object.
    pub namespace: Option<String>,
}

/// What a policy is for, or part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalPolicyTargetReference {
    /// Its API group; empty is Kubernetes' own.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its name, in the policy's namespace.
    pub name: String,
    /// One port of it by name; left out means all.
    pub section_name: Option<String>,
}
