//! Addresses out of a range, each by the hash of what it is for.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use crate::ingest::Manifests;

/// The 64-bit FNV-1a hash of a text, its bits mixed (FNV's low bits alone are close for texts that end alike).
pub(super) fn hash(text: &str) -> u64 {
    let fnv = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (fnv ^ (fnv >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

/// A hash as letters and digits that stand in names of Kubernetes (`bcdf2456789...`), as those of its controllers.
pub(super) fn suffix(text: &str, length: usize) -> String {
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut hash = hash(text);
    let letters = (0..length).map(|_| {
        let letter = LETTERS[usize::try_from(hash % 27).unwrap_or_default()];
        hash /= 27;
        char::from(letter)
    });
    letters.collect()
}

/// A range of IPv4 addresses, and those of it that are taken.
#[derive(Debug)]
pub(super) struct Pool {
    network: u32,
    /// How many addresses there are between the first, which is the network's, and the last, which is for broadcasts.
    hosts: u32,
    taken: BTreeSet<u32>,
}

impl Pool {
    /// A range by its first address and the length of its prefix.
    pub(super) fn new(network: Ipv4Addr, prefix: u8) -> Self {
        let hosts = (u32::MAX >> prefix) - 1;
        Self { network: u32::from(network), hosts, taken: BTreeSet::new() }
    }

    /// Takes an address, if it is of this range.
    pub(super) fn take(&mut self, address: &str) {
        if let Ok(IpAddr::V4(address)) = address.parse()
            && let Some(offset) = u32::from(address).checked_sub(self.network)
        {
            self.taken.insert(offset);
        }
    }

    /// Returns the address for a text: the one that its hash gives, or the next that is free. Nothing if none is.
    pub(super) fn address(&mut self, text: &str) -> Option<Ipv4Addr> {
        let first = u32::try_from(hash(text) % u64::from(self.hosts)).unwrap_or_default();
        let next = (first..self.hosts).chain(0..first).map(|host| host + 1).find(|host| !self.taken.contains(host))?;
        self.taken.insert(next);
        Some(Ipv4Addr::from(self.network + next))
    }
}

/// Returns a pool without the addresses that the manifests use for anything.
pub(super) fn free(network: Ipv4Addr, prefix: u8, manifests: &Manifests) -> Pool {
    let mut pool = Pool::new(network, prefix);
    let pods = manifests.pods.iter().flat_map(|pod| pod.spec.status.pod_ips.iter().chain([&pod.spec.status.pod_ip]));
    let services = manifests.services.iter().flat_map(|service| {
        let spec = &service.spec.spec;
        spec.cluster_ips.iter().chain([&spec.cluster_ip]).chain(&spec.external_ips)
    });
    let slices = manifests.endpoint_slices.iter().flat_map(|slice| &slice.spec.endpoints).flat_map(|e| &e.addresses);
    let subsets = manifests.endpoints.iter().flat_map(|endpoints| &endpoints.spec.subsets);
    let endpoints = subsets.flat_map(|s| s.addresses.iter().chain(&s.not_ready_addresses)).map(|a| &a.ip);
    let nodes = manifests.nodes.iter().flat_map(|node| &node.spec.addresses).map(|a| &a.address);
    let workload_entries = manifests.workload_entries.iter().map(|entry| &entry.spec.address);
    let service_entries = manifests.service_entries.iter().flat_map(|entry| {
        let endpoints = entry.spec.endpoints.iter().map(|endpoint| &endpoint.address);
        let status = entry.spec.status_addresses.iter().map(|address| &address.value);
        entry.spec.addresses.iter().chain(endpoints).chain(status)
    });
    pods.chain(services)
        .chain(slices)
        .chain(endpoints)
        .chain(nodes)
        .chain(workload_entries)
        .chain(service_entries)
        .for_each(|address| pool.take(address));
    pool
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_what_they_were() {
        // Other values would change the addresses in everybody's output.
        for (text, expected) in [("", 0xecba_3df2_c338_3c52_u64), ("default/reviews", 0x7df7_a838_36dd_d389)] {
            assert_eq!(format!("{:#x}", hash(text)), format!("{expected:#x}"), "{text}");
        }
        assert_eq!(suffix("default/reviews", 5), "rgkpl");
    }

    #[test]
    fn a_text_keeps_its_address_whatever_else_there_is() {
        let pool = || Pool::new(Ipv4Addr::new(10, 128, 0, 0), 9);
        let alone = pool().address("default/Deployment/web");
        let mut shared = pool();
        for other in ["a", "b", "c"] {
            shared.address(other);
        }
        assert_eq!(shared.address("default/Deployment/web"), alone);
    }

    #[test]
    fn takes_the_next_free_address_around_the_end_of_the_range() {
        let mut pool = Pool::new(Ipv4Addr::new(10, 0, 0, 0), 30);
        pool.take("10.0.0.1");
        pool.take("10.0.1.1");
        pool.take("fd00::1");
        assert_eq!(pool.address("any"), Some(Ipv4Addr::new(10, 0, 0, 2)));
        assert_eq!(pool.address("any"), None);
    }
}
