//! How results are written.

use std::io::Write as _;

use serde_json::json;

use super::{Done, Format};
use crate::cli::is_closed_pipe;
use crate::explain::{self, Style};
use crate::lint::output::{escape, message, property};
use crate::routing_test::Coverage;
use crate::visible::visible;

/// Writes names, one a line.
pub(super) fn names<'n>(names: impl Iterator<Item = &'n str>) -> anyhow::Result<()> {
    let text: String = names.map(|name| visible(name).into_owned() + "\n").collect();
    print(&text)
}

/// Writes results.
pub(super) fn write(done: &[Done], coverage: Option<&Coverage>, format: Format) -> anyhow::Result<()> {
    let covered = || coverage.map(Coverage::text).unwrap_or_default();
    print(&match format {
        Format::Text => text(done) + &covered(),
        Format::Json => json_text(done, coverage)?,
        Format::Junit => junit(done),
        Format::Github => github(done) + &covered(),
        Format::Lcov => coverage.map(Coverage::lcov).unwrap_or_default(),
    })
}

/// Writes a text to standard output.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    match anstream::stdout().lock().write_all(text.as_bytes()).map_err(anyhow::Error::from) {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        other => other,
    }
}

/// The differences of a case, a line each.
fn lines(one: &Done) -> Vec<String> {
    let differs = one.differences.iter().map(|d| format!("{}: expected {}, found {}", d.field, d.expected, d.found));
    one.error.iter().cloned().chain(differs).collect()
}

fn text(done: &[Done]) -> String {
    let mut out = String::new();
    for one in done {
        let mark = if one.holds() { "\u{1b}[32mok\u{1b}[0m    " } else { "\u{1b}[31mFAILED\u{1b}[0m" };
        out.extend([mark, " ", &*visible(&one.case.name), "\n"]);
        if one.holds() {
            continue;
        }
        for line in lines(one) {
            out.extend(["       ", &*visible(&line), "\n"]);
        }
        if let Some(report) = &one.report {
            for line in explain::page(report, Style { verbose: false }).lines() {
                out.extend(["       | ", line, "\n"]);
            }
        }
    }
    let failed = done.iter().filter(|one| !one.holds()).count();
    out.push_str(&format_count(done.len(), failed));
    out
}

fn format_count(all: usize, failed: usize) -> String {
    format!("{} of {all} cases hold\n", all - failed)
}

fn json_text(done: &[Done], coverage: Option<&Coverage>) -> anyhow::Result<String> {
    let cases: Vec<_> = done
        .iter()
        .map(|one| {
            let differences: Vec<_> = one
                .differences
                .iter()
                .map(|d| json!({ "field": d.field, "expected": d.expected, "found": d.found }))
                .collect();
            json!({
                "name": one.case.name, "file": one.file, "holds": one.holds(), "error": one.error,
                "differences": differences, "explanation": one.report,
            })
        })
        .collect();
    let mut out = json!({ "version": 1, "cases": cases });
    if let Some(coverage) = coverage {
        out["coverage"] = coverage.json();
    }
    Ok(serde_json::to_string_pretty(&out)? + "\n")
}

fn junit(done: &[Done]) -> String {
    let failed = done.iter().filter(|one| one.error.is_none() && !one.holds()).count();
    let errors = done.iter().filter(|one| one.error.is_some()).count();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"meshc test\" tests=\"{}\" failures=\"{failed}\" errors=\"{errors}\">\n",
        done.len()
    );
    for one in done {
        let name = escape(&one.case.name);
        let file = escape(&one.file);
        if one.holds() {
            out.extend(["  <testcase classname=\"", &file, "\" name=\"", &name, "\"/>\n"]);
            continue;
        }
        let tag = if one.error.is_some() { "error" } else { "failure" };
        let what = lines(one);
        let message = escape(what.first().map(String::as_str).unwrap_or_default());
        let all = escape(&what.join("\n"));
        out.extend([
            "  <testcase classname=\"",
            &file,
            "\" name=\"",
            &name,
            "\">\n    <",
            tag,
            " message=\"",
            &message,
            "\">",
        ]);
        out.extend([all.as_str(), "</", tag, ">\n  </testcase>\n"]);
    }
    out.push_str("</testsuite>\n");
    out
}

fn github(done: &[Done]) -> String {
    let mut out = String::new();
    for one in done.iter().filter(|one| !one.holds()) {
        let text = message(&lines(one).join("; "));
        let mut places = one.report.iter().flat_map(|report| &report.hops).flat_map(|hop| &hop.places);
        let place = places.find(|place| !place.file.is_empty());
        let at = match place {
            Some(place) => format!("file={},line={}", property(&place.file), place.line),
            None => format!("file={}", property(&one.file)),
        };
        out.extend(["::error ", &at, ",title=", &property(&one.case.name), "::", &text, "\n"]);
    }
    let failed = done.iter().filter(|one| !one.holds()).count();
    out.push_str(&format_count(done.len(), failed));
    out
}
