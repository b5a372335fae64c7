//! AuthorizationPolicies for workloads and namespaces that are not there.
//!
//! istiod: `analyzers/authz/authorizationpolicies.go`

use std::collections::{BTreeMap, BTreeSet};

use super::selector::{self, Labels};
use super::{in_mesh, judge};
use crate::lint::context::{Item, LintContext, Typed, View};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::labels;
use crate::model::istio::AuthorizationPolicy;
use crate::model::kubernetes::Pod;
use crate::nearest;

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let pods = pods(context);
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for policy in context.authorization_policies() {
        let namespace = policy.item.namespace.as_str();
        let finding = unmatched(policy, context, &pods);
        // That a namespace is not injected is said once.
        let again = context.view == View::Meshc && is_out_of_mesh(context, namespace);
        let again = again && finding.as_ref().is_some_and(|one| one.false_alarm.is_none()) && !told.insert(namespace);
        out.extend(finding.filter(|_| !again));
        unknown_namespaces(policy, context, out);
    }
}

/// Returns the labels of the Pods in the mesh, by namespace. istiod: `initPodLabelsMap`
fn pods<'c>(context: &'c LintContext<'_>) -> BTreeMap<&'c str, Vec<&'c Labels>> {
    let mut all: BTreeMap<&str, Vec<&Labels>> = BTreeMap::new();
    for pod in context.pods() {
        if in_mesh::pod(&pod, context) || in_mesh::is_ambient_pod(pod.item) {
            all.entry(&pod.item.namespace).or_default().push(pod.item.labels());
        }
    }
    all
}

/// Whether a namespace is there and has workloads, none of which has a proxy.
fn is_out_of_mesh(context: &LintContext<'_>, namespace: &str) -> bool {
    let is_own = |pod: &Typed<'_, Pod>| pod.namespace == namespace;
    let has_proxy = |pod: Typed<'_, Pod>| in_mesh::pod(&pod, context) || in_mesh::is_ambient_pod(pod.item);
    let mut own = context.pods().filter(is_own).peekable();
    own.peek().is_some() && context.namespace(namespace).is_some() && !own.any(has_proxy)
}

/// istiod: `analyzeNoMatchingWorkloads`
fn unmatched<'c>(
    policy: Typed<'c, AuthorizationPolicy>,
    context: &LintContext<'_>,
    pods: &BTreeMap<&str, Vec<&Labels>>,
) -> Option<Finding<'c>> {
    let own = pods.get(policy.item.namespace.as_str()).map_or(&[][..], Vec::as_slice);
    let is_mesh_wide = policy.namespace == context.mesh_config.root_namespace;
    let matches = |list: &[&Labels], selector: &Labels| list.iter().any(|pod| labels::subset(selector, pod));
    let selected = match policy.spec.selector.as_ref().map(|selector| &selector.match_labels) {
        None => is_mesh_wide || !own.is_empty(),
        Some(selector) if is_mesh_wide => pods.values().any(|list| matches(list, selector)),
        Some(selector) => matches(own, selector),
    };
    if selected {
        return None;
    }
    let selector = policy.spec.selector.as_ref().map(|selector| selector::text(&selector.match_labels));
    let message = match selector.filter(|text| !text.is_empty()) {
        of if context.view == View::Meshc && is_out_of_mesh(context, &policy.namespace) => {
            let whose = of.map_or_else(String::new, |labels| format!(" of {labels}"));
            format!(
                "namespace `{}` is not injected (no label istio-injection or istio.io/rev), so no proxy{whose} enforces this policy",
                policy.namespace
            )
        }
        Some(labels) => format!("the policy selects no workload of the mesh: none has the labels {labels}"),
        None => format!("the policy selects no workload: none of the namespace {} is in the mesh", policy.namespace),
    };
    let by_target = policy.spec.target_ref.is_some() || !policy.spec.target_refs.is_empty();
    let none = Labels::new();
    let labels = policy.spec.selector.as_ref().map_or(&none, |selector| &selector.match_labels);
    let ambient = in_mesh::is_ambient_namespace(context.namespace(&policy.namespace)) && context.view == View::Meshc;
    let reason = by_target
        .then_some("the policy is for what `targetRefs` names")
        .or(ambient.then_some("ztunnel enforces the policy"))
        .or(judge::workloads(context, &policy.namespace, labels));
    Some(Finding::new(&rules::IST0127, policy.item, message).point("spec.selector").false_alarm_if(reason))
}

/// istiod: `analyzeNamespaceNotFound`
fn unknown_namespaces<'c>(
    policy: Typed<'c, AuthorizationPolicy>,
    context: &'c LintContext<'_>,
    out: &mut Vec<Finding<'c>>,
) {
    for (i, rule) in policy.spec.rules.iter().enumerate() {
        for (j, from) in rule.from.iter().enumerate() {
            let Some(source) = &from.source else { continue };
            let lists = [("namespaces", &source.namespaces), ("notNamespaces", &source.not_namespaces)];
            for (field, namespaces) in lists {
                for (k, namespace) in namespaces.iter().enumerate() {
                    if exists(namespace, context) {
                        continue;
                    }
                    let at = |field: &str| format!("spec.rules[{i}].from[{j}].source.{field}[{k}]");
                    let message = format!("namespace `{namespace}` not found");
                    // istioctl looks for the line among `namespaces` whichever list it is.
                    let finding = Finding::new(&rules::IST0101, policy.item, message).at(&at("namespaces"));
                    let written = context.of("", "Namespace").filter(|one| one.is_written()).map(Item::name);
                    let meant = nearest::misspelt(namespace, written);
                    let help = match meant {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => "namespaces of other clusters must be in the folder too".to_owned(),
                    };
                    let finding = finding.point(&at(field)).help(help);
                    out.push(finding.false_alarm_if(judge::namespace(context, namespace, meant)));
                }
            }
        }
    }
}

/// istiod: `namespaceMatch`
fn exists(pattern: &str, context: &LintContext<'_>) -> bool {
    let mut names = context.of("", "Namespace").map(Item::name);
    if pattern == "*" {
        names.next().is_some()
    } else if let Some(suffix) = pattern.strip_prefix('*') {
        names.any(|name| name.ends_with(suffix))
    } else if let Some(prefix) = pattern.strip_suffix('*') {
        names.any(|name| name.starts_with(prefix))
    } else {
        names.any(|name| name.eq_ignore_ascii_case(pattern))
    }
}
