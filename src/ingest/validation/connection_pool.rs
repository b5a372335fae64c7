//! Limits of connections and requests.

use crate::model::istio::{
    ConnectionPoolSettings, ConnectionPoolSettingsHttpSettings, ConnectionPoolSettingsHttpSettingsH2UpgradePolicy,
    ConnectionPoolSettingsTcpSettings,
};

use super::finding::{At, Findings};
use super::name::check_duration;

/// istiod: `validateConnectionPool`
pub(super) fn check(settings: Option<&ConnectionPoolSettings>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(ConnectionPoolSettings { tcp, http }) = settings else { return };
    if tcp.is_none() && http.is_none() {
        findings.error(at, "a connection pool requires `tcp` or `http`");
    }
    if let Some(http) = http {
        check_http(http, &at.field("http"), findings);
    }
    if let Some(tcp) = tcp {
        check_tcp(tcp, &at.field("tcp"), findings);
    }
}

fn check_http(http: &ConnectionPoolSettingsHttpSettings, at: &At<'_>, findings: &mut Findings<'_>) {
    for (field, value) in [
        ("http1MaxPendingRequests", http.http1_max_pending_requests),
        ("http2MaxRequests", http.http2_max_requests),
        ("maxRequestsPerConnection", http.max_requests_per_connection),
        ("maxRetries", http.max_retries),
        ("maxConcurrentStreams", http.max_concurrent_streams),
    ] {
        if value < 0 {
            findings.error(&at.field(field), "the limit must not be negative");
        }
    }
    check_duration(http.idle_timeout, &at.field("idleTimeout"), findings);
    let upgrade = http.h2_upgrade_policy == ConnectionPoolSettingsHttpSettingsH2UpgradePolicy::Upgrade;
    if upgrade && http.use_client_protocol {
        findings.error(&at.field("useClientProtocol"), "keeping the client's protocol and UPGRADE exclude each other");
    }
}

fn check_tcp(tcp: &ConnectionPoolSettingsTcpSettings, at: &At<'_>, findings: &mut Findings<'_>) {
    if tcp.max_connections < 0 {
        findings.error(&at.field("maxConnections"), "the limit must not be negative");
    }
    check_duration(tcp.connect_timeout, &at.field("connectTimeout"), findings);
    check_duration(tcp.max_connection_duration, &at.field("maxConnectionDuration"), findings);
    // Zero, to the millisecond, turns it off.
    let idle = tcp.idle_timeout.filter(|timeout| timeout.as_nanos() / 1_000_000 != 0);
    check_duration(idle, &at.field("idleTimeout"), findings);
    if let Some(keepalive) = &tcp.tcp_keepalive {
        let at = at.field("tcpKeepalive");
        check_duration(keepalive.time, &at.field("time"), findings);
        check_duration(keepalive.interval, &at.field("interval"), findings);
    }
}
