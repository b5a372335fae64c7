//! Checks of Envoy's code, by the message they speak of. Each is named after what it looks at; its source is named as Envoy's file
//! and class.

mod access_log;
mod address;
mod backoff;
mod cluster;
mod cluster_endpoints;
mod cluster_load_balancing;
mod cluster_protocol;
mod discovered_filter;
mod ext_authz;
pub(super) mod extension;
mod filter_chain_match;
mod filters;
mod header;
mod header_to_metadata;
mod health_check;
mod http2;
mod http_connection_manager;
mod jwks;
mod jwt_authn;
mod listener;
mod local_rate_limit;
mod lua;
mod rbac;
mod route;
mod route_configuration;
mod string_matcher;
mod tcp_proxy;
mod tls;
mod tracing;
mod uri_template;
mod weighted_clusters;

use serde_json::Value;

use super::finding::Findings;

/// A check: looks at a message, and adds what Envoy would refuse.
pub(crate) type Rule = for<'a> fn(&'a Value, &mut Findings<'a>);

/// Returns the checks of a message, by its full name.
pub(crate) fn of(message: &str) -> &'static [Rule] {
    let Some(name) = message.strip_prefix("envoy.") else { return &[] };
    match name {
        "config.cluster.v3.Cluster" => cluster::RULES,
        "config.cluster.v3.OutlierDetection" => cluster::OUTLIER_DETECTION,
        "config.cluster.v3.CircuitBreakers" => cluster::CIRCUIT_BREAKERS,
        "config.cluster.v3.Cluster.RefreshRate" => backoff::REFRESH_RATE,
        "config.cluster.v3.LoadBalancingPolicy" => extension::LOAD_BALANCING_POLICY,
        "config.core.v3.ApiConfigSource" => discovered_filter::API_CONFIG_SOURCE,
        "config.core.v3.BackoffStrategy" => backoff::STRATEGY,
        "config.core.v3.BindConfig" => address::BIND_CONFIG,
        "config.core.v3.CidrRange" => address::CIDR_RANGE,
        "config.core.v3.ConfigSource" => discovered_filter::CONFIG_SOURCE,
        "config.core.v3.Http2ProtocolOptions" => http2::RULES,
        "config.core.v3.HeaderValueOption" => header::VALUE_OPTION,
        "config.core.v3.HealthCheck" => health_check::RULES,
        "config.core.v3.SubstitutionFormatString" => access_log::FORMAT,
        "config.endpoint.v3.ClusterLoadAssignment" => cluster_endpoints::ASSIGNMENT,
        "config.listener.v3.Listener" => listener::RULES,
        "config.rbac.v3.Permission" => rbac::PERMISSION,
        "config.route.v3.RetryPolicy.RetryBackOff" => backoff::RETRY,
        "config.route.v3.Route" => route::ROUTE,
        "config.route.v3.RouteAction" => route::ACTION,
        "config.route.v3.RouteConfiguration" => route_configuration::RULES,
        "config.route.v3.VirtualHost" => route_configuration::VIRTUAL_HOST,
        "config.route.v3.WeightedCluster" => weighted_clusters::HTTP,
        "config.trace.v3.DatadogConfig" => tracing::DATADOG,
        "config.trace.v3.OpenTelemetryConfig" => tracing::OPEN_TELEMETRY,
        "config.trace.v3.ZipkinConfig" => tracing::ZIPKIN,
        "extensions.access_loggers.file.v3.FileAccessLog" => access_log::FILE,
        "extensions.access_loggers.filters.cel.v3.ExpressionFilter" => access_log::EXPRESSION,
        "extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig" => access_log::OPEN_TELEMETRY,
        "extensions.filters.http.ext_authz.v3.HttpService" => ext_authz::HTTP_SERVICE,
        "extensions.filters.http.ext_authz.v3.AuthorizationRequest" => ext_authz::REQUEST,
        "extensions.filters.http.ext_proc.v3.ExternalProcessor" => ext_authz::EXTERNAL_PROCESSOR,
        "extensions.filters.http.header_to_metadata.v3.Config.Rule" => header_to_metadata::RULES,
        "extensions.filters.http.jwt_authn.v3.JwtAuthentication" => jwt_authn::RULES,
        "extensions.filters.http.jwt_authn.v3.JwtProvider" => jwt_authn::PROVIDER,
        "extensions.filters.http.local_ratelimit.v3.LocalRateLimit" => local_rate_limit::HTTP,
        "extensions.filters.http.lua.v3.Lua" => lua::RULES,
        "extensions.filters.network.rbac.v3.RBAC" => rbac::NETWORK,
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager" => http_connection_manager::RULES,
        "extensions.filters.network.local_ratelimit.v3.LocalRateLimit" => local_rate_limit::NETWORK,
        "extensions.filters.network.tcp_proxy.v3.TcpProxy" => tcp_proxy::RULES,
        "extensions.filters.network.tcp_proxy.v3.TcpProxy.TunnelingConfig" => tcp_proxy::TUNNELING,
        "extensions.load_balancing_policies.maglev.v3.Maglev" => cluster_load_balancing::MAGLEV,
        "extensions.load_balancing_policies.ring_hash.v3.RingHash" => cluster_load_balancing::RING_HASH,
        "extensions.path.match.uri_template.v3.UriTemplateMatchConfig" => uri_template::MATCH,
        "extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig" => uri_template::REWRITE,
        "extensions.transport_sockets.tls.v3.CommonTlsContext" => tls::COMMON,
        "extensions.transport_sockets.tls.v3.SdsSecretConfig" => tls::SECRET,
        "extensions.transport_sockets.tls.v3.DownstreamTlsContext" => tls::DOWNSTREAM,
        "extensions.transport_sockets.tls.v3.UpstreamTlsContext" => tls::UPSTREAM,
        "type.matcher.v3.RegexMatcher" => string_matcher::REGEX,
        "type.matcher.v3.StringMatcher" => string_matcher::RULES,
        "type.tracing.v3.CustomTag" => tracing::CUSTOM_TAG,
        _ => &[],
    }
}
