//! `meshc lint`

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::args::{self, OutputFlags};
use super::input::Input;
use super::{Outcome, is_closed_pipe, render};
use crate::diagnostic::Diagnostics;
use crate::lint::{self, Level, Options, Reported, View, output};

/// What `lint` takes.
#[derive(Debug, ClapArgs)]
pub(super) struct Lint {
    /// Folders (read with all below), files, or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The form of the output.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    /// The least level for which the exit code is 1.
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    fail_on: FailOn,
    /// Says what istioctl says: its rules only, its false alarms included, with its line numbers.
    #[arg(long)]
    as_istioctl: bool,
    /// Runs a rule that does not run by default. May be given several times.
    #[arg(long, value_name = "RULE")]
    enable: Vec<String>,
    /// Reads the mesh config from this file instead of the ConfigMap `istio`.
    #[arg(long, value_name = "FILE")]
    mesh_config: Option<PathBuf>,
    /// Reads the mesh networks from this file instead of the ConfigMap `istio`.
    #[arg(long, value_name = "FILE")]
    mesh_networks: Option<PathBuf>,
    /// The revision of istiod: which injection labels ask for it, and which rules with a label `istio.io/rev` count.
    #[arg(long, value_name = "REVISION", default_value = "default")]
    revision: String,
}

/// Forms of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The lines, with the problem marked.
    Text,
    /// A list of objects.
    Json,
}

/// Levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Anything.
    Info,
    /// Warnings and errors.
    Warning,
    /// Errors.
    Error,
}

impl FailOn {
    fn level(self) -> Level {
        match self {
            Self::Info => Level::Info,
            Self::Warning => Level::Warning,
            Self::Error => Level::Error,
        }
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Lint, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    let input = Input::read(&args::Input {
        paths: arguments.paths.clone(),
        no_expand: false,
        mesh_config: arguments.mesh_config.clone(),
        mesh_networks: arguments.mesh_networks.clone(),
        strict: false,
        revision: arguments.revision.clone(),
        jwks: Vec::new(),
    })?;
    let manifests = &input.manifests;
    let view = if arguments.as_istioctl { View::Istioctl } else { View::Meshc };
    let options = Options { view, enable: arguments.enable.clone(), now: Some(now()) };
    let all = lint::lint(manifests, &input.settings, &input.mesh(), &options);
    let found: Vec<Reported> =
        all.into_iter().filter(|one| arguments.as_istioctl || one.false_alarm.is_none()).collect();
    let text = match arguments.output {
        Format::Json => {
            let list = output::json(&found, &manifests.sources, |path| relative(path, &arguments.paths));
            format!("{}\n", serde_json::to_string_pretty(&list)?)
        }
        Format::Text => String::new(),
    };
    let written = io::stdout().lock().write_all(text.as_bytes()).map_err(anyhow::Error::from);
    match written {
        Err(error) if !is_closed_pipe(&error) => return Err(error),
        _ => {}
    }
    if arguments.output == Format::Text && !flags.quiet {
        let shown: Diagnostics = found.iter().map(Reported::diagnostic).collect();
        render::write(&shown, &manifests.sources, &mut anstream::stdout().lock())?;
    }
    let fails = found.iter().any(|one| one.level() <= arguments.fail_on.level());
    Ok(if fails { Outcome::Findings } else { Outcome::Fine })
}

/// Returns a path from the folder that was given.
fn relative(path: &str, given: &[PathBuf]) -> String {
    let path = std::path::Path::new(path);
    let inside =
        given.iter().find_map(|folder| path.strip_prefix(folder).ok().filter(|rest| !rest.as_os_str().is_empty()));
    inside.unwrap_or(path).display().to_string()
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "whether a certificate is valid depends on the day")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
