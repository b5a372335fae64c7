//! `meshc why --table`

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::args::{ChainName, Why, WhyFormat};
use crate::cli::input::Question;
use crate::cli::{Outcome, input};
use crate::provenance::table::{Chain, Row, Side, Table, tables};
use crate::visible::{padded, visible};

/// Proxies and hosts that are named; more are counted.
const NAMED: usize = 4;

/// Runs the command.
pub(super) fn run(arguments: &Why) -> anyhow::Result<Outcome> {
    let paths: Vec<PathBuf> = arguments.arguments.iter().map(PathBuf::from).collect();
    let world = input::world(&paths, &arguments.mesh, Question::All)?;
    let chains = match arguments.chain {
        None => Chain::ALL.to_vec(),
        Some(ChainName::Ingress) => vec![Chain::Ingress],
        Some(ChainName::Service) => vec![Chain::Service],
        Some(ChainName::Egress) => vec![Chain::Egress],
    };
    let (tables, present) = tables(&world, &chains);
    if tables.is_empty() {
        let names: Vec<&str> = chains.iter().map(|chain| chain.name()).collect();
        anyhow::bail!("no request goes this way: {}", names.join(", "));
    }
    let text = match arguments.output {
        WhyFormat::Json => {
            let all: Vec<Value> = tables.iter().map(|table| object(table, &present)).collect();
            serde_json::to_string_pretty(&json!({"version": 1, "tables": all}))? + "\n"
        }
        WhyFormat::Text => tables.iter().map(|table| page(table, &present)).collect::<Vec<_>>().join("\n"),
    };
    anstream::stdout().lock().write_all(text.as_bytes())?;
    Ok(Outcome::Fine)
}

/// Prints a table for people, in the form of Markdown.
fn page(table: &Table, present: &BTreeSet<String>) -> String {
    let kinds = table.kinds(present);
    let mut out = format!("{} to {}\n", table.chain.name(), named(&table.hosts));
    for (role, side) in sides(table) {
        let _ = writeln!(out, "{role}: {}", named(&side.proxies));
    }
    let mut lines: Vec<Vec<String>> =
        vec![["", ""].into_iter().map(str::to_owned).chain(kinds.iter().cloned()).collect()];
    for (role, side) in sides(table) {
        for row in Row::ALL {
            let mark = |kind: &String| if is_marked(side, row, kind) { "x".to_owned() } else { String::new() };
            lines.push([role.to_owned(), row.name().to_owned()].into_iter().chain(kinds.iter().map(mark)).collect());
        }
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..kinds.len() + 2).map(width).collect();
    out.push('\n');
    for (at, line) in lines.iter().enumerate() {
        let cells: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!(" {} ", padded(cell, *width))).collect();
        let _ = writeln!(out, "|{}|", cells.join("|"));
        if at == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
            let _ = writeln!(out, "|{}|", rules.join("|"));
        }
    }
    out
}

fn sides(table: &Table) -> [(&'static str, &Side); 2] {
    [("source", &table.source), ("destination", &table.destination)]
}

fn is_marked(side: &Side, row: Row, kind: &str) -> bool {
    side.marks.get(&row).is_some_and(|kinds| kinds.contains(kind))
}

fn named(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| visible(name).into_owned()).collect();
    match names.len().saturating_sub(NAMED) {
        _ if names.is_empty() => "none".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn object(table: &Table, present: &BTreeSet<String>) -> Value {
    let side = |side: &Side| {
        let rows: serde_json::Map<String, Value> = Row::ALL
            .into_iter()
            .map(|row| (row.name().to_owned(), json!(side.marks.get(&row).cloned().unwrap_or_default())))
            .collect();
        json!({"proxies": side.proxies, "rows": rows})
    };
    json!({
        "chain": table.chain.name(),
        "hosts": table.hosts,
        "kinds": table.kinds(present),
        "source": side(&table.source),
        "destination": side(&table.destination),
    })
}
