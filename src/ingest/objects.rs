//! The objects of the files as they stand: of every kind, whether or not the API server would take them.
//!
//! What [`super::ingest`] returns is what reaches istiod. Whoever judges the files themselves needs the rest as well: kinds
//! that are not translated, and objects that would be refused.

use std::sync::Arc;

use super::kind::{Kind, Known, Resource};
use super::problem::Problem;
use super::{Document, Piece, list, metadata, parse, text, validation};
use crate::model::ObjectMeta;
use crate::source::{Node, SourceId, Sources};

/// An object of a file.
#[derive(Debug)]
pub struct WrittenObject {
    /// Where it is, and of what kind.
    pub document: Document,
    /// Its name, labels and so on, as written: the namespace may be empty.
    pub meta: ObjectMeta,
    /// The object by its type; nothing for kinds that are not translated.
    pub(crate) resource: Option<Resource>,
}

impl WrittenObject {
    /// Returns what istiod's webhook says of the object.
    pub(crate) fn validate(&self, sources: &Sources) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(resource) = &self.resource {
            validation::check(resource, self.document.node(sources), &mut problems);
        }
        problems
    }

    /// The same of its spec only, whatever its annotations are.
    pub(crate) fn validate_spec(&self, sources: &Sources) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(resource) = &self.resource {
            validation::check_spec(resource, self.document.node(sources), &mut problems);
        }
        problems
    }
}

/// Reads all objects of the files, in the order of the files.
///
/// Unknown fields are passed over; an object whose fields have the wrong types is left out.
pub fn objects(sources: &Sources) -> Vec<WrittenObject> {
    let mut out = Vec::new();
    for source in sources.ids() {
        let content = sources.text(source);
        for range in text::documents(content) {
            let piece = Piece { source, range, json: false, invalid: None };
            for tree in parse(content, &piece).unwrap_or_default() {
                let tree = Arc::new(tree);
                let mut found = Vec::new();
                let root = tree.root(source, content);
                // A list with an item that is no object: the items before it count.
                let _ = list(root, None, &mut found);
                for (node, type_meta) in found {
                    out.extend(object(source, &tree, node, type_meta));
                }
            }
        }
    }
    out
}

fn object(
    source: SourceId,
    tree: &Arc<crate::source::Tree>,
    node: Node<'_>,
    type_meta: metadata::TypeMeta<'_>,
) -> Option<WrittenObject> {
    let meta = metadata::object_meta(node, &mut Vec::new())?;
    let resource = match Kind::of(&type_meta) {
        Known::Yes(kind) => Some(kind.read_leniently(node)?),
        Known::OtherVersions(_) => return None,
        Known::No => None,
    };
    let metadata::TypeMeta { group, version, kind } = type_meta;
    let document = Document::new(source, Arc::clone(tree), node.index(), group, version, kind);
    Some(WrittenObject { document, meta, resource })
}
