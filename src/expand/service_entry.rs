//! Automatic addresses of ServiceEntries.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use ipnet::{Ipv4Net, Ipv6Net};

use serde_json::json;

use super::{Invented, Made, address, node};
use crate::expand::Target;
use crate::ingest::Manifests;
use crate::model::Config;
use crate::model::istio::{ServiceEntry, ServiceEntryResolution};

/// `ServiceEntry.status.addresses` in the ranges of `PILOT_IP_AUTOALLOCATE_IPV4_PREFIX` and its counterpart for IPv6, by the hash of `namespace/name/host`.
///
/// An input that has a Pod with an address shows what a cluster holds. So does its ServiceEntries' status then, and one without
/// addresses is one that istiod gave none.
///
/// Both addresses of a host have the same number in their range. istiod numbers hosts in the order in which it meets them.
///
/// istiod: `ipallocate.go` `statusPatchForAddresses`
pub(super) fn make(manifests: &Manifests, target: &Target<'_>) -> Vec<Made> {
    let features = &target.installation.features;
    let shows_a_cluster = manifests.pods.iter().any(|pod| !pod.spec.status.pod_ip.is_empty());
    // Without a range istiod does not start.
    let ranges = (features.ip_autoallocate_ipv4_prefix.parse(), features.ip_autoallocate_ipv6_prefix.parse());
    let (Ok(ipv4_range), Ok(ipv6_range)): (Result<Ipv4Net, _>, Result<Ipv6Net, _>) = ranges else { return Vec::new() };
    if shows_a_cluster || !features.ip_autoallocate {
        return Vec::new();
    }
    let mut pool = None;
    let mut made = Vec::new();
    for entry in &manifests.service_entries {
        let hosts = lacking(entry);
        if hosts.is_empty() {
            continue;
        }
        let pool = pool.get_or_insert_with(|| address::free(ipv4_range.network(), ipv4_range.prefix_len(), manifests));
        let (namespace, name) = (&entry.meta.namespace, &entry.meta.name);
        let mut new = BTreeMap::new();
        let mut invented = Vec::new();
        for host in hosts {
            let Some(ipv4) = pool.address(&format!("{namespace}/{name}/{host}")) else { continue };
            let number = u32::from(ipv4).wrapping_sub(u32::from(ipv4_range.network()));
            let ipv6 = Ipv6Addr::from(u128::from(ipv6_range.network()) | u128::from(number));
            invented.push(Invented {
                kind: "ServiceEntry",
                namespace: namespace.clone(),
                name: name.clone(),
                field: "status.addresses",
                value: format!("{ipv4}, {ipv6} ({host})"),
                source: entry.source,
            });
            new.insert(host, [ipv4.to_string(), ipv6.to_string()]);
        }
        let mut addresses = Vec::new();
        let mut done: Vec<&str> = Vec::new();
        for host in &entry.spec.hosts {
            if done.contains(&host.as_str()) || !keeps(entry, host) {
                continue;
            }
            done.push(host);
            let known = entry.spec.status_addresses.iter().filter(|address| address.host == *host);
            let known = known.map(|address| &address.value).chain(new.get(host.as_str()).into_iter().flatten());
            addresses.extend(known.map(|value| json!({"value": value, "host": host})));
        }
        let Some(mut object) = manifests.object(entry.source).map(node::object) else { continue };
        let Some(root) = object.as_object_mut() else { continue };
        node::map(root, "status").insert("addresses".to_owned(), json!(addresses));
        made.push(Made { source: entry.source, object, replaces: true, invented });
    }
    made
}

/// Returns the hosts that get an address and have none.
///
/// istiod: `ip_autoallocation.go` `shouldV2AutoAllocateIPFromPieces`
fn lacking(entry: &Config<ServiceEntry>) -> Vec<&str> {
    let opted_out = entry.meta.labels.get("networking.istio.io/enable-autoallocate-ip");
    if entry.spec.resolution == ServiceEntryResolution::None
        || !entry.spec.addresses.is_empty()
        || opted_out.is_some_and(|value| value.eq_ignore_ascii_case("false"))
    {
        return Vec::new();
    }
    let mut hosts: Vec<&str> = Vec::new();
    for host in &entry.spec.hosts {
        let known = entry.spec.status_addresses.iter().any(|address| address.host == *host);
        if !known && keeps(entry, host) && !hosts.contains(&host.as_str()) {
            hosts.push(host);
        }
    }
    hosts
}

/// Returns whether a host can have an address: not a wildcard, unless its names are looked up as they come.
///
/// istiod: `ipallocate.go` `keepHost`
fn keeps(entry: &Config<ServiceEntry>, host: &str) -> bool {
    !host.starts_with('*') || entry.spec.resolution == ServiceEntryResolution::DynamicDns
}
