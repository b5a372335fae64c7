//! DestinationRules without a certificate to check, with hosts that nobody has, or with subsets without Pods.
//!
//! istiod: `analyzers/destinationrule/{ca-certificates,subset}.go`

use std::collections::BTreeMap;

use super::hosts::{self, Hosts};
use super::judge;
use super::selector::Labels;
use crate::lint::context::{LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::{hostname, labels};
use crate::model::istio::{ClientTlsSettings, ClientTlsSettingsTlsMode as Mode, DestinationRule};
use crate::model::kubernetes::Pod;

const REGION: &str = "topology.kubernetes.io/region";
const ZONE: &str = "topology.kubernetes.io/zone";
const SUBZONE: &str = "topology.istio.io/subzone";
const HOSTNAME: &str = "kubernetes.io/hostname";

/// Finds TLS to servers whose certificate nobody checks.
pub(super) fn check_certificates<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for rule in context.destination_rules() {
        let Some(policy) = &rule.spec.traffic_policy else { continue };
        let (name, namespace, host) = (rule.full_name(), &rule.namespace, &rule.spec.host);
        if let Some(mode) = unchecked(policy.tls.as_ref(), rule.spec) {
            let message = format!(
                "the certificate of {host} is not verified: {name} in namespace {namespace} has TLS mode {mode} and no caCertificates"
            );
            let finding = Finding::new(&rules::IST0128, rule.item, message).at("spec.trafficPolicy.tls.caCertificates");
            out.push(finding.point("spec.trafficPolicy.tls").help(HELP).false_alarm_if(checked(policy.tls.as_ref())));
        }
        for (i, port) in policy.port_level_settings.iter().enumerate() {
            let Some(mode) = unchecked(port.tls.as_ref(), rule.spec) else { continue };
            let number = port.port.as_ref().map_or_else(String::new, |port| format!("number:{}", port.number));
            let message = format!(
                "nobody checks the certificate of {host} at port {number}: {name} in namespace {namespace} has TLS mode {mode} and no \
                 caCertificates"
            );
            let path = format!("spec.trafficPolicy.portLevelSettings[{i}].tls");
            let finding = Finding::new(&rules::IST0129, rule.item, message).at(&format!("{path}.caCertificates"));
            out.push(finding.point(&path).help(HELP).false_alarm_if(checked(port.tls.as_ref())));
        }
    }
}

const HELP: &str = "set `caCertificates` to the CA that signs the server's certificate";

fn unchecked(tls: Option<&ClientTlsSettings>, rule: &DestinationRule) -> Option<Mode> {
    let tls = tls.filter(|tls| matches!(tls.mode, Mode::Simple | Mode::Mutual))?;
    let by_credential = !tls.credential_name.is_empty() && rule.workload_selector.is_some();
    (tls.ca_certificates.is_empty() && !by_credential).then_some(tls.mode)
}

/// Why the certificate is checked after all.
fn checked(tls: Option<&ClientTlsSettings>) -> Option<&'static str> {
    let tls = tls.filter(|tls| tls.credential_name.is_empty() && tls.insecure_skip_verify != Some(true));
    tls.map(|_| "without `caCertificates` the proxy checks it by the CAs of its operating system")
}

/// A subset, and whether some Pod is in it.
struct Subset<'c> {
    rule: Typed<'c, DestinationRule>,
    index: usize,
    labels: Labels,
    matched: bool,
}

/// Finds hosts that nobody has, and subsets without Pods.
pub(super) fn check_subsets<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let hosts = Hosts::new(context);
    let mut subsets: Vec<Subset<'c>> = Vec::new();
    for rule in context.destination_rules() {
        let Some(known) = hosts.find(&rule.namespace, &rule.spec.export_to, &rule.spec.host) else {
            let message = format!("no Service or ServiceEntry defines the host {}", rule.spec.host);
            let reason = judge::host(context, &rule.namespace, &rule.spec.host).or_else(|| covers(context, &rule));
            let mut finding = Finding::new(&rules::IST0174, rule.item, message).point("spec.host");
            finding.help =
                hosts::meant(context, &rule.namespace, &rule.spec.host).map(|name| format!("did you mean `{name}`?"));
            out.push(finding.false_alarm_if(reason));
            continue;
        };
        // Of subsets with one name, the last is the one.
        let last: BTreeMap<&str, usize> =
            rule.spec.subsets.iter().enumerate().map(|(index, subset)| (subset.name.as_str(), index)).collect();
        subsets.extend(last.into_values().map(|index| {
            let mut labels = known.workload_labels.cloned().unwrap_or_default();
            labels.extend(rule.spec.subsets[index].labels.clone());
            Subset { rule, index, labels, matched: false }
        }));
    }
    let nodes: BTreeMap<&str, &Labels> = context.of("", "Node").map(|node| (node.name(), node.labels())).collect();
    for pod in context.pods() {
        let pod = with_topology(&pod, &nodes);
        for subset in subsets.iter_mut().filter(|subset| !subset.matched) {
            subset.matched = labels::subset(&subset.labels, &pod);
        }
    }
    for subset in subsets.iter().filter(|subset| !subset.matched) {
        let Subset { rule, index, .. } = subset;
        let name = &rule.spec.subsets[*index].name;
        let message = format!("subset {name} selects no Pod; requests to it fail with 503");
        let finding = Finding::new(&rules::IST0173, rule.item, message).point(&format!("spec.subsets[{index}].labels"));
        out.push(finding.false_alarm_if(judge::endpoints(context, &rule.namespace, &rule.spec.host, name)));
    }
}

/// Why a wildcard is for some host after all.
fn covers(context: &LintContext<'_>, rule: &Typed<'_, DestinationRule>) -> Option<&'static str> {
    let host = &rule.spec.host;
    let covered =
        hostname::is_wildcard(host) && context.mesh?.services.iter().any(|s| hostname::matches(host, &s.hostname));
    covered.then_some("the wildcard is for hosts that are there")
}

/// Returns a Pod's labels with those that istiod adds to its endpoint. istiod: `label.AugmentLabels`
fn with_topology(pod: &Typed<'_, Pod>, nodes: &BTreeMap<&str, &Labels>) -> Labels {
    let mut all = pod.labels().clone();
    let node_name = &pod.spec.spec.node_name;
    if let Some(node) = nodes.get(node_name.as_str()) {
        // A locality ends at the first part that is missing.
        for key in [REGION, ZONE, SUBZONE] {
            let Some(value) = node.get(key).filter(|value| !value.is_empty() || key == REGION) else { break };
            if !value.is_empty() {
                all.insert(key.to_owned(), value.clone());
            }
        }
    }
    if !node_name.is_empty() {
        all.insert(HOSTNAME.to_owned(), node_name.clone());
    }
    all
}
