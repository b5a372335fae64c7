//! The objects of the files as they stand: of every kind, whether or not the API server would take them.
//!
//! What [`super::ingest`] returns is what reaches istiod. Whoever judges the files themselves needs the rest as well: kinds
//! that are not translated, and objects that would be refused.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::kind::{Kind, Known, Resource};
use super::kustomize::Kustomized;
use super::manifests::Manifests;
use super::problem::Problem;
use super::{Document, Piece, defaults, json, list, metadata, parse, text, unfinished, validation};
use crate::model::ObjectMeta;
use crate::source::{Node, SourceId, Sources, Span, Tree};

/// An object of a file.
#[derive(Debug)]
pub struct WrittenObject {
    /// Where it is, and of what kind.
    pub document: Document,
    /// Its name, labels and so on, as written: the namespace may be empty.
    pub meta: ObjectMeta,
    /// The object by its type; nothing for kinds that are not translated.
    pub(crate) resource: Option<Resource>,
    /// Whether it says what the API server fills in.
    is_complete: bool,
}

impl WrittenObject {
    /// Returns one that a controller makes of another one, with all that the API server fills in.
    pub(crate) fn made(document: Document, meta: ObjectMeta, resource: Resource) -> Self {
        Self { document, meta, resource: Some(resource), is_complete: true }
    }

    /// Fills in what the API server would; the labels of its metadata too.
    pub(crate) fn complete(&mut self) {
        if let Some(resource) = &mut self.resource {
            if !self.is_complete {
                defaults::complete(resource);
                self.is_complete = true;
            }
            self.meta.labels.clone_from(&resource.meta().labels);
        }
    }

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
    read(sources, &Trees::new(), &Completed::new(), |_| None)
}

/// Reads all objects of the manifests' files, with what Kustomize makes of them; those that the manifests hold may be `complete`
/// already.
pub(crate) fn objects_of(manifests: &Manifests, complete: bool) -> Vec<WrittenObject> {
    let completed: Completed = if complete { as_read(manifests).collect() } else { Completed::new() };
    let known = manifests.documents.iter().map(|document| {
        let start = document.tree().root(document.source, manifests.sources.text(document.source)).span().start;
        ((document.source, start), document.tree())
    });
    let known = known.collect();
    read(&manifests.sources, &known, &completed, |source| manifests.kustomized.get(&source).map(Arc::as_ref))
}

/// Returns the resources of the manifests that say no more than their documents.
fn as_read(manifests: &Manifests) -> impl Iterator<Item = ((SourceId, u32), Resource)> {
    manifests.resources.all().filter_map(|(group, kind, resource)| {
        let reference = resource.source();
        let document = manifests.document(reference).filter(|document| document.holds(group, kind, &resource))?;
        let is_same = !manifests.completed.contains(&reference) && !manifests.kustomized.contains_key(&document.source);
        is_same.then(|| ((document.source, document.node(&manifests.sources).span().start), resource))
    })
}

/// Resources that were read before, by file and start.
type Completed = BTreeMap<(SourceId, u32), Resource>;

/// Trees that were read before, by file and start.
type Trees<'t> = BTreeMap<(SourceId, u32), &'t Arc<Tree>>;

fn read<'k>(
    sources: &Sources,
    known: &Trees<'_>,
    completed: &Completed,
    kustomized: impl Fn(SourceId) -> Option<&'k Kustomized> + Sync,
) -> Vec<WrittenObject> {
    let documents = |source| text::documents(sources.text(source)).into_iter().map(move |range| (source, range));
    let pieces: Vec<(SourceId, Range<u32>)> = sources.ids().flat_map(documents).collect();
    pieces
        .into_par_iter()
        .flat_map_iter(|(source, range)| of_document(sources, (known, completed), (source, range), kustomized(source)))
        .collect()
}

fn of_document(
    sources: &Sources,
    (known, completed): (&Trees<'_>, &Completed),
    (source, range): (SourceId, Range<u32>),
    kustomized: Option<&Kustomized>,
) -> Vec<WrittenObject> {
    let content = sources.text(source);
    let mut out = Vec::new();
    // A document of YAML is one tree; JSON may be several in a row.
    let is_json = json::looks_like(sources.slice(Span { source, start: range.start, end: range.end }));
    let before = if is_json { None } else { known.range((source, range.start)..(source, range.end)).next() };
    let trees = if let Some((_, tree)) = before {
        vec![Arc::clone(tree)]
    } else {
        let trees = parse(content, &Piece { source, range, json: false, invalid: None }).unwrap_or_default();
        trees.into_iter().map(Arc::new).collect()
    };
    for tree in trees {
        let mut found = Vec::new();
        // A list with an item that is no object: the items before it count.
        let _ = list(tree.root(source, content), None, &mut found);
        for (node, type_meta) in found {
            let known = completed.get(&(source, node.span().start));
            out.extend(object((source, node), &tree, type_meta, kustomized, known));
        }
    }
    out
}

/// An object, as it names itself.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    /// Where it is.
    pub(crate) span: Span,
    /// Its kind.
    pub(crate) kind: String,
    /// Its namespace; empty if it says none.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
}

/// Returns how the objects of a file name themselves, whether or not anybody would take them.
pub(crate) fn names(sources: &Sources, source: SourceId) -> Vec<Named> {
    let content = sources.text(source);
    let mut out = Vec::new();
    for range in text::documents(content) {
        for tree in parse(content, &Piece { source, range, json: false, invalid: None }).unwrap_or_default() {
            let mut found = Vec::new();
            let _ = list(tree.root(source, content), None, &mut found);
            out.extend(found.into_iter().filter_map(|(node, type_meta)| {
                let text = |key: &str| node.get("metadata")?.get(key)?.as_str().map(str::to_owned);
                let (namespace, name) = (text("namespace").unwrap_or_default(), text("name")?);
                Some(Named { span: node.span(), kind: type_meta.kind.to_owned(), namespace, name })
            }));
        }
    }
    out
}

fn object(
    (source, node): (SourceId, Node<'_>),
    tree: &Arc<Tree>,
    type_meta: metadata::TypeMeta<'_>,
    kustomized: Option<&Kustomized>,
    known: Option<&Resource>,
) -> Option<WrittenObject> {
    let mut meta = metadata::object_meta(node, &mut Vec::new());
    let mut finished = None;
    let resource = match Kind::of(&type_meta).or_by_shape(node) {
        Known::Yes(_) if known.is_some() => known.cloned(),
        Known::Yes(kind) => {
            let read = |kind: &Kind, node: Node<'_>, _: &mut Vec<Problem>| kind.read_leniently(node);
            let read = unfinished::read(kind, node, kustomized, &mut Vec::new(), read);
            // What is not filled in, or is patched, is there all the same.
            let is_there = read.placeholder.is_some() || kustomized.is_some();
            finished = read.object;
            if read.resource.is_none() && !is_there {
                return None;
            }
            read.resource
        }
        Known::OtherVersions(_) => return None,
        Known::No => None,
    };
    if let Some(read) = &resource
        && (finished.is_some() || meta.is_none())
    {
        let written = meta.as_ref().is_some_and(|meta| meta.namespace.is_empty());
        let mut own = read.meta().clone();
        if written && kustomized.is_none() {
            own.namespace.clear();
        }
        meta = Some(own);
    }
    let mut meta = meta?;
    if let Some(namespace) = kustomized.and_then(|kustomized| kustomized.namespace()).filter(|_| resource.is_none()) {
        namespace.clone_into(&mut meta.namespace);
    }
    if meta.name.is_empty() {
        meta.generate_name.clone_into(&mut meta.name);
    }
    let metadata::TypeMeta { group, version, kind } = type_meta;
    let document = Document::new(source, Arc::clone(tree), node.index(), group, version, kind).finished(finished);
    Some(WrittenObject { document, meta, resource, is_complete: known.is_some() })
}
