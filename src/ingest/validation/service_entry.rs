//! `ServiceEntry`. istiod: `ValidateServiceEntry`

use std::collections::BTreeSet;

use crate::model::Config;
use crate::model::istio::label::USE_WAYPOINT;
use crate::model::istio::{ServiceEntry, ServiceEntryLocation, ServiceEntryResolution as Resolution};

use super::export_to::{self, Exporter};
use super::finding::{At, Findings};
use super::gateway::partial_wildcard;
use super::name::{self, Protocol};
use super::{selector, workload_entry};

pub(super) fn check(config: &Config<ServiceEntry>, findings: &mut Findings<'_>) {
    let entry = &config.spec;
    selector::check_networking(entry.workload_selector.as_ref(), &At::SPEC.field("workloadSelector"), findings);
    if entry.workload_selector.is_some() && !entry.endpoints.is_empty() {
        findings.error(&At::SPEC.field("endpoints"), "`workloadSelector` and `endpoints` exclude each other");
    }
    check_hosts(entry, findings);
    check_addresses(entry, findings);
    check_ports(config, findings);
    match entry.resolution {
        Resolution::None => {
            if !entry.endpoints.is_empty() {
                findings.error(&At::SPEC.field("endpoints"), "resolution NONE must not have endpoints");
            }
            if entry.workload_selector.is_some() {
                let message = "the resolution NONE has no use for a selector";
                findings.warning("unused-selector", &At::SPEC.field("workloadSelector"), message);
            }
        }
        Resolution::Static => {
            let list = At::SPEC.field("endpoints");
            for (index, endpoint) in entry.endpoints.iter().enumerate() {
                workload_entry::check_static(endpoint, &entry.ports, &list.item(index), findings);
            }
        }
        Resolution::Dns | Resolution::DnsRoundRobin => check_dns(entry, findings),
        Resolution::DynamicDns => check_dynamic_dns(config, findings),
    }
    // Hosts of plain TCP cannot be told apart, but where they do not count.
    let unclear = |protocol: Protocol| !protocol.is_http() && !protocol.is_tls();
    if entry.resolution != Resolution::None
        && entry.hosts.len() > 1
        && entry.ports.iter().any(|port| unclear(Protocol::parse(&port.protocol)))
    {
        findings.error(&At::SPEC.field("hosts"), "several hosts need ports of HTTP or TLS");
    }
    export_to::check(&config.meta.namespace, &entry.export_to, Exporter::ServiceEntry, findings);
}

fn check_hosts(entry: &ServiceEntry, findings: &mut Findings<'_>) {
    let list = At::SPEC.field("hosts");
    if entry.hosts.is_empty() {
        findings.error(&At::SPEC, "a ServiceEntry requires at least one host");
    }
    for (index, host) in entry.hosts.iter().enumerate() {
        let at = list.item(index);
        if host == "*" {
            findings.error(&at, "the host cannot be `*`");
            continue;
        }
        findings.check(&at, name::wildcard_domain(host));
        if entry.resolution != Resolution::DynamicDns
            && let Err(message) = partial_wildcard(host)
        {
            findings.warning("partial-wildcard", &at, message);
        }
    }
}

fn check_addresses(entry: &ServiceEntry, findings: &mut Findings<'_>) {
    let list = At::SPEC.field("addresses");
    for (index, address) in entry.addresses.iter().enumerate() {
        findings.check(&list.item(index), name::ip_or_cidr(address));
    }
    let ranges = entry.addresses.iter().any(|address| address.contains('/'));
    if ranges && !matches!(entry.resolution, Resolution::None | Resolution::Static) {
        findings.error(&list, "a range of addresses is for the resolutions NONE and STATIC only");
    }
}

fn check_ports(config: &Config<ServiceEntry>, findings: &mut Findings<'_>) {
    let entry = &config.spec;
    let list = At::SPEC.field("ports");
    let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for (index, port) in entry.ports.iter().enumerate() {
        let at = list.item(index);
        if !names.insert(&port.name) {
            findings.error(&at.field("name"), format!("port `{}` is defined twice", port.name));
        }
        if !numbers.insert(port.number) {
            findings.error(&at.field("number"), format!("port {} is defined twice", port.number));
        }
        if port.target_port != 0 {
            findings.check(&at.field("targetPort"), name::port(port.target_port));
        }
        let tcp = matches!(port.protocol.as_str(), "" | "TCP");
        if tcp && entry.addresses.is_empty() && !gets_addresses(config) {
            let message = "a port of TCP without `addresses` takes that port of every host";
            findings.warning("tcp-without-addresses", &at, message);
        }
        findings.check(&at.field("name"), name::port_name(&port.name));
        findings.check(&at.field("protocol"), name::protocol(&port.protocol));
        findings.check(&at.field("number"), name::port(port.number));
    }
}

/// Whether istiod gives the hosts addresses. istiod: `ShouldV2AutoAllocateIPFromConfig`
fn gets_addresses(config: &Config<ServiceEntry>) -> bool {
    let label = config.meta.labels.get("networking.istio.io/enable-autoallocate-ip");
    config.spec.resolution != Resolution::None && !label.is_some_and(|value| value.eq_ignore_ascii_case("false"))
}

fn check_dns(entry: &ServiceEntry, findings: &mut Findings<'_>) {
    let list = At::SPEC.field("hosts");
    let hosts = entry.hosts.iter().enumerate();
    if let Some((index, host)) = hosts.clone().find(|(_, host)| name::domain(host).is_err())
        && entry.endpoints.is_empty()
    {
        let message = format!("{} without endpoints looks up the host: `{host}` cannot be looked up", entry.resolution);
        findings.error(&list.item(index), message);
    }
    let list = At::SPEC.field("endpoints");
    if entry.resolution == Resolution::DnsRoundRobin && entry.endpoints.len() > 1 {
        findings.error(&list, "DNS_ROUND_ROBIN allows at most one endpoint");
    }
    for (index, endpoint) in entry.endpoints.iter().enumerate() {
        let at = list.item(index);
        if !name::is_ip(&endpoint.address) && name::domain(&endpoint.address).is_err() {
            let message = format!("`{}` is neither an IP address nor a domain name", endpoint.address);
            findings.error(&at.field("address"), message);
        }
        workload_entry::check_rest(endpoint, Some(&entry.ports), &at, findings);
    }
    let tcp = entry.ports.iter().any(|port| Protocol::parse(&port.protocol).is_tcp());
    if tcp && !entry.addresses.is_empty() && entry.hosts.len() > 1 {
        let message = "several hosts share the addresses, and a port of TCP cannot tell them apart";
        findings.warning("shared-addresses", &At::SPEC.field("hosts"), message);
    }
}

fn check_dynamic_dns(config: &Config<ServiceEntry>, findings: &mut Findings<'_>) {
    let entry = &config.spec;
    let list = At::SPEC.field("hosts");
    for (index, _) in entry.hosts.iter().enumerate().filter(|(_, host)| !host.starts_with('*')) {
        findings.error(&list.item(index), "DYNAMIC_DNS is for hosts with a wildcard");
    }
    if !entry.addresses.is_empty() {
        findings.error(&At::SPEC.field("addresses"), "DYNAMIC_DNS must not have addresses");
    }
    if !entry.endpoints.is_empty() {
        findings.error(&At::SPEC.field("endpoints"), "DYNAMIC_DNS must not have endpoints");
    }
    let list = At::SPEC.field("ports");
    for (index, port) in entry.ports.iter().enumerate() {
        use Protocol::{Grpc, Http, Http2, Tls};
        if !matches!(Protocol::parse(&port.protocol), Http | Http2 | Grpc | Tls) {
            findings.error(&list.item(index), "DYNAMIC_DNS is for HTTP, HTTP2, GRPC and TLS");
        }
    }
    let waypoint = config.meta.labels.get(USE_WAYPOINT);
    let waypoint = waypoint.is_some_and(|name| !name.is_empty() && !name.eq_ignore_ascii_case("none"));
    if entry.location == ServiceEntryLocation::MeshInternal && waypoint {
        findings.error(&At::SPEC.field("location"), "DYNAMIC_DNS inside of the mesh and waypoints exclude each other");
    }
}
