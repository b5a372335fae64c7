//! What the connection manager does to headers before filters see them. Envoy: `ConnectionManagerUtility::mutateRequestHeaders`.

use std::net::IpAddr;

use super::Headers;

/// Settings of the connection manager.
#[derive(Debug, Clone, Default)]
pub(in crate::evaluate) struct Trust {
    /// `use_remote_address`
    pub(in crate::evaluate) use_remote_address: bool,
    /// `xff_num_trusted_hops`
    pub(in crate::evaluate) xff_num_trusted_hops: usize,
    /// `skip_xff_append`
    pub(in crate::evaluate) skip_xff_append: bool,
    /// `generate_request_id`
    pub(in crate::evaluate) generate_request_id: bool,
    /// `append_x_forwarded_port`
    pub(in crate::evaluate) append_x_forwarded_port: bool,
    /// `via`
    pub(in crate::evaluate) via: String,
    /// `RouteConfiguration.internal_only_headers`
    pub(in crate::evaluate) internal_only_headers: Vec<String>,
}

/// A connection, as far as headers tell of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::evaluate) struct Connection {
    /// The peer's address.
    pub(in crate::evaluate) peer: IpAddr,
    /// The port of this side.
    pub(in crate::evaluate) local_port: u16,
    /// Whether it has TLS.
    pub(in crate::evaluate) is_tls: bool,
}

/// Headers that a client outside must not set.
const INTERNAL: &[&str] = &[
    "x-envoy-retry-on",
    "x-envoy-retry-grpc-on",
    "x-envoy-max-retries",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-force-trace",
    "x-envoy-ip-tags",
    "x-envoy-original-path",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-retriable-status-codes",
    "x-envoy-retriable-header-names",
    "x-envoy-original-host",
];

impl Trust {
    /// Changes the headers and returns the address that counts as the client's.
    pub(in crate::evaluate) fn apply(&self, headers: &mut Headers, connection: Connection) -> IpAddr {
        for name in ["connection", "upgrade", "x-envoy-internal", "keep-alive", "proxy-connection", "transfer-encoding"]
        {
            let is_upgrade =
                headers.get("connection").is_some_and(|value| value.to_ascii_lowercase().contains("upgrade"));
            if !(is_upgrade && matches!(name, "connection" | "upgrade")) {
                headers.remove(name);
            }
        }
        let protocol = if connection.is_tls { "https" } else { "http" };
        let (client, single) = if self.use_remote_address {
            let single = headers.get("x-forwarded-for").is_none();
            let before = match self.xff_num_trusted_hops {
                0 => None,
                hops => last_address(headers, hops - 1).map(|(address, _)| address),
            };
            if !self.skip_xff_append {
                append_list(headers, "x-forwarded-for", &connection.peer.to_canonical().to_string());
            }
            if self.xff_num_trusted_hops == 0 || headers.get("x-forwarded-proto").is_none() {
                headers.set("x-forwarded-proto", protocol);
            }
            if self.append_x_forwarded_port
                && (self.xff_num_trusted_hops == 0 || headers.get("x-forwarded-port").is_none())
            {
                headers.set("x-forwarded-port", connection.local_port.to_string());
            }
            (Some(before.unwrap_or(connection.peer)), single)
        } else {
            match last_address(headers, self.xff_num_trusted_hops) {
                Some((address, single)) => (Some(address), single),
                None => (None, false),
            }
        };
        if !headers.get("x-forwarded-proto").is_some_and(|value| matches!(value, "http" | "https")) {
            headers.set("x-forwarded-proto", protocol);
        }
        let scheme = headers.get("x-forwarded-proto").unwrap_or(protocol).to_owned();
        headers.set(":scheme", scheme);

        let is_internal = single && client.is_some_and(is_internal);
        let is_edge = !is_internal && self.use_remote_address;
        let client = client.unwrap_or(connection.peer);
        if is_internal {
            headers.set("x-envoy-internal", "true");
        } else {
            if is_edge {
                for name in [
                    "x-envoy-decorator-operation",
                    "x-envoy-downstream-service-cluster",
                    "x-envoy-downstream-service-node",
                ] {
                    headers.remove(name);
                }
                headers.set("x-envoy-external-address", client.to_canonical().to_string());
            }
            for name in INTERNAL.iter().copied().chain(self.internal_only_headers.iter().map(String::as_str)) {
                headers.remove(name);
            }
        }
        if !self.via.is_empty() {
            append_list(headers, "via", &self.via);
        }
        if self.generate_request_id && (is_edge || headers.get("x-request-id").is_none()) {
            headers.set("x-request-id", "00000000-0000-4000-8000-000000000000");
        }
        client
    }
}

fn append_list(headers: &mut Headers, name: &'static str, value: &str) {
    let value = match headers.get(name) {
        Some(before) if !before.is_empty() => format!("{before},{value}"),
        _ => value.to_owned(),
    };
    headers.set(name, value);
}

/// Returns the address before the last `skip` ones of `x-forwarded-for`, and whether it is the only one.
///
/// Envoy: `Utility::getLastAddressFromXFF`.
fn last_address(headers: &Headers, skip: usize) -> Option<(IpAddr, bool)> {
    let list = headers.get("x-forwarded-for")?;
    let parts: Vec<&str> = list.split(',').map(|part| part.trim_matches([' ', '\t'])).collect();
    let index = parts.len().checked_sub(skip + 1)?;
    Some((parts[index].parse().ok()?, parts.len() == 1 && skip == 0))
}

/// Envoy: `Network::Utility::isInternalAddress`; loopback and private networks.
fn is_internal(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_private() || address.is_loopback(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(peer: &str) -> Connection {
        Connection { peer: peer.parse().expect("an address"), local_port: 80, is_tls: false }
    }

    #[test]
    fn the_client_is_told_by_trusted_hops() {
        let mut headers = Headers::default();
        headers.set("x-forwarded-for", "198.51.100.1, 10.0.0.1");
        let trust = Trust { use_remote_address: true, xff_num_trusted_hops: 1, ..Trust::default() };
        assert_eq!(trust.apply(&mut headers, connection("10.9.9.9")).to_string(), "10.0.0.1");
        assert_eq!(headers.get("x-forwarded-for"), Some("198.51.100.1, 10.0.0.1,10.9.9.9"));

        let mut headers = Headers::default();
        headers.set("x-forwarded-for", "198.51.100.1, 10.0.0.1");
        assert_eq!(Trust::default().apply(&mut headers, connection("10.9.9.9")).to_string(), "10.0.0.1");
    }

    #[test]
    fn clients_outside_set_no_internal_header() {
        let mut headers = Headers::default();
        headers.set("x-envoy-max-retries", "9");
        let trust = Trust { use_remote_address: true, ..Trust::default() };
        trust.apply(&mut headers, connection("203.0.113.9"));
        assert_eq!(headers.get("x-envoy-max-retries"), None);
        assert_eq!(headers.get("x-envoy-external-address"), Some("203.0.113.9"));
    }
}
