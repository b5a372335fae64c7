//! `meshc lint`

mod args;
mod baseline;
pub(in crate::cli) mod config;
mod suppress;
mod text;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

pub(super) use args::Lint;

use super::args::OutputFlags;
use super::input::Input;
use super::{Outcome, is_closed_pipe, render, source};
use crate::diagnostic::Diagnostics;
use crate::lint::{self, Level, Options, Reported, View, output, page};
use crate::source::Sources;
use args::{Format, Output};
use baseline::Baseline;
use suppress::Suppressions;

/// What is found, sorted by what becomes of it.
struct Found {
    /// To be told.
    told: Vec<Reported>,
    /// Somebody has asked not to hear of these.
    suppressed: Vec<Reported>,
    /// What istioctl says, and is not so.
    false_alarms: Vec<Reported>,
    /// Of objects that are not finished.
    unchecked: Vec<Reported>,
}

/// Runs the command.
pub(super) fn run(arguments: &Lint, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    let limits = &arguments.mesh.limits;
    let config::Settings { config, baseline } = config::read(arguments.mesh.config.as_deref(), limits)?;
    let fail_on = arguments.fail_on.or(config.fail_on).map_or(Level::Error, args::FailOn::level);
    let enable: Vec<String> = arguments.enable.iter().chain(&config.enable).cloned().collect();
    for name in &enable {
        anyhow::ensure!(page::find(name).is_some(), "there is no rule {name}; explain-rule lists them");
    }
    let known = match &arguments.baseline {
        Some(path) => Some((path.clone(), source::named(path, limits)?)),
        None => baseline,
    };
    let mut known = known.map(|(path, bytes)| Baseline::read(&path, &bytes)).transpose()?.unwrap_or_default();
    let input = Input::read(&arguments.paths, &arguments.mesh)?;
    let view = if arguments.as_istioctl { View::Istioctl } else { View::Meshc };
    let has_mesh_config = arguments.mesh.mesh_config.is_some();
    let options = Options { view, enable, now: Some(now()), has_mesh_config };
    let all = lint::lint(&input.manifests, &input.settings, &input.mesh(), &input.diagnostics, &options);
    let sources = &input.manifests.sources;
    let suppressions = Suppressions::new(&arguments.suppress, config);
    let found = sort(all, view, |one| suppressions.find(one, sources).or_else(|| known.take(one)));
    if let Some(path) = &arguments.write_baseline {
        baseline::write(path, &found.told)?;
    }
    for output in &arguments.output {
        write(output, &found, sources, arguments, fail_on)?;
    }
    if !flags.quiet {
        let mut err = anstream::stderr().lock();
        render::write(&notes(&input.diagnostics), sources, &mut err)?;
        text::summary(&found, &input.manifests, arguments.verbose, &mut err)?;
    }
    // A run that has looked at nothing must not pass for one that has found nothing.
    let is_empty = input.manifests.is_empty() && !found.told.iter().any(|one| one.level() == Level::Error);
    if is_empty {
        anyhow::bail!("nothing to lint: these paths hold no Kubernetes object");
    }
    let fails = arguments.write_baseline.is_none() && found.told.iter().any(|one| one.level() <= fail_on);
    Ok(if fails { Outcome::Findings } else { Outcome::Fine })
}

/// Returns what there is to say of what was not looked at.
fn notes(diagnostics: &Diagnostics) -> Diagnostics {
    const CODES: &[&str] = &["helm-chart", "kustomize", "template", "revision"];
    diagnostics.iter().filter(|one| CODES.contains(&one.code)).cloned().collect()
}

fn sort(all: Vec<Reported>, view: View, mut suppressed: impl FnMut(&Reported) -> Option<lint::Suppressed>) -> Found {
    let mut found = Found { told: Vec::new(), suppressed: Vec::new(), false_alarms: Vec::new(), unchecked: Vec::new() };
    for mut one in all {
        if view == View::Meshc && one.false_alarm.is_some() {
            found.false_alarms.push(one);
            continue;
        }
        if one.unchecked.is_some() {
            found.unchecked.push(one);
            continue;
        }
        one.suppressed = suppressed(&one);
        if one.suppressed.is_some() { found.suppressed.push(one) } else { found.told.push(one) }
    }
    found
}

/// Writes one output.
fn write(output: &Output, found: &Found, sources: &Sources, arguments: &Lint, fail_on: Level) -> anyhow::Result<()> {
    let told = &found.told;
    let json = |value: &serde_json::Value| Ok::<_, anyhow::Error>(serde_json::to_string_pretty(value)? + "\n");
    let text = match output.format {
        Format::Json => json(&output::json(told, sources, |path| relative(path, &arguments.paths)))?,
        Format::Sarif => json(&output::sarif(told, &found.suppressed, sources))?,
        Format::Junit => output::junit(told, sources, fail_on),
        Format::Github => output::github(told, sources),
        Format::Text => match &output.file {
            Some(_) => text::plain(told, sources)?,
            None => return closed_is_fine(text::write(told, sources, &mut anstream::stdout().lock())),
        },
    };
    match &output.file {
        Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display())),
        None => closed_is_fine(io::stdout().lock().write_all(text.as_bytes())),
    }
}

fn closed_is_fine(written: io::Result<()>) -> anyhow::Result<()> {
    match written.map_err(anyhow::Error::from) {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        other => other,
    }
}

/// Returns a path from the folder that was given.
fn relative(path: &str, given: &[PathBuf]) -> String {
    let path = Path::new(path);
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
