//! `.meshc.yaml`: settings that belong to a repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::args::FailOn;
use crate::cli::limits::Limits;
use crate::cli::source;
use crate::source::SourceFile;

const NAME: &str = ".meshc.yaml";

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    lint: Config,
    #[serde(default)]
    istio: Istio,
}

/// What is under `istio`: how istiod runs, where the manifests do not say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Istio {
    version: Option<Text>,
    revision: Option<String>,
    env: BTreeMap<String, Text>,
    cluster_id: Option<String>,
    domain: Option<String>,
    network: Option<String>,
    mesh_id: Option<String>,
    /// Inline, or the path of a file from the folder of this one.
    mesh_config: Option<serde_yaml::Value>,
    /// The path of a file from the folder of this one.
    values: Option<PathBuf>,
}

/// A text; what YAML takes for a number or a truth value is one too.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text {
    Written(String),
    Bool(bool),
    Integer(i64),
    Number(f64),
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Written(text) => f.write_str(text),
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
        }
    }
}

/// How istiod runs, as the file states it, with what it names read.
#[derive(Debug, Default)]
pub(in crate::cli) struct Installation {
    pub(in crate::cli) version: Option<String>,
    pub(in crate::cli) revision: Option<String>,
    pub(in crate::cli) env: BTreeMap<String, String>,
    pub(in crate::cli) cluster_id: Option<String>,
    pub(in crate::cli) domain: Option<String>,
    pub(in crate::cli) network: Option<String>,
    pub(in crate::cli) mesh_id: Option<String>,
    pub(in crate::cli) mesh_config: Option<SourceFile>,
    pub(in crate::cli) values: Option<SourceFile>,
}

/// What is under `lint`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct Config {
    /// As `--fail-on`.
    pub(super) fail_on: Option<FailOn>,
    /// As `--enable`.
    pub(super) enable: Vec<String>,
    /// Rules that do not run.
    pub(super) disable: Vec<String>,
    /// Findings to leave out.
    pub(super) suppress: Vec<Entry>,
    /// As `--baseline`, from the folder of this file.
    pub(super) baseline: Option<PathBuf>,
}

/// Findings to leave out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The rule's code or name; `*` stands for anything.
    pub(super) rule: String,
    /// `Kind namespace/name`, with `*` for anything.
    pub(super) object: Option<String>,
    /// The file's path, with `*` for anything.
    pub(super) file: Option<String>,
    /// Why.
    pub(super) reason: Option<String>,
}

/// Settings, and what they name, read.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) config: Config,
    /// Path and content of the baseline.
    pub(super) baseline: Option<(PathBuf, Vec<u8>)>,
}

/// Reads how istiod runs from the same file; returns the file's path too.
pub(in crate::cli) fn istio(given: Option<&Path>, limits: &Limits) -> anyhow::Result<(Installation, String)> {
    let Some((path, File { istio, .. })) = file(given, limits)? else { return Ok(Default::default()) };
    let folder = path.parent().unwrap_or(Path::new(""));
    let named = |name: &Path| {
        let path = folder.join(name);
        Ok::<_, anyhow::Error>(SourceFile::new(
            path.display().to_string(),
            source::named_inside(folder, &path, limits)?,
        ))
    };
    let mesh_config = match istio.mesh_config {
        None => None,
        Some(serde_yaml::Value::String(name)) => Some(named(Path::new(&name))?),
        Some(inline) => Some(SourceFile::new(path.display().to_string(), serde_yaml::to_string(&inline)?)),
    };
    let installation = Installation {
        version: istio.version.map(|version| version.to_string()),
        revision: istio.revision,
        env: istio.env.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
        cluster_id: istio.cluster_id,
        domain: istio.domain,
        network: istio.network,
        mesh_id: istio.mesh_id,
        mesh_config,
        values: istio.values.as_deref().map(named).transpose()?,
    };
    Ok((installation, path.display().to_string()))
}

/// Reads the settings of `lint`, and what they name.
pub(super) fn read(given: Option<&Path>, limits: &Limits) -> anyhow::Result<Settings> {
    let Some((path, File { lint: config, .. })) = file(given, limits)? else { return Ok(Settings::default()) };
    let baseline = config.baseline.as_ref().map(|baseline| {
        let folder = path.parent().unwrap_or(Path::new(""));
        let path = folder.join(baseline);
        Ok::<_, anyhow::Error>((path.clone(), source::named_inside(folder, &path, limits)?))
    });
    let baseline = baseline.transpose()?;
    Ok(Settings { config, baseline })
}

/// Reads the file that is given, else the one in this folder or the nearest above it that has one.
///
/// It belongs to the repository: it is no link out of its folder, and names nothing out of it.
fn file(given: Option<&Path>, limits: &Limits) -> anyhow::Result<Option<(PathBuf, File)>> {
    let (path, bytes) = match given {
        Some(path) => (path.to_owned(), source::named(path, limits)?),
        None => match nearest() {
            Some(path) => {
                let bytes = source::named_inside(path.parent().unwrap_or(Path::new("")), &path, limits)?;
                (path, bytes)
            }
            None => return Ok(None),
        },
    };
    let text = String::from_utf8_lossy(&bytes);
    if text.trim().is_empty() {
        return Ok(None);
    }
    let file = serde_yaml::from_str(&text)
        .map_err(|error| anyhow::anyhow!("{}: {}", path.display(), without_values(&error.to_string())))?;
    Ok(Some((path, file)))
}

/// Takes the value out of `invalid type: string "...", expected a sequence`.
fn without_values(error: &str) -> String {
    match (error.find("invalid type: ").or_else(|| error.find("invalid value: ")), error.rfind(", expected ")) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &error[..from], &error[to + 2..]),
        _ => error.to_owned(),
    }
}

fn nearest() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let found = here.ancestors().map(|folder| folder.join(NAME)).find(|path| path.symlink_metadata().is_ok())?;
    // As it is reached from here, if it is here.
    Some(found.strip_prefix(&here).map(Path::to_owned).unwrap_or(found))
}
