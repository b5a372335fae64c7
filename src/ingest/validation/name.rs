//! Names, ports, addresses and times, as istiod checks them in all kinds.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Bound;

use super::finding::{At, Findings};
use crate::model::Duration;

/// istiod: `ValidatePort`
pub(super) fn port(number: u32) -> Result<(), String> {
    if (1..=65535).contains(&number) { Ok(()) } else { Err(format!("port {number} is not between 1 and 65535")) }
}

/// A name of a port: a DNS label. istiod: `ValidatePortName`
pub(super) fn port_name(name: &str) -> Result<(), String> {
    if is_label(name) { Ok(()) } else { Err(format!("`{name}` is not a valid port name")) }
}

/// At least a millisecond, and no parts of one. istiod: `ValidateDuration`
pub(super) fn duration(duration: Duration) -> Result<(), String> {
    let nanos = duration.as_nanos();
    if nanos < 1_000_000 {
        let help = if nanos == 0 { ": leave the field out, which means no limit" } else { "" };
        let millis = nanos / 1_000_000;
        let shown = if nanos == 0 { "0s".to_owned() } else { format!("a time of {millis}ms") };
        return Err(format!("`{shown}` is refused: a time is at least 1ms{help}"));
    }
    if nanos % 1_000_000 != 0 {
        return Err("the duration must be a whole number of milliseconds".to_owned());
    }
    Ok(())
}

/// [`duration`], if there is one.
pub(super) fn check_duration(found: Option<Duration>, at: &At<'_>, findings: &mut Findings<'_>) {
    if let Some(found) = found {
        findings.check(at, duration(found));
    }
}

/// istiod: `ValidatePercent`
pub(super) fn percent(value: i32) -> Result<(), String> {
    if (0..=100).contains(&value) { Ok(()) } else { Err(format!("{value} percent is not between 0 and 100")) }
}

/// A DNS label (RFC 1123), of any case. istiod: `IsDNS1123Label`
pub(super) fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// A DNS label, `*`, or one after `*` or `*-`. istiod: `IsWildcardDNS1123Label`
fn is_wildcard_label(text: &str) -> bool {
    let rest = text.strip_prefix("*-").or_else(|| text.strip_prefix('*'));
    text.len() <= 63 && (text == "*" || is_label(rest.unwrap_or(text)))
}

/// A domain name without wildcard. istiod: `ValidateFQDN`
pub(super) fn domain(name: &str) -> Result<(), String> {
    domain_length(name)?;
    labels_of_domain(name)
}

/// A domain name, perhaps with a wildcard in its first label. istiod: `ValidateWildcardDomain`
pub(super) fn wildcard_domain(name: &str) -> Result<(), String> {
    domain_length(name)?;
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    if !is_wildcard_label(first) {
        return Err(format!("`{name}` is not a valid domain name: `{first}` is not a valid label"));
    }
    rest.map_or(Ok(()), labels_of_domain)
}

/// As [`wildcard_domain`], or the server name that a gateway of another network asks for:
/// `outbound_.80_._.reviews.default.svc.cluster.local`.
///
/// istiod: `ValidateWildcardDomainForVirtualServiceBoundToGateway`
pub(super) fn gateway_domain(name: &str, has_sni: bool) -> Result<(), String> {
    domain_length(name)?;
    if !has_sni || !name.starts_with("outbound_") {
        return wildcard_domain(name);
    }
    let parts: Vec<_> = name.split('_').collect();
    let port = parts.get(1).is_some_and(|port| port.contains(|c: char| c.is_ascii_digit()));
    let host = parts.get(3).is_some_and(|host| host.contains(|c: char| c.is_ascii_alphabetic()));
    if port && host {
        return Ok(());
    }
    Err(format!("`{name}` is not of the form `outbound_.<port>_.<subset>_.<host>`"))
}

fn domain_length(name: &str) -> Result<(), String> {
    match name.len() {
        0 => Err("the domain name is empty".to_owned()),
        1..=255 => Ok(()),
        _ => Err("the domain name is longer than 255 characters".to_owned()),
    }
}

/// istiod: `ValidateDNS1123Labels`
fn labels_of_domain(name: &str) -> Result<(), String> {
    let (parent, last) = name.rsplit_once('.').map_or((None, name), |(parent, last)| (Some(parent), last));
    if last.parse::<i64>().is_ok() {
        return Err(format!("`{name}` is not a valid domain name: `{last}` is a number"));
    }
    // The last label may be empty, for a name with a dot at its end.
    let last = if last.is_empty() { None } else { Some(last) };
    match parent.into_iter().flat_map(|parent| parent.split('.')).chain(last).find(|label| !is_label(label)) {
        Some(label) => Err(format!("`{name}` is not a valid domain name: `{label}` is not a valid label")),
        None => Ok(()),
    }
}

/// istiod: `IsValidIPAddress`
pub(super) fn is_ip(text: &str) -> bool {
    // Go reads a zone too: `fe80::1%eth0`.
    let address = match text.split_once('%') {
        Some((address, zone)) if address.contains(':') && !zone.is_empty() => address,
        _ => text,
    };
    address.parse::<IpAddr>().is_ok()
}

/// istiod: `ValidateIPAddress`
pub(super) fn ip(text: &str) -> Result<(), String> {
    if is_ip(text) { Ok(()) } else { Err(format!("`{text}` is not a valid IP address")) }
}

/// An address or a range of them. istiod: `ValidateIPSubnet`
pub(super) fn ip_or_cidr(text: &str) -> Result<(), String> {
    if text.matches('/').count() != 1 {
        return ip(text);
    }
    if text.parse::<ipnet::IpNet>().is_ok() { Ok(()) } else { Err(format!("`{text}` is not a valid CIDR")) }
}

/// The path of a Unix socket, or `@` and a name. istiod: `ValidateUnixAddress`
pub(super) fn unix_socket(path: &str) -> Result<(), String> {
    match path {
        "" => Err("the path of the socket is empty".to_owned()),
        _ if path.starts_with('@') || path.starts_with('/') && !path.ends_with('/') => Ok(()),
        _ => Err(format!("`{path}` is not an absolute path")),
    }
}

/// Labels of Kubernetes, with upper case in their prefix. istiod: `Instance.Validate`
pub(super) fn check_labels(labels: &BTreeMap<String, String>, at: &At<'_>, findings: &mut Findings<'_>) {
    for (key, value) in labels {
        let name = match key.split_once('/') {
            Some((prefix, name)) if prefix.len() <= 253 && prefix.split('.').all(is_label) => name,
            Some(_) => "",
            None => key,
        };
        if name.is_empty() || !is_label_value(name) {
            findings.error(&at.field(key), format!("`{key}` is not a valid label key"));
        }
        if !is_label_value(value) {
            findings.error(&at.field(key), format!("`{value}` is not a valid label value"));
        }
    }
}

fn is_label_value(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_none_or(u8::is_ascii_alphanumeric)
        && bytes.last().is_none_or(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// Hosts, each perhaps with a wildcard in front, by their letters from the end: those below a wildcard are neighbors.
#[derive(Debug, Default)]
pub(super) struct Hosts<'h> {
    all: BTreeMap<Vec<u8>, &'h str>,
    /// Of the wildcards, those that no other covers.
    wildcards: BTreeMap<Vec<u8>, &'h str>,
}

impl<'h> Hosts<'h> {
    /// Adds a host.
    pub(super) fn add(&mut self, host: &'h str) {
        let key = reversed(host);
        if host.starts_with('*') && self.wildcard_over(&key).is_none() {
            let covered: Vec<Vec<u8>> = below(&self.wildcards, &key).map(|(key, _)| key.clone()).collect();
            for key in covered {
                self.wildcards.remove(&key);
            }
            self.wildcards.insert(key.clone(), host);
        }
        self.all.entry(key).or_insert(host);
    }

    /// Returns a host that has names in common with this one. istiod: `Name.Matches`
    pub(super) fn overlapping(&self, host: &str) -> Option<&'h str> {
        let key = reversed(host);
        let inside = || host.starts_with('*').then(|| below(&self.all, &key).next().map(|(_, other)| *other)).flatten();
        self.all.get(&key).copied().or_else(|| self.wildcard_over(&key)).or_else(inside)
    }

    /// Whether one of the hosts covers another. istiod: `Name.SubsetOf`
    pub(super) fn cover(&self, host: &str) -> bool {
        let key = reversed(host);
        let equal = !host.starts_with('*') && self.all.get(&key).is_some_and(|other| !other.starts_with('*'));
        equal || self.wildcard_over(&key).is_some()
    }

    /// Returns the wildcard that covers what is behind a wildcard or a whole name.
    fn wildcard_over(&self, key: &[u8]) -> Option<&'h str> {
        // None of them covers another, so that only the nearest can.
        let (wide, host) = self.wildcards.range::<[u8], _>((Bound::Unbounded, Bound::Included(key))).next_back()?;
        key.starts_with(wide).then_some(*host)
    }
}

/// Returns what is behind the wildcard of a host, from its end.
fn reversed(host: &str) -> Vec<u8> {
    host.strip_prefix('*').unwrap_or(host).bytes().rev().collect()
}

fn below<'m, 'h>(
    hosts: &'m BTreeMap<Vec<u8>, &'h str>,
    key: &'m [u8],
) -> impl Iterator<Item = (&'m Vec<u8>, &'m &'h str)> {
    hosts
        .range::<[u8], _>((Bound::Included(key), Bound::Unbounded))
        .take_while(move |(other, _)| other.starts_with(key))
}

/// The protocol of a port. istiod: `protocol.Parse`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    Http2,
    HttpProxy,
    Grpc,
    GrpcWeb,
    Https,
    Tls,
    Tcp,
    Mongo,
    Redis,
    Mysql,
    Udp,
    Unsupported,
}

impl Protocol {
    pub(super) fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "http" => Self::Http,
            "http2" => Self::Http2,
            "http_proxy" => Self::HttpProxy,
            "grpc" => Self::Grpc,
            "grpc-web" => Self::GrpcWeb,
            "https" => Self::Https,
            "tls" => Self::Tls,
            "tcp" => Self::Tcp,
            "mongo" => Self::Mongo,
            "redis" => Self::Redis,
            "mysql" => Self::Mysql,
            "udp" => Self::Udp,
            _ => Self::Unsupported,
        }
    }

    pub(super) fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Http2 | Self::HttpProxy | Self::Grpc | Self::GrpcWeb)
    }

    pub(super) fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    pub(super) fn is_tcp(self) -> bool {
        matches!(self, Self::Tcp | Self::Https | Self::Tls | Self::Mongo | Self::Redis | Self::Mysql)
    }
}

/// A protocol by name; none leaves it to sniffing. istiod: `ValidateProtocol`
pub(super) fn protocol(text: &str) -> Result<(), String> {
    if text.is_empty() || Protocol::parse(text) != Protocol::Unsupported {
        return Ok(());
    }
    Err(format!("`{text}` is not a supported protocol"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains() {
        for name in ["a", "a.b", "a.b.", "A.b", "1.a", "xn--a.b"] {
            assert_eq!(domain(name), Ok(()), "{name}");
        }
        for name in ["", ".", "a..b", "a.1", "10.0.0.1", "*.a", "a_b", "-a", "a-"] {
            assert!(domain(name).is_err(), "{name}");
        }
        for name in ["*", "*.a", "*-a.b", "*a.b", "a.b"] {
            assert_eq!(wildcard_domain(name), Ok(()), "{name}");
        }
        for name in ["a.*", "a*.b", "**", "*.*"] {
            assert!(wildcard_domain(name).is_err(), "{name}");
        }
        assert_eq!(gateway_domain("outbound_.80_._.a.b", true), Ok(()));
        assert!(gateway_domain("outbound_.80_._.a.b", false).is_err());
        assert!(gateway_domain("outbound_.x_._.a.b", true).is_err());
    }

    #[test]
    fn hosts() {
        for (a, b, overlap, covers) in [
            ("a.b", "a.b", true, true),
            ("a.b", "c.b", false, false),
            ("*.b", "a.b", true, true),
            ("a.b", "*.b", true, false),
            ("*.b", "*.a.b", true, true),
            ("*.a.b", "*.b", true, false),
            ("*", "a", true, true),
            (".b", "*.b", true, false),
            ("*.b", ".b", true, true),
        ] {
            let mut hosts = Hosts::default();
            hosts.add(a);
            assert_eq!((hosts.overlapping(b).is_some(), hosts.cover(b)), (overlap, covers), "{a} {b}");
        }
        let mut hosts = Hosts::default();
        for host in ["x.a.b", "*.a.b", "*.b", "*.c.b", "d"] {
            hosts.add(host);
        }
        assert_eq!(hosts.wildcards.into_values().collect::<Vec<_>>(), ["*.b"]);
    }

    #[test]
    fn addresses() {
        for text in ["10.0.0.1", "::1", "fe80::1%eth0", "10.0.0.0/8", "10.1.2.3/8", "fd00::/8"] {
            assert_eq!(ip_or_cidr(text), Ok(()), "{text}");
        }
        for text in ["", "10.0.0", "010.0.0.1", "10.0.0.1/33", "a/8", "10.0.0.0/8/8", "10.0.0.1%a"] {
            assert!(ip_or_cidr(text).is_err(), "{text}");
        }
    }
}
