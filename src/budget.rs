//! What a small resource would multiply to: refused before it takes all memory.
//!
//! Most of what istiod makes of a resource grows with it. Some grows with the product of its lists; this counts those products.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ingest::Manifests;
use crate::model::Config;
use crate::model::istio::{HttpRoute, ServiceEntry, VirtualService};
use crate::options::Budgets;

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
