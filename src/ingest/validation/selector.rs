//! What a policy is for: workloads by their labels, or resources by name.

use std::collections::BTreeMap;

use crate::model::istio::{PolicyTargetReference, TypeWorkloadSelector, WorkloadSelector};

use super::finding::{At, Findings};

/// Kinds that a policy can be for, with their groups.
const TARGETS: [(&str, &str); 4] = [
    ("", "Service"),
    ("networking.istio.io", "ServiceEntry"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "GatewayClass"),
];

/// A selector of `type.istio.io`. istiod: `validateWorkloadSelector`
pub(super) fn check(selector: Option<&TypeWorkloadSelector>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(TypeWorkloadSelector { match_labels }) = selector else { return };
    check_labels(match_labels, &at.field("matchLabels"), findings);
    if match_labels.is_empty() {
        findings.warning("empty-selector", at, "a selector without labels selects everything");
    }
}

/// A selector of networking. istiod: `ValidateAlphaWorkloadSelector`
pub(super) fn check_networking(selector: Option<&WorkloadSelector>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(WorkloadSelector { labels }) = selector else { return };
    check_labels(labels, &at.field("labels"), findings);
    if labels.is_empty() {
        findings.warning("empty-selector", at, "a selector without labels selects everything in the namespace");
    }
}

fn check_labels(labels: &BTreeMap<String, String>, at: &At<'_>, findings: &mut Findings<'_>) {
    for (key, value) in labels {
        if key.is_empty() {
            findings.error(&at.field(key), "the key of a label is empty");
        }
        if key.contains('*') || value.contains('*') {
            findings.error(&at.field(key), "a selector must not contain wildcards");
        }
    }
}

/// A selector or references, and both as they must be.
///
/// istiod: `validateOneOfSelectorType`, `validateWorkloadSelector`, `validatePolicyTargetReferences`
pub(super) fn check_targets(
    selector: Option<&TypeWorkloadSelector>,
    target: Option<&PolicyTargetReference>,
    targets: &[PolicyTargetReference],
    findings: &mut Findings<'_>,
) {
    let set = [selector.is_some(), target.is_some(), !targets.is_empty()];
    if set.iter().filter(|set| **set).count() > 1 {
        findings.error(&At::SPEC, "only one of `selector`, `targetRef` and `targetRefs` may be set");
    }
    check(selector, &At::SPEC.field("selector"), findings);
    if let Some(target) = target {
        check_target(target, &At::SPEC.field("targetRef"), findings);
    }
    for (index, target) in targets.iter().enumerate() {
        check_target(target, &At::SPEC.field("targetRefs").item(index), findings);
    }
}

/// istiod: `validatePolicyTargetReference`
fn check_target(target: &PolicyTargetReference, at: &At<'_>, findings: &mut Findings<'_>) {
    let PolicyTargetReference { group, kind, name, namespace } = target;
    if name.is_empty() {
        findings.error(at, "a reference requires a `name`");
    }
    if !namespace.is_empty() {
        findings.error(&at.field("namespace"), "a reference to another namespace is not supported");
    }
    let group = if group == "core" { "" } else { group };
    if !TARGETS.contains(&(group, kind)) {
        findings.error(&at.field("kind"), format!("a policy cannot be for a `{kind}` of the group `{group}`"));
    }
}
