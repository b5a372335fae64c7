//! Objects that another program finishes before the API server sees them.
//!
//! - SOPS decrypts what it has encrypted: an object with a top-level `sops` is there, with values that nobody knows.
//! - Kustomize gives the objects that a kustomization lists a namespace, labels and patches ([`super::kustomize`]).
//! - An object with a `$patch` is a part of one, for Kustomize.
//! - A value with a placeholder has no value yet. What the object says besides it still counts: others refer to it.

use serde_json::{Map, Value};

use super::kind::{Kind, Resource};
use super::kustomize::Kustomized;
use super::problem::Problem;
use super::{json, placeholder, text};
use crate::source::{Node, NodeKind, SourceId};

/// An object, read as far as it is finished.
pub(super) struct Finished {
    pub(super) resource: Option<Resource>,
    /// The object as it was read, if not as it is written.
    pub(super) object: Option<Value>,
    /// A value of it that is not there yet, for which it is not checked.
    pub(super) placeholder: Option<String>,
}

/// Reads an object; what is wrong with it goes to `problems`, unless another program puts it right.
pub(super) fn read(
    kind: &Kind,
    node: Node<'_>,
    kustomized: Option<&Kustomized>,
    problems: &mut Vec<Problem>,
    read: fn(&Kind, Node<'_>, &mut Vec<Problem>) -> Option<Resource>,
) -> Finished {
    let before = problems.len();
    let resource = read(kind, node, problems);
    let sops = is_of_sops(node);
    if kustomized.is_none() && !sops && resource.is_some() {
        return Finished { resource, object: None, placeholder: None };
    }
    let again = |object: Value| {
        let resource = read_value(kind, &object, read)?;
        Some((resource, object))
    };
    let mut object = node.to_json();
    if let Some(kustomized) = kustomized {
        object = kustomized.finish(&object);
    }
    if sops {
        decrypt(&mut object);
    }
    if (kustomized.is_some() || sops)
        && let Some((resource, object)) = again(object.clone())
    {
        problems.truncate(before);
        return Finished { resource: Some(resource), object: Some(object), placeholder: None };
    }
    let name = || node.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Node::as_str);
    let kind_of = node.get("kind").and_then(Node::as_str).unwrap_or_default();
    let is_changed =
        |kustomized: &Kustomized| kustomized.renamed || kustomized.patches(kind_of, name().unwrap_or_default());
    if resource.is_none() && kustomized.is_some_and(is_changed) {
        problems.truncate(before);
        return Finished { resource: None, object: None, placeholder: None };
    }
    if resource.is_none() && is_patch(node) {
        problems.truncate(before);
        let place = node.get("kind").unwrap_or(node).span();
        let message = format!("this {kind_of} is a patch of Kustomize for another object: not read");
        let problem = Problem::new("kustomize-patch", message, place.start, place.end).warning();
        problems.push(problem.help("read what `kustomize build` writes"));
        return Finished { resource: None, object: None, placeholder: None };
    }
    let of_refused = || {
        let mut refused = problems.iter().skip(before).filter(|problem| problem.is_error());
        refused.find_map(|problem| value_at(node, problem.start()))
    };
    let found = placeholder::in_object(node).or_else(of_refused);
    if let Some(found) = found.filter(|_| resource.is_none()) {
        problems.truncate(before);
        placeholder::remove(&mut object);
        let (resource, object) =
            again(object).map_or((None, None), |(resource, object)| (Some(resource), Some(object)));
        return Finished { resource, object, placeholder: Some(found) };
    }
    Finished { resource, object: None, placeholder: None }
}

/// Reads an object that is not in a file.
pub(super) fn read_value(
    kind: &Kind,
    object: &Value,
    read: fn(&Kind, Node<'_>, &mut Vec<Problem>) -> Option<Resource>,
) -> Option<Resource> {
    let text = object.to_string();
    let tree = json::parse(&text, 0..text::offset(text.len())).ok()?.pop()?;
    read(kind, tree.root(SourceId::default(), &text), &mut Vec::new())
}

/// Returns the placeholder in the value that begins at a byte of the file.
fn value_at(node: Node<'_>, start: u32) -> Option<String> {
    let text = node.scalar_at(start)?;
    placeholder::find_in_refused(text).map(str::to_owned)
}

/// Whether an object says by a key of strategic merge patches how it is laid over another one.
fn is_patch(object: Node<'_>) -> bool {
    let is_word = |key: &str| matches!(key, "$patch" | "$retainKeys") || key.starts_with("$setElementOrder/");
    match object.kind() {
        NodeKind::Map(entries) => {
            entries.into_iter().any(|(key, value)| key.as_str().is_some_and(is_word) || is_patch(value))
        }
        NodeKind::Seq(items) => items.into_iter().any(is_patch),
        _ => false,
    }
}

/// Whether SOPS has encrypted an object. It adds what is needed to decrypt it, which is gone after that.
pub(crate) fn is_of_sops(object: Node<'_>) -> bool {
    let sops = object.get("sops");
    sops.is_some_and(|sops| ["mac", "version", "lastmodified"].iter().any(|field| sops.get(field).is_some()))
}

/// Takes out what SOPS has added, and the values that it has encrypted: their keys stay.
fn decrypt(object: &mut Value) {
    fn walk(value: &mut Value) {
        match value {
            Value::String(text) if text.starts_with("ENC[") => text.clear(),
            Value::Array(items) => items.iter_mut().for_each(walk),
            Value::Object(fields) => fields.values_mut().for_each(walk),
            _ => {}
        }
    }
    object.as_object_mut().map(|fields: &mut Map<String, Value>| fields.remove("sops"));
    walk(object);
}
