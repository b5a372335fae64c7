//! Documents of the files that could not be read: what they may hold is there after all, as far as anybody knows.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::ingest::{Manifests, placeholder};

static KIND: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\bkind["']?[ \t]*:[ \t]*["']?([^\s"',}]+)"#).expect("a fixed expression"));
static NAMESPACE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\bnamespace["']?[ \t]*:[ \t]*["']?([^\s"',}]+)"#).expect("a fixed expression"));

/// Kinds that make no Pods, of those that are often found: a kind that nobody here knows may make some.
const NO_WORKLOADS: &[&str] = &[
    "AuthorizationPolicy",
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "CustomResourceDefinition",
    "DestinationRule",
    "EnvoyFilter",
    "Gateway",
    "HTTPRoute",
    "Ingress",
    "Namespace",
    "PeerAuthentication",
    "PersistentVolumeClaim",
    "RequestAuthentication",
    "Role",
    "RoleBinding",
    "Secret",
    "Service",
    "ServiceAccount",
    "ServiceEntry",
    "Sidecar",
    "Telemetry",
    "VirtualService",
];

/// What a document that was not read may hold, by the words in it.
#[derive(Debug)]
pub(super) struct Unread {
    /// The kinds that it names; nothing if it may hold any.
    kinds: Option<BTreeSet<String>>,
    /// The namespaces that it names; nothing if it may be for any.
    namespaces: Option<BTreeSet<String>>,
    /// All words; nothing if some of them are not written yet.
    words: Option<BTreeSet<String>>,
}

impl Unread {
    /// Looks at the documents of the input that were not read.
    pub(super) fn all(manifests: &Manifests) -> Vec<Self> {
        let texts = manifests.unread.iter().map(|span| manifests.sources.slice(*span));
        texts.filter_map(Self::new).collect()
    }

    fn new(text: &str) -> Option<Self> {
        let is_template = text.contains("{{") || text.contains("{%") || placeholder::find_in_refused(text).is_some();
        let values = |pattern: &Regex| {
            let found = pattern.captures_iter(text).filter_map(|one| Some(one.get(1)?.as_str().to_owned()));
            let found: BTreeSet<String> = found.collect();
            let is_open = |value: &String| !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            (!found.is_empty() && !found.iter().any(is_open)).then_some(found)
        };
        // A file that cannot be opened has no text at all. What names no kind is no object, unless a template adds it.
        if !text.is_empty() && !is_template && !text.contains("kind") {
            return None;
        }
        let is_end = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        let words = || text.split(is_end).map(|word| word.trim_matches('.').to_owned()).collect();
        let words = (!text.is_empty() && !is_template).then(words);
        Some(Self { kinds: values(&KIND), namespaces: values(&NAMESPACE), words })
    }

    /// Says whether it may hold an object of a kind in a namespace which has all of some words.
    pub(super) fn may_hold(
        &self,
        is_kind: impl Fn(&str) -> bool,
        namespace: Option<&str>,
        words: impl IntoIterator<Item: AsRef<str>>,
    ) -> bool {
        let has = |word: &str| self.words.as_ref().is_none_or(|known| known.contains(word));
        self.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| is_kind(kind)))
            && namespace.is_none_or(|name| self.namespaces.as_ref().is_none_or(|known| known.contains(name)))
            && words.into_iter().all(|word| has(word.as_ref()))
    }
}

/// Whether a kind may make Pods.
pub(super) fn is_workload(kind: &str) -> bool {
    !NO_WORKLOADS.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_hold(text: &str, kind: &str, namespace: &str, word: &str) -> bool {
        Unread::new(text).is_some_and(|one| one.may_hold(|own| own == kind, Some(namespace), [word]))
    }

    #[test]
    fn by_its_words() {
        let text = "kind: Service\nmetadata:\n  name: cart\n  namespace: shop\n  x: [\n";
        assert!(may_hold(text, "Service", "shop", "cart"));
        assert!(!may_hold(text, "Service", "bank", "cart"));
        assert!(!may_hold(text, "Service", "shop", "car"));
        assert!(!may_hold(text, "Secret", "shop", "cart"));
    }

    #[test]
    fn of_what_it_does_not_say() {
        assert!(may_hold("kind: Service\nname: cart", "Service", "shop", "cart"));
        assert!(may_hold("kind: Service\nname: {{ name }}", "Service", "shop", "cart"));
        assert!(may_hold("{{ include \"all\" }}", "Service", "shop", "cart"));
        assert!(may_hold("", "Service", "shop", "cart"));
        assert!(!may_hold("a: [1, 2", "Service", "shop", "cart"));
    }
}
