//! `meshc lint`

mod args;
mod baseline;
pub(in crate::cli) mod config;
mod each;
mod suppress;
mod text;
mod watch;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(super) use args::Lint;

use super::args::OutputFlags;
use super::input::Input;
use super::{Outcome, is_closed_pipe, output as file, render, source};
use crate::diagnostic::Diagnostics;
use crate::expand::Invented;
use crate::lint::{self, Level, Memory, Options, Reported, View, output, page};
use crate::source::{Sources, Span};
use crate::visible::visible;
use args::{Format, Output};
use baseline::Baseline;
use suppress::Suppressions;

/// What is found, sorted by what becomes of it.
#[derive(Default)]
struct Found {
    /// To be told.
    told: Vec<Reported>,
    /// Somebody has asked not to hear of these.
    suppressed: Vec<Reported>,
    /// What istioctl says, and is not so.
    false_alarms: Vec<Reported>,
    /// Of objects that are not finished.
    unchecked: Vec<Reported>,
    /// Objects that are not checked at all, each with its placeholder.
    unfinished: Vec<(Span, String)>,
}

/// What holds for all that is looked at in one run.
struct Setup {
    options: Options,
    suppressions: Suppressions,
    known: Baseline,
    fail_on: Level,
}

/// One look at some paths.
struct Looked {
    found: Found,
    sources: Sources,
    /// What there is to say of what was not looked at.
    notes: Diagnostics,
    /// Gateways of an install that are taken to be there.
    made_up: Vec<String>,
    /// Whether no object was read.
    is_empty: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Lint, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    if arguments.watch {
        return watch::run(arguments, flags);
    }
    let mut setup = Setup::new(arguments)?;
    let looked = if arguments.each.is_empty() {
        let looked = setup.look(arguments, &arguments.paths, &Memory::default())?;
        for output in &arguments.output {
            write(output, &looked.found, &looked.sources, arguments, setup.fail_on)?;
        }
        looked
    } else {
        each::look(&mut setup, arguments)?
    };
    if let Some(path) = &arguments.write_baseline {
        baseline::write(path, &looked.found.told)?;
    }
    // Nothing that is said on standard error may fail the run.
    let _ = looked.summary(arguments, flags);
    // A run that has looked at nothing must not pass for one that has found nothing.
    if looked.is_empty {
        anyhow::bail!("nothing to lint: these paths hold no Kubernetes object");
    }
    let fails = arguments.write_baseline.is_none() && looked.found.told.iter().any(|one| one.level() <= setup.fail_on);
    Ok(if fails { Outcome::Findings } else { Outcome::Fine })
}

/// Runs all rules with the settings of the config file, and returns what nobody has asked not to hear of.
pub(super) fn told(input: &Input, mesh: &super::args::MeshFlags) -> anyhow::Result<Vec<Reported>> {
    let config::Settings { config, baseline } = config::read(mesh.config.as_deref(), &mesh.limits)?;
    let mut known = baseline.map(|(path, bytes)| Baseline::read(&path, &bytes)).transpose()?.unwrap_or_default();
    let options = Options {
        view: View::Meshc,
        enable: config.enable.clone(),
        now: Some(crate::cli::now()),
        has_mesh_config: mesh.mesh_config.is_some(),
    };
    let suppressions = Suppressions::new(&[], config);
    let (manifests, diagnostics) = (&input.manifests, &input.diagnostics);
    let all = lint::lint(manifests, &input.settings, &input.mesh(), diagnostics, &options, &Memory::default());
    let sources = &manifests.sources;
    Ok(sort(all, View::Meshc, |one| suppressions.find(one, sources).or_else(|| known.take(one))).told)
}

impl Setup {
    fn new(arguments: &Lint) -> anyhow::Result<Self> {
        let limits = &arguments.mesh.limits;
        let config::Settings { config, baseline } = config::read(arguments.mesh.config.as_deref(), limits)?;
        let fail_on = arguments.fail_on.or(config.fail_on).map_or(Level::Error, args::FailOn::level);
        let enable: Vec<String> = arguments.enable.iter().chain(&config.enable).cloned().collect();
        for name in &enable {
            anyhow::ensure!(page::find(name).is_some(), "no rule named `{name}`; `meshc explain-rule` lists all rules");
        }
        let known = match &arguments.baseline {
            Some(path) => Some((path.clone(), source::named(path, limits)?)),
            None => baseline,
        };
        let known = known.map(|(path, bytes)| Baseline::read(&path, &bytes)).transpose()?.unwrap_or_default();
        let view = if arguments.as_istioctl { View::Istioctl } else { View::Meshc };
        let has_mesh_config = arguments.mesh.mesh_config.is_some();
        let options = Options { view, enable, now: Some(crate::cli::now()), has_mesh_config };
        Ok(Self { options, suppressions: Suppressions::new(&arguments.suppress, config), known, fail_on })
    }

    /// Reads paths, and runs all rules.
    fn look(&mut self, arguments: &Lint, paths: &[PathBuf], memory: &Memory) -> anyhow::Result<Looked> {
        let (mut input, rendered) = Input::rendered(paths, &arguments.mesh, &arguments.render)?;
        let mesh = input.mesh();
        let mut all = lint::lint(&input.manifests, &input.settings, &mesh, &input.diagnostics, &self.options, memory);
        drop(mesh);
        let unfinished = std::mem::take(&mut input.manifests.unfinished);
        let has_no_object = input.manifests.is_empty() && unfinished.is_empty();
        let mut sources = std::mem::take(&mut input.manifests.sources);
        rendered.lead_back(&mut sources, all.iter_mut().flat_map(Reported::spans));
        // istioctl counts lines its own way, in what is rendered.
        if !arguments.render.is_empty() && self.options.view == View::Meshc {
            for one in &mut all {
                one.line = one.span.map(|span| sources.position(span).line).or(one.line);
            }
        }
        let (suppressions, known) = (&self.suppressions, &mut self.known);
        let mut found =
            sort(all, self.options.view, |one| suppressions.find(one, &sources).or_else(|| known.take(one)));
        found.unfinished = unfinished;
        let is_empty = has_no_object && !found.told.iter().any(|one| one.level() == Level::Error);
        let of_install =
            |one: &&Invented| one.kind == "Deployment" && one.field.is_empty() && one.value.starts_with("for ");
        let made_up = input.expansion.invented.iter().filter(of_install).map(ToString::to_string).collect();
        Ok(Looked { found, sources, notes: notes(&input.diagnostics), made_up, is_empty })
    }
}

impl Looked {
    fn summary(&self, arguments: &Lint, flags: &OutputFlags) -> anyhow::Result<()> {
        if flags.quiet {
            return Ok(());
        }
        let mut err = anstream::stderr().lock();
        render::write(&self.notes, &self.sources, &mut err)?;
        self.made_up.iter().try_for_each(|gateway| writeln!(err, "made up   {}", visible(gateway)))?;
        Ok(text::summary(&self.found, &self.sources, arguments.verbose, &mut err)?)
    }
}

/// Returns what there is to say of what was not looked at.
fn notes(diagnostics: &Diagnostics) -> Diagnostics {
    const CODES: &[&str] = &["helm-chart", "kustomize", "template", "revision"];
    diagnostics.iter().filter(|one| CODES.contains(&one.code)).cloned().collect()
}

fn sort(all: Vec<Reported>, view: View, mut suppressed: impl FnMut(&Reported) -> Option<lint::Suppressed>) -> Found {
    let mut found = Found::default();
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
        Some(path) => file::file(path, |out| Ok(out.write_all(text.as_bytes())?)),
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
