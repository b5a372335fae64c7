//! Annotations of Istio that are unknown, deprecated, invalid, or on the wrong kind of object.
//!
//! istiod: `analyzers/annotations/annotations.go`, `analyzers/maturity/maturity.go`

use std::net::IpAddr;

use super::annotation_table::{ANNOTATIONS, Annotation};
use super::in_mesh;
use crate::lint::context::{Item, LintContext, Origin};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::source::{FieldPath, Step};

/// Annotations that istiod or a controller sets.
const IGNORED: &[&str] = &["sidecar.istio.io/status", "gateway.istio.io/controller-version", "istio.io/rev"];

/// Annotations that injection sets where the CNI plugin does the redirection.
const SET_WITH_CNI: &[&str] = &[
    "sidecar.istio.io/interceptionMode",
    "traffic.sidecar.istio.io/includeInboundPorts",
    "traffic.sidecar.istio.io/excludeInboundPorts",
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
];

/// Checks annotations of the kinds on which most of Istio's are.
pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for item in items(context) {
        for (name, value) in item.annotations() {
            out.extend(check_one(item, name, value));
        }
    }
}

/// Finds annotations that are not for production yet.
pub(super) fn check_alpha<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let with_cni: std::collections::BTreeSet<String> = context
        .pods()
        .filter(|pod| pod.spec.spec.init_containers.iter().all(|container| container.name != "istio-init"))
        .map(|pod| pod.full_name())
        .collect();
    for item in items(context) {
        let set_by_injection = item.kind() == "Pod" && with_cni.contains(&item.full_name());
        for name in item.annotations().keys().filter(|name| is_istio(name)) {
            let alpha = ANNOTATIONS.iter().any(|known| known.name == name && known.alpha);
            let ignored =
                IGNORED.contains(&name.as_str()) || (set_by_injection && SET_WITH_CNI.contains(&name.as_str()));
            if alpha && !ignored {
                let message = format!("annotation `{name}` belongs to an alpha feature and may be incomplete");
                out.push(Finding::new(&rules::IST0136, item, message).point_path(path(name)));
            }
        }
    }
}

fn items<'c>(context: &'c LintContext<'_>) -> impl Iterator<Item = &'c Item<'c>> {
    [("", "Namespace"), ("", "Service"), ("", "Pod"), ("apps", "Deployment")]
        .into_iter()
        .flat_map(move |(group, kind)| context.of(group, kind))
        .filter(|item| item.origin != Origin::Template)
}

fn check_one<'c>(item: &'c Item<'c>, name: &str, value: &str) -> Vec<Finding<'c>> {
    let mut out = Vec::new();
    if !is_istio(name) || IGNORED.contains(&name) {
        return out;
    }
    let Some(annotation) = ANNOTATIONS.iter().find(|known| known.name == name) else {
        let message = format!("unknown annotation `{name}`");
        return vec![Finding::new(&rules::IST0108, item, message).point_path(path(name))];
    };
    if annotation.deprecated && !(name == in_mesh::INJECT && item.labels().contains_key(in_mesh::INJECT)) {
        let instead = if name == in_mesh::INJECT { ": use the label `sidecar.istio.io/inject` instead" } else { "" };
        let message = format!("annotation `{name}` is deprecated and may be removed{instead}");
        out.push(Finding::new(&rules::IST0135, item, message).point_path(path(name)));
    }
    if annotation.kinds.contains(&"Any") {
        return out;
    }
    if !annotation.kinds.contains(&item.kind()) {
        let kinds = annotation.kinds.join(", ");
        let message = format!("annotation `{name}` has no effect on a {}; it applies to {kinds}", item.kind());
        out.push(Finding::new(&rules::IST0107, item, message).point_path(path(name)));
    } else if let Err(problem) = validate(annotation, value) {
        let message = format!("annotation `{name}` has an invalid value, so injection fails: {problem}");
        out.push(Finding::new(&rules::IST0125, item, message).point_path(path(name)));
    }
    out
}

fn path(name: &str) -> FieldPath {
    let mut path = FieldPath::parse("metadata.annotations");
    path.0.push(Step::Key(name.to_owned()));
    path
}

fn is_istio(name: &str) -> bool {
    let prefix = name.split('/').next().unwrap_or_default();
    name == "kubernetes.io/ingress.class" || prefix.ends_with("istio.io")
}

/// Checks a value as injection does. istiod: `pkg/kube/inject/validate.go` `AnnotationValidation`
fn validate(annotation: &Annotation, value: &str) -> Result<(), String> {
    match annotation.name {
        "sidecar.istio.io/interceptionMode" if !["REDIRECT", "TPROXY", "NONE"].contains(&value) => {
            Err(format!("`{value}` is none of REDIRECT, TPROXY, NONE"))
        }
        "status.sidecar.istio.io/port" => port(value),
        "readiness.status.sidecar.istio.io/initialDelaySeconds"
        | "readiness.status.sidecar.istio.io/periodSeconds"
        | "readiness.status.sidecar.istio.io/failureThreshold" => {
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            value
                .parse::<u32>()
                .ok()
                .filter(|_| digits)
                .map(drop)
                .ok_or_else(|| format!("`{value}` is not a number from 0"))
        }
        "traffic.sidecar.istio.io/includeOutboundIPRanges" | "traffic.sidecar.istio.io/includeInboundPorts"
            if value == "*" =>
        {
            Ok(())
        }
        "traffic.sidecar.istio.io/includeOutboundIPRanges" | "traffic.sidecar.istio.io/excludeOutboundIPRanges" => {
            value.split(',').filter(|_| !value.is_empty()).try_for_each(cidr)
        }
        "traffic.sidecar.istio.io/includeInboundPorts"
        | "traffic.sidecar.istio.io/excludeInboundPorts"
        | "traffic.sidecar.istio.io/excludeOutboundPorts" => {
            let list = value.trim();
            list.split(',').filter(|_| !list.is_empty()).try_for_each(port)
        }
        "traffic.sidecar.istio.io/excludeInterfaces"
        | "traffic.sidecar.istio.io/kubevirtInterfaces"
        | "istio.io/reroute-virtual-interfaces" => {
            value.split(',').filter(|_| !value.is_empty()).try_for_each(interface)
        }
        "prometheus.istio.io/merge-metrics" => boolean(value),
        "proxy.istio.io/config" => {
            let base = crate::model::istio::MeshConfig::built_in().default_config.unwrap_or_default();
            let blank = value.trim().is_empty();
            let read = blank || crate::ingest::proxy_config(base, value).is_some();
            read.then_some(()).ok_or_else(|| "not a valid ProxyConfig".to_owned())
        }
        "sidecar.istio.io/proxyCPU"
        | "sidecar.istio.io/proxyMemory"
        | "sidecar.istio.io/proxyCPULimit"
        | "sidecar.istio.io/proxyMemoryLimit" => quantity(value),
        _ => Ok(()),
    }
}

fn port(text: &str) -> Result<(), String> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<u16>().ok().filter(|_| digits).map(drop).ok_or_else(|| format!("`{text}` is not a valid port"))
}

fn cidr(text: &str) -> Result<(), String> {
    let read = || {
        let (address, length) = text.split_once('/')?;
        let (address, bits): (IpAddr, u8) = (address.parse().ok()?, length.parse().ok()?);
        let plain = length == "0" || !length.starts_with(['0', '+']);
        (plain && bits <= if address.is_ipv4() { 32 } else { 128 }).then_some(())
    };
    read().ok_or_else(|| format!("`{text}` is not a valid CIDR"))
}

/// istiod: `ValidateInterfaceNames`
fn interface(text: &str) -> Result<(), String> {
    let name = text.trim();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.len() <= 15 && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(format!("`{name}` is not a valid interface name"))
    }
}

fn boolean(text: &str) -> Result<(), String> {
    let known = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
    known.contains(&text).then_some(()).ok_or_else(|| format!("`{text}` is neither true nor false"))
}

/// istiod: `resource.ParseQuantity`
fn quantity(text: &str) -> Result<(), String> {
    const SUFFIXES: &[&str] = &["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
    let (number, suffix) = number.split_at(end);
    let exponent = suffix.strip_prefix(['e', 'E']).is_some_and(|exponent| exponent.parse::<i32>().is_ok());
    let is_number = number.bytes().filter(|byte| *byte == b'.').count() <= 1 && number.bytes().any(|b| b != b'.');
    if is_number && (exponent || SUFFIXES.contains(&suffix)) {
        Ok(())
    } else {
        Err(format!("`{}` is not a quantity such as 100m or 1Gi", text.escape_default()))
    }
}
