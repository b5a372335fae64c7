//! Annotations of Pods that the injector reads: with a value that it cannot read, there is no Pod.
//!
//! istiod: `pkg/kube/inject/validate.go` `AnnotationValidation`

use std::net::IpAddr;

use super::finding::At;
use super::mesh_config;
use crate::go::parse_bool;
use crate::ingest::mesh_settings;
use crate::installation::{Behaviour, Behaviours};
use crate::model::istio::ProxyConfig;

/// What an annotation holds.
#[derive(Clone, Copy)]
enum Holds {
    Bool,
    Interfaces,
    Mode,
    Number,
    Port,
    Ports,
    PortsOrAll,
    ProxyConfig,
    Quantity,
    Ranges,
    RangesOrAll,
}

/// The annotations that are checked.
const CHECKED: &[(&str, Holds)] = &[
    ("istio.io/reroute-virtual-interfaces", Holds::Interfaces),
    ("prometheus.istio.io/merge-metrics", Holds::Bool),
    ("proxy.istio.io/config", Holds::ProxyConfig),
    ("readiness.status.sidecar.istio.io/failureThreshold", Holds::Number),
    ("readiness.status.sidecar.istio.io/initialDelaySeconds", Holds::Number),
    ("readiness.status.sidecar.istio.io/periodSeconds", Holds::Number),
    ("sidecar.istio.io/interceptionMode", Holds::Mode),
    ("sidecar.istio.io/proxyCPU", Holds::Quantity),
    ("sidecar.istio.io/proxyCPULimit", Holds::Quantity),
    ("sidecar.istio.io/proxyMemory", Holds::Quantity),
    ("sidecar.istio.io/proxyMemoryLimit", Holds::Quantity),
    ("status.sidecar.istio.io/port", Holds::Port),
    ("traffic.sidecar.istio.io/excludeInboundPorts", Holds::Ports),
    ("traffic.sidecar.istio.io/excludeInterfaces", Holds::Interfaces),
    ("traffic.sidecar.istio.io/excludeOutboundIPRanges", Holds::Ranges),
    ("traffic.sidecar.istio.io/excludeOutboundPorts", Holds::Ports),
    ("traffic.sidecar.istio.io/includeInboundPorts", Holds::PortsOrAll),
    ("traffic.sidecar.istio.io/includeOutboundIPRanges", Holds::RangesOrAll),
    ("traffic.sidecar.istio.io/kubevirtInterfaces", Holds::Interfaces),
];

/// Checks the value of an annotation as the injector of a release does. Others than those that it reads are fine.
///
/// # Errors
///
/// The injector cannot read it.
pub(crate) fn check(behaviours: Behaviours, name: &str, value: &str) -> Result<(), String> {
    let Some((_, holds)) = CHECKED.iter().find(|(checked, _)| *checked == name) else { return Ok(()) };
    match holds {
        Holds::Bool => parse_bool(value).map(drop).ok_or_else(|| format!("`{value}` is neither true nor false")),
        Holds::Interfaces if !behaviours.contains(Behaviour::ChecksNamesOfInterfaces) => Ok(()),
        Holds::Interfaces => value.split(',').filter(|_| !value.is_empty()).try_for_each(interface),
        Holds::Mode if ["REDIRECT", "TPROXY", "NONE"].contains(&value) => Ok(()),
        Holds::Mode => Err(format!("`{value}` is none of REDIRECT, TPROXY, NONE")),
        Holds::Number => {
            let number = value.parse::<u32>().ok().filter(|_| is_digits(value));
            number.map(drop).ok_or_else(|| format!("`{value}` is not a number from 0"))
        }
        Holds::Port => port(value),
        Holds::PortsOrAll | Holds::RangesOrAll if value == "*" => Ok(()),
        Holds::Ports | Holds::PortsOrAll => {
            let list = value.trim();
            list.split(',').filter(|_| !list.is_empty()).try_for_each(port)
        }
        Holds::ProxyConfig => proxy_config(behaviours, value),
        Holds::Quantity => quantity(value),
        Holds::Ranges | Holds::RangesOrAll => value.split(',').filter(|_| !value.is_empty()).try_for_each(range),
    }
}

/// Returns the names of the annotations that are checked.
pub(crate) fn checked() -> impl Iterator<Item = &'static str> {
    CHECKED.iter().map(|(name, _)| *name)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn port(text: &str) -> Result<(), String> {
    let text = text.trim();
    let port = text.parse::<u16>().ok().filter(|_| is_digits(text));
    port.map(drop).ok_or_else(|| format!("`{text}` is not a valid port"))
}

/// Go: `netip.ParsePrefix`
fn range(text: &str) -> Result<(), String> {
    let read = || {
        let (address, bits) = text.rsplit_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let is_plain = is_digits(bits) && (bits == "0" || !bits.starts_with('0'));
        let most = if address.is_ipv4() { 32 } else { 128 };
        bits.parse::<u8>().ok().filter(|bits| is_plain && *bits <= most)
    };
    read().map(drop).ok_or_else(|| format!("`{text}` is not a valid CIDR"))
}

/// istiod: `pkg/util/net/ip.go` `ValidateInterfaceNames`
fn interface(text: &str) -> Result<(), String> {
    let name = text.trim();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.len() <= 15 && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(format!("`{name}` is not a valid interface name"))
    }
}

/// Kubernetes: `resource.ParseQuantity`
fn quantity(text: &str) -> Result<(), String> {
    const SUFFIXES: &[&str] = &["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
    let (number, suffix) = number.split_at(end);
    let exponent = suffix.strip_prefix(['e', 'E']).is_some_and(|exponent| exponent.parse::<i64>().is_ok());
    let is_number = number.bytes().filter(|byte| *byte == b'.').count() <= 1 && number.bytes().any(|b| b != b'.');
    if is_number && (exponent || SUFFIXES.contains(&suffix)) {
        Ok(())
    } else {
        Err(format!("`{}` is not a quantity such as 100m or 1Gi", text.escape_default()))
    }
}

/// Checks what the annotation makes of the built-in settings. istiod: `validateProxyConfig`
fn proxy_config(behaviours: Behaviours, text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Ok(());
    }
    let checked = mesh_settings::check_proxy_config(text, |config, findings| {
        mesh_config::check_proxy(&known_to(behaviours, config), &At::root("config"), findings);
    });
    checked.map_err(|problem| format!("not a valid ProxyConfig: {}", problem.replacen("`config.", "`", 1)))
}

/// Clears the fields that the release does not know: it passes them over.
fn known_to(behaviours: Behaviours, config: &ProxyConfig) -> ProxyConfig {
    let mut config = config.clone();
    if !behaviours.contains(Behaviour::TakesFieldsOf131) {
        config.connection_settings = None;
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::installation::Release;

    #[test]
    fn takes_what_istiod_takes() {
        let behaviours = Behaviours::default();
        for (name, value, is_fine) in [
            ("sidecar.istio.io/interceptionMode", "NONE", true),
            ("sidecar.istio.io/interceptionMode", "none", false),
            ("status.sidecar.istio.io/port", " 15020", true),
            ("status.sidecar.istio.io/port", "65536", false),
            ("status.sidecar.istio.io/port", "", false),
            ("traffic.sidecar.istio.io/excludeOutboundPorts", "", true),
            ("traffic.sidecar.istio.io/excludeOutboundPorts", "80, 443", true),
            ("traffic.sidecar.istio.io/excludeOutboundPorts", "80,", false),
            ("traffic.sidecar.istio.io/excludeOutboundPorts", "*", false),
            ("traffic.sidecar.istio.io/includeOutboundPorts", "everything", true),
            ("traffic.sidecar.istio.io/includeInboundPorts", "*", true),
            ("traffic.sidecar.istio.io/excludeOutboundIPRanges", "10.0.0.0/8,2001:db8::/32", true),
            ("traffic.sidecar.istio.io/excludeOutboundIPRanges", "10.0.0.0/33", false),
            ("traffic.sidecar.istio.io/excludeOutboundIPRanges", "10.0.0.0/08", false),
            ("traffic.sidecar.istio.io/excludeOutboundIPRanges", "10.0.0.1", false),
            ("traffic.sidecar.istio.io/includeOutboundIPRanges", "*", true),
            ("traffic.sidecar.istio.io/excludeInterfaces", "", true),
            ("traffic.sidecar.istio.io/excludeInterfaces", "eth0, net1.2", true),
            ("traffic.sidecar.istio.io/excludeInterfaces", "eth0,", false),
            ("traffic.sidecar.istio.io/kubevirtInterfaces", "0eth", false),
            ("istio.io/reroute-virtual-interfaces", "a-name-too-long-", false),
            ("readiness.status.sidecar.istio.io/periodSeconds", "-1", false),
            ("prometheus.istio.io/merge-metrics", "t", true),
            ("prometheus.istio.io/merge-metrics", "yes", false),
            ("sidecar.istio.io/proxyCPU", "100m", true),
            ("sidecar.istio.io/proxyCPU", "1e3", true),
            ("sidecar.istio.io/proxyCPU", "-.5", true),
            ("sidecar.istio.io/proxyCPULimit", "100 m", false),
            ("sidecar.istio.io/proxyMemory", "1Gi", true),
            ("sidecar.istio.io/proxyMemory", "1GB", false),
            ("sidecar.istio.io/proxyMemoryLimit", "", false),
            ("proxy.istio.io/config", "", true),
            ("proxy.istio.io/config", "concurrency: 2", true),
            ("proxy.istio.io/config", "unknown: 2", true),
            ("proxy.istio.io/config", "concurrency: [2]", false),
            ("proxy.istio.io/config", "{", false),
            ("proxy.istio.io/config", "drainDuration: 1.5s", false),
            ("proxy.istio.io/config", "statusPort: 70000", false),
            ("proxy.istio.io/config", "discoveryAddress: istiod", false),
            ("proxy.istio.io/config", "tracing: {zipkin: {address: 'zipkin:9411'}}", true),
            ("proxy.istio.io/config", "tracing: {zipkin: {address: zipkin}}", false),
        ] {
            assert_eq!(check(behaviours, name, value).is_ok(), is_fine, "{name}: {value}");
        }
    }

    #[test]
    fn releases_read_more_and_more() {
        let of = |release| Behaviours::of(Release::parse(release).expect("a release"));
        let name = "traffic.sidecar.istio.io/excludeInterfaces";
        assert!(check(of("1.29"), name, "not one").is_ok());
        assert!(check(of("1.30"), name, "not one").is_err());
        let settings = "connectionSettings: {httpMaxConcurrentStreams: 0}";
        assert!(check(of("1.30"), "proxy.istio.io/config", settings).is_ok());
        assert!(check(of("1.31"), "proxy.istio.io/config", settings).is_err());
    }
}
