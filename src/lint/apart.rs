//! Objects that are never applied together, although one folder holds them all: what one says of another is not judged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::context::Item;
use super::finding::Finding;
use crate::diagnostic::{Diagnostic, Label};
use crate::ingest::{self, Kustomized};
use crate::source::{SourceId, Sources};

const SIBLINGS: &str = "their folders define the same objects, so they are not applied together";
const NAMELESS: &str = "objects of different folders without a namespace may get different ones";
const SAME: &str = "one of the two does not say its namespace, so they may be the same object";

/// Which objects are not of one cluster or namespace, as far as the folders say.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// Folders beside each other that define the same objects, by the folder around them: clusters, environments, tenants.
    siblings: BTreeMap<PathBuf, BTreeSet<String>>,
}

impl Apart {
    /// Learns from objects that are defined twice.
    pub(super) fn new<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>, sources: &Sources) -> Self {
        let mut out = Self::default();
        for twice in diagnostics.into_iter().filter(|one| one.code == ingest::DUPLICATE) {
            // Folders of one namespace often repeat it.
            if twice.message.starts_with("Namespace ") {
                continue;
            }
            let paths: Vec<&Path> =
                twice.labels.iter().filter_map(Label::span).map(|span| Path::new(sources.path(span.source))).collect();
            for (above, folders) in paths
                .split_first()
                .into_iter()
                .flat_map(|(one, others)| others.iter().filter_map(|other| folders(one, other)))
            {
                out.siblings.entry(above).or_default().extend(folders);
            }
        }
        out
    }

    /// Says why what is found of an object is none: all the others that belong to it are apart from it.
    pub(super) fn reason(
        &self,
        finding: &Finding<'_>,
        kustomized: &BTreeMap<SourceId, Arc<Kustomized>>,
    ) -> Option<&'static str> {
        let item = finding.item?;
        let others = finding.related.iter().map(|(other, ..)| *other).filter(|other| !std::ptr::eq(*other, item));
        let mut reasons = others.map(|other| self.of(item, other, kustomized)).collect::<Option<Vec<_>>>()?;
        reasons.pop()
    }

    /// Says why two objects are not applied together.
    pub(super) fn of(
        &self,
        one: &Item<'_>,
        other: &Item<'_>,
        kustomized: &BTreeMap<SourceId, Arc<Kustomized>>,
    ) -> Option<&'static str> {
        if !one.is_written() || !other.is_written() {
            return None;
        }
        let source = |item: &Item<'_>| item.node().span().source;
        let is_nameless = |item: &Item<'_>| !item.namespace.is_empty() && item.object().meta.namespace.is_empty();
        let have_one_name = (one.group(), one.kind(), one.name()) == (other.group(), other.kind(), other.name());
        if have_one_name && is_nameless(one) != is_nameless(other) && source(one) != source(other) {
            return Some(SAME);
        }
        let path = |item: &Item<'_>| item.sources().path(source(item)).to_owned();
        let (above, folders) = folders(Path::new(&path(one)), Path::new(&path(other)))?;
        if self.siblings.get(&above).is_some_and(|known| folders.iter().all(|folder| known.contains(folder))) {
            return Some(SIBLINGS);
        }
        let joined = kustomized
            .get(&source(one))
            .zip(kustomized.get(&source(other)))
            .is_some_and(|(one, other)| one.is_applied_with(other));
        (is_nameless(one) && is_nameless(other) && !joined).then_some(NAMELESS)
    }
}

/// Returns the folder around two paths, and the folders in it that lead to them, if they part at folders.
pub(super) fn folders(one: &Path, other: &Path) -> Option<(PathBuf, [String; 2])> {
    let steps =
        |path: &Path| path.components().map(|step| step.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>();
    let (one, other) = (steps(one), steps(other));
    let shared = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let folder = |steps: &[String]| (steps.len() > shared + 1).then(|| steps.get(shared).cloned()).flatten();
    let folders = [folder(&one)?, folder(&other)?];
    Some((one.iter().take(shared).collect(), folders))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_beside_each_other() {
        let parts = |one, other| folders(Path::new(one), Path::new(other));
        let (above, folders) = parts("clusters/east/app.yaml", "clusters/west/app.yaml").expect("they part at folders");
        assert_eq!((above.as_path(), folders), (Path::new("clusters"), ["east".to_owned(), "west".to_owned()]));
        assert_eq!(parts("a/one.yaml", "a/two.yaml"), None);
        assert_eq!(parts("a/one.yaml", "a/b/one.yaml"), None);
        assert_eq!(parts("one.yaml", "one.yaml"), None);
    }
}
