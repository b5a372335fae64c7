//! `meshc explain --requests`: many requests, each to one proxy.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::args::Explain;
use super::{loaded, read};
use crate::cli::args::OutputFlags;
use crate::cli::input::Input;
use crate::cli::limits::Limits;
use crate::cli::{Outcome, guard, is_closed_pipe, keep};
use crate::config_dump::ConfigDump;
use crate::diagnostic::Severity;
use crate::evaluate::Proxy;
use crate::explain::{self, Asked};
use crate::pipeline::translate_in_order;
use crate::proxy;

/// Answers, by the place of the request.
type Answers = Vec<(usize, Value)>;

/// Runs the command.
pub(super) fn run(arguments: &Explain, file: &Path, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    let requests = requests(file, &arguments.mesh.limits)?;
    let mut answers: Answers = match &arguments.dump {
        Some(dump) => {
            let text = read(dump, &arguments.mesh.limits)?;
            let (name, proxy) = loaded(dump, &text, arguments.at.as_deref())?;
            let all: Vec<(usize, &Asked)> = requests.iter().enumerate().collect();
            answer(&proxy, &name, &all)
        }
        None => by_manifests(arguments, &requests, flags)?,
    };
    answers.sort_by_key(|(index, _)| *index);
    let is_unknown = answers.len() < requests.len() || answers.iter().any(|(_, answer)| answer.get("error").is_some());
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut write = || -> anyhow::Result<()> {
        out.write_all(b"[")?;
        for (index, (_, answer)) in answers.iter().enumerate() {
            out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut out, answer)?;
        }
        out.write_all(b"\n]\n")?;
        Ok(out.flush()?)
    };
    match write() {
        Err(error) if is_closed_pipe(&error) => {}
        other => other?,
    }
    Ok(if is_unknown { Outcome::Unknown } else { Outcome::Fine })
}

/// Reads a JSON list, or JSON lines.
fn requests(file: &Path, limits: &Limits) -> anyhow::Result<Vec<Asked>> {
    let text = read(file, limits)?;
    let name = file.display();
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(&text).with_context(|| format!("{name} holds no list of requests"));
    }
    let values = serde_json::Deserializer::from_str(&text).into_iter::<Asked>();
    values.collect::<Result<_, _>>().with_context(|| format!("{name} holds no requests as JSON lines"))
}

fn by_manifests(arguments: &Explain, requests: &[Asked], flags: &OutputFlags) -> anyhow::Result<Answers> {
    let paths: Vec<PathBuf> = arguments.words.iter().map(PathBuf::from).collect();
    let input = keep(Input::read(&paths, &arguments.mesh)?);
    guard::many("answering the requests", requests.len());
    let mesh = &*keep(input.mesh());
    let proxies = keep(proxy::proxies(mesh));
    let mut by_proxy: BTreeMap<&str, Vec<(usize, &Asked)>> = BTreeMap::new();
    for (index, asked) in requests.iter().enumerate() {
        by_proxy.entry(&asked.proxy).or_default().push((index, asked));
    }
    let chosen: Vec<&proxy::Proxy> =
        proxies.iter().filter(|proxy| by_proxy.contains_key(proxy.full_name().as_str())).collect();
    let mut answers: Answers = Vec::new();
    for (name, asked) in &by_proxy {
        if !chosen.iter().any(|proxy| proxy.full_name() == *name) {
            let error = |(index, _): &(usize, &Asked)| {
                (*index, json!({ "version": explain::VERSION, "error": format!("no proxy matches {name}") }))
            };
            answers.extend(asked.iter().map(error));
        }
    }
    let render = |proxy: &proxy::Proxy, dump: ConfigDump| {
        let name = proxy.full_name();
        let asked = by_proxy.get(name.as_str()).map(Vec::as_slice).unwrap_or_default();
        answer(&explain::of_translation(&dump.translation), &name, asked)
    };
    let (_, result) = translate_in_order(mesh, &chosen, render, |_, some| {
        answers.extend(some);
        Ok::<(), std::convert::Infallible>(())
    });
    match result {
        Ok(()) => {}
        Err(never) => match never {},
    }
    input.report_findings(Severity::Error, flags);
    Ok(answers)
}

fn answer(proxy: &Proxy, name: &str, requests: &[(usize, &Asked)]) -> Answers {
    let one = |(index, asked): &(usize, &Asked)| {
        let answer = match asked.check() {
            Ok(()) => serde_json::to_value(explain::one_proxy(proxy, name, asked)).unwrap_or_default(),
            Err(error) => json!({ "version": explain::VERSION, "error": error.to_string() }),
        };
        (*index, answer)
    };
    requests.iter().map(one).collect()
}
