//! Sidecars and Telemetries: which select no Pod, the same Pod, or the whole of the same namespace.
//!
//! istiod: `analyzers/sidecar/selector.go`, `analyzers/telemetry/{selector,default_selector}.go`

use std::collections::{BTreeMap, BTreeSet};

use super::selector::{self, Labels};
use super::{in_mesh, judge};
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::{Rule, rules};
use crate::mesh::labels;

/// An object and what it selects.
struct Selecting<'c> {
    item: &'c Item<'c>,
    selector: &'c Labels,
}

pub(super) fn check_sidecars<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mut selecting = Vec::new();
    let mut whole: BTreeMap<&str, Vec<&'c Item<'c>>> = BTreeMap::new();
    for sidecar in context.sidecars() {
        let selector = sidecar.spec.workload_selector.as_ref().map(|selector| &selector.labels);
        match selector.filter(|selector| !selector.is_empty()) {
            Some(selector) => selecting.push(Selecting { item: sidecar.item, selector }),
            None => whole.entry(&sidecar.item.namespace).or_default().push(sidecar.item),
        }
    }
    let mut ambient: BTreeSet<String> = BTreeSet::new();
    for (pod, sidecars) in by_pod(context, &selecting, "spec.workloadSelector.labels", out) {
        if in_mesh::is_ambient_pod(pod) {
            for sidecar in sidecars.into_iter().filter(|sidecar| ambient.insert(sidecar.full_name())) {
                let message = "the Sidecar has no effect, because the selected workload is in ambient mode";
                out.push(Finding::new(&rules::IST0167, sidecar, message).point("spec.workloadSelector"));
            }
        } else if sidecars.len() > 1 {
            same_pod(&rules::IST0110, "Sidecars", pod, &sidecars, out);
        }
    }
    for (namespace, sidecars) in whole {
        if in_mesh::is_ambient_namespace(context.namespace(namespace)) {
            for sidecar in sidecars.into_iter().filter(|sidecar| ambient.insert(sidecar.full_name())) {
                let message = "the Sidecar has no effect, because its namespace is in ambient mode";
                out.push(Finding::new(&rules::IST0167, sidecar, message).point("metadata.namespace"));
            }
        } else {
            same_namespace(&rules::IST0111, "Sidecars", namespace, &sidecars, out);
        }
    }
}

pub(super) fn check_telemetries<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let selecting: Vec<Selecting<'c>> = context
        .telemetries()
        .filter_map(|telemetry| {
            let selector = telemetry.spec.selector.as_ref().map(|selector| &selector.match_labels)?;
            (!selector.is_empty()).then_some(Selecting { item: telemetry.item, selector })
        })
        .collect();
    for (pod, telemetries) in by_pod(context, &selecting, "spec.selector.matchLabels", out) {
        if telemetries.len() > 1 {
            same_pod(&rules::IST0159, "Telemetries", pod, &telemetries, out);
        }
    }
}

pub(super) fn check_default_telemetries<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mut whole: BTreeMap<&str, Vec<&'c Item<'c>>> = BTreeMap::new();
    let mut with_target: BTreeSet<String> = BTreeSet::new();
    for telemetry in context.telemetries().filter(|telemetry| telemetry.spec.selector.is_none()) {
        if telemetry.spec.target_ref.is_some() || !telemetry.spec.target_refs.is_empty() {
            with_target.insert(telemetry.full_name());
        }
        whole.entry(&telemetry.item.namespace).or_default().push(telemetry.item);
    }
    for (namespace, telemetries) in whole {
        let before = out.len();
        same_namespace(&rules::IST0160, "Telemetries", namespace, &telemetries, out);
        let rivals = telemetries.iter().filter(|item| !with_target.contains(&item.full_name())).count();
        for finding in out.iter_mut().skip(before) {
            let has_target = finding.item.is_some_and(|item| with_target.contains(&item.full_name()));
            if has_target || rivals < 2 {
                finding.false_alarm =
                    Some("a Telemetry with `targetRefs` is for these only, not for the namespace".to_owned());
            }
        }
    }
}

/// Returns the objects that select each Pod, and finds those that select none.
fn by_pod<'c>(
    context: &'c LintContext<'_>,
    selecting: &[Selecting<'c>],
    path: &str,
    out: &mut Vec<Finding<'c>>,
) -> Vec<(&'c Item<'c>, Vec<&'c Item<'c>>)> {
    let mut pods: Vec<(&'c Item<'c>, Vec<&'c Item<'c>>)> = context.pods().map(|pod| (pod.item, Vec::new())).collect();
    for Selecting { item, selector } in selecting {
        let mut any = false;
        for (pod, selected_by) in &mut pods {
            if pod.namespace == item.namespace && labels::subset(selector, pod.labels()) {
                selected_by.push(*item);
                any = true;
            }
        }
        if !any {
            let message = format!("the selector matches no Pod in the namespace: {}", selector::text(selector));
            let at = selector::first_label(path, selector);
            let reason = judge::workloads(context, &item.namespace, selector);
            out.push(Finding::new(&rules::IST0101, item, message).at_path(at).false_alarm_if(reason));
        }
    }
    pods.retain(|(_, selected_by)| !selected_by.is_empty());
    pods
}

fn same_pod<'c>(rule: &'static Rule, kinds: &str, pod: &Item<'_>, items: &[&'c Item<'c>], out: &mut Vec<Finding<'c>>) {
    let (names, namespace, name) = (names(items), &pod.namespace, pod.name());
    for item in items {
        let message =
            format!("several {kinds} in namespace `{namespace}` select Pod `{name}`; only one is used: {names}");
        let finding = others(Finding::new(rule, item, message).at("metadata.name"), item, items);
        out.push(finding);
    }
}

fn same_namespace<'c>(
    rule: &'static Rule,
    kinds: &str,
    namespace: &str,
    items: &[&'c Item<'c>],
    out: &mut Vec<Finding<'c>>,
) {
    if items.len() < 2 {
        return;
    }
    let names = names(items);
    for item in items {
        let message = format!("several {kinds} apply to the whole namespace `{namespace}`; only one is used: {names}");
        out.push(others(Finding::new(rule, item, message).point("metadata.name"), item, items));
    }
}

fn others<'c>(finding: Finding<'c>, item: &Item<'_>, items: &[&'c Item<'c>]) -> Finding<'c> {
    let others = items.iter().filter(|other| !std::ptr::eq(**other, item));
    others.take(3).fold(finding, |finding, other| finding.related(other, "metadata.name", "so is this one"))
}

fn names(items: &[&Item<'_>]) -> String {
    let mut names: Vec<&str> = items.iter().map(|item| item.name()).collect();
    names.sort_unstable();
    names.join(", ")
}
