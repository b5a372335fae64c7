//! The single values of an object.

use serde_json::Value;

use super::place::{ObjectName, Place};
use crate::ingest::{self, Manifests};
use crate::source::{FieldPath, Node, NodeKind, Position, ResourceRef, Span, Step};

/// A value with nothing inside of it: a scalar, or an empty list or map.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) object: ResourceRef,
    pub(super) path: FieldPath,
    /// The path inside of the YAML that is the value of the path (the mesh config).
    pub(super) inner: FieldPath,
    pub(super) value: Value,
    pub(super) span: Span,
}

/// Fields that say who an object is and nothing about what it does.
const IDENTITY: [&[&str]; 6] = [
    &["apiVersion"],
    &["kind"],
    &["metadata", "uid"],
    &["metadata", "resourceVersion"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
];

/// Returns the leaves of an object, in the order in which they are written.
pub(super) fn leaves(manifests: &Manifests, object: ResourceRef) -> Vec<Leaf> {
    let mut out = Vec::new();
    if let Some(node) = manifests.node(object) {
        walk(object, node, &mut Vec::new(), &mut out);
    }
    let is_config_map = manifests.document(object).is_some_and(|document| document.kind == "ConfigMap");
    if is_config_map {
        out = out.into_iter().flat_map(|leaf| inside(manifests, leaf)).collect();
    }
    out
}

fn walk(object: ResourceRef, node: Node<'_>, path: &mut Vec<Step>, out: &mut Vec<Leaf>) {
    let is_identity = |known: &&[&str]| {
        known.len() == path.len() && known.iter().zip(path.iter()).all(|(a, b)| *b == Step::Key((*a).to_owned()))
    };
    if IDENTITY.iter().any(is_identity) {
        return;
    }
    let before = out.len();
    match node.kind() {
        NodeKind::Map(map) => {
            for (key, value) in map {
                path.push(Step::Key(key.as_str().unwrap_or_default().to_owned()));
                walk(object, value, path, out);
                path.pop();
            }
        }
        NodeKind::Seq(seq) => {
            for (at, item) in seq.enumerate() {
                path.push(Step::Index(at));
                walk(object, item, path, out);
                path.pop();
            }
        }
        _ => {}
    }
    if out.len() == before && !path.is_empty() {
        let path = FieldPath(path.clone());
        out.push(Leaf { object, path, inner: FieldPath::default(), value: node.to_json(), span: node.span() });
    }
}

/// Returns the values inside of a leaf that holds YAML: those of the mesh config and of the mesh networks.
fn inside(manifests: &Manifests, leaf: Leaf) -> Vec<Leaf> {
    let text = match (leaf.path.0.as_slice(), &leaf.value) {
        ([Step::Key(data), Step::Key(key)], Value::String(text))
            if data == "data" && matches!(key.as_str(), "mesh" | "meshNetworks") =>
        {
            text.clone()
        }
        _ => return vec![leaf],
    };
    let Some(tree) = ingest::tree_of_yaml(&text) else { return vec![leaf] };
    let mut inner = Vec::new();
    walk(leaf.object, tree.root(leaf.span.source, &text), &mut Vec::new(), &mut inner);
    let outer = manifests.sources.slice(leaf.span);
    let moved = inner.into_iter().map(|value| Leaf {
        path: leaf.path.clone(),
        inner: value.path,
        span: in_block(&text, value.span, outer, leaf.span),
        ..value
    });
    let moved: Vec<Leaf> = moved.collect();
    if moved.is_empty() { vec![leaf] } else { moved }
}

/// Returns where a stretch of a block's text is in the file: the block's lines stand there indented.
fn in_block(text: &str, inner: Span, outer: &str, span: Span) -> Span {
    let before = text.get(..inner.start as usize).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let number = before.matches('\n').count();
    let mut seen = 0;
    let mut at = 0;
    for candidate in outer.split_inclusive('\n') {
        if candidate.trim_end_matches(['\r', '\n']).ends_with(line) && !line.trim().is_empty() {
            // The same line may stand in the block several times.
            let same_before = before.lines().filter(|other| *other == line).count();
            if seen == same_before.min(number) {
                let indent = candidate.trim_end_matches(['\r', '\n']).len() - line.len();
                let start = span.start as usize + at + indent + (inner.start as usize - line_start);
                let end = start + (inner.end - inner.start) as usize;
                let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX).min(span.end);
                return Span { start: clamp(start), end: clamp(end), ..span };
            }
            seen += 1;
        }
        at += candidate.len();
    }
    span
}

impl Leaf {
    /// Returns the path as a reader would write it: `spec.http[0].timeout`, `data.mesh: defaultConfig.tracing`.
    pub(super) fn shown_path(&self) -> String {
        if self.inner.0.is_empty() { self.path.to_string() } else { format!("{}.{}", self.path, self.inner) }
    }

    /// Returns the place of the value.
    pub(super) fn place(&self, manifests: &Manifests) -> Place {
        Place {
            object: ObjectName::of(manifests, self.object),
            path: self.shown_path(),
            file: manifests.sources.path(self.span.source).to_owned(),
            position: manifests.sources.position(self.span),
            span: self.span,
        }
    }

    /// Returns the value, unless it is a secret's.
    pub(super) fn shown_value(&self, manifests: &Manifests) -> Value {
        let is_secret = manifests.document(self.object).is_some_and(|document| document.kind == "Secret");
        let is_data = matches!(self.path.0.first(), Some(Step::Key(key)) if key == "data" || key == "stringData");
        if is_secret && is_data { Value::from("[redacted]") } else { self.value.clone() }
    }
}

/// Returns the place of a whole object: its first line.
pub(super) fn object_place(manifests: &Manifests, object: ResourceRef) -> Place {
    let span = manifests.locate(object, &FieldPath::default()).unwrap_or_default();
    let position =
        if span == Span::default() { Position { line: 1, column: 1 } } else { manifests.sources.position(span) };
    Place {
        object: ObjectName::of(manifests, object),
        path: String::new(),
        file: manifests.sources.path(span.source).to_owned(),
        position,
        span,
    }
}
