//! Kubernetes' strategic merge patch: maps merge, lists of objects merge by a key where their type says so, all else is replaced.
//!
//! kubernetes: `apimachinery/pkg/util/strategicpatch/patch.go` `StrategicMergeMapPatchUsingLookupPatchMeta`

use serde_json::{Map, Value};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const ELEMENT_ORDER: &str = "$setElementOrder/";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList/";

/// How the list at a path (`spec.ports`) merges: objects by this key, texts as a set (an empty key), or not at all.
pub(in crate::expand) type MergeKey = fn(&str) -> Option<&'static str>;

/// Lays a patch over an object.
///
/// # Errors
///
/// The patch is none: an unknown directive, a list of different things, or an element without its key.
pub(in crate::expand) fn merge(
    original: Map<String, Value>,
    patch: Map<String, Value>,
    key: MergeKey,
) -> Result<Value, String> {
    merge_map(original, patch, "", key)
}

/// `patchMergeKey` of the fields of a Pod. kubernetes: `api/core/v1/types.go`
pub(in crate::expand) fn merge_key_of_pod(path: &str) -> Option<&'static str> {
    let Some(in_spec) = path.strip_prefix("spec.") else { return merge_key_of_metadata(path) };
    let (list, field) = in_spec.split_once('.').unwrap_or((in_spec, ""));
    let is_container = matches!(list, "containers" | "initContainers" | "ephemeralContainers");
    match (list, field) {
        (
            "containers" | "initContainers" | "ephemeralContainers" | "volumes" | "imagePullSecrets" | "resourceClaims",
            "",
        ) => Some("name"),
        ("hostAliases", "") => Some("ip"),
        ("topologySpreadConstraints", "") => Some("topologyKey"),
        _ if is_container => merge_key_of_container(field),
        _ => None,
    }
}

fn merge_key_of_container(field: &str) -> Option<&'static str> {
    match field {
        "env" => Some("name"),
        "ports" => Some("containerPort"),
        "volumeMounts" => Some("mountPath"),
        "volumeDevices" => Some("devicePath"),
        _ => None,
    }
}

/// `patchMergeKey` of the fields of a Deployment. kubernetes: `api/apps/v1/types.go`
pub(in crate::expand) fn merge_key_of_deployment(path: &str) -> Option<&'static str> {
    match path.strip_prefix("spec.template.") {
        Some(in_template) => merge_key_of_pod(in_template),
        None => merge_key_of_metadata(path),
    }
}

/// `patchMergeKey` of the fields of a Service. kubernetes: `api/core/v1/types.go`
pub(in crate::expand) fn merge_key_of_service(path: &str) -> Option<&'static str> {
    if path == "spec.ports" { Some("port") } else { merge_key_of_metadata(path) }
}

/// `patchMergeKey` of the metadata of any object. kubernetes: `apimachinery/pkg/apis/meta/v1/types.go`
pub(in crate::expand) fn merge_key_of_metadata(path: &str) -> Option<&'static str> {
    match path {
        "metadata.ownerReferences" => Some("uid"),
        "metadata.finalizers" => Some(""),
        _ => None,
    }
}

/// kubernetes: `mergeMap`
fn merge_map(
    mut original: Map<String, Value>,
    mut patch: Map<String, Value>,
    path: &str,
    key: MergeKey,
) -> Result<Value, String> {
    if let Some(directive) = patch.remove(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => Ok(Value::Object(patch)),
            Some("delete") => Ok(Value::Object(Map::new())),
            _ => Err(format!("`{DIRECTIVE}: {directive}` is not a directive")),
        };
    }
    if let Some(Value::Array(retained)) = patch.remove(RETAIN_KEYS) {
        original.retain(|name, _| retained.iter().any(|one| one == name));
    }
    let orders = take_directives(&mut patch, ELEMENT_ORDER);
    for (name, deleted) in take_directives(&mut patch, DELETE_FROM_LIST) {
        if let (Some(Value::Array(list)), Value::Array(deleted)) = (original.get_mut(&name), deleted) {
            list.retain(|one| !deleted.contains(one));
        }
    }
    let before: Vec<(String, Value)> =
        orders.iter().filter_map(|(name, _)| Some((name.clone(), original.get(name)?.clone()))).collect();
    for (name, new) in patch {
        let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let merged = match (original.get_mut(&name).map(Value::take), new) {
            (Some(Value::Object(old)), Value::Object(new)) => Some(merge_map(old, new, &at, key)?),
            (Some(Value::Array(old)), Value::Array(new)) => match key(&at) {
                Some(merge_key) => Some(Value::Array(merge_list(old, new, merge_key, &at, key)?)),
                None => Some(Value::Array(new)),
            },
            (_, new) => plain(new),
        };
        match merged {
            Some(merged) => original.insert(name, merged),
            None => original.remove(&name),
        };
    }
    for (name, order) in orders {
        let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let before = before.iter().find(|(other, _)| *other == name).and_then(|(_, list)| list.as_array());
        if let (Some(Value::Array(list)), Value::Array(order)) = (original.get_mut(&name), order) {
            let merge_key = key(&at).unwrap_or_default();
            *list = in_order(std::mem::take(list), &order, before.map_or(&[], Vec::as_slice), merge_key);
        }
    }
    Ok(Value::Object(original))
}

/// Takes the directives about lists out of a patch, by the list.
fn take_directives(patch: &mut Map<String, Value>, prefix: &str) -> Vec<(String, Value)> {
    let names: Vec<String> = patch.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
    let take = |name: String| Some((name.strip_prefix(prefix)?.to_owned(), patch.remove(&name)?));
    names.into_iter().filter_map(take).collect()
}

/// kubernetes: `mergeSlice`
fn merge_list(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    merge_key: &str,
    path: &str,
    key: MergeKey,
) -> Result<Vec<Value>, String> {
    if merge_key.is_empty() {
        let before = original.clone();
        for one in &patch {
            if !original.contains(one) {
                original.push(one.clone());
            }
        }
        return Ok(in_order(original, &patch, &before, merge_key));
    }
    let mut elements = Vec::new();
    let mut replaces = false;
    for element in patch {
        let Value::Object(element) = element else { return Err(format!("an element of `{path}` is not an object")) };
        match element.get(DIRECTIVE).map(|directive| directive.as_str().unwrap_or_default()) {
            None => elements.push(element),
            Some("replace") => replaces = true,
            Some("delete") => {
                let value = element.get(merge_key).ok_or_else(|| without_key(path, merge_key))?;
                original.retain(|one| one.get(merge_key) != Some(value));
            }
            Some(other) => return Err(format!("`{DIRECTIVE}: {other}` is not a directive for lists")),
        }
    }
    if replaces {
        return Ok(elements.into_iter().map(Value::Object).collect());
    }
    let before = original.clone();
    let order: Vec<Value> = elements.iter().cloned().map(Value::Object).collect();
    for element in elements {
        let value = element.get(merge_key).ok_or_else(|| without_key(path, merge_key))?;
        match original.iter_mut().find(|one| one.get(merge_key) == Some(value)) {
            Some(place) => {
                if let Value::Object(old) = place.take() {
                    *place = merge_map(old, element, path, key)?;
                }
            }
            None => original.push(Value::Object(element)),
        }
    }
    Ok(in_order(original, &order, &before, merge_key))
}

fn without_key(path: &str, merge_key: &str) -> String {
    format!("an element of `{path}` has no `{merge_key}`")
}

/// Puts elements that the patch names in its order, and the others, in the order that they had, before those of them that they
/// were before; after those that are new.
///
/// kubernetes: `normalizeElementOrder`, `mergeSortedSlice`
fn in_order(merged: Vec<Value>, order: &[Value], before: &[Value], merge_key: &str) -> Vec<Value> {
    let same = |a: &Value, b: &Value| {
        if merge_key.is_empty() { a == b } else { a.get(merge_key) == b.get(merge_key) }
    };
    let place = |list: &[Value], one: &Value| list.iter().position(|other| same(other, one));
    let (mut named, mut others): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|one| place(order, one).is_some());
    named.sort_by_key(|one| place(order, one));
    others.sort_by_key(|one| place(before, one));
    let mut named = named.into_iter().peekable();
    let mut out = Vec::new();
    for other in others {
        let is_first = |one: &Value| match (place(before, &other), place(before, one)) {
            (Some(other), Some(one)) => other < one,
            _ => false,
        };
        while let Some(one) = named.next_if(|one| !is_first(one)) {
            out.push(one);
        }
        out.push(other);
    }
    out.extend(named);
    out
}

/// What a patch adds, without nulls and what is to be deleted.
fn plain(new: Value) -> Option<Value> {
    match new {
        Value::Null => None,
        Value::Object(map) if map.contains_key(DIRECTIVE) => None,
        Value::Object(map) => {
            Some(Value::Object(map.into_iter().filter_map(|(name, value)| Some((name, plain(value)?))).collect()))
        }
        Value::Array(list) => Some(Value::Array(list.into_iter().filter_map(plain).collect())),
        scalar => Some(scalar),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(path: &str) -> Option<&'static str> {
        match path {
            "ports" => Some("port"),
            "ports.hosts" => Some("ip"),
            "names" => Some(""),
            _ => None,
        }
    }

    #[test]
    fn merges_by_type() {
        for (original, patch, expected) in [
            (
                json!({"a": 1, "b": {"c": 1}}),
                json!({"b": {"d": 2}, "e": 3}),
                json!({"a": 1, "b": {"c": 1, "d": 2}, "e": 3}),
            ),
            (json!({"a": 1, "b": 2}), json!({"a": null, "c": {"d": null}}), json!({"b": 2, "c": {}})),
            (json!({"list": [1, 2]}), json!({"list": [3]}), json!({"list": [3]})),
            (json!({"names": ["a", "b"]}), json!({"names": ["c", "b"]}), json!({"names": ["c", "a", "b"]})),
            (
                json!({"ports": [{"port": 1, "name": "a"}, {"port": 2, "name": "b"}]}),
                json!({"ports": [{"port": 2, "name": "c"}, {"port": 3}]}),
                json!({"ports": [{"port": 1, "name": "a"}, {"port": 2, "name": "c"}, {"port": 3}]}),
            ),
            // What is new comes before what the patch does not name.
            (
                json!({"ports": [{"port": 1}, {"port": 2}]}),
                json!({"ports": [{"port": 3}]}),
                json!({"ports": [{"port": 3}, {"port": 1}, {"port": 2}]}),
            ),
            (
                json!({"ports": [{"port": 1}, {"port": 2}]}),
                json!({"ports": [{"port": 3}], "$setElementOrder/ports": [{"port": 2}, {"port": 1}, {"port": 3}]}),
                json!({"ports": [{"port": 2}, {"port": 1}, {"port": 3}]}),
            ),
            (
                json!({"ports": [{"port": 1}, {"port": 2}]}),
                json!({"ports": [{"port": 1, "$patch": "delete"}]}),
                json!({"ports": [{"port": 2}]}),
            ),
            (
                json!({"ports": [{"port": 1}]}),
                json!({"ports": [{"$patch": "replace"}, {"port": 2}]}),
                json!({"ports": [{"port": 2}]}),
            ),
            (
                json!({"ports": [{"port": 1, "hosts": [{"ip": "a", "n": 1}]}]}),
                json!({"ports": [{"port": 1, "hosts": [{"ip": "a", "m": 2}]}]}),
                json!({"ports": [{"port": 1, "hosts": [{"ip": "a", "n": 1, "m": 2}]}]}),
            ),
            (json!({"a": {"b": 1, "c": 2}}), json!({"a": {"$patch": "replace", "d": 3}}), json!({"a": {"d": 3}})),
            (json!({"a": {"b": 1}}), json!({"a": {"$patch": "delete"}}), json!({"a": {}})),
            (json!({"a": {"b": 1, "c": 2}}), json!({"a": {"$retainKeys": ["c"]}}), json!({"a": {"c": 2}})),
            (json!({"names": ["a", "b"]}), json!({"$deleteFromPrimitiveList/names": ["a"]}), json!({"names": ["b"]})),
        ] {
            let map = |value: Value| value.as_object().cloned().unwrap_or_default();
            assert_eq!(merge(map(original), map(patch.clone()), key), Ok(expected), "{patch}");
        }
    }

    #[test]
    fn what_is_no_patch_is_refused() {
        for patch in [json!({"$patch": "other"}), json!({"ports": [{"name": "a"}]}), json!({"ports": ["a"]})] {
            let original = json!({"ports": [{"port": 1}]}).as_object().cloned().unwrap_or_default();
            assert!(merge(original, patch.as_object().cloned().unwrap_or_default(), key).is_err(), "{patch}");
        }
    }
}
