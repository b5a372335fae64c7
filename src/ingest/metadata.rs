//! `apiVersion`, `kind` and `metadata`: who an object is, checked as the API server does for all kinds.

use k8s_openapi::apimachinery::pkg::apis::meta::v1 as api;

use super::de::{self, Style};
use super::problem::{MAX_PROBLEMS, Problem};
use super::yaml::shorten;
use crate::model::ObjectMeta;
use crate::source::{Node, NodeKind};

/// What an object says it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TypeMeta<'a> {
    /// `networking.istio.io`; empty for the core group.
    pub(crate) group: &'a str,
    /// `v1`
    pub(crate) version: &'a str,
    /// `VirtualService`
    pub(crate) kind: &'a str,
}

/// Reads `apiVersion` and `kind`.
pub(crate) fn type_meta(object: Node<'_>) -> Result<TypeMeta<'_>, Problem> {
    if !matches!(object.kind(), NodeKind::Map(_)) {
        return Err(problem("not-an-object", "a Kubernetes object is a map with `apiVersion` and `kind`", object));
    }
    let [api_version, kind] = ["apiVersion", "kind"].map(|field| match object.get(field) {
        Some(node) => match node.as_str() {
            Some("") | None => Err(problem("missing-kind", format!("`{field}` must be a word"), node)),
            Some(text) => Ok(text),
        },
        None => Err(problem("missing-kind", format!("no `{field}`: this is no Kubernetes object"), object)),
    });
    let (api_version, kind) = (api_version?, kind?);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Ok(TypeMeta { group, version, kind })
}

/// Reads `metadata`; all that is wrong with its types goes to `problems`.
pub(crate) fn object_meta(object: Node<'_>, problems: &mut Vec<Problem>) -> Option<ObjectMeta> {
    let Some(node) = object.get("metadata") else { return Some(ObjectMeta::default()) };
    match de::from_node::<api::ObjectMeta>(node, Style::Kubernetes) {
        Ok((meta, unknown)) => {
            problems.extend(unknown.into_iter().take(MAX_PROBLEMS).map(|one| unknown_field(object, one.key, one.near)));
            Some(meta.into())
        }
        Err(error) => {
            problems.push(typed(object, &error));
            None
        }
    }
}

/// Checks the names, labels and annotations of an object, and gives it the namespace that it has when it says none.
pub(crate) fn complete(
    object: Node<'_>,
    namespaced: bool,
    meta: ObjectMeta,
    problems: &mut Vec<Problem>,
) -> ObjectMeta {
    if meta.name.is_empty() && meta.generate_name.is_empty() {
        let node = object.get("metadata").unwrap_or(object);
        problems.push(problem("missing-name", "`metadata.name` is missing", node.get("name").unwrap_or(node)));
    }
    complete_unnamed(object, namespaced, meta, problems)
}

/// The same of an object that may have no name, as no API server keeps it.
pub(crate) fn complete_unnamed(
    object: Node<'_>,
    namespaced: bool,
    mut meta: ObjectMeta,
    problems: &mut Vec<Problem>,
) -> ObjectMeta {
    let node = object.get("metadata").unwrap_or(object);
    if meta.name.is_empty() && !meta.generate_name.is_empty() {
        // The API server adds five letters; that they are made up is not to be seen.
        meta.name = format!("{}00000", meta.generate_name);
    } else if !meta.name.is_empty() && !is_subdomain(&meta.name) {
        let at = node.get("name").unwrap_or(node);
        let message =
            format!("`{}` is not a valid name; use lower case letters, digits, `-` and `.`", shorten(&meta.name));
        problems.push(problem("invalid-name", message, at));
    }
    if !namespaced {
        meta.namespace.clear();
    } else if meta.namespace.is_empty() {
        "default".clone_into(&mut meta.namespace);
    } else if !is_label(&meta.namespace) {
        let at = node.get("namespace").unwrap_or(node);
        let message =
            format!("`{}` is not a valid namespace; use lower case letters, digits and `-`", shorten(&meta.namespace));
        problems.push(problem("invalid-name", message, at));
    }
    for (key, value) in node.get("labels").into_iter().flat_map(Node::entries) {
        if !is_qualified_name(key.as_str().unwrap_or("")) {
            problems.push(problem("invalid-label", "not a valid label key", key));
        }
        if !value.is_null() && !value.as_str().is_some_and(is_label_value) {
            let message = format!(
                "`{}` is not a valid label value: at most 63 letters, digits, `-`, `_` and `.`",
                shorten(value.as_str().unwrap_or(&value.to_json().to_string()))
            );
            problems.push(problem("invalid-label", message, value));
        }
    }
    for (key, _) in node.get("annotations").into_iter().flat_map(Node::entries) {
        if !is_qualified_name(&key.as_str().unwrap_or("").to_ascii_lowercase()) {
            problems.push(problem("invalid-annotation", "not a valid annotation key", key));
        }
    }
    meta
}

/// Returns the problem of a key that a type does not know; it may know another that was meant.
pub(crate) fn unknown_field(object: Node<'_>, key: Node<'_>, near: Option<&str>) -> Problem {
    let path = object.path_to(key.index());
    let span = key.span();
    let problem = Problem::new("unknown-field", format!("unknown field `{path}`"), span.start, span.end);
    match near {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem,
    }
}

/// Returns the problem of a value that its type does not take.
pub(crate) fn typed(object: Node<'_>, error: &de::Error) -> Problem {
    let index = error.node.unwrap_or(object.index());
    let path = object.path_to(index);
    let span = object.place(&path);
    Problem::new(error.code, format!("`{path}`: {}", error.message), span.start, span.end)
}

fn problem(code: &'static str, message: impl Into<String>, node: Node<'_>) -> Problem {
    let span = node.place(&crate::source::FieldPath::default());
    Problem::new(code, message, span.start, span.end)
}

/// Returns whether a text is a DNS label (RFC 1123), as namespaces must be.
pub(crate) fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    bytes.len() <= 63
        && bytes.first().is_some_and(alphanumeric)
        && bytes.last().is_some_and(alphanumeric)
        && bytes.iter().all(|byte| alphanumeric(byte) || *byte == b'-')
}

/// Returns whether a text is a DNS subdomain (RFC 1123), as most names must be.
pub(crate) fn is_subdomain(text: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 253
        && text.split('.').all(|part| {
            let bytes = part.as_bytes();
            bytes.first().is_some_and(alphanumeric)
                && bytes.last().is_some_and(alphanumeric)
                && bytes.iter().all(|byte| alphanumeric(byte) || *byte == b'-')
        })
}

/// Returns whether a text is the key of a label: a name, maybe after a DNS subdomain and a slash.
fn is_qualified_name(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    prefix.is_none_or(is_subdomain) && !name.is_empty() && is_label_value(name)
}

/// Returns whether a text is the value of a label.
pub(crate) fn is_label_value(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && bytes.first().is_none_or(u8::is_ascii_alphanumeric)
        && bytes.last().is_none_or(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}
