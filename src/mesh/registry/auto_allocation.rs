//! Addresses that istiod thinks up for ServiceEntries without any, where no controller writes them to the status.
//!
//! istiod: `pilot/pkg/serviceregistry/serviceentry/auto_allocation.go`

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::mesh::hostname;
use crate::mesh::service::{Resolution, Service, UNSPECIFIED_IP};

/// How many addresses there are.
const SLOTS: u32 = 256 * 254;
/// For the second hash.
const PRIME: u32 = 65011;

/// Gives services their addresses by a hash of namespace and host. Those of status do not count.
///
/// istiod: `auto_allocation.go` `autoAllocateIPs`
pub(crate) fn allocate(services: &mut [Arc<Service>]) {
    let mut by_slot: BTreeMap<u32, usize> = BTreeMap::new();
    for (index, service) in services.iter_mut().enumerate() {
        let own = Arc::make_mut(service);
        own.auto_allocated_ipv4.clear();
        own.auto_allocated_ipv6.clear();
        let wants = own.default_address == UNSPECIFIED_IP
            && !hostname::is_wildcard(&own.hostname)
            && own.resolution != Resolution::Passthrough;
        if wants && by_slot.len() < SLOTS as usize {
            let slot = slot(fnv1a(&key(own)), &by_slot);
            by_slot.insert(slot, index);
        }
    }
    // One for each empty slot before and one for each taken, less those that would end in 255.
    let mut skipped = 0;
    let mut known: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for (slot, index) in by_slot {
        let mut number = slot + 1 + skipped;
        if number % 255 == 0 {
            number += 1;
            skipped += 1;
        }
        let Some(service) = services.get_mut(index).map(Arc::make_mut) else { continue };
        let (third, fourth) = *known.entry(key(service)).or_insert((number / 255, number % 255));
        service.auto_allocated_ipv4 = format!("240.240.{third}.{fourth}");
        let third = if third == 0 { String::new() } else { format!("{third:x}") };
        service.auto_allocated_ipv6 = format!("2001:2::f0f0:{third}{fourth:x}");
    }
}

fn key(service: &Service) -> String {
    format!("{}/{}", service.namespace, service.hostname)
}

/// The slot of a hash: its own, or by a second hash one that is free.
fn slot(hash: u32, taken: &BTreeMap<u32, usize>) -> u32 {
    let first = hash % SLOTS;
    if !taken.contains_key(&first) {
        return first;
    }
    let step = PRIME - hash % PRIME;
    let further = (1..).map(|i: u32| hash.wrapping_add(i.wrapping_mul(step)) % (SLOTS - 1));
    further.take(SLOTS as usize).find(|slot| !taken.contains_key(slot)).unwrap_or(first)
}

/// FNV-1a of 32 bits.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
