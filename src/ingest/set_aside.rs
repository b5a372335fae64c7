//! Files of a folder that hold no objects yet: Helm's templates, and what Kustomize applies to objects.
//!
//! - Beside a `Chart.yaml`, `templates` and `charts` are programs that write manifests, and `values*.yaml` is their input.
//! - Patches, replacements and generators' files that a `kustomization.yaml` names are parts of objects.
//!
//! Objects that are made from them are for `helm template` and `kustomize build`. What stands by itself, such as the
//! resources of a kustomization, is read.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{text, yaml};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Node, SourceFile, SourceId};

/// Names of the file that says what Kustomize does. kustomize: `konfig.RecognizedKustomizationFileNames`
const KUSTOMIZATION: &[&str] = &["kustomization.yaml", "kustomization.yml"];

/// Returns the files that hold objects, and notes what is left out.
pub(super) fn objects_only(files: Vec<SourceFile>, diagnostics: &mut Diagnostics) -> Vec<SourceFile> {
    let charts: BTreeSet<PathBuf> = files.iter().filter_map(chart).collect();
    let parts: BTreeSet<PathBuf> = files.iter().flat_map(parts).collect();
    if charts.is_empty() && parts.is_empty() {
        return files;
    }
    let (mut templates, mut patches) = (0, 0);
    let kept = files.into_iter().filter(|file| {
        let path = clean(Path::new(&file.path));
        if charts.iter().any(|chart| is_of_chart(&path, chart)) {
            templates += 1;
            false
        } else if parts.contains(&path) {
            patches += 1;
            false
        } else {
            true
        }
    });
    let kept = kept.collect();
    let mut note = |code, number: usize, what: &str, how: &str| {
        if number > 0 {
            let (files, why) =
                if number == 1 { ("file", "is not read: it holds") } else { ("files", "are not read: they hold") };
            let message = format!("{number} {files} of {what} {why} no objects yet");
            diagnostics.push(Diagnostic::note(code, message).help(format!("read what `{how}` writes")));
        }
    };
    note("helm-chart", templates, "Helm charts", "helm template");
    note("kustomize-patch", patches, "Kustomize (patches, replacements, files of generators)", "kustomize build");
    kept
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

/// Returns the files that a kustomization names as something else than resources.
fn parts(file: &SourceFile) -> Vec<PathBuf> {
    let path = Path::new(&file.path);
    let is_one = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| KUSTOMIZATION.contains(&name));
    let Some(bytes) = file.content.as_ref().ok().filter(|_| is_one) else { return Vec::new() };
    let text = text::decode(bytes.clone()).text;
    let trees = text::documents(&text).into_iter().filter_map(|range| yaml::parse(&text, range).ok());
    let folder = path.parent().unwrap_or(Path::new(""));
    trees.flat_map(|tree| named(tree.root(SourceId::default(), &text))).map(|name| clean(&folder.join(name))).collect()
}

fn named(kustomization: Node<'_>) -> Vec<String> {
    let items = |field: &str| kustomization.get(field).map(|list| list.items().collect::<Vec<_>>()).unwrap_or_default();
    let text = |node: Node<'_>| node.as_str().map(str::to_owned);
    let mut out = Vec::new();
    for field in ["patches", "patchesJson6902", "replacements"] {
        out.extend(items(field).into_iter().filter_map(|item| text(item.get("path")?)));
    }
    // A patch may also be written here in place: that is no path, which is no matter.
    for field in ["patchesStrategicMerge", "configurations", "crds"] {
        out.extend(items(field).into_iter().filter_map(text));
    }
    for field in ["configMapGenerator", "secretGenerator"] {
        for generator in items(field) {
            let files = ["files", "envs"].into_iter().filter_map(|list| generator.get(list)).flat_map(Node::items);
            let files = files.filter_map(Node::as_str);
            out.extend(files.map(|file| file.split_once('=').map_or(file, |(_, path)| path).to_owned()));
        }
    }
    for chart in items("helmCharts") {
        out.extend(chart.get("valuesFile").and_then(text));
    }
    out
}

/// Returns a path without `.` and `x/..`.
fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for step in path.components() {
        match step {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let mut diagnostics = Diagnostics::default();
        let files = files.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect();
        let kept = objects_only(files, &mut diagnostics).into_iter().map(|file| file.path).collect();
        (kept, diagnostics.iter().map(|one| one.message.clone()).collect())
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
        assert_eq!(kept, ["over/kustomization.yaml", "over/a.yaml", "base/b.yaml"]);
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn a_chart_that_is_the_folder_itself() {
        assert_eq!(kept(&[("Chart.yaml", ""), ("templates/a.yaml", ""), ("a.yaml", "")]).0, ["a.yaml"]);
    }
}
