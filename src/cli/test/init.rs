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
use crate::pipeline::{self, Distinct};
use crate::proxy::{self, Proxy};
use crate::routing_test::{
    self, Candidate, Case, Connection, Expect, Rules, candidates, connections, entry, expectation,
};

/// Filter chains that are tried for one route.
const MOST_TRIED: usize = 8;

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
    for (key, candidate) in routes_of_proxies(of_mesh.mesh) {
        if !seen.insert(key) {
            continue;
        }
        match case(of_mesh, &candidate) {
            Found::Case(entry) => entries.push(entry),
            Found::BehindTls => {}
            Found::Nothing => missing.push(candidate.name()),
        }
    }
    if let Some((mesh, rules)) = of_mesh.connections() {
        let mut candidates: BTreeMap<usize, Vec<Connection>> = BTreeMap::new();
        for connection in connections_of_proxies(mesh, &rules) {
            candidates.entry(connection.mark).or_default().push(connection);
        }
        for mark in rules.of_connections() {
            let Some(rule) = rules.list.get(mark) else { continue };
            let candidates = candidates.remove(&mark).unwrap_or_default();
            match case_of_connection(of_mesh, &rule.name(), &candidates) {
                Some(entry) => entries.push(entry),
                None => missing.push(rule.name()),
            }
        }
    }
    routing_test::file(&entries, &missing)
}

/// Lists what all proxies have, in the order of these; of sidecars that have the same, that of the first.
fn of_proxies<T: Send>(mesh: &Mesh, of_one: impl Fn(&Distinct<'_>) -> Vec<T> + Sync) -> Vec<T> {
    let proxies = proxy::proxies(mesh);
    let all: Vec<&Proxy> = proxies.iter().collect();
    let found = Mutex::new(BTreeMap::new());
    // What there is to say of the input is said by the commands that translate it.
    let _ = pipeline::translate_distinct(mesh, &all, |distinct| {
        let place = all.iter().position(|proxy| std::ptr::eq(*proxy, distinct.proxy));
        let candidates = of_one(distinct);
        if !candidates.is_empty() {
            found.lock().unwrap_or_else(PoisonError::into_inner).insert(place, candidates);
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().flatten().collect()
}

/// Lists the routes of all proxies.
fn routes_of_proxies(mesh: &Mesh) -> Vec<(String, Candidate)> {
    of_proxies(mesh, |distinct| {
        let routes: Vec<Value> = distinct.translation.routes.iter().map(|route| route.body().to_value()).collect();
        candidates(distinct.proxy, &routes)
    })
}

/// Lists the routes for connections of all proxies.
fn connections_of_proxies(mesh: &Mesh, rules: &Rules) -> Vec<Connection> {
    of_proxies(mesh, |distinct| {
        let listeners = distinct.translation.listeners.iter().map(|listener| {
            let mut body = listener.body().to_value();
            Rules::unmark_clusters(&mut body);
            body
        });
        connections(distinct.proxy, &listeners.collect::<Vec<Value>>(), rules)
    })
}

/// Looks for the case of a route for connections.
fn case_of_connection(of_mesh: &mut OfMesh, name: &str, candidates: &[Connection]) -> Option<String> {
    for candidate in candidates.iter().take(MOST_TRIED) {
        for url in &candidate.urls {
            let case = Case {
                name: name.to_owned(),
                from: candidate.from.clone(),
                method: "GET".to_owned(),
                url: url.clone(),
                ..Case::default()
            };
            if !of_mesh.marks(&case).is_ok_and(|marks| marks.contains(&candidate.mark)) {
                continue;
            }
            let Ok(report) = of_mesh.explain(&case) else { continue };
            let expect = expectation(&report);
            if routing_test::check(&report, &expect, &Expect::default()).is_empty() {
                return Some(entry(&case, &expect));
            }
        }
    }
    None
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
            name: candidate.name(),
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
                return Found::Case(entry(&case, &expect));
            }
        } else if candidate.wants_tls(&report) {
            found = Found::BehindTls;
        }
    }
    found
}
