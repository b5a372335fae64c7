//! Annotations that the injector reads, and what it refuses in them.
//!
//! istiod: `pkg/kube/inject/validate.go` `validateAnnotations`

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::Refusal;
use crate::go::parse_bool;

/// What an annotation may hold.
#[derive(Clone, Copy)]
enum Holds {
    Mode,
    Port,
    Ports,
    PortsOrAll,
    Ranges,
    RangesOrAll,
    Number,
    Bool,
}

const ANNOTATIONS: &[(&str, Holds)] = &[
    ("prometheus.istio.io/merge-metrics", Holds::Bool),
    ("readiness.status.sidecar.istio.io/failureThreshold", Holds::Number),
    ("readiness.status.sidecar.istio.io/initialDelaySeconds", Holds::Number),
    ("readiness.status.sidecar.istio.io/periodSeconds", Holds::Number),
    ("sidecar.istio.io/interceptionMode", Holds::Mode),
    ("status.sidecar.istio.io/port", Holds::Port),
    ("traffic.sidecar.istio.io/excludeInboundPorts", Holds::Ports),
    ("traffic.sidecar.istio.io/excludeOutboundIPRanges", Holds::Ranges),
    ("traffic.sidecar.istio.io/excludeOutboundPorts", Holds::Ports),
    ("traffic.sidecar.istio.io/includeInboundPorts", Holds::PortsOrAll),
    ("traffic.sidecar.istio.io/includeOutboundIPRanges", Holds::RangesOrAll),
];

/// Refuses a Pod with an annotation that the injector cannot read.
///
/// Names of interfaces, quantities of `sidecar.istio.io/proxyCPU` and the like, and `proxy.istio.io/config` are taken as they are.
pub(super) fn annotations(annotations: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, holds) in ANNOTATIONS {
        let Some(value) = annotations.get(*name).and_then(Value::as_str) else { continue };
        if let Some(expected) = holds.unlike(value) {
            let why = format!("annotation `{name}` is {value:?}, which is not {expected}");
            return Err(Refusal { annotation: Some(name), why });
        }
    }
    Ok(())
}

impl Holds {
    /// Says what a value should be, if it is not.
    fn unlike(self, value: &str) -> Option<&'static str> {
        let is_port = |text: &str| is_number(text.trim()) && text.trim().parse::<u16>().is_ok();
        let are_ports = |text: &str| text.trim().is_empty() || text.split(',').all(is_port);
        let are_ranges = |text: &str| text.is_empty() || text.split(',').all(is_range);
        let (is_fine, expected) = match self {
            Self::Mode => (matches!(value, "REDIRECT" | "TPROXY" | "NONE"), "REDIRECT, TPROXY or NONE"),
            Self::Port => (is_port(value), "a port"),
            Self::Ports => (are_ports(value), "a list of ports"),
            Self::PortsOrAll => (value == "*" || are_ports(value), "a list of ports or `*`"),
            Self::Ranges => (are_ranges(value), "a list of CIDR ranges"),
            Self::RangesOrAll => (value == "*" || are_ranges(value), "a list of CIDR ranges or `*`"),
            Self::Number => (is_number(value) && value.parse::<u32>().is_ok(), "a number"),
            Self::Bool => (parse_bool(value).is_some(), "true or false"),
        };
        (!is_fine).then_some(expected)
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Go: `netip.ParsePrefix`
fn is_range(text: &str) -> bool {
    let Some((address, bits)) = text.rsplit_once('/') else { return false };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    let is_plain = is_number(bits) && (bits == "0" || !bits.starts_with('0'));
    is_plain && bits.parse::<u32>().is_ok_and(|bits| bits <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_istiod_takes() {
        for (holds, value, is_fine) in [
            (Holds::Mode, "NONE", true),
            (Holds::Mode, "none", false),
            (Holds::Port, " 15020", true),
            (Holds::Port, "65536", false),
            (Holds::Port, "", false),
            (Holds::Ports, "", true),
            (Holds::Ports, "80, 443", true),
            (Holds::Ports, "80,", false),
            (Holds::Ports, "*", false),
            (Holds::PortsOrAll, "*", true),
            (Holds::Ranges, "10.0.0.0/8,2001:db8::/32", true),
            (Holds::Ranges, "10.0.0.0/33", false),
            (Holds::Ranges, "10.0.0.0/08", false),
            (Holds::Ranges, "10.0.0.1", false),
            (Holds::RangesOrAll, "*", true),
            (Holds::Number, "-1", false),
            (Holds::Bool, "t", true),
            (Holds::Bool, "yes", false),
        ] {
            assert_eq!(holds.unlike(value).is_none(), is_fine, "{value}");
        }
    }
}
