//! `.meshc.yaml`: settings that belong to a repository.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::args::FailOn;
use crate::cli::limits::Limits;
use crate::cli::source;

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

/// Settings, and what they name, read.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) config: Config,
    /// Path and content of the baseline.
    pub(super) baseline: Option<(PathBuf, Vec<u8>)>,
}

/// Reads the file that is given, else the one in this folder or the nearest above it that has one.
///
/// It belongs to the repository: it is no link out of its folder, and names nothing out of it.
pub(super) fn read(given: Option<&Path>, limits: &Limits) -> anyhow::Result<Settings> {
    let (path, bytes) = match given {
        Some(path) => (path.to_owned(), source::named(path, limits)?),
        None => match nearest() {
            Some(path) => {
                let bytes = source::named_inside(path.parent().unwrap_or(Path::new("")), &path, limits)?;
                (path, bytes)
            }
            None => return Ok(Settings::default()),
        },
    };
    let text = String::from_utf8_lossy(&bytes);
    if text.trim().is_empty() {
        return Ok(Settings::default());
    }
    let File { lint: config } = serde_yaml::from_str(&text)
        .map_err(|error| anyhow::anyhow!("{}: {}", path.display(), without_values(&error.to_string())))?;
    let baseline = config.baseline.as_ref().map(|baseline| {
        let folder = path.parent().unwrap_or(Path::new(""));
        let path = folder.join(baseline);
        Ok::<_, anyhow::Error>((path.clone(), source::named_inside(folder, &path, limits)?))
    });
    let baseline = baseline.transpose()?;
    Ok(Settings { config, baseline })
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
