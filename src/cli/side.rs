//! One side of `meshc diff`: what is typed -> manifests, or dumps.

use std::path::{Path, PathBuf};

use super::limits::Limits;
use super::{git, source};
use crate::diff;
use crate::source::SourceFile;

/// A side, read.
pub(super) struct Side {
    /// What it is called in the output.
    pub(super) label: String,
    pub(super) content: Content,
}

/// What a side is.
pub(super) enum Content {
    /// Kubernetes and Istio objects.
    Manifests(Vec<SourceFile>),
    /// Path and text of dumps.
    Dumps(Vec<(String, String)>),
}

/// Reads both sides: two of them, or a range of revisions and paths.
pub(super) fn both(arguments: &[PathBuf], limits: &Limits) -> anyhow::Result<(Side, Side)> {
    let first = arguments.first().map(|first| first.to_string_lossy().into_owned()).unwrap_or_default();
    let range = git::range(&first).filter(|_| !Path::new(&first).exists());
    if let Some((before, after, since_they_parted)) = range {
        let here = [PathBuf::from(".")];
        let paths = arguments.get(1..).filter(|paths| !paths.is_empty()).unwrap_or(&here);
        let base = if since_they_parted { git::merge_base(&before, &after, limits)? } else { before.clone() };
        let sides = (git::read(&base, paths, limits)?, git::read(&after, paths, limits)?);
        let shown: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        let shown = shown.join(" ");
        anyhow::ensure!(
            !sides.0.is_empty() || !sides.1.is_empty(),
            "neither {before} nor {after} has manifests at {shown}"
        );
        return Ok((Side::new(format!("{before}:{shown}"), sides.0)?, Side::new(format!("{after}:{shown}"), sides.1)?));
    }
    let [before, after] = arguments else {
        anyhow::bail!("diff takes two sides, or a range of git revisions and paths");
    };
    anyhow::ensure!(before.as_os_str() != "-" || after.as_os_str() != "-", "only one side can be standard input");
    let (before, after) = rayon::join(|| Side::read(before, limits), || Side::read(after, limits));
    Ok((before?, after?))
}

impl Side {
    /// Reads one side.
    pub(super) fn read(path: &Path, limits: &Limits) -> anyhow::Result<Self> {
        let label = path.display().to_string();
        if label != "-"
            && !path.exists()
            && let Some((revision, path)) = label.split_once(':').filter(|(revision, _)| !revision.is_empty())
        {
            let path = if path.is_empty() { "." } else { path };
            let files = git::read(revision, &[PathBuf::from(path)], limits)?;
            anyhow::ensure!(!files.is_empty(), "{revision} has nothing to read at {path}");
            return Self::new(label, files);
        }
        let files = source::read(&[path.to_owned()], limits)?;
        if let [SourceFile { path, content: Err(reason), .. }] = files.as_slice() {
            anyhow::bail!("cannot read {path}: {reason}");
        }
        Self::new(label, files)
    }

    /// Tells dumps from manifests: all files of a side are of one sort.
    fn new(label: String, files: Vec<SourceFile>) -> anyhow::Result<Self> {
        let mut dumps = Vec::new();
        let mut others = Vec::new();
        for file in files {
            match file.content {
                Ok(bytes) if diff::may_be_dump(&bytes) => match String::from_utf8(bytes) {
                    Ok(text) => dumps.push((file.path, text)),
                    Err(error) => others.push(SourceFile::new(file.path, error.into_bytes())),
                },
                content => others.push(SourceFile { content, ..file }),
            }
        }
        for (_, text) in &mut dumps {
            if let Some(json) = diff::yaml_to_json(text) {
                *text = json;
            }
        }
        let content = match (dumps.first(), others.first()) {
            (None, _) => Content::Manifests(others),
            (_, None) => Content::Dumps(dumps),
            (Some((dump, _)), Some(other)) => {
                anyhow::bail!("{label} holds dumps ({dump}) and manifests ({}): a side is one of them", other.path)
            }
        };
        Ok(Self { label, content })
    }
}
