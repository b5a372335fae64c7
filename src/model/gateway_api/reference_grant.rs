//! `ReferenceGrant`: who may refer to objects of its namespace.

use serde::Deserialize;

/// Allows objects of some namespaces to refer to objects of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReferenceGrant {
    /// Who may.
    pub from: Vec<ReferenceGrantFrom>,
    /// To what.
    pub to: Vec<ReferenceGrantTo>,
}

/// Who may refer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReferenceGrantFrom {
    /// API group of the referring kind.
    pub group: String,
    /// The referring kind.
    pub kind: String,
    /// The namespace of the referring objects.
    pub namespace: String,
}

/// What may be referred to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReferenceGrantTo {
    /// API group of the kind; empty is Kubernetes' own.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// One object; left out means all of the kind.
    pub name: Option<String>,
}
