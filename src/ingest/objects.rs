//! The objects of the files as they stand: of every kind, whether or not the API server would take them.
//!
//! What [`super::ingest`] returns is what reaches istiod. Whoever judges the files themselves needs the rest as well: kinds
//! that are not translated, and objects that would be refused.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::kind::{Kind, Known, Resource};
use super::problem::Problem;
use super::{Document, Piece, list, metadata, parse, text, validation};
use crate::model::ObjectMeta;
use crate::source::{Node, SourceId, Sources, Span};

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
    let documents = |source| text::documents(sources.text(source)).into_iter().map(move |range| (source, range));
    let pieces: Vec<(SourceId, Range<u32>)> = sources.ids().flat_map(documents).collect();
    pieces.into_par_iter().flat_map_iter(|(source, range)| of_document(sources, source, range)).collect()
}

fn of_document(sources: &Sources, source: SourceId, range: Range<u32>) -> Vec<WrittenObject> {
    let content = sources.text(source);
    let mut out = Vec::new();
    for tree in parse(content, &Piece { source, range, json: false, invalid: None }).unwrap_or_default() {
        let tree = Arc::new(tree);
        let mut found = Vec::new();
        // A list with an item that is no object: the items before it count.
        let _ = list(tree.root(source, content), None, &mut found);
        for (node, type_meta) in found {
            out.extend(object(source, &tree, node, type_meta));
        }
    }
    out
}

/// Returns kind, namespace and name, as they are written, of the object at a place, whether or not anybody would take it.
pub(crate) fn name_at(sources: &Sources, place: Span) -> Option<(String, String, String)> {
    let content = sources.text(place.source);
    let mut documents = text::documents(content).into_iter();
    let range = documents.find(|range| range.contains(&place.start))?;
    let piece = Piece { source: place.source, range, json: false, invalid: None };
    for tree in parse(content, &piece).ok()? {
        let mut found = Vec::new();
        let _ = list(tree.root(place.source, content), None, &mut found);
        let holds = |node: &Node<'_>| node.span().start <= place.start && place.start < node.span().end;
        if let Some((node, type_meta)) = found.into_iter().find(|(node, _)| holds(node)) {
            let text = |key: &str| node.get("metadata")?.get(key)?.as_str().map(str::to_owned);
            let namespace = text("namespace").unwrap_or_default();
            return Some((type_meta.kind.to_owned(), namespace, text("name")?));
        }
    }
    None
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
