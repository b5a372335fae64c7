//! `WorkloadGroup`. istiod: `ValidateWorkloadGroup`

use crate::model::Config;
use crate::model::istio::{ReadinessProbe, ReadinessProbeHealthCheckMethod as Method, WorkloadGroup};

use super::finding::{At, Findings};
use super::header;
use super::name::{self, check_labels};

pub(super) fn check(config: &Config<WorkloadGroup>, findings: &mut Findings<'_>) {
    let WorkloadGroup { metadata, template, probe } = &config.spec;
    if template.is_none() {
        findings.error(&At::SPEC, "a WorkloadGroup requires a `template`");
        return;
    }
    if let Some(metadata) = metadata {
        let at = At::SPEC.field("metadata");
        check_labels(&metadata.labels, &at.field("labels"), findings);
    }
    if let Some(probe) = probe {
        check_probe(probe, &At::SPEC.field("probe"), findings);
    }
}

/// istiod: `validateReadinessProbe`, which knows no probes by gRPC
fn check_probe(probe: &ReadinessProbe, at: &At<'_>, findings: &mut Findings<'_>) {
    for (field, value) in [
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ] {
        if value < 0 {
            findings.error(&at.field(field), "the value must not be negative");
        }
    }
    match &probe.health_check_method {
        Some(Method::HttpGet(get)) => {
            let at = at.field("httpGet");
            findings.check(&at.field("port"), name::port(get.port));
            if !matches!(get.scheme.as_str(), "" | "HTTP" | "HTTPS") {
                findings.error(&at.field("scheme"), "this is neither HTTP nor HTTPS");
            }
            let list = at.field("httpHeaders");
            for (index, header) in get.http_headers.iter().enumerate() {
                findings.check(&list.item(index), header::probe(&header.name));
            }
        }
        Some(Method::TcpSocket(socket)) => {
            let at = at.field("tcpSocket");
            findings.check(&at.field("port"), name::port(socket.port));
        }
        Some(Method::Exec(exec)) if exec.command.is_empty() => {
            findings.error(&at.field("exec"), "an exec probe requires a `command`");
        }
        Some(Method::Exec(_)) => {}
        Some(Method::Grpc(_)) => findings.error(&at.field("grpc"), "istiod does not know probes by gRPC"),
        None => findings.error(at, "a probe has a way of checking"),
    }
}
