//! What another program renders: `kustomize build`, `helm template`. Runs only when a flag asks for it.
//!
//! What they write is read as a file of its own, and every place in it is led back to the file that it comes from: of Kustomize by the
//! annotation that says where an object is from, of Helm by the comment above it; then by the object's kind, its name, and the path.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use clap::Args;

use super::limits::Limits;
use super::program::run;
use super::{guard, source};
use crate::diagnostic::{Diagnostics, Place};
use crate::ingest::{self, Origin};
use crate::source::{SourceFile, SourceId, Sources, Span};

/// What is to be rendered.
#[derive(Debug, Default, Clone, Args)]
pub(super) struct RenderFlags {
    /// Builds this kustomization first, with `kustomize` or `kubectl kustomize`. May be given several times.
    ///
    /// Findings are at the lines of the files that it is built from.
    #[arg(short = 'k', long, value_name = "DIR")]
    pub(super) kustomize: Vec<PathBuf>,
    /// Renders this chart first, with `helm template`. May be given several times.
    #[arg(long, value_name = "DIR")]
    pub(super) helm: Vec<PathBuf>,
    /// Values for the charts of `--helm`, as `helm template --values`. May be given several times.
    #[arg(long, value_name = "FILE", requires = "helm")]
    pub(super) helm_values: Vec<PathBuf>,
    /// The namespace that the charts of `--helm` are installed into.
    #[arg(long, value_name = "NAMESPACE", requires = "helm")]
    pub(super) release_namespace: Option<String>,
}

/// Where the rendered files come from.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    /// By the path under which a file was read: the folder that the paths in it begin at, and the one that is rendered.
    roots: BTreeMap<String, (PathBuf, PathBuf)>,
    limits: Limits,
}

impl RenderFlags {
    /// Says whether anything is to be rendered.
    pub(super) fn is_empty(&self) -> bool {
        self.kustomize.is_empty() && self.helm.is_empty()
    }

    /// Runs the programs, and returns what they write.
    pub(super) fn render(&self, limits: &Limits) -> anyhow::Result<(Vec<SourceFile>, Rendered)> {
        let (mut files, mut rendered) = (Vec::new(), Rendered { limits: limits.clone(), ..Rendered::default() });
        for folder in &self.kustomize {
            let path = format!("{} (kustomize)", folder.display());
            let (text, root) = kustomize(folder, limits)?;
            guard::read(&path, text.len());
            rendered.roots.insert(path.clone(), (root, folder.clone()));
            files.push(SourceFile::new(path, text));
        }
        for folder in &self.helm {
            let path = format!("{} (helm)", folder.display());
            let text = self.template(folder, limits)?;
            guard::read(&path, text.len());
            rendered.roots.insert(path.clone(), (folder.clone(), folder.clone()));
            files.push(SourceFile::new(path, text));
        }
        Ok((files, rendered))
    }

    fn template(&self, folder: &Path, limits: &Limits) -> anyhow::Result<Vec<u8>> {
        let chart = folder.canonicalize().with_context(|| format!("cannot read {}", folder.display()))?;
        let mut command = Command::new("helm");
        command.args(["template", "--include-crds"]);
        for values in &self.helm_values {
            command.arg(format!("--values={}", values.display()));
        }
        if let Some(namespace) = &self.release_namespace {
            command.arg(format!("--namespace={namespace}"));
        }
        // A folder may be named like a flag.
        command.arg("--").arg(release_name(&chart)).arg(&chart);
        run(command, "helm template", limits)?.context("`helm` is not installed: it is what --helm runs")
    }
}

/// Returns the name of the release, which is the chart's folder where that is a name.
fn release_name(chart: &Path) -> String {
    const LONGEST: usize = 53;
    let name = chart.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_name = !name.is_empty() && name.chars().all(is_part) && !name.starts_with('-') && !name.ends_with('-');
    if is_name && name.len() <= LONGEST { name.to_owned() } else { "release".to_owned() }
}

/// Builds a kustomization from one of our own around it, which asks for the origin of each object.
fn kustomize(folder: &Path, limits: &Limits) -> anyhow::Result<(Vec<u8>, PathBuf)> {
    let inside = folder.canonicalize().with_context(|| format!("cannot read {}", folder.display()))?;
    let around = new_folder()?;
    let built =
        around.canonicalize().map_err(anyhow::Error::from).and_then(|real| Ok((build(&real, &inside, limits)?, real)));
    let _ = std::fs::remove_dir_all(&around);
    built
}

/// Makes a folder that was not there, and that nobody else can write into.
fn new_folder() -> anyhow::Result<PathBuf> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let mut last = None;
    for attempt in 0..100 {
        let path = std::env::temp_dir().join(format!("meshc-kustomize-{}-{attempt}", std::process::id()));
        match builder.create(&path) {
            Ok(()) => return Ok(path),
            Err(error) => last = Some((error, path)),
        }
    }
    let (error, path) = last.context("cannot make a temporary folder")?;
    Err(error).with_context(|| format!("cannot write {}", path.display()))
}

fn build(around: &Path, inside: &Path, limits: &Limits) -> anyhow::Result<Vec<u8>> {
    let resource = relative(around, inside);
    let text = format!(
        "resources: [{}]\nbuildMetadata: [originAnnotations]\n",
        serde_json::json!(resource.display().to_string())
    );
    std::fs::write(around.join("kustomization.yaml"), text).context("cannot write a temporary kustomization")?;
    // Files come from the folder of the kustomization that names them, as always with Kustomize.
    let with = |program: &str, verb: &str| {
        let mut command = Command::new(program);
        command.arg(verb).arg(around);
        run(command, &format!("{program} {verb}"), limits)
    };
    if let Some(text) = with("kustomize", "build")? {
        return Ok(text);
    }
    with("kubectl", "kustomize")?
        .context("neither `kustomize` nor `kubectl` is installed: one of them is what --kustomize runs")
}

/// Returns the way from one folder to another; both are absolute.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) = (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.iter().skip(shared).copied()).collect()
}

impl Rendered {
    /// Leads places back to the files that objects come from; those files are added to the sources.
    pub(super) fn lead_back<'s>(&self, sources: &mut Sources, spans: impl Iterator<Item = &'s mut Span>) {
        if self.roots.is_empty() {
            return;
        }
        let mut origins: BTreeMap<SourceId, Vec<Origin>> = BTreeMap::new();
        let mut files: BTreeMap<PathBuf, Option<SourceId>> = BTreeMap::new();
        for span in spans {
            let Some((root, folder)) = self.roots.get(sources.path(span.source)) else { continue };
            let of_file = origins.entry(span.source).or_insert_with(|| ingest::origins(sources, span.source));
            let Some(origin) = of_file.iter().find(|one| one.span.start <= span.start && span.start < one.span.end)
            else {
                continue;
            };
            let Some(path) = origin.file.as_ref().map(|file| file_of(root, file)) else { continue };
            let file = *files.entry(path.clone()).or_insert_with(|| {
                let text = String::from_utf8(self.file(folder, &path)?).ok()?;
                Some(sources.add(shown(&path), text))
            });
            let Some(file) = file else { continue };
            if let Some(place) = ingest::counterpart(sources, *span, origin, file) {
                *span = place;
            }
        }
    }

    /// Reads a file that an annotation or a comment names, which anybody may have written: it is a manifest of the same repository.
    fn file(&self, folder: &Path, path: &Path) -> Option<Vec<u8>> {
        source::is_manifest(path).then_some(())?;
        let folder = folder.canonicalize().ok()?;
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
        let root = here.filter(|here| folder.starts_with(here)).unwrap_or(folder);
        source::named_inside(&root, path, &self.limits).ok()
    }

    /// The same for findings.
    pub(super) fn lead_back_all(&self, sources: &mut Sources, diagnostics: &mut Diagnostics) {
        let spans = diagnostics.iter_mut().flat_map(|one| &mut one.labels).filter_map(|label| match &mut label.place {
            Place::Span(span) => Some(span),
            Place::Field(..) => None,
        });
        self.lead_back(sources, spans);
    }
}

/// Returns the file that an annotation or a comment names: of Helm, the path begins with the chart's name.
fn file_of(root: &Path, file: &str) -> PathBuf {
    // The folder that the path begins at may be gone by now, so its `..` are taken out by their names.
    let path = clean(&root.join(file));
    if path.exists() { path } else { clean(&root.join(file.split_once('/').map_or(file, |(_, inside)| inside))) }
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

/// Returns a path as it is reached from here.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok());
    here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned))
        .unwrap_or(path.to_owned())
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_from_one_folder_to_another() {
        assert_eq!(relative(Path::new("/tmp/x"), Path::new("/home/a/b")), Path::new("../../home/a/b"));
        assert_eq!(relative(Path::new("/a/b"), Path::new("/a/c/d")), Path::new("../c/d"));
        assert_eq!(release_name(Path::new("/charts/cart")), "cart");
        assert_eq!(release_name(Path::new("/charts/--post-renderer=sh")), "release");
        assert_eq!(clean(Path::new("/tmp/gone/../../home/a")), Path::new("/home/a"));
    }
}
