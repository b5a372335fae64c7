//! `connectionPool`: what holds for single connections. Its limits are circuit breakers, its protocols are in `upstream_protocol`.
//!
//! istiod: `cluster_traffic_policy.go` `applyConnectionPool`

use crate::envoy::{Duration, HttpProtocolOptions, KeepaliveSettings, TcpKeepalive, UpstreamConnectionOptions};
use crate::model::istio::{ConnectionPoolSettings, ConnectionPoolSettingsTcpSettingsTcpKeepalive, MeshConfig};
use crate::translate::duration::duration;

/// `DestinationRule.trafficPolicy.connectionPool.tcp.connectTimeout`, `MeshConfig.connectTimeout` -> `Cluster.connect_timeout`
pub(super) fn connect_timeout(mesh: &MeshConfig, pool: Option<&ConnectionPoolSettings>) -> Option<Duration> {
    let own = pool.and_then(|p| p.tcp.as_ref()).and_then(|tcp| tcp.connect_timeout);
    own.or(mesh.connect_timeout).map(duration)
}

/// `DestinationRule.trafficPolicy.connectionPool.tcp.tcpKeepalive`, `MeshConfig.tcpKeepalive` ->
/// `Cluster.upstream_connection_options.tcp_keepalive`
///
/// The rule's settings are laid over the mesh's one by one. An empty block switches keepalive on with the system's settings.
///
/// istiod: `cluster.go` `applyTCPKeepalive`
pub(super) fn upstream_connection_options(
    mesh: &MeshConfig,
    pool: Option<&ConnectionPoolSettings>,
) -> Option<UpstreamConnectionOptions> {
    let own = pool.and_then(|p| p.tcp.as_ref()).and_then(|tcp| tcp.tcp_keepalive.as_ref());
    let layers: Vec<_> = [mesh.tcp_keepalive.as_ref(), own].into_iter().flatten().collect();
    if layers.is_empty() {
        return None;
    }
    let mut keepalive = TcpKeepalive::default();
    for ConnectionPoolSettingsTcpSettingsTcpKeepalive { probes, time, interval } in layers {
        keepalive = TcpKeepalive {
            keepalive_probes: Some(*probes).filter(|&p| p > 0).or(keepalive.keepalive_probes),
            keepalive_time: time.map(whole_seconds).or(keepalive.keepalive_time),
            keepalive_interval: interval.map(whole_seconds).or(keepalive.keepalive_interval),
        };
    }
    Some(UpstreamConnectionOptions { tcp_keepalive: Some(keepalive), ..UpstreamConnectionOptions::default() })
}

/// `DestinationRule.trafficPolicy.connectionPool.http.{idleTimeout, maxRequestsPerConnection}`, `tcp.{idleTimeout,
/// maxConnectionDuration}` -> `HttpProtocolOptions.common_http_protocol_options`
///
/// The block is there, empty, when only the number of concurrent streams is set.
pub(super) fn common_http_protocol_options(pool: Option<&ConnectionPoolSettings>) -> Option<HttpProtocolOptions> {
    let tcp = pool.and_then(|p| p.tcp.as_ref());
    let http = pool.and_then(|p| p.http.as_ref());
    let idle_timeout = http.and_then(|h| h.idle_timeout).or_else(|| tcp.and_then(|t| t.idle_timeout));
    let max_connection_duration = tcp.and_then(|t| t.max_connection_duration);
    let max_requests_per_connection = http.and_then(|h| positive(h.max_requests_per_connection));
    let any = idle_timeout.is_some() || max_connection_duration.is_some() || max_requests_per_connection.is_some();
    (any || max_concurrent_streams(pool).is_some() || keepalive(pool).is_some()).then(|| HttpProtocolOptions {
        idle_timeout: idle_timeout.map(duration),
        max_connection_duration: max_connection_duration.map(duration),
        max_requests_per_connection,
        ..HttpProtocolOptions::default()
    })
}

/// `DestinationRule.trafficPolicy.connectionPool.http.maxConcurrentStreams`
pub(super) fn max_concurrent_streams(pool: Option<&ConnectionPoolSettings>) -> Option<u32> {
    pool.and_then(|p| p.http.as_ref()).and_then(|http| positive(http.max_concurrent_streams))
}

/// `DestinationRule.trafficPolicy.connectionPool.http.http2KeepAlive` -> `Http2ProtocolOptions.connection_keepalive`
pub(super) fn keepalive(pool: Option<&ConnectionPoolSettings>) -> Option<KeepaliveSettings> {
    let settings = pool?.http.as_ref()?.http2_keep_alive.as_ref()?;
    Some(KeepaliveSettings {
        interval: settings.interval.map(duration),
        timeout: settings.timeout.map(duration),
        ..KeepaliveSettings::default()
    })
}

/// Zero counts as not set; a negative value, which validation refuses, wraps around as in istiod.
fn positive(value: i32) -> Option<u32> {
    Some(value.cast_unsigned()).filter(|&v| v > 0)
}

fn whole_seconds(value: crate::model::Duration) -> u32 {
    u32::try_from(value.seconds).unwrap_or_default()
}
