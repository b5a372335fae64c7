//! What can be typed after `lint`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use crate::cli::args::MeshFlags;
use crate::cli::rendered::RenderFlags;
use crate::lint::Level;

/// What `lint` takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct Lint {
    /// Files, folders (read recursively), or `-` for standard input.
    #[arg(required_unless_present_any = ["each", "kustomize", "helm"], value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Lint each matching folder on its own, as one cluster or environment. Repeatable.
    ///
    /// Findings are grouped by folder; those that all folders share are reported once.
    #[arg(long, value_name = "GLOB", conflicts_with_all = ["paths", "kustomize", "helm"])]
    pub(super) each: Vec<String>,
    #[command(flatten)]
    pub(super) render: RenderFlags,
    /// Lint again whenever a file changes, and mark new (`+`) and resolved (`-`) findings.
    #[arg(long, conflicts_with_all = ["each", "output", "write_baseline"])]
    pub(super) watch: bool,
    /// Output format, and the file to write to instead of standard output. Repeatable.
    ///
    /// Formats: text, json, sarif, junit, github.
    #[arg(short, long, value_name = "FORMAT[=FILE]", default_value = "text", value_parser = output)]
    pub(super) output: Vec<Output>,
    /// Exit with code 1 on findings of at least this level [default: error].
    #[arg(long, value_name = "LEVEL")]
    pub(super) fail_on: Option<FailOn>,
    /// Report exactly what `istioctl analyze` does: its rules only, with its false positives and line numbers.
    #[arg(long)]
    pub(super) as_istioctl: bool,
    /// Enable a rule that is off by default. Repeatable.
    #[arg(long, value_name = "RULE")]
    pub(super) enable: Vec<String>,
    /// Suppress a rule, for all objects or for those whose `Kind namespace/name` matches. Repeatable.
    #[arg(short = 'S', long, value_name = "RULE[=OBJECT]")]
    pub(super) suppress: Vec<String>,
    /// Suppress the findings in this file, written by `--write-baseline`.
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Write all findings to this file, for later runs to suppress with `--baseline`.
    #[arg(long, value_name = "FILE")]
    pub(super) write_baseline: Option<PathBuf>,
    /// Also list what is suppressed, and why.
    #[arg(short, long)]
    pub(super) verbose: bool,
    #[command(flatten)]
    pub(in crate::cli) mesh: MeshFlags,
}

/// One output.
#[derive(Debug, Clone)]
pub(super) struct Output {
    pub(super) format: Format,
    /// The file; nothing is standard output.
    pub(super) file: Option<PathBuf>,
}

fn output(text: &str) -> Result<Output, String> {
    let (format, file) = match text.split_once('=') {
        Some((format, file)) if !file.is_empty() => (format, Some(PathBuf::from(file))),
        _ => (text, None),
    };
    let format = Format::from_str(format, true).map_err(|_| {
        let names: Vec<String> = Format::value_variants()
            .iter()
            .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
            .collect();
        format!("the form is one of {}", names.join(", "))
    })?;
    Ok(Output { format, file })
}

/// Forms of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// The lines, with the problem marked.
    Text,
    /// A list of objects.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit's XML.
    Junit,
    /// GitHub's workflow commands.
    Github,
}

/// Levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FailOn {
    /// Anything.
    Info,
    /// Warnings and errors.
    Warning,
    /// Errors.
    Error,
}

impl FailOn {
    pub(super) fn level(self) -> Level {
        match self {
            Self::Info => Level::Info,
            Self::Warning => Level::Warning,
            Self::Error => Level::Error,
        }
    }
}
