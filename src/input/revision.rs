//! The revision that the input is for, where nobody says one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::ingest::Manifests;
use crate::model::istio::label::REVISION;
use crate::options::Options;

const INJECTION: &str = "istio-injection";
const DEFAULT: &str = "default";

/// Chooses the revision that most namespaces ask for: theirs is the istiod that the input is written for. A note says so.
pub(super) fn choose<'o>(manifests: &Manifests, options: &'o Options) -> (Cow<'o, Options>, Option<Diagnostic>) {
    let none = (Cow::Borrowed(options), None);
    if !options.revision.is_empty() {
        return none;
    }
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    for namespace in &manifests.namespaces {
        let label = |key: &str| namespace.meta.labels.get(key).map(String::as_str);
        match (label(INJECTION), label(REVISION)) {
            (Some("enabled"), _) => *asked.entry(DEFAULT).or_default() += 1,
            (None, Some(revision)) => *asked.entry(revision).or_default() += 1,
            _ => {}
        }
    }
    let total: usize = asked.values().sum();
    // Of several with as many, the default, then the first by name.
    let most = asked.iter().max_by_key(|(name, count)| (**count, **name == DEFAULT, std::cmp::Reverse(**name)));
    let Some((&revision, count)) = most.filter(|(name, _)| **name != DEFAULT) else { return none };
    let message = format!(
        "{count} of {total} namespaces ask for revision `{revision}`: the input is taken as its istiod sees it"
    );
    let note = Diagnostic::note("revision", message).help("`--revision` chooses another one");
    (Cow::Owned(Options { revision: revision.to_owned(), ..options.clone() }), Some(note))
}
