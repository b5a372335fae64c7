//! What a small resource would multiply to: refused before it takes all memory.
//!
//! Most of what istiod makes of a resource grows with it. Some grows with the product of its lists; this counts those products.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ingest::Manifests;
use crate::model::Config;
use crate::model::istio::{HttpRoute, ServiceEntry, VirtualService};
use crate::options::Budgets;

/// Returns an error for the first resource of a kind with which the budgets are exceeded; their codes begin with `limit-`.
pub fn check(manifests: &Manifests, budgets: &Budgets) -> Diagnostics {
    let mut out = Diagnostics::default();
    let services: BTreeMap<(&str, &str), &Config<VirtualService>> = manifests
        .virtual_services
        .iter()
        .map(|config| ((config.meta.namespace.as_str(), config.meta.name.as_str()), config.as_ref()))
        .collect();
    let mut sum: u64 = 0;
    for config in &manifests.virtual_services {
        let routes = routes(config, &services);
        let before = sum;
        sum = sum.saturating_add(routes);
        if sum > budgets.routes && before <= budgets.routes {
            let message = format!(
                "the VirtualServices up to this one come to {sum} routes, {routes} of it for its hosts times its gateways times its matches; the limit \
                 is {}",
                budgets.routes
            );
            let diagnostic = Diagnostic::error("limit-routes", message).at(config.source, "spec.hosts");
            out.push(diagnostic.help("--max-routes raises the limit"));
        }
    }
    let mut sum: u64 = 0;
    for config in &manifests.service_entries {
        let size = size(&config.spec);
        let before = sum;
        sum = sum.saturating_add(size);
        if sum > budgets.service_entry && before <= budgets.service_entry {
            let message = format!(
                "the ServiceEntries up to this one come to {sum} addresses, {size} of it for its hosts times its ports times its \
                 addresses and endpoints; the limit is {}",
                budgets.service_entry
            );
            let diagnostic = Diagnostic::error("limit-service-entry", message).at(config.source, "spec.hosts");
            out.push(diagnostic.help("--max-service-entry raises the limit"));
        }
    }
    out
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
