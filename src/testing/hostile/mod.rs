//! What a stranger may send: repositories, links, secrets, names and bombs that have hurt once.

mod budgets;
mod git;
mod links;
mod outputs;
mod printed;
#[cfg(unix)]
mod rendered;
mod secrets;

use std::path::Path;
use std::process::Output;

use crate::cli::{meshc, text};

/// A workload and its namespace.
const MESH: &str = "apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: a, labels: {app: a}, annotations: {sidecar.istio.io/status: '{}'}}
spec:
  containers:
  - {name: a, image: a}
  - {name: istio-proxy, image: 'docker.io/istio/proxyv2:1.30.3', args: [proxy, sidecar]}
status: {phase: Running, podIP: 10.0.0.1}
";

/// Runs the binary in a folder.
fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    meshc(arguments).current_dir(folder).output().expect("the binary runs")
}

/// Returns all that a run has said.
fn said(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}
