//! Webhooks of the injector that overlap, or lead nowhere. istiod: `analyzers/webhook/webhook.go`

use std::collections::{BTreeMap, BTreeSet};

use super::in_mesh::{INJECT, INJECTION, REVISION};
use super::judge;
use super::selector::Labels;
use crate::lint::context::{Item, LintContext, View, full_name};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::model::kubernetes::{LabelSelector, LabelSelectorRequirement};
use crate::source::Node;

/// One webhook of a MutatingWebhookConfiguration.
#[derive(Clone)]
pub(super) struct Webhook<'c> {
    configuration: &'c Item<'c>,
    index: usize,
    pub(super) name: &'c str,
    namespace_selector: Option<LabelSelector>,
    object_selector: Option<LabelSelector>,
    /// Namespace and name of the Service that it calls.
    service: Option<(String, String)>,
}

impl<'c> Webhook<'c> {
    /// Returns all webhooks.
    pub(super) fn all(context: &'c LintContext<'_>) -> Vec<Self> {
        let configurations = context.of("admissionregistration.k8s.io", "MutatingWebhookConfiguration");
        configurations
            .flat_map(|configuration| {
                let hooks = configuration.node().get("webhooks").into_iter().flat_map(Node::items).enumerate();
                hooks.map(move |(index, hook)| Self::new(configuration, index, hook))
            })
            .collect()
    }

    fn new(configuration: &'c Item<'c>, index: usize, hook: Node<'c>) -> Self {
        let text = |node: Option<Node<'c>>| node.and_then(Node::as_str).unwrap_or_default();
        let service = hook.get("clientConfig").and_then(|config| config.get("service")).filter(|node| !node.is_null());
        Self {
            configuration,
            index,
            name: text(hook.get("name")),
            namespace_selector: hook.get("namespaceSelector").and_then(selector),
            object_selector: hook.get("objectSelector").and_then(selector),
            service: service.map(|s| (text(s.get("namespace")).to_owned(), text(s.get("name")).to_owned())),
        }
    }

    /// Whether it takes Pods with these labels from namespaces with these.
    pub(super) fn matches(&self, namespace: &Labels, pod: &Labels) -> bool {
        let holds = |selector: &Option<LabelSelector>, labels: &Labels| {
            selector.as_ref().is_none_or(|selector| is_valid(selector) && selector.matches(labels))
        };
        holds(&self.namespace_selector, namespace) && holds(&self.object_selector, pod)
    }

    fn full_name(&self) -> String {
        format!("{}/{}", self.configuration.full_name(), self.name)
    }

    /// Returns the revisions that its selectors name.
    fn revisions(&self) -> impl Iterator<Item = &String> {
        let selectors = [&self.namespace_selector, &self.object_selector].into_iter().flatten();
        selectors.flat_map(|selector| {
            let named = selector.match_expressions.iter().filter(|requirement| requirement.key == REVISION);
            selector.match_labels.get(REVISION).into_iter().chain(named.flat_map(|requirement| &requirement.values))
        })
    }
}

fn selector(node: Node<'_>) -> Option<LabelSelector> {
    if node.is_null() {
        return None;
    }
    let text = |node: Option<Node<'_>>| node.and_then(Node::as_str).unwrap_or_default().to_owned();
    let pairs = node.get("matchLabels").into_iter().flat_map(Node::entries);
    let expressions = node.get("matchExpressions").into_iter().flat_map(Node::items);
    Some(LabelSelector {
        match_labels: pairs.map(|(key, value)| (text(Some(key)), text(Some(value)))).collect(),
        match_expressions: expressions
            .map(|expression| LabelSelectorRequirement {
                key: text(expression.get("key")),
                operator: text(expression.get("operator")),
                values: expression
                    .get("values")
                    .into_iter()
                    .flat_map(Node::items)
                    .map(|value| text(Some(value)))
                    .collect(),
            })
            .collect(),
    })
}

/// Whether the API server would take the selector. Kubernetes: `LabelSelectorAsSelector`
fn is_valid(selector: &LabelSelector) -> bool {
    selector.match_expressions.iter().all(|requirement| match requirement.operator.as_str() {
        "In" | "NotIn" => !requirement.values.is_empty(),
        "Exists" | "DoesNotExist" => requirement.values.is_empty(),
        _ => false,
    })
}

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let all = Webhook::all(context);
    let mut by_configuration: BTreeMap<&str, Vec<&Webhook<'c>>> = BTreeMap::new();
    for webhook in &all {
        by_configuration.entry(webhook.configuration.name()).or_default().push(webhook);
    }
    let mut webhooks: Vec<&Webhook<'c>> = Vec::new();
    let mut revisions: BTreeSet<&str> = BTreeSet::new();
    for hooks in by_configuration.values() {
        let label = hooks.iter().filter_map(|hook| hook.configuration.labels().get(REVISION));
        let own: Vec<&String> = label.chain(hooks.iter().flat_map(|hook| hook.revisions())).collect();
        if own.is_empty() && !hooks.iter().any(|hook| hook.name.ends_with("istio.io")) {
            continue;
        }
        revisions.extend(own.into_iter().map(String::as_str));
        webhooks.extend(hooks);
    }
    let mut overlapping: Vec<Overlap<'c>> = Vec::new();
    for namespace in variants(&[(INJECTION, "enabled"), (INJECTION, "disabled")], &revisions) {
        for pod in variants(&[(INJECT, "true"), (INJECT, "false")], &revisions) {
            overlapping.extend(overlaps(&webhooks, &namespace, &pod));
        }
    }
    // istioctl says it for each set of labels; of one webhook, all others at once is enough.
    if context.view == View::Meshc {
        let mut all: BTreeMap<String, Overlap<'c>> = BTreeMap::new();
        for overlap in overlapping {
            let first = all.entry(overlap.webhook.full_name()).or_insert_with(|| overlap.clone());
            first.others.extend(overlap.others);
        }
        overlapping = all.into_values().collect();
    }
    out.extend(overlapping.iter().map(Overlap::finding));
    for webhook in webhooks {
        let Some((namespace, name)) = &webhook.service else { continue };
        if context.find("Service", namespace, name).is_none() {
            let service = full_name(namespace, name);
            let message = format!("the webhook calls a control plane that does not exist: Service {service}");
            let path = format!("webhooks[{}].clientConfig.service", webhook.index);
            let finding = Finding::new(&rules::IST0139, webhook.configuration, message).point(&path);
            out.push(finding.false_alarm_if(judge::service(context, namespace, name)));
        }
    }
}

/// Returns no label, each of the labels, and the same with each revision.
fn variants(labels: &[(&str, &str)], revisions: &BTreeSet<&str>) -> Vec<Labels> {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    let bare = std::iter::once(Labels::new()).chain(labels.iter().map(|label| Labels::from([owned(*label)])));
    let bare: Vec<Labels> = bare.collect();
    let with = revisions.iter().flat_map(|revision| {
        bare.iter().map(|labels| {
            let mut labels = labels.clone();
            labels.extend([owned((REVISION, revision))]);
            labels
        })
    });
    bare.iter().cloned().chain(with).collect()
}

/// A webhook that takes Pods which others take too.
#[derive(Clone)]
struct Overlap<'c> {
    webhook: Webhook<'c>,
    /// The names of the others.
    others: BTreeSet<String>,
}

impl<'c> Overlap<'c> {
    fn finding(&self) -> Finding<'c> {
        let others: Vec<&str> = self.others.iter().map(String::as_str).collect();
        let message = format!("the webhook overlaps with other injection webhooks: {}", others.join(" "));
        let path = format!("webhooks[{}]", self.webhook.index);
        Finding::new(&rules::IST0139, self.webhook.configuration, message).point(&path)
    }
}

fn overlaps<'c>(webhooks: &[&Webhook<'c>], namespace: &Labels, pod: &Labels) -> Vec<Overlap<'c>> {
    let matching: BTreeMap<String, &Webhook<'c>> = webhooks
        .iter()
        .filter(|webhook| webhook.matches(namespace, pod))
        .map(|hook| (hook.full_name(), *hook))
        .collect();
    if matching.len() < 2 {
        return Vec::new();
    }
    let overlap = |(name, webhook): (&String, &&Webhook<'c>)| {
        let others = matching.keys().filter(|other| *other != name).cloned().collect();
        Overlap { webhook: (*webhook).clone(), others }
    };
    matching.iter().map(overlap).collect()
}
