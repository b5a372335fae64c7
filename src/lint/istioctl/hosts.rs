//! Which hosts istioctl thinks there are, and from where they can be seen.
//!
//! istiod: `pkg/config/analysis/analyzers/util/{hosts,service_lookup}.go`

use std::collections::BTreeMap;

use crate::lint::context::LintContext;
use crate::nearest;

const CLUSTER_DOMAIN: &str = "svc.cluster.local";
const ALL: &str = "*";
const OWN: &str = ".";

/// A host that a Service or ServiceEntry has.
#[derive(Debug, Clone, Default)]
pub(super) struct Known<'c> {
    /// Its ports.
    pub(super) ports: Vec<u32>,
    /// Labels that its endpoints have, of a ServiceEntry that selects them.
    pub(super) workload_labels: Option<&'c BTreeMap<String, String>>,
}

/// Hosts by the namespace from which they can be seen (`*`: all), and by name.
#[derive(Debug, Default)]
pub(super) struct Hosts<'c>(BTreeMap<(String, String), Known<'c>>);

/// Returns a host with namespace and domain, if it is a short name. istiod: `ConvertHostToFQDN`
pub(super) fn full(namespace: &str, host: &str) -> String {
    if host.starts_with('*') || host.contains('.') {
        host.to_owned()
    } else {
        format!("{host}.{namespace}.{CLUSTER_DOMAIN}")
    }
}

/// Returns (namespace, name) of a Service's full name. istiod: `GetFullNameFromFQDN`
pub(super) fn service_of(host: &str) -> Option<(&str, &str)> {
    let (name, namespace) = host.strip_suffix(".svc.cluster.local")?.rsplit_once('.')?;
    (!name.is_empty() && !namespace.is_empty()).then_some((namespace, name))
}

/// Returns (namespace, name) that a host means in a namespace. istiod: `GetResourceNameFromHost`
pub(super) fn resource_name(namespace: &str, host: &str) -> (String, String) {
    let (namespace, name) = service_of(host).unwrap_or((namespace, host));
    (namespace.to_owned(), name.to_owned())
}

/// Returns the host that may be meant by one that nobody has: without a namespace, or with a letter or two of difference.
pub(super) fn meant(context: &LintContext<'_>, own: &str, host: &str) -> Option<String> {
    let full = full(own, host);
    let is_short = !host.contains('.');
    if let Some(name) = host.strip_suffix(".svc.cluster.local").filter(|name| !name.contains('.')) {
        let mut of_name: Vec<&str> =
            context.services().filter(|one| one.name() == name).map(|one| one.item.namespace.as_str()).collect();
        of_name.sort_by_key(|namespace| *namespace != own);
        let namespace = of_name.first()?;
        return Some(format!("{name}.{namespace}.svc.cluster.local"));
    }
    // A name with a dot is taken as it stands: `cart.shop` is no Service.
    let short = host.strip_suffix(".svc").unwrap_or(host);
    if let Some((name, namespace)) = short.split_once('.').filter(|(_, namespace)| !namespace.contains('.'))
        && context.find("Service", namespace, name).is_some()
    {
        return Some(format!("{name}.{namespace}.svc.cluster.local"));
    }
    let (namespace, name) = service_of(&full)?;
    let in_namespace = context.services().filter(|one| one.item.namespace == namespace).map(|one| one.item.name());
    if let Some(near) = nearest::find(name, in_namespace.collect::<Vec<_>>().into_iter()) {
        return Some(if is_short { near.to_owned() } else { format!("{near}.{namespace}.svc.cluster.local") });
    }
    // The same name in another namespace, as when the namespace is left out.
    let elsewhere = context.services().find(|one| one.item.name() == name && one.is_written())?;
    Some(format!("{name}.{}.svc.cluster.local", elsewhere.item.namespace))
}

impl<'c> Hosts<'c> {
    /// Collects the hosts. istiod: `InitServiceEntryHostMap`
    pub(super) fn new(context: &'c LintContext<'_>) -> Self {
        let mut all = Self::default();
        for entry in context.service_entries() {
            let known = Known {
                ports: entry.spec.ports.iter().map(|port| port.number).collect(),
                workload_labels: entry.spec.workload_selector.as_ref().map(|selector| &selector.labels),
            };
            let export_to = &entry.spec.export_to;
            // Once one host has been seen to be for all, those after it are too.
            let mut for_all = export_to.is_empty();
            for host in &entry.spec.hosts {
                let host = full(&entry.namespace, host);
                for to in export_to {
                    if for_all {
                        break;
                    }
                    match to.as_str() {
                        ALL => for_all = true,
                        OWN => all.put(&entry.namespace, &host, &known),
                        other => all.put(other, &host, &known),
                    }
                }
                if for_all {
                    all.put(ALL, &host, &known);
                }
            }
        }
        for service in context.services() {
            let ports = service.spec.spec.ports.iter().map(|port| port.port).collect();
            let known = Known { ports, workload_labels: None };
            let host = full(&service.namespace, service.name());
            match service.annotations().get("networking.istio.io/exportTo").map(String::as_str) {
                None | Some("") => all.put(ALL, &host, &known),
                Some(list) => {
                    for to in list.split(',').map(str::trim) {
                        all.put(if to == OWN { &service.namespace } else { to }, &host, &known);
                    }
                }
            }
        }
        all
    }

    fn put(&mut self, scope: &str, host: &str, known: &Known<'c>) {
        self.0.insert((scope.to_owned(), host.to_owned()), known.clone());
    }

    /// Finds what a host means to a resource of a namespace. istiod: `GetDestinationHost`
    pub(super) fn find(&self, namespace: &str, export_to: &[String], host: &str) -> Option<&Known<'c>> {
        let name = full(namespace, host);
        let get = |scope: &str| self.0.get(&(scope.to_owned(), name.clone()));
        let own = [OWN.to_owned()];
        let scopes = if export_to.is_empty() { &own } else { export_to };
        get(ALL)
            .or_else(|| scopes.iter().find_map(|scope| get(if scope == OWN { namespace } else { scope })))
            .or_else(|| self.wildcard(namespace, host))
    }

    fn wildcard(&self, namespace: &str, host: &str) -> Option<&Known<'c>> {
        let host = host.strip_prefix('*').unwrap_or(host);
        let covers = |(scope, known): &(String, String)| {
            (scope == ALL || scope == namespace) && known.strip_prefix('*').is_some_and(|suffix| host.ends_with(suffix))
        };
        // istioctl takes any; the longest name is the one that Envoy would use.
        let found = self.0.iter().filter(|(key, _)| covers(key));
        found.max_by_key(|((_, name), _)| name.len()).map(|(_, known)| known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_completed() {
        assert_eq!(full("shop", "cart"), "cart.shop.svc.cluster.local");
        assert_eq!(full("shop", "cart.other"), "cart.other");
        assert_eq!(full("shop", "*"), "*");
        assert_eq!(service_of("cart.shop.svc.cluster.local"), Some(("shop", "cart")));
        assert_eq!(service_of("a.b.shop.svc.cluster.local"), Some(("shop", "a.b")));
        assert_eq!(service_of("shop.svc.cluster.local"), None);
    }
}
