//! The input as it was read, and what becomes of it with edits.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::leaf;
use super::place::Place;
use crate::config_dump::ConfigDump;
use crate::diagnostic::Diagnostics;
use crate::ingest::{self, Manifests};
use crate::input::Input;
use crate::mesh::Mesh;
use crate::options::Options;
use crate::pipeline::translate_one;
use crate::proxy;
use crate::source::{FieldPath, ResourceRef, SourceFile, Step};

/// The input as it was read, before anything is completed.
#[derive(Debug)]
pub struct World {
    /// The objects.
    pub manifests: Manifests,
    /// What reading them had to say.
    pub diagnostics: Diagnostics,
    options: Options,
}

/// An edit of one value of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The object.
    pub object: ResourceRef,
    /// The field; empty for the whole object.
    pub path: FieldPath,
    /// The field inside of the YAML that the field holds as text (the mesh config); empty if it is the text itself.
    pub inner: FieldPath,
    /// What it becomes; it is left out for `None`.
    pub value: Option<Value>,
}

impl Edit {
    /// Returns the edit that leaves an object out.
    pub fn without_object(object: ResourceRef) -> Self {
        Self { object, path: FieldPath::default(), inner: FieldPath::default(), value: None }
    }
}

/// The mesh after edits.
#[derive(Debug)]
pub(crate) struct Variant {
    /// The mesh.
    pub(crate) mesh: Mesh,
    /// Whether the API server and istiod take all objects as edited.
    pub(crate) accepted: bool,
}

impl World {
    /// Reads files.
    pub fn new(files: Vec<SourceFile>, options: &Options) -> Self {
        let (mut manifests, diagnostics) = ingest::ingest_within(files, &options.budgets);
        manifests.keep_objects();
        Self { manifests, diagnostics, options: options.clone() }
    }

    /// Returns the references of all objects.
    pub(crate) fn objects(&self) -> Vec<ResourceRef> {
        (0..u32::try_from(self.manifests.documents.len()).unwrap_or(u32::MAX)).map(ResourceRef).collect()
    }

    /// Returns where an object is written.
    pub fn place(&self, object: ResourceRef) -> Place {
        leaf::object_place(&self.manifests, object)
    }

    /// Returns the completed input.
    pub fn input(&self) -> Input {
        let mut input = self.edited(None, &[], &[]).0;
        input.diagnostics.extend(self.diagnostics.clone());
        input
    }

    /// Returns the input with everything that controllers would add, as if it had been written so.
    #[must_use]
    pub fn expanded(&self) -> Self {
        let input = self.edited(None, &[], &[]).0;
        let documents = input.expansion.documents(&input.manifests).into_iter().map(|object| object.to_string());
        let text = documents.collect::<Vec<_>>().join("\n---\n");
        let options = Options { expand: false, ..self.options.clone() };
        Self::new(vec![SourceFile::new("expanded", text)], &options)
    }

    /// Returns the input with some of its objects only; references stay what they are.
    #[must_use]
    pub fn only(&self, keep: &BTreeSet<ResourceRef>) -> Self {
        let (manifests, _) = self.manifests.edited(Some(keep), &BTreeMap::new(), &[]);
        Self { manifests, diagnostics: Diagnostics::default(), options: self.options.clone() }
    }

    /// Makes the mesh of the objects in `keep` (all, for `None`) with edits.
    pub(crate) fn variant(&self, keep: Option<&BTreeSet<ResourceRef>>, edits: &[Edit]) -> Variant {
        let (input, accepted) = self.edited(keep, edits, &[]);
        Variant { mesh: input.mesh(), accepted }
    }

    /// Returns the completed input with edits and with objects more, and whether the API server and istiod take all objects as
    /// edited.
    pub(crate) fn edited(
        &self,
        keep: Option<&BTreeSet<ResourceRef>>,
        edits: &[Edit],
        added: &[Value],
    ) -> (Input, bool) {
        let mut of_object: BTreeMap<ResourceRef, Vec<&Edit>> = BTreeMap::new();
        for edit in edits {
            of_object.entry(edit.object).or_default().push(edit);
        }
        let objects = of_object.into_iter().map(|(object, edits)| (object, self.object(object, edits))).collect();
        let (manifests, accepted) = self.manifests.edited(keep, &objects, added);
        (Input::of(manifests, Diagnostics::default(), &self.options), accepted)
    }

    /// Returns an object after edits; nothing if it is left out.
    fn object(&self, object: ResourceRef, mut edits: Vec<&Edit>) -> Option<Value> {
        let mut value = self.manifests.node(object)?.to_json();
        // Items of lists that go must not move those that are still to be edited, and new ones come in their order.
        edits.sort_by(|a, b| {
            let by_path = (&a.path, &a.inner).cmp(&(&b.path, &b.inner));
            let by_path = if a.value.is_none() { by_path.reverse() } else { by_path };
            a.value.is_none().cmp(&b.value.is_none()).then(by_path)
        });
        for edit in edits {
            if edit.path.0.is_empty() {
                match &edit.value {
                    None => return None,
                    Some(whole) => value = whole.clone(),
                }
            } else if edit.inner.0.is_empty() {
                put(&mut value, &edit.path.0, edit.value.as_ref());
            } else if let Some(Value::String(text)) = at_mut(&mut value, &edit.path.0)
                && let Some(mut inner) = ingest::json_of_yaml(text)
            {
                put(&mut inner, &edit.inner.0, edit.value.as_ref());
                // JSON is YAML too.
                *text = inner.to_string();
            }
        }
        Some(value)
    }
}

impl Variant {
    /// Translates one proxy, if it is still there.
    pub(crate) fn translate(&self, proxy: &str) -> Option<ConfigDump> {
        let proxy = proxy::proxy_named(&self.mesh, proxy)?;
        Some(translate_one(&self.mesh, &proxy, &mut Diagnostics::default()))
    }
}

fn at_mut<'v>(value: &'v mut Value, path: &[Step]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(*index),
    })
}

/// Replaces what is at a path, or takes it out; what is not there stays so when it is taken out.
fn put(value: &mut Value, path: &[Step], new: Option<&Value>) {
    let Some((last, before)) = path.split_last() else { return };
    let mut parent = value;
    for step in before {
        let next = match step {
            Step::Key(key) => {
                if let (Value::Object(map), true) = (&mut *parent, new.is_some()) {
                    map.entry(key.clone()).or_insert(Value::Null);
                }
                parent.get_mut(key)
            }
            Step::Index(index) => parent.get_mut(*index),
        };
        let Some(next) = next else { return };
        parent = next;
        if parent.is_null() && new.is_some() {
            *parent = Value::Object(serde_json::Map::new());
        }
    }
    match (last, parent, new) {
        (Step::Key(key), Value::Object(map), Some(new)) => {
            map.insert(key.clone(), new.clone());
        }
        (Step::Key(key), Value::Object(map), None) => {
            map.remove(key);
        }
        (Step::Index(index), Value::Array(items), Some(new)) => match items.get_mut(*index) {
            Some(item) => *item = new.clone(),
            None => items.push(new.clone()),
        },
        (Step::Index(index), Value::Array(items), None) if *index < items.len() => {
            items.remove(*index);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::Proxy;

    fn bookinfo() -> World {
        let files = [
            ("namespaces.yaml", include_str!("../../examples/bookinfo/namespaces.yaml")),
            ("productpage.yaml", include_str!("../../examples/bookinfo/productpage.yaml")),
            ("reviews.yaml", include_str!("../../examples/bookinfo/reviews.yaml")),
            ("routing.yaml", include_str!("../../examples/bookinfo/routing.yaml")),
        ];
        let files = files.into_iter().map(|(path, text)| SourceFile::new(path, text)).collect();
        World::new(files, &Options { expand: true, ..Options::default() })
    }

    #[test]
    fn what_other_edits_have_made_known_changes_nothing() {
        let used = bookinfo();
        let names: Vec<String> = proxy::proxies(&used.variant(None, &[]).mesh).iter().map(Proxy::full_name).collect();
        let served = |variant: &Variant| -> Vec<Option<Vec<String>>> {
            let texts = |dump: ConfigDump| dump.resources().into_iter().map(|one| one.text.to_owned()).collect();
            names.iter().take(2).map(|name| variant.translate(name).map(texts)).collect()
        };
        for object in used.objects() {
            let edits = [Edit::without_object(object)];
            let (again, fresh) = (used.variant(None, &edits), bookinfo().variant(None, &edits));
            assert_eq!(served(&again), served(&fresh), "without {}", used.place(object).object);
        }
    }
}
