//! `meshc explain`

mod args;
pub(super) mod curl;
mod many;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

pub(super) use args::Explain;

use super::args::OutputFlags;
use super::input::Input;
use super::limits::Limits;
use super::{Outcome, is_closed_pipe, keep, selection, source};
use crate::diagnostic::{Diagnostics, Severity};
use crate::diff;
use crate::evaluate::Proxy;
use crate::explain::{self, Asked, Report, Style, World};
use crate::pipeline::{self, Translator};
use crate::proxy;
use args::{Direction, Format};

/// Runs the command.
pub(super) fn run(arguments: &Explain, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    if let Some(requests) = &arguments.requests {
        return many::run(arguments, requests, flags);
    }
    let (paths, url) = curl::split(&arguments.words, arguments.dump.is_some());
    let report = match (&arguments.dump, &arguments.destination) {
        (Some(dump), Some(destination)) => {
            let asked = curl::asked(arguments, &url, destination)?;
            let text = read(dump, &arguments.mesh.limits)?;
            let (name, proxy) = loaded(dump, &text, arguments.at.as_deref())?;
            explain::one_proxy(&proxy, &name, &asked)
        }
        (None, Some(destination)) => {
            let asked = curl::asked(arguments, &url, destination)?;
            at(arguments, &paths, &asked, flags)?
        }
        (None, None) if arguments.from.is_some() || arguments.at.is_some() => way(arguments, &paths, &url, flags)?,
        (Some(_), None) => {
            anyhow::bail!("a dump knows no DNS: say where the connection goes, by --destination IP:PORT")
        }
        (None, None) => anyhow::bail!(
            "say where the request comes from, by --from WORKLOAD.NS or --from outside; or which proxy is asked, by --at POD.NS"
        ),
    };
    write(&report, arguments)?;
    Ok(outcome(&report))
}

fn at(arguments: &Explain, paths: &[PathBuf], asked: &Asked, flags: &OutputFlags) -> anyhow::Result<Report> {
    let input = keep(Input::read(paths, &arguments.mesh)?);
    let mesh = &*keep(input.mesh());
    let name = arguments.at.as_deref().context("say which proxy is asked: --at POD.NS")?;
    let proxies = keep(proxy::proxies(mesh));
    let found = asked_for(name, proxies)?;
    let dump = pipeline::translate_one(mesh, found, &mut Diagnostics::default());
    let mut report = explain::one_proxy(&explain::of_translation(&dump.translation), &found.full_name(), asked);
    explain::locate(&mut report, &input.manifests);
    input.report_findings(Severity::Error, flags);
    Ok(report)
}

/// Finds the proxy that is asked: of a Pod, a Deployment, a Service or a waypoint, or the only one whose name it is.
fn asked_for<'p>(name: &str, proxies: &'p [proxy::Proxy]) -> anyhow::Result<&'p proxy::Proxy> {
    explain::find(proxies, name).or_else(|_| selection::one(name, proxies))
}

/// Explains a request to a host: on its whole way, or at one proxy.
fn way(arguments: &Explain, paths: &[PathBuf], url: &curl::Url, flags: &OutputFlags) -> anyhow::Result<Report> {
    let wanted = curl::wanted(arguments, url)?;
    let input = keep(Input::read(paths, &arguments.mesh)?);
    let mesh = &*keep(input.mesh());
    let proxies = keep(proxy::proxies(mesh));
    let translator = Translator::new(mesh);
    let load = |proxy: &proxy::Proxy| {
        let dump = translator.translate(proxy, &mut Diagnostics::default());
        explain::of_translation(&dump.translation)
    };
    let mut world = World::new(mesh, proxies, &load);
    let report = match &arguments.at {
        Some(name) => {
            world.explain_at(asked_for(name, proxies)?, arguments.direction.map(Direction::to_envoys), &wanted)
        }
        None => world.explain(&wanted),
    };
    let mut report = report.map_err(anyhow::Error::msg)?;
    explain::locate(&mut report, &input.manifests);
    input.report_findings(Severity::Error, flags);
    Ok(report)
}

/// Reads a file, or standard input for `-`.
pub(super) fn read(path: &Path, limits: &Limits) -> anyhow::Result<String> {
    let bytes = if path == Path::new("-") { source::standard_input(limits)? } else { source::named(path, limits)? };
    String::from_utf8(bytes).with_context(|| format!("{} is not valid UTF-8", path.display()))
}

/// Takes one proxy from a dump.
fn loaded(path: &Path, text: &str, name: Option<&str>) -> anyhow::Result<(String, Proxy)> {
    let yaml = diff::yaml_to_json(text);
    let dumps = diff::read(yaml.as_deref().unwrap_or(text)).with_context(|| path.display().to_string())?;
    let dumps = dumps.with_context(|| format!("{} is not a config dump", path.display()))?;
    let called = |(key, dump): &diff::Named<'_>| {
        key.clone().or_else(|| dump.node.as_ref().map(|node| node.proxy.clone())).unwrap_or_default()
    };
    let found = match (name, dumps.as_slice()) {
        (_, [only]) => only,
        (Some(name), all) => all
            .iter()
            .find(|one| called(one) == name)
            .with_context(|| format!("{} has no proxy {name}", path.display()))?,
        (None, _) => anyhow::bail!("{} has several proxies: say which, by --at POD.NS", path.display()),
    };
    Ok((called(found), explain::of_dump(&found.1)))
}

fn write(report: &Report, arguments: &Explain) -> anyhow::Result<()> {
    let text = match arguments.output {
        Format::Json => serde_json::to_string_pretty(report)? + "\n",
        Format::Text => explain::page(report, Style { verbose: arguments.verbose }),
        Format::Mermaid => explain::flowchart(report),
    };
    match anstream::stdout().lock().write_all(text.as_bytes()).map_err(anyhow::Error::from) {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        other => other,
    }
}

/// 0 forwarded or answered, 1 refused or lost.
fn outcome(report: &Report) -> Outcome {
    match report.outcome.kind {
        "forwarded" | "direct_response" | "redirect" | "passthrough" => Outcome::Fine,
        _ => Outcome::Refused,
    }
}
