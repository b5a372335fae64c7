//! `HttpConnectionManager.http_filters`: which there are, and in which order.

use super::hbone::peer_metadata;
use super::http_connection_manager::HcmOptions;
use super::{ListenerClass, ListenerView, filter, metadata_exchange};
use crate::envoy::{
    AlpnFilterConfig, AlpnFilterConfigAlpnOverride, AlpnFilterConfigProtocol, Cors, DnsCacheConfig,
    DynamicForwardProxyFilterConfig, DynamicForwardProxyFilterConfigImplementationSpecifier, GrpcStatsFilterConfig,
    GrpcStatsFilterConfigPerMethodStatSpecifier, GrpcWeb, HttpFault, HttpFilter, Router, StatefulSession,
};
use crate::mesh::protocol::Protocol;
use crate::model::istio::TrafficExtensionExecutionPhase as Phase;
use crate::proxy::{OutboundView, ProxyKind};
use crate::translate::dns_cache;

/// Lists the filters of a connection manager.
///
/// Metadata exchange comes first, so that whatever refuses a request knows who the peer is. Policies and extensions come next;
/// then those that routes configure; statistics after everything that may answer; the router last.
///
/// istiod: `listener_builder.go` `buildHTTPConnectionManager`
pub(super) fn http_filters(view: &ListenerView<'_>, options: &HcmOptions<'_>) -> Vec<HttpFilter> {
    let class = options.class;
    if view.outbound.client.kind == ProxyKind::Waypoint && class == ListenerClass::SidecarInbound {
        return of_waypoint(view, options);
    }
    let features = view.outbound.mesh.features();
    let exchange = || metadata_exchange::http(features, class, options.headers.skip_external_clusters);
    let mut filters: Vec<HttpFilter> = options.metadata_exchange.then(exchange).into_iter().flatten().collect();
    let extensions = |phase| view.extensions.http(class, options.port, phase);
    filters.extend(view.authorization.custom_http(class).iter().cloned());
    filters.extend(extensions(Phase::Authn));
    filters.extend(view.request_authentication.http(class).cloned());
    filters.extend(extensions(Phase::Authz));
    filters.extend(view.authorization.local_http(class).iter().cloned());
    filters.extend(extensions(Phase::Stats));
    filters.extend(extensions(Phase::Unspecified));
    // Here: inference pools.
    if options.protocol == Protocol::GrpcWeb {
        filters.push(filter::http("envoy.filters.http.grpc_web", GrpcWeb::default()));
    }
    filters.push(grpc_stats());
    if features.alpn_filter && class != ListenerClass::SidecarInbound {
        filters.push(alpn());
    }
    filters.push(filter::http("envoy.filters.http.fault", HttpFault::default()));
    filters.push(filter::http("envoy.filters.http.cors", Cors::default()));
    filters.extend(view.telemetry.of(class).stats.iter().map(|config| filter::http("istio.stats", config.clone())));
    if features.persistent_session_filter && class != ListenerClass::SidecarInbound {
        filters.push(stateful_session());
    }
    filters.extend(options.dynamic_forward_proxy.map(|hostname| of_service(&view.outbound, hostname)));
    if class == ListenerClass::SidecarOutbound && view.outbound.scope.allows_any_dynamic_dns() {
        filters.push(dynamic_forward_proxy(dns_cache::of_any_host(&view.outbound)));
    }
    filters.push(router(options.headers.suppress_envoy_headers));
    filters
}

/// Lists the filters of a waypoint: the same, but that statistics come last, as they need the server that the route has chosen.
///
/// istiod: `listener_waypoint.go` `buildWaypointHTTPFilters`
fn of_waypoint(view: &ListenerView<'_>, options: &HcmOptions<'_>) -> Vec<HttpFilter> {
    let class = options.class;
    let extensions = |phase| view.extensions.http(class, options.port, phase);
    let mut filters = view.authorization.custom_http(class).to_vec();
    filters.extend(extensions(Phase::Authn));
    filters.extend(view.request_authentication.http(class).cloned());
    filters.extend(extensions(Phase::Authz));
    filters.extend(view.authorization.local_http(class).iter().cloned());
    if options.protocol == Protocol::GrpcWeb {
        filters.push(filter::http("envoy.filters.http.grpc_web", GrpcWeb::default()));
    }
    filters.push(grpc_stats());
    filters.push(filter::http("envoy.filters.http.fault", HttpFault::default()));
    filters.push(filter::http("envoy.filters.http.cors", Cors::default()));
    filters.extend(options.dynamic_forward_proxy.map(|hostname| of_service(&view.outbound, hostname)));
    filters.extend(extensions(Phase::Stats));
    filters.extend(extensions(Phase::Unspecified));
    filters.push(peer_metadata::upstream(view.outbound.mesh.installation.features.ambient_baggage));
    filters.extend(view.telemetry.of(class).stats.iter().map(|config| filter::http("istio.stats", config.clone())));
    filters.push(router(options.headers.suppress_envoy_headers));
    filters
}

/// Counts messages of gRPC streams. istiod: `filters.go` `GrpcStats`
fn grpc_stats() -> HttpFilter {
    let config = GrpcStatsFilterConfig {
        emit_filter_state: true,
        per_method_stat_specifier: Some(GrpcStatsFilterConfigPerMethodStatSpecifier::StatsForAllMethods(false)),
        ..GrpcStatsFilterConfig::default()
    };
    filter::http("envoy.filters.http.grpc_stats", config)
}

/// Tells servers by ALPN which version of HTTP comes from a mesh client: theirs alone would not say.
///
/// istiod: `filters.go` `Alpn`
fn alpn() -> HttpFilter {
    let protocols = [
        (AlpnFilterConfigProtocol::Http10, ["istio-http/1.0", "istio", "http/1.0"]),
        (AlpnFilterConfigProtocol::Http11, ["istio-http/1.1", "istio", "http/1.1"]),
        (AlpnFilterConfigProtocol::Http2, ["istio-h2", "istio", "h2"]),
    ];
    let alpn_override = protocols
        .into_iter()
        .map(|(upstream_protocol, alpn)| AlpnFilterConfigAlpnOverride {
            upstream_protocol,
            alpn_override: alpn.into_iter().map(str::to_owned).collect(),
        })
        .collect();
    filter::http("istio.alpn", AlpnFilterConfig { alpn_override })
}

/// Keeps a session on one endpoint, as routes say; alone it does nothing. istiod: `filters.go` `EmptySessionFilter`
fn stateful_session() -> HttpFilter {
    filter::http("envoy.filters.http.stateful_session", StatefulSession::default())
}

/// `ServiceEntry.resolution: DYNAMIC_DNS` -> filter `envoy.filters.http.dynamic_forward_proxy`
///
/// istiod: `filters.go` `BuildSidecarOutboundDynamicForwardProxyFilter`
fn of_service(view: &OutboundView<'_>, hostname: &str) -> HttpFilter {
    dynamic_forward_proxy(dns_cache::of_service(view, hostname))
}

fn dynamic_forward_proxy(cache: DnsCacheConfig) -> HttpFilter {
    let config = DynamicForwardProxyFilterConfig {
        implementation_specifier: Some(DynamicForwardProxyFilterConfigImplementationSpecifier::DnsCacheConfig(cache)),
        ..DynamicForwardProxyFilterConfig::default()
    };
    filter::http("envoy.filters.http.dynamic_forward_proxy", config)
}

fn router(suppress_envoy_headers: bool) -> HttpFilter {
    filter::http("envoy.filters.http.router", Router { suppress_envoy_headers, ..Router::default() })
}
