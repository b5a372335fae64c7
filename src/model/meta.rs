//! What every resource has: its name, its labels, and where it was written.

use std::collections::BTreeMap;

use super::Timestamp;
use crate::source::ResourceRef;

/// One resource of a kind: who it is, what it says, and which document says it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config<T> {
    /// Name, namespace, labels and so on.
    pub meta: ObjectMeta,
    /// The resource's content: `spec`, or the whole body for kinds without one.
    pub spec: T,
    /// The document it was read from.
    pub source: ResourceRef,
}

/// The part of Kubernetes' `metadata` that decides anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectMeta {
    /// The resource's name, unique for its kind in its namespace.
    pub name: String,
    /// What the name begins with when the API server makes it up: Pods of workloads have it.
    pub generate_name: String,
    /// The namespace; empty for kinds that have none.
    pub namespace: String,
    /// Labels, which selectors match.
    pub labels: BTreeMap<String, String>,
    /// Annotations, which carry settings.
    pub annotations: BTreeMap<String, String>,
    /// When the resource was made, if the manifest says so. The older of two rivals usually wins.
    pub creation_timestamp: Option<Timestamp>,
    /// When the resource was asked to go, if it was.
    pub deletion_timestamp: Option<Timestamp>,
    /// Kubernetes' version of the resource, if the manifest says so.
    pub resource_version: String,
    /// The resource's unique identifier, if the manifest says so.
    pub uid: String,
    /// The resources that made this one, such as the ReplicaSet of a Pod.
    pub owner_references: Vec<OwnerReference>,
}

/// A resource that made another one and deletes it with itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnerReference {
    /// Group and version of the owner's kind.
    pub api_version: String,
    /// The owner's kind.
    pub kind: String,
    /// The owner's name, in the same namespace.
    pub name: String,
    /// Whether this owner manages the resource; at most one does.
    pub controller: bool,
}
