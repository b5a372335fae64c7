//! `meshc test`

mod output;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::args::{MeshFlags, OutputFlags};
use super::explain::curl::{self, Url};
use super::input::Input;
use super::{Outcome, glob, keep};
use crate::diagnostic::{Diagnostics, Severity};
use crate::explain::{self, AskedRequest, From, Report, Wanted, World};
use crate::pipeline;
use crate::proxy;
use crate::routing_test::{Case, Difference, cases, check};

/// What `test` takes.
#[derive(Debug, Args)]
#[command(after_help = "Exit code: 0 every case holds, 1 some do not, 2 cannot tell.")]
pub(super) struct Test {
    /// Files of cases, of meshc's own form or of istio-config-validator (`testCases`).
    #[arg(required = true, value_name = "FILE")]
    tests: Vec<PathBuf>,
    /// The manifests: folders, files. May be given several times.
    #[arg(long, value_name = "PATH", default_value = ".")]
    manifests: Vec<PathBuf>,
    #[command(flatten)]
    mesh: MeshFlags,
    /// Only cases of this name; `*` and `?` stand for anything.
    #[arg(long, value_name = "NAME")]
    filter: Option<String>,
    /// Lists the cases and asks nothing.
    #[arg(long)]
    list: bool,
    /// The form of the output.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

/// Forms of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// To read.
    Text,
    /// For programs.
    Json,
    /// For CI systems that read JUnit's XML.
    Junit,
    /// Annotations of a GitHub workflow.
    Github,
}

/// What came of one case.
struct Done {
    file: String,
    case: Case,
    differences: Vec<Difference>,
    /// Why it could not be asked.
    error: Option<String>,
    report: Option<Report>,
}

impl Done {
    fn holds(&self) -> bool {
        self.error.is_none() && self.differences.is_empty()
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Test, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    let mut all: Vec<(String, Case)> = Vec::new();
    for file in &arguments.tests {
        let text = super::explain::read(file)?;
        let name = file.display().to_string();
        let read = cases(&text).map_err(anyhow::Error::msg).with_context(|| name.clone())?;
        all.extend(read.into_iter().map(|case| (name.clone(), case)));
    }
    if let Some(pattern) = &arguments.filter {
        all.retain(|(_, case)| glob::matches(pattern, &case.name));
        anyhow::ensure!(!all.is_empty(), "no case is called {pattern}");
    }
    if arguments.list {
        output::names(all.iter().map(|(_, case)| case.name.as_str()))?;
        return Ok(Outcome::Fine);
    }
    let input = keep(Input::read(&arguments.manifests, &arguments.mesh)?);
    let mesh = &*keep(input.mesh());
    let proxies = keep(proxy::proxies(mesh));
    let load = |proxy: &proxy::Proxy| {
        let dump = pipeline::translate_one(mesh, proxy, &mut Diagnostics::default());
        explain::of_translation(&dump.translation)
    };
    let mut world = World::new(mesh, proxies, &load);
    let mut done = Vec::new();
    for (file, case) in all {
        let result = wanted(&case).and_then(|wanted| world.explain(&wanted));
        done.push(match result {
            Ok(mut report) => {
                explain::locate(&mut report, &input.manifests);
                let differences = check(&report, &case.expect, &case.expect_not);
                Done { file, case, differences, error: None, report: Some(report) }
            }
            Err(error) => Done { file, case, differences: Vec::new(), error: Some(error), report: None },
        });
    }
    output::write(&done, arguments.output)?;
    input.report_findings(Severity::Error, flags);
    Ok(if done.iter().any(|one| one.error.is_some()) {
        Outcome::Unknown
    } else if done.iter().all(Done::holds) {
        Outcome::Fine
    } else {
        Outcome::Findings
    })
}

/// Turns a case into a request.
fn wanted(case: &Case) -> Result<Wanted, String> {
    let Url { scheme, authority, path, .. } = curl::parse(&case.url);
    if authority.is_empty() {
        return Err(format!("\"{}\" is no URL", case.url));
    }
    let (host, port) = curl::host_and_port(&authority, &scheme);
    let is_tls = matches!(scheme.as_str(), "https" | "tls");
    let is_name = host.parse::<std::net::IpAddr>().is_err();
    let mut headers = std::collections::BTreeMap::new();
    let mut stated = authority.clone();
    for (name, value) in &case.headers {
        if name.eq_ignore_ascii_case("host") {
            stated.clone_from(value);
        } else {
            headers.insert(name.clone(), serde_json::Value::String(value.clone()));
        }
    }
    let request = AskedRequest {
        scheme,
        sni: (is_tls && is_name).then(|| host.clone()),
        alpn: if is_tls { vec!["h2".to_owned(), "http/1.1".to_owned()] } else { Vec::new() },
        method: case.method.clone(),
        authority: stated,
        path,
        headers,
        jwt: case.jwt.clone(),
        ..AskedRequest::default()
    };
    let from = if case.from == "outside" { From::Outside } else { From::Workload(case.from.clone()) };
    Ok(Wanted { from, request, host, port, resolve: Vec::new() })
}
