//! `meshc test --init`

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use serde_json::Value;

use super::Test;
use super::ask::OfMesh;
use crate::cli::Outcome;
use crate::mesh::Mesh;
use crate::pipeline;
use crate::proxy::{self, Proxy};
use crate::routing_test::{self, Candidate, Case, Expect, candidates, entry, expectation};

/// Writes a first file: to the one that is named and does not exist yet, or to standard output.
pub(super) fn run(arguments: &Test) -> anyhow::Result<Outcome> {
    let mut of_mesh = OfMesh::read(arguments, &[], false)?;
    let text = text(&mut of_mesh);
    match arguments.tests.as_slice() {
        [] => super::output::print(&text)?,
        [file] if file.as_os_str() == "-" => super::output::print(&text)?,
        [file] => {
            let created = std::fs::File::create_new(file);
            let mut created = created.with_context(|| format!("cannot create {}", file.display()))?;
            created.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", file.display()))?;
        }
        _ => anyhow::bail!("--init writes one file"),
    }
    Ok(Outcome::Fine)
}

fn text(of_mesh: &mut OfMesh) -> String {
    let (mut entries, mut missing, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (key, candidate) in of_proxies(of_mesh.mesh) {
        if !seen.insert(key) {
            continue;
        }
        match case(of_mesh, &candidate) {
            Found::Case(entry) => entries.push(entry),
            Found::BehindTls => {}
            Found::Nothing => missing.push(candidate.name()),
        }
    }
    routing_test::file(&entries, &missing)
}

/// Lists the routes of all proxies, in the order of these; of sidecars that have the same ones, those of the first.
fn of_proxies(mesh: &Mesh) -> Vec<(String, Candidate)> {
    let proxies = proxy::proxies(mesh);
    let all: Vec<&Proxy> = proxies.iter().collect();
    let found = Mutex::new(BTreeMap::new());
    // What there is to say of the input is said by the commands that translate it.
    let _ = pipeline::translate_distinct(mesh, &all, |distinct| {
        let place = all.iter().position(|proxy| std::ptr::eq(*proxy, distinct.proxy));
        let routes: Vec<Value> = distinct.translation.routes.iter().map(|route| route.body().to_value()).collect();
        let candidates = candidates(distinct.proxy, &routes);
        if !candidates.is_empty() {
            found.lock().unwrap_or_else(PoisonError::into_inner).insert(place, candidates);
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().flatten().collect()
}

/// What is found for a route.
enum Found {
    /// A request, with what comes of it.
    Case(String),
    /// Its virtual host sends all clients to HTTPS, of which another case tells.
    BehindTls,
    /// No request takes it.
    Nothing,
}

/// Looks for the case of a route.
fn case(of_mesh: &mut OfMesh, candidate: &Candidate) -> Found {
    let mut found = Found::Nothing;
    for url in &candidate.urls {
        let case = Case {
            from: candidate.from.clone(),
            method: candidate.method.clone(),
            url: url.clone(),
            headers: candidate.headers.clone().into_iter().collect(),
            ..Case::default()
        };
        let Ok(report) = of_mesh.explain(&case) else { continue };
        if candidate.is_taken(&report) {
            let expect = expectation(&report);
            if routing_test::check(&report, &expect, &Expect::default()).is_empty() {
                return Found::Case(entry(candidate, url, &expect));
            }
        } else if candidate.wants_tls(&report) {
            found = Found::BehindTls;
        }
    }
    found
}
