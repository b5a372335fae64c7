//! Policies of the Gateway API for backends, beside a DestinationRule for the same host.

use crate::model::istio::{TrafficPolicy, TrafficPolicyPortTrafficPolicy as PortPolicy};

/// Lays a DestinationRule's policy over that of a backend policy, block by block and port by port.
///
/// istiod: `destination_rule.go` `mergeBackendPolicyTrafficPolicy`
pub(super) fn under(rule: Option<&TrafficPolicy>, backend: Option<&TrafficPolicy>) -> Option<TrafficPolicy> {
    let (Some(rule), Some(backend)) = (rule, backend) else { return rule.or(backend).cloned() };
    let TrafficPolicy {
        load_balancer,
        connection_pool,
        outlier_detection,
        tls,
        port_level_settings,
        tunnel,
        proxy_protocol,
        retry_budget,
    } = rule.clone();
    Some(TrafficPolicy {
        load_balancer: load_balancer.or_else(|| backend.load_balancer.clone()),
        connection_pool: connection_pool.or_else(|| backend.connection_pool.clone()),
        outlier_detection: outlier_detection.or_else(|| backend.outlier_detection.clone()),
        tls: tls.or_else(|| backend.tls.clone()),
        port_level_settings: ports(port_level_settings, &backend.port_level_settings),
        tunnel: tunnel.or_else(|| backend.tunnel.clone()),
        proxy_protocol: proxy_protocol.or_else(|| backend.proxy_protocol.clone()),
        retry_budget: retry_budget.or_else(|| backend.retry_budget.clone()),
    })
}

/// istiod: `destination_rule.go` `mergeBackendPolicyPortLevelSettings`
fn ports(mut rule: Vec<PortPolicy>, backend: &[PortPolicy]) -> Vec<PortPolicy> {
    let number = |policy: &PortPolicy| policy.port.as_ref().map_or(0, |port| port.number);
    let own = rule.len();
    for policy in backend {
        // Of several settings for a port the last is the one that is found.
        match rule.iter_mut().take(own).rfind(|settings| number(settings) == number(policy)) {
            None => rule.push(policy.clone()),
            Some(settings) => {
                settings.load_balancer = settings.load_balancer.take().or_else(|| policy.load_balancer.clone());
                settings.connection_pool = settings.connection_pool.take().or_else(|| policy.connection_pool.clone());
                settings.outlier_detection =
                    settings.outlier_detection.take().or_else(|| policy.outlier_detection.clone());
                settings.tls = settings.tls.take().or_else(|| policy.tls.clone());
            }
        }
    }
    rule
}
