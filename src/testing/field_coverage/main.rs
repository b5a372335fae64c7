//! Which fields of Istio's kinds change the output: found out by taking each out of the scenarios, and kept in `src/coverage.md`.
//!
//! For each field of the definitions (`src/ingest/crd/schema`, and the lists beside this file for the mesh config) there is a fixture that
//! has it: translated without it, or with another value, some proxy's dump is another. Such a field is translated, and the fixture, whose
//! dumps are what istiod served, is the proof. A field that istiod itself does not look at is in [`WITHOUT_EFFECT`] with the reason. What
//! is neither is not translated, or no scenario shows it, and the page says so. `FIELD_COVERAGE=update cargo test --test field_coverage` looks for proofs.

#![allow(clippy::disallowed_methods)]

mod fields;
mod scenario;
mod without_effect;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;

use fields::{KINDS, fields};
use scenario::{Scenario, Use};
use without_effect::WITHOUT_EFFECT;

/// Uses of a field in one scenario that are tried.
const TRIED: usize = 4;

/// Scenarios with a field that a search tries: the smallest.
const SEARCHED: usize = 12;

/// Where the proofs are: a line a field, with its kind, its path and the fixture.
const PROOFS: &str = "src/testing/field_coverage/proofs.txt";

type Field = (&'static str, String);

#[test]
fn proofs_hold_and_the_readme_names_every_field() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scenarios = Scenario::all(&root.join("fixtures"));
    let mut uses: BTreeMap<Field, Vec<Use<'_>>> = BTreeMap::new();
    let known: BTreeMap<&str, BTreeSet<String>> =
        KINDS.iter().map(|kind| (*kind, fields(kind, root).into_iter().collect())).collect();
    for scenario in &scenarios {
        for (kind, path, found) in scenario.uses() {
            if known[kind].contains(&path) {
                uses.entry((kind, path)).or_default().push(found);
            }
        }
    }
    let mut proofs = proofs(&read(&root.join(PROOFS)));
    if std::env::var_os("FIELD_COVERAGE").is_some_and(|value| value == "update") {
        proofs.retain(|(kind, path), _| known[kind].contains(path) && without_effect(kind, path).is_none());
        search(&uses, &mut proofs);
        let lines: Vec<String> = proofs.iter().map(|((kind, path), name)| format!("{kind} {path} {name}\n")).collect();
        std::fs::write(root.join(PROOFS), lines.concat()).expect("the list can be written");
    }

    let hollow: Vec<String> = proofs
        .par_iter()
        .filter(|(field, name)| {
            let all = uses.get(*field).map_or(&[][..], Vec::as_slice);
            let values = values(all);
            !all.iter()
                .filter(|found| found.scenario.name == **name)
                .take(TRIED)
                .any(|found| found.changes_the_output(values.iter()))
        })
        .map(|((kind, path), name)| format!("{kind} {path} changes nothing in {name}"))
        .collect();
    assert!(hollow.is_empty(), "FIELD_COVERAGE=update looks for other proofs: {hollow:#?}");
    let wrong: Vec<String> = uses
        .par_iter()
        .filter(|((kind, path), _)| without_effect(kind, path).is_some())
        .filter(|(_, all)| {
            let values = values(all);
            all.iter().take(TRIED).any(|found| found.changes_the_output(values.iter()))
        })
        .map(|((kind, path), _)| format!("{kind} {path}"))
        .collect();
    assert!(wrong.is_empty(), "without effect, by `WITHOUT_EFFECT`, and yet they change the output: {wrong:#?}");

    let section = section(root, &proofs);
    let readme = read(&root.join("src/coverage.md"));
    let current = readme.split("<!-- fields -->\n").nth(1).unwrap_or_default();
    assert!(current == section, "src/coverage.md, between the marks `<!-- fields -->`, should hold\n\n{section}");
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn proofs(text: &str) -> BTreeMap<Field, String> {
    let of_line = |line: &str| {
        let mut parts = line.split(' ');
        let kind = KINDS.iter().find(|kind| Some(**kind) == line.split(' ').next())?;
        let (path, name) = (parts.nth(1)?, parts.next()?);
        Some(((*kind, path.to_owned()), name.to_owned()))
    };
    text.lines().filter_map(of_line).collect()
}

/// Returns the values that a field has, each once, the most common first: a field has only some that are allowed.
fn values(uses: &[Use<'_>]) -> Vec<Value> {
    let mut counted: Vec<(Value, usize)> = Vec::new();
    for value in uses.iter().map(Use::value) {
        match counted.iter_mut().find(|(known, _)| *known == value) {
            Some((_, count)) => *count += 1,
            None => counted.push((value, 1)),
        }
    }
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted.into_iter().map(|(value, _)| value).collect()
}

/// Looks for a fixture that shows each field which has none yet.
fn search(uses: &BTreeMap<Field, Vec<Use<'_>>>, proofs: &mut BTreeMap<Field, String>) {
    let found: Vec<(Field, String)> = uses
        .par_iter()
        .filter(|(field, _)| !proofs.contains_key(*field) && without_effect(field.0, &field.1).is_none())
        .filter_map(|(field, uses)| {
            let values = values(uses);
            let of_scenarios = uses.chunk_by(|a, b| a.scenario.name == b.scenario.name).take(SEARCHED);
            let mut tried = of_scenarios.flat_map(|uses| uses.iter().take(TRIED));
            let proof = tried.find(|found| found.changes_the_output(values.iter()))?;
            Some((field.clone(), proof.scenario.name.clone()))
        })
        .collect();
    proofs.extend(found);
}

/// Returns what the page says.
fn section(root: &Path, proofs: &BTreeMap<Field, String>) -> String {
    let mut section = String::new();
    for kind in KINDS {
        let is = |path: &String| proofs.contains_key(&(kind, path.clone()));
        let (yes, rest): (Vec<_>, Vec<_>) = fields(kind, root).into_iter().partition(is);
        let (none, not): (Vec<_>, Vec<_>) = rest.into_iter().partition(|path| without_effect(kind, path).is_some());
        let total = yes.len() + none.len() + not.len();
        let count = yes.len();
        writeln!(section, "<details><summary>{kind}: {count} of {total} fields translated</summary>\n").expect("room");
        for (title, fields) in [("translated", yes), ("no scenario shows it", not)] {
            if !fields.is_empty() {
                writeln!(section, "- {title}: {}", grouped(&fields)).expect("room");
            }
        }
        let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for path in none {
            reasons.entry(without_effect(kind, &path).unwrap_or_default()).or_default().push(path);
        }
        for (reason, fields) in reasons {
            writeln!(section, "- without effect ({reason}): {}", grouped(&fields)).expect("room");
        }
        section.push_str("\n</details>\n\n");
    }
    section
}

/// Returns why a field has no effect in istiod, if it has none.
fn without_effect(kind: &str, path: &str) -> Option<&'static str> {
    let covers = |pattern: &str| {
        path.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '{']))
            || pattern.strip_prefix("**.").is_some_and(|end| path == end || path.ends_with(&format!(".{end}")))
    };
    WITHOUT_EFFECT
        .iter()
        .find(|(of, pattern, _)| [kind, "*"].contains(of) && covers(pattern))
        .map(|(_, _, reason)| *reason)
}

/// Returns fields as one text, those of the same parent together: `a.{b, c}`.
fn grouped(fields: &[String]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for field in fields {
        let (parent, name) = field.rsplit_once('.').unwrap_or(("", field));
        match groups.last_mut() {
            Some((last, names)) if *last == parent => names.push(name),
            _ => groups.push((parent, vec![name])),
        }
    }
    let texts = groups.iter().map(|(parent, names)| match (parent.is_empty(), names.as_slice()) {
        (true, names) => format!("`{}`", names.join("`, `")),
        (false, [name]) => format!("`{parent}.{name}`"),
        (false, names) => format!("`{parent}.{{{}}}`", names.join(", ")),
    });
    texts.collect::<Vec<_>>().join(", ")
}
