//! `.meshc.yaml`: settings that belong to a repository.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use super::args::FailOn;

const NAME: &str = ".meshc.yaml";

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    lint: Config,
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

/// Reads the file that is given, else the one in this folder or the nearest above it that has one.
pub(super) fn read(given: Option<&Path>) -> anyhow::Result<Config> {
    let found = match given {
        Some(path) => Some(path.to_owned()),
        None => nearest(),
    };
    let Some(path) = found else { return Ok(Config::default()) };
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    if text.trim().is_empty() {
        return Ok(Config::default());
    }
    let File { lint: mut config } =
        serde_yaml::from_str(&text).with_context(|| format!("cannot read {}", path.display()))?;
    if let Some(baseline) = &config.baseline {
        config.baseline = Some(path.parent().unwrap_or(Path::new("")).join(baseline));
    }
    Ok(config)
}

fn nearest() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let found = here.ancestors().map(|folder| folder.join(NAME)).find(|path| path.is_file())?;
    // As it is reached from here, if it is here.
    Some(found.strip_prefix(&here).map(Path::to_owned).unwrap_or(found))
}
