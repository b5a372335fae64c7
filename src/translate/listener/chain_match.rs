//! Which connections a filter chain takes.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::IpNet;

use crate::envoy::FilterChainMatch;
use crate::installation::Features;
use crate::translate::cidr;

/// Istio's conditions of a filter chain. istiod: `listener.go` `filterChainOpts`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ChainMatch {
    /// `*` means any, and none too.
    pub(crate) sni_hosts: Vec<String>,
    /// Addresses or ranges.
    pub(crate) destination_cidrs: Vec<String>,
    pub(crate) application_protocols: &'static [&'static str],
    pub(crate) transport_protocol: &'static str,
}

/// What Envoy tells chains apart by, in one form: computed once for each chain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChainKey {
    transport_protocol: &'static str,
    application_protocols: &'static [&'static str],
    sni_hosts: BTreeSet<String>,
    cidrs: BTreeSet<IpNet>,
}

/// What the HTTP inspector finds: HTTP/1.1, and HTTP/2 with prior knowledge.
pub(super) const PLAINTEXT_HTTP_ALPN: &[&str] = &["http/1.1", "h2c"];
/// HTTP/1.0 too.
const PLAINTEXT_HTTP_10_ALPN: &[&str] = &["http/1.0", "http/1.1", "h2c"];
/// Any mesh client. istiod: `listener.go` `allIstioMtlsALPNs`
pub(super) const MESH_ALPN: &[&str] = &["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];
/// Not TLS.
pub(super) const RAW_BUFFER: &str = "raw_buffer";
/// TLS.
pub(super) const TLS: &str = "tls";

/// Returns what is taken for HTTP. Unless it is switched on, HTTP/1.0 passes as TCP.
///
/// istiod: `listener.go` `plaintextHTTPALPNs`
pub(super) fn plaintext_http_alpn(features: &Features) -> &'static [&'static str] {
    if features.http10 { PLAINTEXT_HTTP_10_ALPN } else { PLAINTEXT_HTTP_ALPN }
}

impl ChainMatch {
    /// HTTP in the clear.
    pub(super) fn plaintext_http(features: &Features) -> Self {
        Self { application_protocols: plaintext_http_alpn(features), transport_protocol: RAW_BUFFER, ..Self::default() }
    }

    /// Says whether there is no condition. istiod: `listener.go` `isMatchAll`
    pub(crate) fn is_match_all(&self) -> bool {
        (self.sni_hosts.is_empty() || self.has_any_sni())
            && self.application_protocols.is_empty()
            && self.transport_protocol.is_empty()
            && self.destination_cidrs.is_empty()
    }

    /// `FilterChain.filter_chain_match`; none for a chain that takes everything. istiod: `listener.go` `toFilterChainMatch`
    pub(crate) fn filter_chain_match(&self) -> Option<FilterChainMatch> {
        if self.is_match_all() {
            return None;
        }
        let mut server_names = if self.has_any_sni() { Vec::new() } else { self.sni_hosts.clone() };
        server_names.sort();
        let mut cidrs = self.destination_cidrs.clone();
        cidrs.sort();
        let ranges =
            cidrs.iter().filter_map(|text| cidr::range(text)).filter(|range| range.address_prefix != "0.0.0.0");
        Some(FilterChainMatch {
            prefix_ranges: ranges.collect(),
            transport_protocol: self.transport_protocol.to_owned(),
            application_protocols: self.application_protocols.iter().map(|&protocol| protocol.to_owned()).collect(),
            server_names,
            ..FilterChainMatch::default()
        })
    }

    /// Returns what two chains share exactly if Envoy could not tell them apart: the order of names and ranges, and how a range is
    /// written, do not matter.
    ///
    /// istiod: `listener.go` `conflictsWith`
    pub(super) fn key(&self) -> ChainKey {
        ChainKey {
            transport_protocol: self.transport_protocol,
            application_protocols: self.application_protocols,
            sni_hosts: self.sni_set().into_iter().map(str::to_owned).collect(),
            cidrs: self.cidr_set(),
        }
    }

    fn has_any_sni(&self) -> bool {
        self.sni_hosts.iter().any(|host| host == "*")
    }

    fn sni_set(&self) -> BTreeSet<&str> {
        self.sni_hosts.iter().map(String::as_str).filter(|host| *host != "*").collect()
    }

    fn cidr_set(&self) -> BTreeSet<IpNet> {
        let ranges = self.destination_cidrs.iter().filter_map(|text| cidr::parse(text));
        ranges.filter(|range| range.addr() != Ipv4Addr::UNSPECIFIED).map(|range| range.trunc()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(sni_hosts: &[&str], destination_cidrs: &[&str]) -> ChainMatch {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        ChainMatch { sni_hosts: texts(sni_hosts), destination_cidrs: texts(destination_cidrs), ..ChainMatch::default() }
    }

    #[test]
    fn chains_conflict_if_envoy_cannot_tell_them_apart() {
        for (a, b, conflict) in [
            (matches(&[], &[]), matches(&["*"], &[]), true),
            (matches(&["a", "b"], &[]), matches(&["b", "a"], &[]), true),
            (matches(&["a"], &[]), matches(&["b"], &[]), false),
            (matches(&[], &["1.2.3.4/8"]), matches(&[], &["1.5.6.7/8"]), true),
            (matches(&[], &["1.2.3.4"]), matches(&[], &["1.2.3.4/32"]), true),
            (matches(&[], &["0.0.0.0/0"]), matches(&[], &[]), true),
            (matches(&[], &["1.2.3.4"]), matches(&[], &[]), false),
            (matches(&[], &[]), ChainMatch::plaintext_http(&Features::default()), false),
        ] {
            assert_eq!(a.key() == b.key(), conflict, "{a:?} {b:?}");
        }
    }

    #[test]
    fn ranges_keep_the_address_as_written() {
        let found =
            matches(&["b", "a"], &["10.1.2.3/8", "0.0.0.0/0", "::1"]).filter_chain_match().expect("has conditions");
        assert_eq!(found.server_names, ["a", "b"]);
        let ranges: Vec<_> =
            found.prefix_ranges.iter().map(|range| (range.address_prefix.as_str(), range.prefix_len)).collect();
        assert_eq!(ranges, [("10.1.2.3", Some(8)), ("::1", Some(128))]);
        assert_eq!(matches(&["*", "a"], &[]).filter_chain_match(), None);
    }
}
