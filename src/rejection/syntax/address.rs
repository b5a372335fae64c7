//! IP addresses, as `Network::Utility::parseInternetAddressNoThrow` reads them.

use std::net::{IpAddr, Ipv6Addr};

/// Reads an address; one of IPv6 may name its zone.
pub(crate) fn ip(text: &str) -> Option<IpAddr> {
    let zoned = || text.split_once('%').and_then(|(address, zone)| (!zone.is_empty()).then_some(address));
    text.parse().ok().or_else(|| zoned()?.parse::<Ipv6Addr>().ok().map(IpAddr::V6))
}

/// Whether a URI has a scheme, a host and, when it has one, a port: `Http::Utility::Url::initialize`.
pub(crate) fn is_absolute_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, after)) => (host, after.strip_prefix(':')),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let scheme_starts = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let port_holds = port.is_none_or(|port| port.parse::<u16>().is_ok());
    scheme_starts && !host.is_empty() && port_holds && !uri.contains([' ', '\n', '\r', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert!(["1.2.3.4", "::1", "fd00::1", "::ffff:1.2.3.4", "fe80::1%eth0"].iter().all(|text| ip(text).is_some()));
        assert!(["", "1.2.3", "01.2.3.4", "1.2.3.4/8", "fd00::zz", "foo.com"].iter().all(|text| ip(text).is_none()));
    }

    #[test]
    fn uris() {
        assert!(
            ["http://x", "https://x/y", "ftp://x", "http://[::1]/", "http://x:80"]
                .iter()
                .all(|uri| is_absolute_uri(uri))
        );
        let wrong = ["foo", "http://", "x/y", "//x", "http:/x", "http://x:99999", "http://x y", ""];
        assert!(wrong.iter().all(|uri| !is_absolute_uri(uri)));
    }
}
