//! Fields and values of Istio's kinds that 1.31 brought.

use std::sync::Arc;

use super::{dropped, refused, retain};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ingest::Manifests;
use crate::installation::{Behaviour, Installation};
use crate::model::Config;
use crate::model::istio::{
    ConnectionPoolSettings, DestinationRule, EnvoyFilter, EnvoyFilterPatchOperation, Gateway, HttpRedirect,
    LoadBalancerSettings, OutlierDetection, ServerTlsSettings, Sidecar, TrafficPolicy, VirtualService,
};

/// The release.
const SINCE: &str = "1.31";

pub(super) fn apply(manifests: &mut Manifests, installation: &Installation, said: &mut Diagnostics) {
    if installation.does(Behaviour::TakesFieldsOf131) {
        return;
    }
    let resources = &mut manifests.resources;
    let drop = |source, paths: Vec<String>, said: &mut Diagnostics| {
        for path in &paths {
            said.push(dropped(installation, source, path, SINCE));
        }
    };
    for rule in &mut resources.destination_rules {
        without(rule, destination_rule, |source, paths| drop(source, paths, said));
    }
    for sidecar in &mut resources.sidecars {
        without(sidecar, sidecar_fields, |source, paths| drop(source, paths, said));
    }
    for gateway in &mut resources.gateways {
        without(gateway, gateway_fields, |source, paths| drop(source, paths, said));
    }
    for service in &mut resources.virtual_services {
        without(service, virtual_service, |source, paths| drop(source, paths, said));
    }
    retain(&mut resources.virtual_services, said, |service| empty_redirect(service, installation));
    retain(&mut resources.destination_rules, said, |rule| low_aggression(rule, installation));
    retain(&mut resources.envoy_filters, said, |filter| replaced_list(filter, installation));
    retain(&mut resources.sidecars, said, |sidecar| excluded_host(sidecar, installation));
}

/// Takes fields out of an object; `take` returns their paths. An object without any is not copied.
fn without<T: Clone + HasNewer>(
    config: &mut Arc<Config<T>>,
    take: impl Fn(&mut T) -> Vec<String>,
    say: impl FnOnce(crate::source::ResourceRef, Vec<String>),
) {
    if config.spec.has_newer() {
        let config = Arc::make_mut(config);
        say(config.source, take(&mut config.spec));
    }
}

/// Whether an object has any of the fields: a look without a copy.
trait HasNewer {
    fn has_newer(&self) -> bool;
}

impl HasNewer for DestinationRule {
    fn has_newer(&self) -> bool {
        let policies =
            self.traffic_policy.iter().chain(self.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref()));
        policies.into_iter().any(|policy| {
            let blocks = |pool: Option<&ConnectionPoolSettings>,
                          balancer: Option<&LoadBalancerSettings>,
                          outlier: Option<&OutlierDetection>| {
                pool.is_some_and(has_keepalive)
                    || balancer.is_some_and(|balancer| balancer.zone_aware_lb_setting.is_some())
                    || outlier.is_some_and(|outlier| !outlier.outlier_detection_http_error_codes.is_empty())
            };
            let (pool, balancer) = (policy.connection_pool.as_ref(), policy.load_balancer.as_ref());
            blocks(pool, balancer, policy.outlier_detection.as_ref())
                || policy.retry_budget.as_ref().is_some_and(|budget| budget.budget_interval.is_some())
                || policy.port_level_settings.iter().any(|port| {
                    let (pool, balancer) = (port.connection_pool.as_ref(), port.load_balancer.as_ref());
                    blocks(pool, balancer, port.outlier_detection.as_ref())
                })
        })
    }
}

impl HasNewer for Sidecar {
    fn has_newer(&self) -> bool {
        self.inbound_connection_pool.as_ref().is_some_and(has_keepalive)
            || self.ingress.iter().any(|listener| {
                listener.connection_pool.as_ref().is_some_and(has_keepalive)
                    || listener.tls.as_ref().is_some_and(|tls| tls.insecure_skip_verify.is_some())
            })
    }
}

impl HasNewer for Gateway {
    fn has_newer(&self) -> bool {
        let mut settings = self.servers.iter().filter_map(|server| server.tls.as_ref());
        settings.any(|tls| tls.insecure_skip_verify.is_some())
    }
}

impl HasNewer for VirtualService {
    fn has_newer(&self) -> bool {
        let mut redirects = self.http.iter().filter_map(|route| route.redirect.as_ref());
        redirects.any(|redirect| !redirect.prefix_rewrite.is_empty())
    }
}

fn has_keepalive(pool: &ConnectionPoolSettings) -> bool {
    pool.http.as_ref().is_some_and(|http| http.http2_keep_alive.is_some())
}

fn destination_rule(rule: &mut DestinationRule) -> Vec<String> {
    let mut paths = Vec::new();
    if let Some(policy) = &mut rule.traffic_policy {
        traffic_policy(policy, "spec.trafficPolicy", &mut paths);
    }
    for (index, subset) in rule.subsets.iter_mut().enumerate() {
        if let Some(policy) = &mut subset.traffic_policy {
            traffic_policy(policy, &format!("spec.subsets[{index}].trafficPolicy"), &mut paths);
        }
    }
    paths
}

fn traffic_policy(policy: &mut TrafficPolicy, at: &str, paths: &mut Vec<String>) {
    let interval = policy.retry_budget.as_mut().and_then(|budget| budget.budget_interval.take());
    paths.extend(interval.map(|_| format!("{at}.retryBudget.budgetInterval")));
    connection_pool(policy.connection_pool.as_mut(), &format!("{at}.connectionPool"), paths);
    balancer(policy.load_balancer.as_mut(), at, paths);
    outlier_detection(policy.outlier_detection.as_mut(), at, paths);
    for (index, port) in policy.port_level_settings.iter_mut().enumerate() {
        let at = format!("{at}.portLevelSettings[{index}]");
        connection_pool(port.connection_pool.as_mut(), &format!("{at}.connectionPool"), paths);
        balancer(port.load_balancer.as_mut(), &at, paths);
        outlier_detection(port.outlier_detection.as_mut(), &at, paths);
    }
}

fn connection_pool(pool: Option<&mut ConnectionPoolSettings>, at: &str, paths: &mut Vec<String>) {
    let keepalive = pool.and_then(|pool| pool.http.as_mut()).and_then(|http| http.http2_keep_alive.take());
    paths.extend(keepalive.map(|_| format!("{at}.http.http2KeepAlive")));
}

fn balancer(balancer: Option<&mut LoadBalancerSettings>, at: &str, paths: &mut Vec<String>) {
    let zones = balancer.and_then(|balancer| balancer.zone_aware_lb_setting.take());
    paths.extend(zones.map(|_| format!("{at}.loadBalancer.zoneAwareLbSetting")));
}

fn outlier_detection(outlier: Option<&mut OutlierDetection>, at: &str, paths: &mut Vec<String>) {
    let codes = outlier.map(|outlier| std::mem::take(&mut outlier.outlier_detection_http_error_codes));
    let codes = codes.filter(|codes| !codes.is_empty());
    paths.extend(codes.map(|_| format!("{at}.outlierDetection.outlierDetectionHttpErrorCodes")));
}

fn sidecar_fields(sidecar: &mut Sidecar) -> Vec<String> {
    let mut paths = Vec::new();
    connection_pool(sidecar.inbound_connection_pool.as_mut(), "spec.inboundConnectionPool", &mut paths);
    for (index, listener) in sidecar.ingress.iter_mut().enumerate() {
        let at = format!("spec.ingress[{index}]");
        connection_pool(listener.connection_pool.as_mut(), &format!("{at}.connectionPool"), &mut paths);
        server_tls(listener.tls.as_mut(), &at, &mut paths);
    }
    paths
}

fn gateway_fields(gateway: &mut Gateway) -> Vec<String> {
    let mut paths = Vec::new();
    for (index, server) in gateway.servers.iter_mut().enumerate() {
        server_tls(server.tls.as_mut(), &format!("spec.servers[{index}]"), &mut paths);
    }
    paths
}

fn server_tls(tls: Option<&mut ServerTlsSettings>, at: &str, paths: &mut Vec<String>) {
    let skips = tls.and_then(|tls| tls.insecure_skip_verify.take());
    paths.extend(skips.map(|_| format!("{at}.tls.insecureSkipVerify")));
}

fn virtual_service(service: &mut VirtualService) -> Vec<String> {
    let mut paths = Vec::new();
    for (index, route) in service.http.iter_mut().enumerate() {
        let prefix = route.redirect.as_mut().map(|redirect| std::mem::take(&mut redirect.prefix_rewrite));
        let prefix = prefix.filter(|prefix| !prefix.is_empty());
        paths.extend(prefix.map(|_| format!("spec.http[{index}].redirect.prefixRewrite")));
    }
    paths
}

/// The webhook refuses a redirect of which nothing is left.
fn empty_redirect(service: &Config<VirtualService>, installation: &Installation) -> Option<Diagnostic> {
    let is_empty = |redirect: &HttpRedirect| {
        let HttpRedirect { uri, prefix_rewrite: _, authority, scheme, redirect_code: _, redirect_port } = redirect;
        uri.is_empty() && authority.is_empty() && scheme.is_empty() && redirect_port.is_none()
    };
    let index = service.spec.http.iter().position(|route| route.redirect.as_ref().is_some_and(is_empty))?;
    let path = format!("spec.http[{index}].redirect");
    Some(refused(installation, service.source, &path, "nothing that it knows is left of this redirect"))
}

/// The webhook asks for an aggression of 1 at least.
fn low_aggression(rule: &Config<DestinationRule>, installation: &Installation) -> Option<Diagnostic> {
    let is_low = |balancer: Option<&LoadBalancerSettings>| {
        let warmup = balancer.and_then(|balancer| balancer.warmup.as_ref());
        warmup.and_then(|warmup| warmup.aggression).is_some_and(|aggression| aggression < 1.0)
    };
    let of_policy = |policy: &TrafficPolicy, at: &str| {
        let own = is_low(policy.load_balancer.as_ref()).then(|| format!("{at}.loadBalancer.warmup.aggression"));
        own.or_else(|| {
            let index = policy.port_level_settings.iter().position(|port| is_low(port.load_balancer.as_ref()))?;
            Some(format!("{at}.portLevelSettings[{index}].loadBalancer.warmup.aggression"))
        })
    };
    let top = rule.spec.traffic_policy.as_ref().and_then(|policy| of_policy(policy, "spec.trafficPolicy"));
    let path = top.or_else(|| {
        rule.spec.subsets.iter().enumerate().find_map(|(index, subset)| {
            of_policy(subset.traffic_policy.as_ref()?, &format!("spec.subsets[{index}].trafficPolicy"))
        })
    })?;
    Some(refused(installation, rule.source, &path, "it takes an aggression of 1 or more; 1.31 takes less"))
}

/// The definition of the kind has fewer operations.
fn replaced_list(filter: &Config<EnvoyFilter>, installation: &Installation) -> Option<Diagnostic> {
    let index = filter.spec.config_patches.iter().position(|patch| {
        patch.patch.as_ref().is_some_and(|patch| patch.operation == EnvoyFilterPatchOperation::MergeAndReplaceList)
    })?;
    let path = format!("spec.configPatches[{index}].patch.operation");
    Some(refused(installation, filter.source, &path, "it has this operation since 1.31"))
}

/// The webhook takes `~` for no namespace, and not for a part of one.
fn excluded_host(sidecar: &Config<Sidecar>, installation: &Installation) -> Option<Diagnostic> {
    let is_newer = |host: &String| host.starts_with('~') && !host.starts_with("~/");
    sidecar.spec.egress.iter().enumerate().find_map(|(listener, egress)| {
        let host = egress.hosts.iter().position(is_newer)?;
        let path = format!("spec.egress[{listener}].hosts[{host}]");
        Some(refused(installation, sidecar.source, &path, "it excludes hosts of a namespace since 1.31"))
    })
}
