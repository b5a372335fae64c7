//! Values that another program has yet to fill in: Helm, `envsubst`, Kustomize's variables, SOPS, `sed` in a script.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::source::{Node, NodeKind};

/// Forms that mean nothing else wherever they stand.
static CERTAIN: LazyLock<Regex> = LazyLock::new(|| {
    let name = r"[A-Za-z_][A-Za-z0-9_.-]*";
    Regex::new(&format!(
        r"\{{\{{.*?\}}\}}|\$\{{{name}(:?[-=?+][^}}]*)?\}}|\$\({name}\)|<<_*{name}>>|@@?{name}@@?|%%{name}%%|\$\${name}\$\$|\b_{{2,3}}[A-Za-z][A-Za-z0-9_-]*?_{{2,3}}(?:\b|$)|^ENC\[[A-Z0-9_]+,|<%=?.*?%>"
    ))
    .expect("a fixed expression")
});

/// Forms that are placeholders only where the value is refused otherwise: `[X]`, `<name>`, capitals inside of a host's name,
/// `REPLACEME`, `namePlaceholder`, a shell's `$NAME`, `%NAME%`, which is an operator in Envoy's formats of access logs.
static LIKELY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^\[[A-Za-z_][A-Za-z0-9_ .-]*\]$|<[A-Za-z_][A-Za-z0-9_ .-]*>|(?:^|[./-])[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)+(?:[./-]|$)|\.[A-Z][A-Z0-9]{2,}(?:\.|$)|^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|(?:^|[./_-])(?:REPLACE|CHANGE|FIXME|TODO|YOUR)[A-Z0-9_]*(?:[./_-]|$)|[A-Za-z0-9_]*(?:PLACEHOLDER|[Pp]laceholder)[A-Za-z0-9_]*|%[A-Z][A-Z0-9_]*%|\$[A-Z][A-Z0-9_]*",
    )
    .expect("a fixed expression")
});

/// Forms that YAML takes for no value, since it keeps their first character for itself.
static NO_YAML: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:%[A-Z][A-Z0-9_]*%|%%[A-Za-z_][A-Za-z0-9_.-]*%%|@@?[A-Za-z_][A-Za-z0-9_.-]*@@?|<%.*?%>|\{%.*?%\})")
        .expect("a fixed expression")
});

/// Marks without which no certain form is: a quick look at a whole file.
const MARKS: &[&str] = &["${", "{{", "$(", "__", "<<", "@", "%%", "$$", "ENC[", "<%"];

/// Maps whose values are scripts, queries and arguments, in which such forms mean something to those who run them.
const OPAQUE: &[&str] = &["containers", "initContainers", "inlineString", "inlineCode", "annotations", "status"];

/// Returns the first placeholder in a text, in a form that is nothing else.
pub(crate) fn find(text: &str) -> Option<&str> {
    CERTAIN.find(text).map(|found| found.as_str())
}

/// Returns the first placeholder in a value that somebody refuses.
pub(crate) fn find_in_refused(text: &str) -> Option<&str> {
    find(text).or_else(|| LIKELY.find(text).map(|found| found.as_str()))
}

/// Returns whether a text begins with a placeholder that YAML does not take for a value.
pub(super) fn is_no_yaml(text: &str) -> bool {
    NO_YAML.is_match(text)
}

/// Returns whether a text may hold a placeholder at all.
pub(crate) fn may_be_in(text: &str) -> bool {
    MARKS.iter().any(|mark| text.contains(mark))
}

/// Returns the first placeholder of an object that decides anything.
///
/// What containers run, data of a ConfigMap and texts of a Secret are no part of what the object says of itself.
pub(crate) fn in_object(object: Node<'_>) -> Option<String> {
    let kind = object.get("kind").and_then(Node::as_str).unwrap_or_default();
    object.entries().find_map(|(key, value)| match key.as_str().unwrap_or_default() {
        "data" | "binaryData" if kind == "ConfigMap" => None,
        "stringData" | "apiVersion" | "kind" | "status" | "sops" => None,
        _ => in_node(value),
    })
}

fn in_node(node: Node<'_>) -> Option<String> {
    match node.kind() {
        NodeKind::String(text) => find(text).map(str::to_owned),
        NodeKind::Seq(items) => items.into_iter().find_map(in_node),
        NodeKind::Map(entries) => entries.into_iter().find_map(|(key, value)| {
            let key = key.as_str().unwrap_or_default();
            find(key).map(str::to_owned).or_else(|| if OPAQUE.contains(&key) { None } else { in_node(value) })
        }),
        _ => None,
    }
}

/// Takes the values with placeholders out of an object, so that the rest can be read; says whether there were any.
pub(super) fn remove(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => {
            let before = fields.len();
            fields.retain(|key, value| {
                let is_one = value.as_str().is_some_and(|text| find_in_refused(text).is_some());
                !is_one && find(key).is_none()
            });
            let removed = fields.len() < before;
            fields.values_mut().map(remove).fold(removed, |any, one| any | one)
        }
        Value::Array(items) => {
            let before = items.len();
            items.retain(|item| item.as_str().is_none_or(|text| find_in_refused(text).is_none()));
            let removed = items.len() < before;
            items.iter_mut().map(remove).fold(removed, |any, one| any | one)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_programs() {
        for (text, found) in [
            ("host `{{ .Values.host }}.x`", "{{ .Values.host }}"),
            ("a.${NAMESPACE}.svc", "${NAMESPACE}"),
            ("${REPLICAS:-3}", "${REPLICAS:-3}"),
            ("${REPLICAS:=3}", "${REPLICAS:=3}"),
            ("a.$(app-namespace).svc", "$(app-namespace)"),
            ("<<__subdomain__>>.<<__domain__>>", "<<__subdomain__>>"),
            ("__REPLICA_COUNT__", "__REPLICA_COUNT__"),
            ("___COOKIE_SECRET___", "___COOKIE_SECRET___"),
            ("@@TAG@@", "@@TAG@@"),
            ("app-$$name$$", "$$name$$"),
            ("ENC[AES256_GCM,data:abc=]", "ENC[AES256_GCM,"),
        ] {
            assert_eq!(find(text), Some(found), "{text}");
        }
        for text in
            ["^a$|(b){2}", "%REQ(:path)%", "user@example.com", "[A-Z]+", "<a>", "__name__x", "a__b__c", "$1", "ENC[x]"]
        {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn where_yaml_has_no_value() {
        for text in ["%LOGIN_HOST%/a", "%%name%%", "@NAME@", "@@name@@:1.0", "<%= host %>", "{% if a %}"] {
            assert!(is_no_yaml(text), "{text}");
        }
        for text in ["%", "% A %", "@", "@user", "{a: b}", "%YAML 1.2"] {
            assert!(!is_no_yaml(text), "{text}");
        }
    }

    #[test]
    fn of_refused_values() {
        for text in [
            "[X]",
            "<domain>",
            "./cart.SHOP_NAMESPACE.svc.cluster.local",
            "REPLICA_COUNT",
            "REPLACEME-canary",
            "shop.DOMAIN.com",
            "https://%LOGIN_HOST%/keys",
            "cart.$SHOP_NS.svc.cluster.local",
        ] {
            assert!(find_in_refused(text).is_some(), "{text}");
        }
        for text in ["Shop.example.com", "a_b.example.com", "x", "ROUND ROBIN", "ROUND", "%REQ(:path)%", "^a$"] {
            assert!(find_in_refused(text).is_none(), "{text}");
        }
    }
}
