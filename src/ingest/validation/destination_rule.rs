//! `DestinationRule`. istiod: `ValidateDestinationRule`

use std::collections::BTreeSet;

use crate::model::Config;
use crate::model::istio::{DestinationRule, OutlierDetection, TrafficPolicy, TrafficPolicyPortTrafficPolicy};

use super::export_to::{self, Exporter};
use super::finding::{At, Findings};
use super::name::{self, check_duration, check_labels, is_label};
use super::{connection_pool, load_balancer, selector, tls};

pub(super) fn check(config: &Config<DestinationRule>, findings: &mut Findings<'_>) {
    let DestinationRule { host, traffic_policy, subsets, export_to, workload_selector } = &config.spec;
    let namespace = &config.meta.namespace;
    findings.check(&At::SPEC.field("host"), name::wildcard_domain(host));
    check_traffic_policy(namespace, traffic_policy.as_ref(), &At::SPEC, findings);

    let list = At::SPEC.field("subsets");
    let mut names = BTreeSet::new();
    for (index, subset) in subsets.iter().enumerate() {
        let at = list.item(index);
        if !names.insert(&subset.name) {
            findings.error(&at.field("name"), format!("subset `{}` is defined twice", subset.name));
        }
        findings.check(&at.field("name"), subset_name(&subset.name));
        check_labels(&subset.labels, &at.field("labels"), findings);
        check_traffic_policy(namespace, subset.traffic_policy.as_ref(), &at, findings);
    }

    let exporter = if workload_selector.is_some() { Exporter::SelectiveDestinationRule } else { Exporter::Other };
    export_to::check(namespace, export_to, exporter, findings);
    selector::check(workload_selector.as_ref(), &At::SPEC.field("workloadSelector"), findings);
}

/// istiod: `validateSubsetName`
pub(super) fn subset_name(name: &str) -> Result<(), String> {
    if is_label(name) { Ok(()) } else { Err(format!("`{name}` is not a valid subset name")) }
}

/// istiod: `validateTrafficPolicy`
fn check_traffic_policy(namespace: &str, policy: Option<&TrafficPolicy>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(policy) = policy else { return };
    let at = at.field("trafficPolicy");
    if *policy == TrafficPolicy::default() {
        findings.error(&at, "a traffic policy requires at least one field");
        return;
    }
    if policy.tunnel.is_some() && policy.proxy_protocol.is_some() {
        findings.error(&at, "`tunnel` and `proxyProtocol` exclude each other");
        return;
    }
    let outlier_detection = policy.outlier_detection.as_ref();
    check_outlier_detection(outlier_detection, &at, findings);
    connection_pool::check(policy.connection_pool.as_ref(), &at.field("connectionPool"), findings);
    load_balancer::check(policy.load_balancer.as_ref(), outlier_detection, &at.field("loadBalancer"), findings);
    if let Some(settings) = &policy.tls {
        tls::check_client(namespace, settings, &at.field("tls"), findings);
    }
    let list = at.field("portLevelSettings");
    for (index, port) in policy.port_level_settings.iter().enumerate() {
        check_port(namespace, port, &list.item(index), findings);
    }
    if let Some(tunnel) = &policy.tunnel {
        let at = at.field("tunnel");
        if !matches!(tunnel.protocol.as_str(), "" | "CONNECT" | "POST") {
            findings.error(&at.field("protocol"), "the protocol of a tunnel must be CONNECT or POST");
        }
        if !name::is_ip(&tunnel.target_host) {
            findings.check(&at.field("targetHost"), name::domain(&tunnel.target_host));
        }
        findings.check(&at.field("targetPort"), name::port(tunnel.target_port));
    }
}

/// istiod: `validatePortTrafficPolicies`
fn check_port(namespace: &str, policy: &TrafficPolicyPortTrafficPolicy, at: &At<'_>, findings: &mut Findings<'_>) {
    let TrafficPolicyPortTrafficPolicy { port, load_balancer, connection_pool, outlier_detection, tls } = policy;
    if port.is_none() {
        findings.error(at, "port-level settings require a `port`");
    }
    if load_balancer.is_none() && connection_pool.is_none() && outlier_detection.is_none() && tls.is_none() {
        findings.error(at, "port-level settings require at least one field");
        return;
    }
    check_outlier_detection(outlier_detection.as_ref(), at, findings);
    connection_pool::check(connection_pool.as_ref(), &at.field("connectionPool"), findings);
    load_balancer::check(load_balancer.as_ref(), outlier_detection.as_ref(), &at.field("loadBalancer"), findings);
    if let Some(settings) = tls {
        tls::check_client(namespace, settings, &at.field("tls"), findings);
    }
}

/// istiod: `validateOutlierDetection`
pub(super) fn check_outlier_detection(outlier: Option<&OutlierDetection>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(outlier) = outlier else { return };
    let at = at.field("outlierDetection");
    check_duration(outlier.base_ejection_time, &at.field("baseEjectionTime"), findings);
    check_duration(outlier.interval, &at.field("interval"), findings);
    if outlier.consecutive_errors != 0 {
        let message = "`consecutiveGatewayErrors` or `consecutive5xxErrors` take the place of this field";
        findings.warning("deprecated-field", &at.field("consecutiveErrors"), message);
    }
    let local = outlier.consecutive_local_origin_failures.is_some_and(|count| count > 0);
    if local && !outlier.split_external_local_origin_errors {
        let message = "ignored without `splitExternalLocalOriginErrors`";
        findings.error(&at.field("consecutiveLocalOriginFailures"), message);
    }
    findings.check(&at.field("maxEjectionPercent"), name::percent(outlier.max_ejection_percent));
    findings.check(&at.field("minHealthPercent"), name::percent(outlier.min_health_percent));
}
