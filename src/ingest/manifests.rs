//! All that was read, in one order whatever the files were.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;

use super::kind::{Resource, Resources};
use super::known::KnownObjects;
use super::kustomize::{Kustomized, Overlay};
use super::{Object, Read, no_objects};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::{FieldPath, Node, ResourceRef, SourceId, Sources, Span, Tree};

/// The code of what is said of an object that is defined twice.
pub(crate) const DUPLICATE: &str = "duplicate-object";

/// The resources of the input, and what they were read from.
///
/// Lists of resources are those of [`Resources`], by namespace and name.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The files.
    pub sources: Sources,
    /// The documents of the resources; a [`ResourceRef`] is an index into it.
    pub documents: Vec<Arc<Document>>,
    /// The resources.
    pub resources: Resources,
    /// Definitions that later ones of the same object replace.
    pub(crate) replaced: Vec<Document>,
    /// How many documents (or values of JSON) the files have, read or not.
    pub document_count: usize,
    /// How many objects there are of kinds that are not used, as `HTTPRoute.gateway.networking.k8s.io`.
    pub ignored: BTreeMap<String, usize>,
    /// The documents that do not parse, and files that cannot be read (of no length): nobody knows what they hold.
    pub unread: Vec<Span>,
    /// Objects that are not checked, since a value of theirs is not filled in yet, each with its placeholder.
    pub unfinished: Vec<(Span, String)>,
    /// How many files were passed over that a template engine makes objects from: charts, and templates of other kinds.
    pub passed_over: usize,
    /// Whether an object was refused.
    pub(crate) has_refused: bool,
    /// Kustomizations that nothing else builds on.
    pub overlays: Vec<Overlay>,
    /// What Kustomize makes of the objects of a file.
    pub(crate) kustomized: BTreeMap<SourceId, Arc<Kustomized>>,
    /// Resources that say more than their documents.
    pub(crate) completed: BTreeSet<ResourceRef>,
    /// Objects of the program that were read, if they are kept; edited copies share them.
    known: Option<KnownObjects>,
}

/// Where a resource was read.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file.
    pub source: SourceId,
    /// API group; empty for the core group.
    pub group: String,
    /// API version, without the group.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// Its tree, which the other items of its list share.
    tree: Arc<Tree>,
    /// The object's node in it.
    root: u32,
    /// The object as another program makes it, such as Kustomize, where it differs from what is written.
    finished: Option<Arc<serde_json::Value>>,
    /// Namespace and name.
    named: (String, String),
}

impl Document {
    pub(crate) fn new(source: SourceId, tree: Arc<Tree>, root: u32, group: &str, version: &str, kind: &str) -> Self {
        Self {
            source,
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            tree,
            root,
            finished: None,
            named: Default::default(),
        }
    }

    /// Returns kind, namespace and name: `Service shop/cart`.
    pub fn title(&self) -> String {
        let (namespace, name) = &self.named;
        if namespace.is_empty() { format!("{} {name}", self.kind) } else { format!("{} {namespace}/{name}", self.kind) }
    }

    /// Returns the namespace that the object has, be it the default one or Kustomize's.
    pub(crate) fn namespace(&self) -> &str {
        &self.named.0
    }

    /// Says what another program makes of the object.
    pub(super) fn finished(mut self, object: Option<serde_json::Value>) -> Self {
        self.finished = object.map(Arc::new);
        self
    }

    /// Whether it holds this resource as it is written.
    pub(super) fn holds(&self, group: &str, kind: &str, resource: &Resource) -> bool {
        let meta = resource.meta();
        self.finished.is_none()
            && (self.group.as_str(), self.kind.as_str()) == (group, kind)
            && (&self.named.0, &self.named.1) == (&meta.namespace, &meta.name)
    }

    /// Returns the object, as finished by the program that finishes it.
    pub(crate) fn object(&self, sources: &Sources) -> serde_json::Value {
        self.finished.as_deref().cloned().unwrap_or_else(|| self.node(sources).to_json())
    }

    /// Returns the tree of the whole document.
    pub(super) fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    /// Returns the object's tree.
    pub fn node<'a>(&'a self, sources: &'a Sources) -> Node<'a> {
        self.tree.node(self.source, sources.text(self.source), self.root)
    }
}

impl Deref for Manifests {
    type Target = Resources;

    fn deref(&self) -> &Resources {
        &self.resources
    }
}

impl Manifests {
    /// Returns whether the files hold no object at all, not even of kinds that are not used.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.ignored.is_empty() && self.unfinished.is_empty() && !self.has_refused
    }

    /// Returns where a resource was read; nothing for one that was made up.
    pub fn document(&self, resource: ResourceRef) -> Option<&Document> {
        self.documents.get(resource.0 as usize).map(Arc::as_ref)
    }

    /// Returns group, kind, namespace and name of each resource that a document holds.
    pub fn names(&self) -> BTreeMap<ResourceRef, [String; 4]> {
        let named = |(document, index): (&Arc<Document>, u32)| {
            let (namespace, name) = &document.named;
            (ResourceRef(index), [document.group.clone(), document.kind.clone(), namespace.clone(), name.clone()])
        };
        self.documents.iter().zip(0..).map(named).collect()
    }

    /// Returns a copy in which objects are others (or gone, for `None`), and whether each of them would be accepted.
    ///
    /// A resource that is not in `keep` is left out; those of `added` are new. References stay what they are. What the API server or istiod's webhook
    /// would refuse is left out too.
    pub(crate) fn edited(
        &self,
        keep: Option<&BTreeSet<ResourceRef>>,
        objects: &BTreeMap<ResourceRef, Option<serde_json::Value>>,
        added: &[serde_json::Value],
    ) -> (Self, bool) {
        let mut out = Self {
            sources: self.sources.clone(),
            documents: self.documents.clone(),
            resources: self.resources.clone(),
            document_count: self.document_count,
            ignored: self.ignored.clone(),
            unread: self.unread.clone(),
            unfinished: self.unfinished.clone(),
            passed_over: self.passed_over,
            replaced: Vec::new(),
            has_refused: self.has_refused,
            overlays: self.overlays.clone(),
            kustomized: self.kustomized.clone(),
            completed: self.completed.clone(),
            known: self.known.clone(),
        };
        if keep.is_some() || !objects.is_empty() {
            out.resources
                .retain(|source| keep.is_none_or(|keep| keep.contains(&source)) && !objects.contains_key(&source));
        }
        let mut accepted = true;
        for (&reference, object) in objects {
            let Some(object) = object else { continue };
            match out.read_again(reference, object) {
                Some(resource) => out.resources.put(resource, reference),
                None => accepted = false,
            }
        }
        for object in added {
            let reference = ResourceRef(u32::try_from(out.documents.len()).unwrap_or(u32::MAX));
            let source = out.sources.add(String::new(), object.to_string());
            match super::read_value(source, out.sources.text(source)) {
                Some((document, resource)) => {
                    out.documents.push(Arc::new(document));
                    out.resources.put(resource, reference);
                }
                None => accepted = false,
            }
        }
        if !objects.is_empty() || !added.is_empty() {
            out.resources.sort();
        }
        (out, accepted)
    }

    /// Reads an object that takes a document's place.
    fn read_again(&mut self, reference: ResourceRef, object: &serde_json::Value) -> Option<Resource> {
        let place = reference.0 as usize;
        let old = self.documents.get(place)?;
        let source = self.sources.add(self.sources.path(old.source).to_owned(), object.to_string());
        let text = self.sources.text(source);
        let (document, resource) = super::read_value(source, text)?;
        *self.documents.get_mut(place)? = Arc::new(document);
        Some(resource)
    }

    /// Keeps what objects of the program are read as, for whoever completes edited copies of this.
    pub(crate) fn keep_objects(&mut self) {
        self.known = Some(KnownObjects::default());
    }

    /// Reads an object that the program has made for a place of the input, as if a file had it. Nothing if the API server would
    /// refuse it.
    pub(crate) fn read_of_program(&self, object: &serde_json::Value, source: ResourceRef) -> Option<Resource> {
        match &self.known {
            Some(known) => known.read(object, source, super::read_text_of_program),
            None => super::read_text_of_program(&object.to_string()),
        }
    }

    /// Returns the tree of a resource.
    pub fn node(&self, resource: ResourceRef) -> Option<Node<'_>> {
        self.document(resource).map(|document| document.node(&self.sources))
    }

    /// Returns a resource as JSON, as finished by the program that finishes it.
    pub(crate) fn object(&self, resource: ResourceRef) -> Option<serde_json::Value> {
        self.document(resource).map(|document| document.object(&self.sources))
    }

    /// Returns the place of a resource's field or, where the path ends early, of the last part of it that exists.
    pub fn locate(&self, resource: ResourceRef, path: &FieldPath) -> Option<Span> {
        self.node(resource).map(|node| node.place(path))
    }
}

/// Sorts what was read, drops duplicates, and gives each resource its reference.
pub(super) fn collect(
    sources: Sources,
    unread: Vec<Span>,
    read: Vec<Read>,
    diagnostics: &mut Diagnostics,
) -> Manifests {
    let mut manifests = Manifests { unread, ..Manifests::default() };
    let mut resources: Vec<(Resource, Document)> = Vec::new();
    let no_objects = no_objects::of(&sources, &read);
    for piece in read {
        manifests.document_count += piece.documents;
        let is_other = no_objects.contains_key(&piece.source);
        if no_objects.get(&piece.source) != Some(&no_objects::Why::Other) {
            manifests.unread.extend(piece.unread);
        }
        // Whoever names one file means that it holds objects.
        let is_other = is_other || piece.is_foreign && sources.len() > 1;
        let told = piece.diagnostics.into_iter().filter(|one| !is_other || no_objects::is_of_object(one.code));
        for diagnostic in told {
            manifests.has_refused |= diagnostic.severity == Severity::Error;
            diagnostics.push(diagnostic);
        }
        manifests.unfinished.extend(piece.unfinished);
        for object in piece.objects {
            match object {
                Object::Resource(resource, document) => resources.push((resource, document)),
                Object::Ignored(kind) => *manifests.ignored.entry(kind).or_default() += 1,
            }
        }
    }
    manifests.passed_over = no_objects::templates(&no_objects);
    diagnostics.extend(no_objects::notes(&no_objects, &manifests.unfinished).into_iter().collect());
    // Files are in the order in which they are applied, so of equal ones the last written stays last.
    resources.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut kept: Vec<(Resource, Document)> = Vec::with_capacity(resources.len());
    let mut replaced: Vec<Document> = Vec::new();
    for item in resources {
        // What has no name replaces nothing.
        let has_name = !item.0.meta().name.is_empty();
        if let Some(last) = kept.last_mut().filter(|last| has_name && key(last) == key(&item)) {
            // The API server makes a new object of each that only says what its name begins with.
            let has_name = item.1.node(&sources).at(&FieldPath::parse("metadata.name")).is_some();
            let (resource, document) = std::mem::replace(last, item);
            let named = (resource.meta().namespace.clone(), resource.meta().name.clone());
            replaced.extend(has_name.then_some(Document { named, ..document }));
        } else {
            diagnostics.push_some(duplicate(&sources, kept.last(), &replaced));
            manifests.replaced.append(&mut replaced);
            kept.push(item);
        }
    }
    diagnostics.push_some(duplicate(&sources, kept.last(), &replaced));
    manifests.replaced.append(&mut replaced);
    for (resource, document) in kept {
        let reference = ResourceRef(u32::try_from(manifests.documents.len()).unwrap_or(u32::MAX));
        let (namespace, name) = (resource.meta().namespace.clone(), resource.meta().name.clone());
        manifests.resources.put(resource, reference);
        manifests.documents.push(Arc::new(Document { named: (namespace, name), ..document }));
    }
    manifests.sources = sources;
    manifests
}

fn key((resource, document): &(Resource, Document)) -> (&str, &str, &str, &str) {
    let meta = resource.meta();
    (&document.group, &document.kind, &meta.namespace, &meta.name)
}

/// Warns at the definition that is used, with the places of those that it replaces.
fn duplicate(sources: &Sources, used: Option<&(Resource, Document)>, replaced: &[Document]) -> Option<Diagnostic> {
    let (resource, document) = used.filter(|_| !replaced.is_empty())?;
    let meta = resource.meta();
    let place = |document: &Document| document.node(sources).place(&FieldPath::parse("metadata.name"));
    let of = if meta.namespace.is_empty() { String::new() } else { format!("{}/", meta.namespace) };
    let times = match replaced.len() {
        1 => "twice".to_owned(),
        more => format!("{} times", more + 1),
    };
    let message = format!("{} `{of}{}` is defined {times}; the last definition is used", document.kind, meta.name);
    let diagnostic = Diagnostic::warning(DUPLICATE, message).label(place(document), "this definition is used");
    let diagnostic = replaced
        .iter()
        .fold(diagnostic, |diagnostic, document| diagnostic.label(place(document), "this one is replaced"));
    Some(diagnostic.help("keep one definition: `kubectl apply` would overwrite the others in the order of the files"))
}
