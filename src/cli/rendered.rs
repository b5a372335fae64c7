//! What another program renders: `kustomize build`, `helm template`. Runs only when a flag asks for it.
//!
//! What they write is read as a file of its own, and every place in it is led back to the file that it comes from: of Kustomize by the
//! annotation that says where an object is from, of Helm by the comment above it; then by the object's kind, its name, and the path.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use clap::Args;

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
    /// By the path under which a file was read: the folder that the paths in it begin at.
    roots: BTreeMap<String, PathBuf>,
}

impl RenderFlags {
    /// Says whether anything is to be rendered.
    pub(super) fn is_empty(&self) -> bool {
        self.kustomize.is_empty() && self.helm.is_empty()
    }

    /// Runs the programs, and returns what they write.
    pub(super) fn render(&self) -> anyhow::Result<(Vec<SourceFile>, Rendered)> {
        let (mut files, mut rendered) = (Vec::new(), Rendered::default());
        for folder in &self.kustomize {
            let path = format!("{} (kustomize)", folder.display());
            let (text, root) = kustomize(folder)?;
            rendered.roots.insert(path.clone(), root);
            files.push(SourceFile::new(path, text));
        }
        for folder in &self.helm {
            let path = format!("{} (helm)", folder.display());
            let text = self.template(folder)?;
            rendered.roots.insert(path.clone(), folder.clone());
            files.push(SourceFile::new(path, text));
        }
        Ok((files, rendered))
    }

    fn template(&self, folder: &Path) -> anyhow::Result<Vec<u8>> {
        let name = folder.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
        let mut command = Command::new("helm");
        command.arg("template").arg(name.unwrap_or_else(|| "release".to_owned())).arg(folder).arg("--include-crds");
        for values in &self.helm_values {
            command.arg("--values").arg(values);
        }
        if let Some(namespace) = &self.release_namespace {
            command.arg("--namespace").arg(namespace);
        }
        run(command, "helm template")?.context("`helm` is not installed: it is what --helm runs")
    }
}

/// Builds a kustomization from one of our own around it, which asks for the origin of each object.
fn kustomize(folder: &Path) -> anyhow::Result<(Vec<u8>, PathBuf)> {
    let inside = folder.canonicalize().with_context(|| format!("cannot read {}", folder.display()))?;
    let around = std::env::temp_dir().join(format!("meshc-kustomize-{}", std::process::id()));
    std::fs::create_dir_all(&around).with_context(|| format!("cannot write {}", around.display()))?;
    let around = around.canonicalize()?;
    let built = build(&around, &inside);
    let _ = std::fs::remove_dir_all(&around);
    Ok((built?, around))
}

fn build(around: &Path, inside: &Path) -> anyhow::Result<Vec<u8>> {
    let resource = relative(around, inside);
    let text = format!("resources: [{:?}]\nbuildMetadata: [originAnnotations]\n", resource.display().to_string());
    std::fs::write(around.join("kustomization.yaml"), text).context("cannot write a temporary kustomization")?;
    let with = |program: &str, verb: &str| {
        let mut command = Command::new(program);
        command.arg(verb).arg(around).args(["--load-restrictor", "LoadRestrictionsNone"]);
        run(command, &format!("{program} {verb}"))
    };
    if let Some(text) = with("kustomize", "build")? {
        return Ok(text);
    }
    with("kubectl", "kustomize")?
        .context("neither `kustomize` nor `kubectl` is installed: one of them is what --kustomize runs")
}

/// Runs a program; nothing if there is none.
fn run(mut command: Command, what: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let output = match command.stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot run `{what}`")),
    };
    anyhow::ensure!(output.status.success(), "`{what}` fails: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(Some(output.stdout))
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
            let Some(root) = self.roots.get(sources.path(span.source)) else { continue };
            let of_file = origins.entry(span.source).or_insert_with(|| ingest::origins(sources, span.source));
            let Some(origin) = of_file.iter().find(|one| one.span.start <= span.start && span.start < one.span.end)
            else {
                continue;
            };
            let Some(path) = origin.file.as_ref().map(|file| file_of(root, file)) else { continue };
            let file = *files.entry(path.clone()).or_insert_with(|| {
                let text = std::fs::read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok())?;
                Some(sources.add(shown(&path), text))
            });
            let Some(file) = file else { continue };
            if let Some(place) = ingest::counterpart(sources, *span, origin, file) {
                *span = place;
            }
        }
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
        assert_eq!(clean(Path::new("/tmp/gone/../../home/a")), Path::new("/home/a"));
    }
}
