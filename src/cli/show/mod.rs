//! `meshc show`: the tables of `istioctl proxy-config`, with the place in the manifests that each row comes from.
//!
//! istioctl: `pkg/proxyconfig/proxyconfig.go`, `pkg/writer/envoy/configdump`

mod chain_matcher;
mod clusters;
mod endpoints;
mod listeners;
mod place;
mod resources;
mod routes;
mod secrets;
mod subset_key;
mod table;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use serde_json::Value;

use self::place::Places;
use super::args::{OutputFlags, Show, ShowFormat, ShowWhat};
use super::input::Input;
use super::side::{Content, Side};
use super::{Outcome, is_closed_pipe, keep, proxies, yaml};
use crate::config_dump::{ConfigDump, Query};
use crate::pipeline::translate_one;
use crate::proxy;
use crate::visible::visible;

/// Runs the command.
pub(super) fn run(arguments: &Show, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    let (what, paths) = split(&arguments.arguments)?;
    let input = match paths.as_slice() {
        [path] => match Side::read(path, &arguments.mesh.limits)?.content {
            Content::Dumps(dumps) => return of_dumps(&dumps, what, arguments),
            Content::Manifests(files) => Input::of(Instant::now(), files, &arguments.mesh.options()?)?,
        },
        paths => Input::read(paths, &arguments.mesh)?,
    };
    let input = keep(input);
    let mesh = &*keep(input.mesh());
    input.diagnostics.extend(mesh.findings.clone());
    let all = keep(proxy::proxies(mesh));
    let chosen = arguments.selection.choose(all)?;
    if chosen.len() > 1 && arguments.selection.proxy.is_empty() {
        let names: Vec<String> = chosen.iter().map(|proxy| format!("  {}", proxy.full_name())).collect();
        anyhow::bail!("{} proxies to choose from; name one with --proxy:\n{}", names.len(), names.join("\n"));
    }
    anyhow::ensure!(!chosen.is_empty(), "{}", proxies::NONE);
    let mut out = String::new();
    for proxy in &chosen {
        let mut diagnostics = std::mem::take(&mut input.diagnostics);
        let dump = translate_one(mesh, proxy, &mut diagnostics);
        input.diagnostics = diagnostics;
        let gateway = proxy.merged_gateway(mesh);
        let places = Places::new(&input.manifests, mesh, gateway.as_ref());
        if chosen.len() > 1 {
            out.extend([if out.is_empty() { "" } else { "\n" }, &proxy.full_name(), ":\n"]);
        }
        out.push_str(&render(&json(&dump)?, what, arguments, Some(&places))?);
    }
    print(&out)?;
    input.report_findings(crate::diagnostic::Severity::Error, flags);
    Ok(Outcome::Fine)
}

/// Shows dumps of Envoys, whose manifests nobody knows.
fn of_dumps(dumps: &[(String, String)], what: ShowWhat, arguments: &Show) -> anyhow::Result<Outcome> {
    let mut named: Vec<(String, Value)> = Vec::new();
    for (path, text) in dumps {
        let value: Value =
            serde_json::from_str(text).map_err(|error| anyhow::anyhow!("cannot read {path}: {error}"))?;
        match value {
            value if value.get("configs").is_some() => named.push((path.clone(), value)),
            Value::Object(proxies) => {
                named.extend(proxies.into_iter().filter(|(_, value)| value.get("configs").is_some()));
            }
            _ => {}
        }
    }
    let wanted = |name: &String| arguments.selection.proxy.is_empty() || arguments.selection.wants_named(name, "");
    if named.len() > 1 {
        named.retain(|(name, _)| wanted(name));
    }
    anyhow::ensure!(!named.is_empty(), "no config dump to show; a dump has a list `configs`");
    let mut out = String::new();
    for (name, dump) in &named {
        if named.len() > 1 {
            out.extend([if out.is_empty() { "" } else { "\n" }, &*visible(name), ":\n"]);
        }
        out.push_str(&render(dump, what, arguments, None)?);
    }
    print(&out)?;
    Ok(Outcome::Fine)
}

/// Tells what to show, which may be the first or the last argument, from the paths.
fn split(arguments: &[String]) -> anyhow::Result<(ShowWhat, Vec<PathBuf>)> {
    use clap::ValueEnum as _;
    let (mut what, mut paths) = (ShowWhat::All, arguments);
    if let [rest @ .., last] = arguments
        && let Ok(named) = ShowWhat::from_str(last, false)
    {
        (what, paths) = (named, rest);
    } else if let [first, rest @ ..] = arguments
        && let Ok(named) = ShowWhat::from_str(first, false)
    {
        (what, paths) = (named, rest);
    }
    anyhow::ensure!(!paths.is_empty(), "no manifests to read; name a folder, a file or `-`");
    Ok((what, paths.iter().map(PathBuf::from).collect()))
}

fn json(dump: &ConfigDump) -> anyhow::Result<Value> {
    let mut text = Vec::new();
    dump.write_part(&Query::all(), &mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

fn render(dump: &Value, what: ShowWhat, arguments: &Show, places: Option<&Places<'_>>) -> anyhow::Result<String> {
    if arguments.output != ShowFormat::Short {
        let value = match what {
            ShowWhat::Clusters => clusters::list(dump, &arguments.filters).into_iter().cloned().collect(),
            ShowWhat::Listeners => listeners::list(dump, &arguments.filters).into_iter().cloned().collect(),
            ShowWhat::Routes => routes::list(dump, &arguments.filters).into_iter().cloned().collect(),
            ShowWhat::Endpoints => Value::Array(endpoints::list(dump, &arguments.filters)),
            ShowWhat::Secrets => secrets::section(dump),
            ShowWhat::All => dump.clone(),
        };
        return Ok(match arguments.output {
            ShowFormat::Yaml => yaml::to_string(&value)?,
            _ => serde_json::to_string_pretty(&value)? + "\n",
        });
    }
    let filters = &arguments.filters;
    Ok(match what {
        ShowWhat::Clusters => clusters::table(dump, filters, places),
        ShowWhat::Listeners => listeners::table(dump, filters, places),
        ShowWhat::Routes => routes::table(dump, filters, places),
        ShowWhat::Endpoints => endpoints::table(dump, filters, places),
        ShowWhat::Secrets => secrets::table(dump, places),
        ShowWhat::All => {
            let tables = [
                clusters::table(dump, filters, places),
                listeners::table(dump, filters, places),
                routes::table(dump, filters, places),
                secrets::table(dump, places),
                endpoints::table(dump, filters, places),
            ];
            tables.join("\n")
        }
    })
}

fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()).map_err(anyhow::Error::from) {
        Err(error) if !is_closed_pipe(&error) => Err(error),
        _ => Ok(()),
    }
}
