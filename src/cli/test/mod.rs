//! `meshc test`

mod ask;
mod init;
mod output;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::args::{MeshFlags, OutputFlags};
use super::{Outcome, glob};
use crate::diagnostic::Severity;
use crate::explain::Report;
use crate::routing_test::{Case, Coverage, Difference, cases};
use ask::{Asker, OfMesh};

/// What `test` takes.
#[derive(Debug, Args)]
#[command(after_help = "Exit code: 0 every case holds, 1 some do not or too few routes are covered, 2 cannot tell.")]
pub(super) struct Test {
    /// Files of cases: of meshc's own form, of istio-config-validator (`testCases`), or of Envoy's router_check_tool (`tests`).
    #[arg(required_unless_present = "init", value_name = "FILE")]
    tests: Vec<PathBuf>,
    /// The manifests: folders, files. May be given several times.
    #[arg(long, value_name = "PATH", default_value = ".")]
    manifests: Vec<PathBuf>,
    /// Test a RouteConfiguration of Envoy, as YAML or JSON, in place of manifests; for files of router_check_tool.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["manifests", "init", "from"])]
    route_config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) mesh: MeshFlags,
    /// Where the requests of files that do not say it come from: `outside`, or a Pod, Deployment or Service. Without it, files of
    /// istio-config-validator and router_check_tool are about all VirtualServices, whatever gateways these are bound to.
    #[arg(long, value_name = "WORKLOAD.NS")]
    from: Option<String>,
    /// Run only cases with this name; `*` and `?` are wildcards.
    #[arg(long, value_name = "NAME")]
    filter: Option<String>,
    /// List the cases and do not run them.
    #[arg(long)]
    list: bool,
    /// Write a first file, one case for each route, to FILE or standard output.
    #[arg(long, conflicts_with_all = ["filter", "list", "coverage", "fail_under"])]
    init: bool,
    /// Show which routes no case reaches. A route is a condition (`match`, `matches`) of a rule, or a rule without any: of the lists
    /// http, tls and tcp of VirtualServices, and of HTTPRoutes, GRPCRoutes, TLSRoutes and TCPRoutes; or of a RouteConfiguration.
    #[arg(long)]
    coverage: bool,
    /// Fail if the cases reach fewer of the routes than this, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    fail_under: Option<f64>,
    /// The form of the output.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').parse::<f64>().map_err(|error| error.to_string())?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("not between 0 and 100".to_owned()) }
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
    /// Only which lines are covered, for programs that read lcov.
    Lcov,
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
    if arguments.init {
        return init::run(arguments);
    }
    let mut all: Vec<(String, Case)> = Vec::new();
    for file in &arguments.tests {
        let text = super::explain::read(file, &arguments.mesh.limits)?;
        let name = file.display().to_string();
        let read = cases(&text).map_err(anyhow::Error::msg).with_context(|| name.clone())?;
        all.extend(read.into_iter().map(|case| (name.clone(), case)));
    }
    if let Some(pattern) = &arguments.filter {
        all.retain(|(_, case)| glob::matches(pattern, &case.name));
        anyhow::ensure!(!all.is_empty(), "no case matches {pattern}");
    }
    if arguments.list {
        output::names(all.iter().map(|(_, case)| case.name.as_str()))?;
        return Ok(Outcome::Fine);
    }
    let with_coverage = arguments.coverage || arguments.fail_under.is_some() || arguments.output == Format::Lcov;
    anyhow::ensure!(
        arguments.route_config.is_none() || arguments.output != Format::Lcov,
        "-o lcov is about lines of manifests, which --route-config has none of"
    );
    let mut asker = if let Some(file) = &arguments.route_config {
        Asker::of_routes(file, &arguments.mesh.limits)?
    } else {
        let cases: Vec<&Case> = all.iter().map(|(_, case)| case).collect();
        Asker::Mesh(Box::new(OfMesh::read(arguments, &cases, with_coverage)?))
    };
    let mut coverage = with_coverage.then(|| Coverage::new(asker.rules()));
    let mut done = Vec::new();
    for (file, case) in all {
        done.push(match asker.ask(&case, arguments.from.as_deref()) {
            Ok(came) => {
                if let Some(coverage) = &mut coverage {
                    coverage.add(came.marks);
                }
                Done { file, case, differences: came.differences, error: None, report: Some(came.report) }
            }
            Err(error) => Done { file, case, differences: Vec::new(), error: Some(error), report: None },
        });
    }
    output::write(&done, coverage.as_ref(), arguments.output)?;
    if let Asker::Mesh(of_mesh) = &mut asker {
        of_mesh.input.report_findings(Severity::Error, flags);
    }
    let is_enough = match (&coverage, arguments.fail_under) {
        (Some(coverage), Some(least)) => coverage.percent() >= least,
        _ => true,
    };
    if !is_enough && !flags.quiet {
        let _ = std::io::Write::write_fmt(
            &mut anstream::stderr().lock(),
            format_args!("too few routes are covered: --fail-under {}\n", arguments.fail_under.unwrap_or_default()),
        );
    }
    Ok(if done.iter().any(|one| one.error.is_some()) {
        Outcome::Unknown
    } else if done.iter().all(Done::holds) && is_enough {
        Outcome::Fine
    } else {
        Outcome::Findings
    })
}
