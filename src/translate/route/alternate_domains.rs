//! The shorter names by which a client may call a service: `reviews`, `reviews.default`, `reviews.default.svc`.
//!
//! istiod: `httproute.go` `GenerateAltVirtualHosts`

use std::net::IpAddr;

use crate::installation::Features;
use crate::translate::route::domains::with_port;

/// Returns the other names of a hostname for a proxy in the DNS domain, each also with the port if one is given. The first is the
/// name with the dot that ends an absolute name, unless `PILOT_ENABLE_ABSOLUTE_FQDN_VHOST_DOMAIN` is off.
///
/// istiod: `httproute.go` `GenerateAltVirtualHosts`
pub(crate) fn alternate_domains(
    features: &Features,
    hostname: &str,
    port: Option<u32>,
    proxy_domain: &str,
) -> Vec<String> {
    let absolute = || with_port(&format!("{hostname}."), port);
    let mut domains = if features.absolute_fqdn_domain { absolute() } else { Vec::new() };
    if features.absolute_fqdn_domain && hostname.parse::<IpAddr>().is_ok() {
        domains.remove(0);
    }
    let shorter = match proxy_domain.find(".svc.") {
        // The proxy is in Kubernetes: only names under its cluster domain have shorter forms.
        Some(index) => {
            let cluster = if index > 0 { &proxy_domain[index..] } else { proxy_domain };
            if hostname.ends_with(cluster) { kubernetes(hostname, proxy_domain) } else { Vec::new() }
        }
        None => by_shared_suffix(hostname, proxy_domain),
    };
    domains.extend(shorter.iter().flat_map(|name| with_port(name, port)));
    domains
}

/// Shortens `name.namespace.svc.domain`; to the mere name only within the namespace.
///
/// istiod: `httproute.go` `generateAltVirtualHostsForKubernetesService`
fn kubernetes(hostname: &str, proxy_domain: &str) -> Vec<String> {
    let Some((base, _)) = hostname.split_once(".svc.").filter(|(base, _)| !base.is_empty()) else { return Vec::new() };
    let Some((name, namespace)) = base.split_once('.') else { return Vec::new() };
    let with_svc = format!("{base}.svc");
    if proxy_domain.split_once(".svc.").is_some_and(|(own, _)| own == namespace) {
        vec![name.to_owned(), with_svc, base.to_owned()]
    } else {
        vec![base.to_owned(), with_svc]
    }
}

/// Cuts off the labels that hostname and proxy domain share; if two labels remain, also all shared labels but the first.
///
/// istiod: `httproute.go` `getUniqueAndSharedDNSDomain`
fn by_shared_suffix(hostname: &str, proxy_domain: &str) -> Vec<String> {
    let labels: Vec<&str> = hostname.split('.').collect();
    let shared = labels.iter().rev().zip(proxy_domain.rsplit('.')).take_while(|(a, b)| **a == *b).count();
    let (unique, shared) = labels.split_at(labels.len() - shared);
    let Some(first_shared) = shared.first() else { return Vec::new() };
    let unique_name = unique.join(".");
    if unique.len() == 2 {
        vec![unique_name.clone(), format!("{unique_name}.{first_shared}")]
    } else {
        vec![unique_name]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shortened_by_the_proxy_domain() {
        for (hostname, port, domain, expected) in [
            ("a.ns.svc.cluster.local", None, "ns.svc.cluster.local", "a.ns.svc.cluster.local. a a.ns.svc a.ns"),
            ("a.ns.svc.cluster.local", None, "other.svc.cluster.local", "a.ns.svc.cluster.local. a.ns a.ns.svc"),
            (
                "a.ns.svc.cluster.local",
                Some(80),
                "other.svc.cluster.local",
                "a.ns.svc.cluster.local. a.ns.svc.cluster.local.:80 a.ns a.ns:80 a.ns.svc a.ns.svc:80",
            ),
            ("a.com", None, "ns.svc.cluster.local", "a.com."),
            ("a.svc.cluster.local", None, "ns.svc.cluster.local", "a.svc.cluster.local."),
            ("10.0.0.1", None, "ns.svc.cluster.local", ""),
            ("10.0.0.1", Some(80), "ns.svc.cluster.local", "10.0.0.1.:80"),
            ("foo.local.campus.net", None, "local.campus.net", "foo.local.campus.net. foo"),
            ("foo.local.campus.net", None, "remote.campus.net", "foo.local.campus.net. foo.local foo.local.campus"),
            ("foo.local.campus.net", None, "example.com", "foo.local.campus.net."),
        ] {
            assert_eq!(
                alternate_domains(&Features::default(), hostname, port, domain).join(" "),
                expected,
                "{hostname} {domain}"
            );
        }
    }
}
