//! YAML and JSON text -> [`Manifests`]: typed resources, each with the tree that it was read from.
//!
//! ```text
//! SourceFile ─text─▶ documents ─yaml, json─▶ Tree ─kind, crd, de─▶ Config<T> ─▶ Manifests
//!     bytes            cut at ---   positions       what the API server takes     sorted, no duplicates
//! ```
//!
//! What the API server or istiod's webhook would reject is a [`Diagnostic`] and is left out, as it would never have
//! reached istiod; everything else of the same file is still read. The result does not depend on the order of the
//! files or on how resources are spread over them, unless an object is defined twice: then the last definition is used, in the
//! order in which `kubectl apply` takes files.

mod cel;
mod crd;
mod de;
mod defaults;
mod indentation;
mod json;
mod kind;
mod known;
mod kustomize;
mod manifests;
mod mesh_settings;
mod metadata;
mod no_objects;
mod objects;
mod origin;
pub(crate) mod placeholder;
mod problem;
mod scalar;
mod secrecy;
mod set_aside;
mod shape;
mod text;
mod unfinished;
mod validation;
mod yaml;

pub use kind::Resources;
pub(crate) use kustomize::Kustomized;
pub use kustomize::Overlay;
pub(crate) use manifests::DUPLICATE;
pub use manifests::{Document, Manifests};
pub use mesh_settings::{MeshSettings, mesh_settings};
pub(crate) use mesh_settings::{json_of_yaml, proxy_config, tree_of_yaml};
pub(crate) use objects::{Named, names, objects_of};
pub use objects::{WrittenObject, objects};
pub(crate) use origin::{Origin, counterpart, origins};
pub(crate) use unfinished::is_of_sops;
pub(crate) use validation::annotation::{check as check_annotation, checked as checked_annotations};
pub(crate) use validation::is_of_webhook;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::options::Budgets;
use crate::source::{Node, NodeKind, SourceFile, SourceId, Sources, Span, Tree};
pub(crate) use kind::Resource;
use kind::{Kind, Known};
use metadata::TypeMeta;
use problem::Problem;

/// Reads all files.
pub fn ingest(files: Vec<SourceFile>) -> (Manifests, Diagnostics) {
    ingest_within(files, &Budgets::default())
}

/// Reads all files, within budgets.
pub fn ingest_within(files: Vec<SourceFile>, budgets: &Budgets) -> (Manifests, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let set_aside::Files { with_objects: files, kustomizations, overlays, templates } =
        set_aside::objects_only(files, &mut diagnostics);
    let (sources, unread, pieces) = load(files, &mut diagnostics);
    let kustomized: BTreeMap<SourceId, Arc<Kustomized>> =
        sources.ids().filter_map(|id| Some((id, kustomizations.of(Path::new(sources.path(id)))?))).collect();
    let read = read_all(&sources, &pieces, &kustomized, budgets);
    let mut sources = sources;
    sources.hide(read.iter().flat_map(|read| read.hidden.iter().copied()));
    let mut manifests = manifests::collect(sources, unread, read, &mut diagnostics);
    manifests.overlays = overlays;
    manifests.passed_over += templates;
    manifests.kustomized = kustomized;
    (manifests, diagnostics)
}

/// Documents that repeat values which are read side by side.
const AT_A_TIME: usize = 8;

/// Reads all documents. Those with aliases, which multiply, are read a few at a time, until the budget of the run is spent.
fn read_all(
    sources: &Sources,
    pieces: &[Piece],
    kustomized: &BTreeMap<SourceId, Arc<Kustomized>>,
    budgets: &Budgets,
) -> Vec<Read> {
    let read_piece = |piece: &Piece| read_piece(sources, piece, kustomized.get(&piece.source).map(Arc::as_ref));
    let repeats = |piece: &Piece| {
        let text = sources.text(piece.source).get(piece.range.start as usize..piece.range.end as usize);
        text.is_some_and(|text| text.contains('&') && text.contains('*'))
    };
    let mut read: Vec<Option<Read>> =
        pieces.par_iter().map(|piece| if repeats(piece) { None } else { Some(read_piece(piece)) }).collect();
    let left: Vec<usize> = (0..read.len()).filter(|at| read[*at].is_none()).collect();
    let mut repeated = 0_u64;
    for some in left.chunks(AT_A_TIME) {
        let of_some: Vec<Read> = some.par_iter().map(|at| read_piece(&pieces[*at])).collect();
        for (at, one) in some.iter().zip(of_some) {
            repeated += one.repeated;
            if repeated > budgets.alias_nodes {
                let Piece { source, range, .. } = &pieces[*at];
                let message = format!("the aliases of the input repeat more than {} values", budgets.alias_nodes);
                let diagnostic = Diagnostic::error("limit-alias-nodes", message)
                    .span(Span { source: *source, start: range.start, end: range.start })
                    .help("--max-alias-nodes raises the limit");
                read[*at] = Some(Read { diagnostics: vec![diagnostic], ..Read::new(*source) });
                return read.into_iter().flatten().collect();
            }
            read[*at] = Some(one);
        }
    }
    read.into_iter().flatten().collect()
}

/// A stretch of a file that holds one document (or several values of JSON).
struct Piece {
    source: SourceId,
    range: Range<u32>,
    json: bool,
    /// The first byte that is no text.
    invalid: Option<u32>,
}

/// What a [`Piece`] holds.
pub(crate) struct Read {
    source: SourceId,
    /// YAML documents and JSON values.
    documents: usize,
    /// Objects that are not checked for a placeholder: where they are, and the first one.
    unfinished: Vec<(Span, String)>,
    objects: Vec<Object>,
    diagnostics: Vec<Diagnostic>,
    /// How many nodes aliases have repeated.
    repeated: u64,
    /// The document, if it does not parse.
    unread: Option<Span>,
    /// Whether the document is a map that has nothing of an object: settings of another program beside its objects.
    is_foreign: bool,
    /// What is a Secret, or may be one: its text is never shown.
    hidden: Vec<Span>,
}

impl Read {
    fn new(source: SourceId) -> Self {
        Self {
            source,
            documents: 0,
            unfinished: Vec::new(),
            objects: Vec::new(),
            diagnostics: Vec::new(),
            repeated: 0,
            unread: None,
            is_foreign: false,
            hidden: Vec::new(),
        }
    }
}

/// An object of the input.
pub(crate) enum Object {
    /// A resource, and where it was read.
    Resource(Resource, Document),
    /// An object of a kind that we do not use: its kind and group.
    Ignored(String),
}

/// Decodes all files and cuts them into documents.
fn load(mut files: Vec<SourceFile>, diagnostics: &mut Diagnostics) -> (Sources, Vec<Span>, Vec<Piece>) {
    files.sort_by(|a, b| applied(a).cmp(&applied(b)));
    let decoded: Vec<_> = files
        .into_par_iter()
        .map(|file| {
            let SourceFile { path, content, .. } = file;
            let content = content.and_then(|bytes| {
                if u32::try_from(bytes.len()).is_ok_and(|len| len < u32::MAX / 2) {
                    Ok(text::decode(bytes))
                } else {
                    Err("files of 2 GiB and more are not read".to_owned())
                }
            });
            let ranges = content.as_ref().map(|text| text::documents(&text.text)).unwrap_or_default();
            (path, content, ranges)
        })
        .collect();
    let mut sources = Sources::default();
    let mut pieces = Vec::new();
    let mut unread = Vec::new();
    for (path, content, ranges) in decoded {
        let json = Path::new(&path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let text = match content {
            Ok(text) => text,
            Err(reason) => {
                let message = format!("cannot read `{path}`: {reason}");
                let source = sources.add(path, String::new());
                let span = Span { source, start: 0, end: 0 };
                diagnostics.push(Diagnostic::error("unreadable", message).span(span));
                unread.push(span);
                continue;
            }
        };
        let source = sources.add(path, text.text);
        let mut invalid = text.invalid.into_iter().peekable();
        pieces.extend(ranges.into_iter().map(|range| {
            let mut first = None;
            while let Some(at) = invalid.next_if(|at| *at < range.end) {
                first.get_or_insert(at);
            }
            Piece { source, range, json, invalid: first }
        }));
    }
    (sources, unread, pieces)
}

/// When `kubectl apply -R -f A -f B` takes a file: argument by argument, and folder by folder in the order of names.
///
/// Kubernetes: `cli-runtime/pkg/resource/visitor.go` `ExpandPathsToFileVisitors`
fn applied(file: &SourceFile) -> (usize, &Path, &str) {
    (file.argument, Path::new(&file.path), &file.path)
}

fn read_piece(sources: &Sources, piece: &Piece, kustomized: Option<&Kustomized>) -> Read {
    let source = piece.source;
    let text = sources.text(source);
    let whole = Span { source, start: piece.range.start, end: piece.range.end };
    let mut read = Read::new(source);
    let trees = match parse(text, piece) {
        Ok(trees) => trees,
        Err(mut problem) => {
            if secrecy::may_be_secret(sources.slice(whole)) {
                problem = problem.without_text();
                read.hidden.push(whole);
            }
            read.documents = 1;
            read.diagnostics.push(problem.diagnostic(source));
            read.unread = Some(whole);
            return read;
        }
    };
    for tree in trees {
        read.documents += 1;
        read.repeated += u64::from(tree.repeated());
        let tree = Arc::new(tree);
        let mut objects = Vec::new();
        if let Err(problem) = list(tree.root(piece.source, text), None, &mut objects) {
            if secrecy::may_be_secret(sources.slice(whole)) {
                read.hidden.push(whole);
            }
            read.diagnostics.push(problem.diagnostic(piece.source));
            read.unread = Some(whole);
            let root = tree.root(piece.source, text);
            let parts = ["apiVersion", "kind", "metadata", "spec"];
            read.is_foreign =
                matches!(root.kind(), NodeKind::Map(_)) && parts.iter().all(|part| root.get(part).is_none());
        }
        read.hidden.extend(secrecy::spans(&objects, whole));
        // A list may be as long as the whole input.
        let results: Vec<_> = objects
            .into_par_iter()
            .with_min_len(16)
            .map(|(node, type_meta)| read_object(piece.source, &tree, node, &type_meta, kustomized))
            .collect();
        for (object, unfinished, problems) in results {
            read.unfinished.extend(unfinished);
            read.objects.extend(object);
            read.diagnostics.extend(problems.into_iter().map(|problem| problem.diagnostic(piece.source)));
        }
    }
    read
}

fn parse(text: &str, piece: &Piece) -> Result<Vec<Tree>, Problem> {
    if let Some(at) = piece.invalid {
        return Err(Problem::new("invalid-utf8", "not valid UTF-8", at, at + 3));
    }
    let document = text.get(piece.range.start as usize..piece.range.end as usize).unwrap_or("");
    if let Some((at, c)) = text::control_character(document) {
        let at = piece.range.start + text::offset(at);
        let message = format!("the control character U+{:04X} is not allowed in YAML", u32::from(c));
        return Err(Problem::new("control-character", message, at, at + text::offset(c.len_utf8())));
    }
    if !json::looks_like(document) {
        return yaml::parse(text, piece.range.clone()).map(|tree| vec![tree]);
    }
    match json::parse(text, piece.range.clone()) {
        Ok(trees) => Ok(trees),
        Err(problem) if piece.json => Err(problem),
        // Maybe YAML in flow style; if it is neither, the reader that came further knows better.
        Err(problem) => match yaml::parse(text, piece.range.clone()) {
            Ok(tree) => Ok(vec![tree]),
            Err(other) => Err(if other.start() > problem.start() { other } else { problem }),
        },
    }
}

/// Takes lists apart: `kind: List` of anything, `kind: PodList` whose items may leave their kind out.
fn list<'a>(
    node: Node<'a>,
    of: Option<&TypeMeta<'a>>,
    objects: &mut Vec<(Node<'a>, TypeMeta<'a>)>,
) -> Result<(), Problem> {
    if node.is_null() {
        return Ok(());
    }
    let type_meta = match (of, node.get("kind")) {
        (Some(of), None) => *of,
        _ => metadata::type_meta(node)?,
    };
    if let (Some(item), Some(items)) = (type_meta.kind.strip_suffix("List"), node.get("items")) {
        let of = TypeMeta { kind: item, ..type_meta };
        let of = (!item.is_empty()).then_some(&of);
        return items.items().try_for_each(|item| list(item, of, objects));
    }
    objects.push((node, type_meta));
    Ok(())
}

fn read_object(
    source: SourceId,
    tree: &Arc<Tree>,
    node: Node<'_>,
    type_meta: &TypeMeta<'_>,
    kustomized: Option<&Kustomized>,
) -> (Option<Object>, Option<(Span, String)>, Vec<Problem>) {
    let TypeMeta { group, version, kind } = *type_meta;
    let mut problems = Vec::new();
    let entry = match Kind::of(type_meta).or_by_shape(node) {
        Known::No => {
            let name = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
            return (Some(Object::Ignored(name)), None, problems);
        }
        Known::OtherVersions(versions) => {
            let message = format!("{kind} has no version `{version}`: {}", versions.join(", "));
            let span = node.get("apiVersion").unwrap_or(node).span();
            problems.push(Problem::new("unknown-version", message, span.start, span.end));
            return (None, None, problems);
        }
        Known::Yes(entry) => entry,
    };
    let unfinished::Finished { resource, object, placeholder } =
        unfinished::read(entry, node, kustomized, &mut problems, Kind::read);
    let document = Document::new(source, Arc::clone(tree), node.index(), group, version, kind).finished(object);
    let mut unfinished = placeholder.map(|text| (node.span(), text));
    if secrecy::is_secret(kind) {
        problems = problems.into_iter().map(Problem::without_values).collect();
        unfinished = unfinished.map(|(span, _)| (span, "a placeholder".to_owned()));
    }
    (resource.map(|resource| Object::Resource(resource, document)), unfinished, problems)
}

/// Reads a text that holds one object in JSON. Nothing if the API server would refuse it.
fn read_value(source: SourceId, text: &str) -> Option<(Document, Resource)> {
    let tree = Arc::new(json::parse(text, 0..text::offset(text.len())).ok()?.pop()?);
    let node = tree.root(source, text);
    let type_meta = metadata::type_meta(node).ok()?;
    match read_object(source, &tree, node, &type_meta, None).0? {
        Object::Resource(resource, document) => Some((document, resource)),
        Object::Ignored(_) => None,
    }
}

/// Reads the text of an object that the program has made, as if a file had it. Nothing if the API server would refuse it.
fn read_text_of_program(text: &str) -> Option<Resource> {
    let tree = json::parse(text, 0..text::offset(text.len())).ok()?.pop()?;
    let node = tree.root(SourceId::default(), text);
    let Known::Yes(entry) = Kind::of(&metadata::type_meta(node).ok()?) else { return None };
    Kind::read(entry, node, &mut Vec::new())
}

#[cfg(test)]
mod tests;
