//! Files of a folder that hold no objects yet: Helm's templates, and what Kustomize applies to objects.
//!
//! - Beside a `Chart.yaml`, `templates` and `charts` are programs that write manifests, and `values*.yaml` is their input.
//! - Files of cases for `meshc test` say what must become of requests.
//! - Patches, replacements and generators' files that a `kustomization.yaml` names are parts of objects.
//!
//! Objects that are made from them are for `helm template` and `kustomize build`. What stands by itself, such as the
//! resources of a kustomization, is read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::kustomize::{Kustomizations, Overlay, clean, is_kustomization};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::SourceFile;

/// Overlays that a note names.
const SHOWN: usize = 3;

/// Files that hold objects, and what becomes of them before they are applied.
pub(super) struct Files {
    pub(super) with_objects: Vec<SourceFile>,
    pub(super) kustomizations: Kustomizations,
    /// The kustomizations that somebody applies.
    pub(super) overlays: Vec<Overlay>,
    /// How many files of charts there are.
    pub(super) templates: usize,
}

/// Returns the files that hold objects, and notes what is left out.
pub(super) fn objects_only(files: Vec<SourceFile>, diagnostics: &mut Diagnostics) -> Files {
    let files: Vec<SourceFile> = files.into_iter().filter(|file| !is_test(file)).collect();
    let charts: BTreeSet<PathBuf> = files.iter().filter_map(chart).collect();
    let kustomizations = Kustomizations::new(&files);
    let parts = kustomizations.parts();
    let overlays = kustomizations.overlays();
    let mut templates = 0;
    let kept = files.into_iter().filter(|file| {
        let path = clean(Path::new(&file.path));
        if charts.iter().any(|chart| is_of_chart(&path, chart)) {
            templates += 1;
            return false;
        }
        !parts.contains(&path) && (!is_kustomization(&path) || is_object(file))
    });
    let kept = kept.collect();
    if templates > 0 {
        let (files, why) =
            if templates == 1 { ("file", "is not read: it holds") } else { ("files", "are not read: they hold") };
        let message = format!("{templates} {files} of Helm charts {why} no objects yet");
        let help = "`--helm DIR` renders a chart with `helm template`, and takes its values by `--helm-values FILE`";
        diagnostics.push(Diagnostic::note("helm-chart", message).help(help));
    }
    diagnostics.push_some(note(&overlays));
    Files { with_objects: kept, kustomizations, overlays, templates }
}

/// Says which overlays there are, and how to look at one.
fn note(overlays: &[Overlay]) -> Option<Diagnostic> {
    let changing: Vec<&str> = overlays.iter().filter(|one| one.changes).map(|one| one.folder.as_str()).collect();
    let first = changing.first()?;
    let mut names = changing.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if changing.len() > SHOWN {
        names = format!("{names} and {} more", changing.len() - SHOWN);
    }
    let builds = if changing.len() == 1 { "is an overlay" } else { "are overlays" };
    let message = format!("{names} {builds} of Kustomize: what its patches and generators change is not known here");
    Some(
        Diagnostic::note("kustomize", message).help(format!(
            "build an overlay first: `meshc lint -k {first}`, or `kustomize build {first} | meshc lint -`"
        )),
    )
}

/// Whether a file named as a kustomization holds an object, as Flux has a kind of that name.
fn is_object(file: &SourceFile) -> bool {
    let text = file.content.as_ref().map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
    text.contains("kustomize.toolkit.fluxcd.io")
}

/// Whether a file holds cases for `meshc test`, or for istio-config-validator, and no objects.
fn is_test(file: &SourceFile) -> bool {
    let Some(text) = file.content.as_ref().ok().and_then(|bytes| std::str::from_utf8(bytes).ok()) else { return false };
    let has =
        |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.trim_end().is_empty()));
    text.contains("ases:")
        && (has("cases:") || has("testCases:"))
        && !text.lines().any(|line| line.starts_with("apiVersion:"))
}

/// Returns the folder that a file makes a chart.
fn chart(file: &SourceFile) -> Option<PathBuf> {
    let path = clean(Path::new(&file.path));
    let is_chart = path.file_name().is_some_and(|name| name == "Chart.yaml");
    is_chart.then(|| path.parent().unwrap_or(Path::new("")).to_owned())
}

/// Whether a file is one of a chart's that holds no objects; CRDs, for one, do.
fn is_of_chart(path: &Path, chart: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(chart) else { return false };
    let mut steps = inside.components().filter_map(|step| step.as_os_str().to_str());
    match (steps.next(), steps.next()) {
        (Some("templates" | "charts"), Some(_)) => true,
        (Some(name), None) => name.starts_with("values") || name == "Chart.yaml",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let mut diagnostics = Diagnostics::default();
        let files = files.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect();
        let kept = objects_only(files, &mut diagnostics).with_objects.into_iter().map(|file| file.path).collect();
        (kept, diagnostics.iter().map(|one| one.message.clone()).collect())
    }

    #[test]
    fn cases_of_tests_are_no_objects() {
        let (kept, notes) = kept(&[("a/tests.yaml", "# x\ncases:\n- name: a\n"), ("a/b.yaml", "kind: Service\n")]);
        assert_eq!((kept.len(), notes.len()), (1, 0));
    }

    #[test]
    fn of_a_chart_the_crds_are_objects() {
        let (kept, notes) = kept(&[
            ("./app/Chart.yaml", "name: app"),
            ("./app/values-dev.yaml", ""),
            ("./app/templates/service.yaml", ""),
            ("./app/charts/db/templates/a.yaml", ""),
            ("./app/crds/a.yaml", ""),
            ("./other/templates/a.yaml", ""),
        ]);
        assert_eq!(kept, ["./app/crds/a.yaml", "./other/templates/a.yaml"]);
        assert_eq!(notes, ["4 files of Helm charts are not read: they hold no objects yet"]);
    }

    #[test]
    fn of_a_kustomization_the_patches_are_no_objects() {
        let text = "resources: [a.yaml, ../base]\npatches:\n- path: b.yaml\n- patch: '[]'\n- target: {kind: A}\n  path: ../c.yaml\n\
                    patchesStrategicMerge:\n- d.yaml\nconfigMapGenerator:\n- files: [x=e.yaml, f.yaml]\n";
        let (kept, notes) = kept(&[
            ("over/kustomization.yaml", text),
            ("over/a.yaml", ""),
            ("over/b.yaml", ""),
            ("c.yaml", ""),
            ("over/d.yaml", ""),
            ("over/e.yaml", ""),
            ("over/f.yaml", ""),
            ("base/b.yaml", ""),
        ]);
        assert_eq!(kept, ["over/a.yaml", "base/b.yaml"]);
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn a_chart_that_is_the_folder_itself() {
        assert_eq!(kept(&[("Chart.yaml", ""), ("templates/a.yaml", ""), ("a.yaml", "")]).0, ["a.yaml"]);
    }
}
