//! How an object and a place of it are named.

use std::fmt;

use crate::ingest::Manifests;
use crate::source::{Node, Position, ResourceRef, Span};

/// `DestinationRule bookstore/reviews`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    /// The kind.
    pub kind: String,
    /// The namespace; empty for kinds without.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl ObjectName {
    /// Returns how an object names itself.
    pub(super) fn of(manifests: &Manifests, object: ResourceRef) -> Self {
        let kind = manifests.document(object).map(|document| document.kind.clone()).unwrap_or_default();
        let metadata = manifests.node(object).and_then(|node| node.get("metadata"));
        let text = |key: &str| metadata.and_then(|m| m.get(key)).and_then(Node::as_str).unwrap_or_default().to_owned();
        let has_namespace = !matches!(
            kind.as_str(),
            "Namespace" | "Node" | "IngressClass" | "GatewayClass" | "MutatingWebhookConfiguration"
        );
        let namespace = match text("namespace") {
            _ if !has_namespace => String::new(),
            namespace if namespace.is_empty() => "default".to_owned(),
            namespace => namespace,
        };
        Self { kind, namespace, name: text("name") }
    }

    /// Reads `Kind namespace/name` or `Kind name`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.trim().split_once(' ')?;
        let (namespace, name) = name.trim().split_once('/').unwrap_or(("", name.trim()));
        let word = |text: &str| !text.is_empty() && !text.contains([' ', ':']);
        (word(kind) && word(name)).then(|| Self {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name } = self;
        if namespace.is_empty() { write!(f, "{kind} {name}") } else { write!(f, "{kind} {namespace}/{name}") }
    }
}

/// A value of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The object.
    pub object: ObjectName,
    /// The field; empty for the whole object.
    pub path: String,
    /// The file.
    pub file: String,
    /// Line and column.
    pub position: Position,
    /// The stretch to show.
    pub span: Span,
}
