//! What a small resource would multiply to: refused before it takes all memory.
//!
//! Most of what istiod makes of a resource grows with it. Some grows with the product of its lists; this counts those products.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ingest::Manifests;
use crate::model::istio::{HttpRoute, ServiceEntry, TypeWorkloadSelector, VirtualService};
use crate::model::{Config, ObjectMeta};
use crate::options::Budgets;
use crate::source::ResourceRef;

/// How many times the budget of one resource all of its kind have together: an honest mesh may have thousands of small ones.
const TOGETHER: u64 = 8;

/// Returns an error for each resource that is more than the budgets allow, and for the first with which all of its kind are; their
/// codes begin with `limit-`.
pub fn check(manifests: &Manifests, budgets: &Budgets) -> Diagnostics {
    let mut out = Diagnostics::default();
    let services: BTreeMap<(&str, &str), &Config<VirtualService>> = manifests
        .virtual_services
        .iter()
        .map(|config| ((config.meta.namespace.as_str(), config.meta.name.as_str()), config.as_ref()))
        .collect();
    let mut of_routes = Budget::new(budgets.routes);
    for config in &manifests.virtual_services {
        if let Some(exceeded) = of_routes.take(routes(config, &services), "VirtualService") {
            let message = format!("{exceeded} routes, of hosts times gateways times matches");
            let diagnostic = Diagnostic::error("limit-routes", message).at(config.source, "spec.hosts");
            out.push(diagnostic.help("--max-routes raises the limit"));
        }
    }
    let mut of_addresses = Budget::new(budgets.service_entry);
    for config in &manifests.service_entries {
        if let Some(exceeded) = of_addresses.take(size(&config.spec), "ServiceEntry") {
            let message = format!("{exceeded} addresses, of hosts times ports times addresses and endpoints");
            let diagnostic = Diagnostic::error("limit-service-entry", message).at(config.source, "spec.hosts");
            out.push(diagnostic.help("--max-service-entry raises the limit"));
        }
    }
    out
}

/// Returns an error for the policy or filter with which all of them come to more than the budget allows: rules times the Pods that
/// they are for. Each proxy has its own.
pub fn check_policies(manifests: &Manifests, root_namespace: &str, budgets: &Budgets) -> Diagnostics {
    let mut out = Diagnostics::default();
    let pods = Pods::new(manifests);
    let mut sum: u64 = 0;
    let mut take = |kind: &str, meta: &ObjectMeta, source: ResourceRef, selector: Option<&Labels>, rules: usize| {
        let namespace = if meta.namespace == root_namespace { ALL } else { &meta.namespace };
        let before = sum;
        sum = before.saturating_add(count(rules).saturating_mul(pods.count(namespace, selector)));
        if before <= budgets.policies && sum > budgets.policies {
            let message = format!(
                "the limit is {} rules of policies times the Pods that they are for, and up to this {kind} they come to {sum}",
                budgets.policies
            );
            let diagnostic = Diagnostic::error("limit-policies", message).at(source, "metadata.name");
            out.push(diagnostic.help("--max-policies raises the limit"));
        }
    };
    // What names a gateway or a Service is for few.
    for Config { meta, spec, source } in manifests.authorization_policies.iter().map(AsRef::as_ref) {
        if spec.target_refs.is_empty() && spec.target_ref.is_none() {
            take("AuthorizationPolicy", meta, *source, labels(spec.selector.as_ref()), spec.rules.len());
        }
    }
    for Config { meta, spec, source } in manifests.request_authentications.iter().map(AsRef::as_ref) {
        if spec.target_refs.is_empty() && spec.target_ref.is_none() {
            take("RequestAuthentication", meta, *source, labels(spec.selector.as_ref()), spec.jwt_rules.len());
        }
    }
    for Config { meta, spec, source } in manifests.wasm_plugins.iter().map(AsRef::as_ref) {
        if spec.target_refs.is_empty() && spec.target_ref.is_none() {
            take("WasmPlugin", meta, *source, labels(spec.selector.as_ref()), 1);
        }
    }
    for Config { meta, spec, source } in manifests.traffic_extensions.iter().map(AsRef::as_ref) {
        if spec.target_refs.is_empty() {
            take("TrafficExtension", meta, *source, labels(spec.selector.as_ref()), 1);
        }
    }
    for Config { meta, spec, source } in manifests.envoy_filters.iter().map(AsRef::as_ref) {
        if spec.target_refs.is_empty() {
            let selector = spec.workload_selector.as_ref().map(|selector| &selector.labels);
            take("EnvoyFilter", meta, *source, selector, spec.config_patches.len());
        }
    }
    out
}

type Labels = BTreeMap<String, String>;

fn labels(selector: Option<&TypeWorkloadSelector>) -> Option<&Labels> {
    selector.map(|selector| &selector.match_labels)
}

/// The namespace that stands for all.
const ALL: &str = "";

/// How many Pods there are, by namespace and by one of their labels.
struct Pods<'m> {
    by_namespace: BTreeMap<&'m str, u64>,
    by_label: BTreeMap<(&'m str, &'m str, &'m str), u64>,
}

impl<'m> Pods<'m> {
    fn new(manifests: &'m Manifests) -> Self {
        let mut out = Self { by_namespace: BTreeMap::new(), by_label: BTreeMap::new() };
        for pod in &manifests.pods {
            for namespace in [ALL, &pod.meta.namespace] {
                *out.by_namespace.entry(namespace).or_default() += 1;
                for (key, value) in &pod.meta.labels {
                    *out.by_label.entry((namespace, key, value)).or_default() += 1;
                }
            }
        }
        out
    }

    /// Returns how many Pods a selector selects at most: those that have the rarest of its labels.
    fn count(&self, namespace: &str, selector: Option<&Labels>) -> u64 {
        let all = self.by_namespace.get(namespace).copied().unwrap_or_default();
        let pairs = selector.into_iter().flatten();
        let of_pair = |(key, value): (&String, &String)| {
            self.by_label.get(&(namespace, key.as_str(), value.as_str())).copied().unwrap_or_default()
        };
        pairs.map(of_pair).fold(all, u64::min)
    }
}

/// What the resources of a kind come to.
struct Budget {
    each: u64,
    sum: u64,
}

impl Budget {
    fn new(each: u64) -> Self {
        Self { each, sum: 0 }
    }

    /// Adds what a resource comes to; says so if that is too much.
    fn take(&mut self, number: u64, kind: &str) -> Option<String> {
        let (all, before) = (self.each.saturating_mul(TOGETHER), self.sum);
        self.sum = before.saturating_add(number);
        if number > self.each {
            return Some(format!("the limit is {}, and the {kind} comes to {number}", self.each));
        }
        let is_first = self.sum > all && before <= all;
        is_first
            .then(|| format!("the limit is {all} for all together, and up to this {kind} they come to {}", self.sum))
    }
}

fn routes(config: &Config<VirtualService>, services: &BTreeMap<(&str, &str), &Config<VirtualService>>) -> u64 {
    let hosts = count(config.spec.hosts.len()).saturating_mul(count(config.spec.gateways.len()));
    let routes = config.spec.http.iter().map(|route| {
        let delegate = route.delegate.as_ref().and_then(|delegate| {
            let namespace = if delegate.namespace.is_empty() { &config.meta.namespace } else { &delegate.namespace };
            services.get(&(namespace.as_str(), delegate.name.as_str()))
        });
        let inner = delegate.map_or(1, |delegate| delegate.spec.http.iter().map(matches).fold(0, u64::saturating_add));
        matches(route).saturating_mul(inner)
    });
    hosts.saturating_mul(routes.fold(0, u64::saturating_add))
}

fn matches(route: &HttpRoute) -> u64 {
    count(route.r#match.len())
}

fn size(entry: &ServiceEntry) -> u64 {
    let each = count(entry.addresses.len()).saturating_add(count(entry.endpoints.len()));
    count(entry.hosts.len()).saturating_mul(count(entry.ports.len())).saturating_mul(each)
}

/// None is as good as one.
fn count(len: usize) -> u64 {
    u64::try_from(len.max(1)).unwrap_or(u64::MAX)
}
