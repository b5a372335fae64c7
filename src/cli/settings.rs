//! `meshc settings`

use std::io::{self, BufWriter, Write};

use anyhow::Context as _;
use serde_json::json;

use super::args::{ListFormat, OutputFlags, Settings};
use super::input::Input;
use super::{Outcome, is_closed_pipe};
use crate::control_plane::{Origin, Setting};
use crate::diagnostic::Severity;
use crate::installation::{Effect, Switch};
use crate::source::FieldPath;
use crate::visible::padded;

/// A setting as it is printed.
struct Row {
    name: String,
    value: String,
    from: String,
}

/// Runs the command: what holds, and what says so.
pub(super) fn run(arguments: &Settings, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    let mut input = Input::read(&arguments.paths, &arguments.mesh)?;
    let rows = rows(&input, arguments.all);
    match write(&rows, arguments.output, &mut BufWriter::new(io::stdout().lock())) {
        Err(error) if is_closed_pipe(&error) => {}
        other => other.context("cannot write to standard output")?,
    }
    input.report_findings(Severity::Warning, flags);
    Ok(Outcome::Fine)
}

fn rows(input: &Input, all: bool) -> Vec<Row> {
    let installation = &input.settings.installation;
    let mesh = &input.settings.config;
    let found = |name: &str| input.control_plane.settings.iter().find(|setting| setting.name == name);
    let from = |name: &str| found(name).map_or_else(|| "default".to_owned(), |setting| place(input, setting));
    let row = |name: &str, value: &str| Row { name: name.to_owned(), value: value.to_owned(), from: from(name) };
    let mut rows = vec![
        row("version", &installation.release.to_string()),
        Row {
            name: "revision".to_owned(),
            value: input.settings.revision.clone(),
            from: if input.settings.revision == "default" { "default" } else { "--revision" }.to_owned(),
        },
        row("namespace", &installation.namespace),
        row("cluster id", &installation.cluster_id),
        row("domain", &installation.cluster_domain),
    ];
    rows.extend(installation.network.as_ref().map(|network| row("network", network)));
    rows.extend(installation.mesh_id.as_ref().map(|id| row("mesh id", id)));
    let of_mesh = if input.settings.is_default { "default" } else { "mesh config" };
    let of_mesh =
        |name: &str, value: &str| Row { name: name.to_owned(), value: value.to_owned(), from: of_mesh.to_owned() };
    rows.push(of_mesh("trust domain", &mesh.trust_domain));
    rows.push(of_mesh("root namespace", &mesh.root_namespace));
    let of_injector = input.control_plane.settings.iter().filter(|setting| setting.name.contains('.'));
    rows.extend(of_injector.map(|setting| row(&setting.name, &setting.value)));
    let served = Switch::all().filter(|switch| matches!(switch.effect, Effect::Served { .. }));
    for switch in served {
        let value = found(switch.name).map_or(switch.default, |setting| setting.value.as_str());
        if all || found(switch.name).is_some() {
            rows.push(row(switch.name, value));
        }
    }
    rows
}

/// `istiod.yaml:32`, or the flag.
fn place(input: &Input, setting: &Setting) -> String {
    match &setting.origin {
        Origin::Stated(by) => by.clone(),
        Origin::Input { source, path } => {
            let sources = &input.manifests.sources;
            let span = input.manifests.locate(*source, &FieldPath::parse(path));
            span.map_or_else(String::new, |span| {
                format!("{}:{}", sources.path(span.source), sources.position(span).line)
            })
        }
    }
}

fn write(rows: &[Row], format: ListFormat, out: &mut impl Write) -> anyhow::Result<()> {
    match format {
        ListFormat::Json => {
            let rows: Vec<_> =
                rows.iter().map(|row| json!({"name": row.name, "value": row.value, "from": row.from})).collect();
            serde_json::to_writer_pretty(&mut *out, &rows)?;
            writeln!(out)?;
        }
        ListFormat::Table => {
            let width = |text: fn(&Row) -> &str, title: &str| {
                rows.iter().map(|row| text(row).chars().count()).max().unwrap_or_default().max(title.len())
            };
            let name = width(|row| &row.name, "NAME");
            let value = width(|row| &row.value, "VALUE");
            writeln!(out, "{}   {}   FROM", padded("NAME", name), padded("VALUE", value))?;
            for row in rows {
                writeln!(out, "{}   {}   {}", padded(&row.name, name), padded(&row.value, value), row.from)?;
            }
        }
    }
    Ok(out.flush()?)
}
