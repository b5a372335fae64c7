//! Annotations of Istio that are unknown, deprecated, invalid, or on the wrong kind of object.
//!
//! istiod: `analyzers/annotations/annotations.go`, `analyzers/maturity/maturity.go`

use super::annotation_table::ANNOTATIONS;
use super::in_mesh;
use crate::ingest;
use crate::installation::Behaviours;
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
    let behaviours = context.mesh.map_or_else(Behaviours::default, |mesh| mesh.installation.behaviours);
    for item in items(context) {
        for (name, value) in item.annotations() {
            out.extend(check_one(behaviours, item, name, value));
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

fn check_one<'c>(behaviours: Behaviours, item: &'c Item<'c>, name: &str, value: &str) -> Vec<Finding<'c>> {
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
    } else if let Err(problem) = ingest::check_annotation(behaviours, name, value) {
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
