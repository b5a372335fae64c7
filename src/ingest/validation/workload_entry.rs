//! `WorkloadEntry`. istiod: `ValidateWorkloadEntry`

use crate::model::Config;
use crate::model::istio::{ServicePort, WorkloadEntry};

use super::finding::{At, Findings};
use super::name::{self, check_labels};

pub(super) fn check(config: &Config<WorkloadEntry>, findings: &mut Findings<'_>) {
    if check_address(&config.spec, Addresses::OrNames, &At::SPEC, findings) {
        check_rest(&config.spec, None, &At::SPEC, findings);
    }
}

/// An endpoint of a ServiceEntry with the resolution STATIC. istiod: `validateWorkloadEntry`
pub(super) fn check_static(entry: &WorkloadEntry, ports: &[ServicePort], at: &At<'_>, findings: &mut Findings<'_>) {
    if check_address(entry, Addresses::Only, at, findings) {
        check_rest(entry, Some(ports), at, findings);
        if entry.address.starts_with("unix://") && ports.len() != 1 {
            findings.error(&at.field("address"), "a Unix socket is for services of one port");
        }
    }
}

/// What an entry's address may be, besides a Unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Addresses {
    /// An IP address.
    Only,
    /// An IP address or a domain name.
    OrNames,
}

/// Checks the address; returns whether there is anything else to check.
fn check_address(entry: &WorkloadEntry, addresses: Addresses, at: &At<'_>, findings: &mut Findings<'_>) -> bool {
    let address = entry.address.as_str();
    if address.is_empty() {
        if entry.network.is_empty() {
            findings.error(at, "a WorkloadEntry requires an `address`");
            return false;
        }
        let network = &entry.network;
        let message = format!("without `address` the gateway of the network `{network}` must know the way");
        findings.warning("workload-without-address", at, message);
        return true;
    }
    let at_address = at.field("address");
    if let Some(socket) = address.strip_prefix("unix://") {
        findings.check(&at_address, name::unix_socket(socket));
        if !entry.ports.is_empty() {
            findings.error(&at.field("ports"), "a Unix socket must not have ports");
        }
    } else if !name::is_ip(address) {
        if addresses == Addresses::Only {
            findings.error(&at_address, format!("`{address}` is not a valid IP address"));
        } else if name::domain(address).is_err() {
            findings.error(&at_address, format!("`{address}` is neither an IP address nor a domain name"));
        }
    }
    true
}

/// Ports and labels; ports must be those of the service, if it is known.
pub(super) fn check_rest(
    entry: &WorkloadEntry,
    ports: Option<&[ServicePort]>,
    at: &At<'_>,
    findings: &mut Findings<'_>,
) {
    let at_ports = at.field("ports");
    for (port, number) in &entry.ports {
        let at = at_ports.field(port);
        if ports.is_some_and(|ports| ports.iter().all(|other| other.name != *port)) {
            findings.error(&at, format!("the ServiceEntry has no port `{port}`"));
        }
        findings.check(&at, name::port_name(port));
        findings.check(&at, name::port(*number));
    }
    check_labels(&entry.labels, &at.field("labels"), findings);
}
