//! `meshc proxies`

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use super::args::{ListFormat, OutputFlags, Proxies};
use super::{Outcome, is_closed_pipe, keep};
use crate::proxy::{self, Proxy, ProxyKind};
use crate::visible::{padded, visible};

/// Why there is nothing to choose from.
pub(super) const NONE: &str = "no proxies match; a proxy is an injected workload or a gateway";

/// What there is to say about a proxy.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    namespace: String,
    kind: &'static str,
    address: String,
    workload: String,
    services: BTreeSet<String>,
}

/// Runs the command.
pub(super) fn run(arguments: &Proxies, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    let (input, rendered) = arguments.input.read()?;
    let input = keep(input);
    let strict = arguments.input.strict;
    if strict && input.has_errors() {
        return Ok(input.report(None, &rendered, strict, flags));
    }
    let mesh = &*keep(input.mesh());
    input.diagnostics.extend(mesh.findings.clone());
    let proxies = keep(proxy::proxies(mesh));
    let chosen = arguments.selection.choose(proxies)?;
    let rows: Vec<Row> = chosen.iter().map(|proxy| row(proxy)).collect();
    let mut out = Vec::new();
    match arguments.output {
        ListFormat::Table => table(&rows, &mut out)?,
        ListFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &rows)?;
            out.push(b'\n');
        }
    }
    match io::stdout().lock().write_all(&out).map_err(anyhow::Error::from) {
        Err(error) if is_closed_pipe(&error) => {}
        other => other?,
    }
    Ok(input.report(Some(&chosen), &rendered, strict, flags))
}

/// Writes a table of proxies.
pub(super) fn print_table(proxies: &[&Proxy]) -> anyhow::Result<()> {
    let rows: Vec<Row> = proxies.iter().map(|proxy| row(proxy)).collect();
    let mut out = Vec::new();
    table(&rows, &mut out)?;
    match io::stdout().lock().write_all(&out).map_err(anyhow::Error::from) {
        Err(error) if !is_closed_pipe(&error) => Err(error),
        _ => Ok(()),
    }
}

fn row(proxy: &Proxy) -> Row {
    Row {
        name: proxy.name.clone(),
        namespace: proxy.namespace.clone(),
        kind: match proxy.client.kind {
            ProxyKind::Sidecar => "sidecar",
            ProxyKind::Router => "gateway",
            ProxyKind::Waypoint if proxy.is_east_west() => "east-west",
            ProxyKind::Waypoint => "waypoint",
        },
        address: proxy.ip_addresses.first().cloned().unwrap_or_default(),
        workload: proxy.workload_name.clone(),
        services: proxy.service_targets.iter().map(|target| target.service.hostname.clone()).collect(),
    }
}

fn table(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    let title = ["NAME", "NAMESPACE", "KIND", "ADDRESS", "WORKLOAD", "SERVICES"].map(str::to_owned);
    let cells = rows.iter().map(|row| {
        let Row { name, namespace, kind, address, workload, services } = row;
        let services: Vec<_> = services.iter().map(String::as_str).collect();
        let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        let kind = (*kind).to_owned();
        [name.clone(), namespace.clone(), kind, or_dash(address), or_dash(workload), or_dash(&services.join(","))]
            .map(|cell| visible(&cell).into_owned())
    });
    let lines: Vec<[String; 6]> = std::iter::once(title).chain(cells).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    for line in &lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| padded(cell, *width));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("   ").trim_end())?;
    }
    Ok(())
}
