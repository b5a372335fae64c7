//! `HttpConnectionManager`: what all sidecars' and routers' have in common.

use std::net::IpAddr;

use ipnet::IpNet;

use super::http_filters::http_filters;
use super::proxy_headers::ProxyHeaders;
use super::{ListenerClass, ListenerView, connection_settings, filter};
use crate::envoy::{
    AggregatedConfigSource, ApiVersion, ConfigSource, ConfigSourceConfigSourceSpecifier, Duration, Filter,
    Http1ProtocolOptions, Http1ProtocolOptionsHeaderKeyFormat, Http1ProtocolOptionsHeaderKeyFormatHeaderFormat,
    Http3ProtocolOptions, HttpConnectionManager, HttpConnectionManagerCodecType,
    HttpConnectionManagerInternalAddressConfig, HttpConnectionManagerPathWithEscapedSlashesAction,
    HttpConnectionManagerRouteSpecifier, HttpConnectionManagerUpgradeConfig, HttpProtocolOptions,
    PreserveCaseFormatterConfig, Rds, RequestIdExtension, TypedExtensionConfig, UuidRequestIdConfig,
};
use crate::mesh::protocol::Protocol;
use crate::model::istio::{
    MeshConfigProxyPathNormalizationNormalizationType as Normalization, MeshNetworks, NetworkNetworkEndpointsNe,
};
use crate::translate::cidr;

/// In what one HTTP connection manager differs from others.
#[derive(Debug, Clone)]
pub(crate) struct HcmOptions<'a> {
    pub(crate) class: ListenerClass,
    /// With its delimiter, where it needs one.
    pub(crate) stat_prefix: String,
    pub(crate) route_specifier: HttpConnectionManagerRouteSpecifier,
    /// What the port is said to speak.
    pub(crate) protocol: Protocol,
    /// The port that extensions match: the service's, or the workload's where requests come in.
    pub(crate) port: u32,
    /// The peer's address is the client's: there is no proxy in front.
    pub(crate) use_remote_address: bool,
    /// HTTP/3 only.
    pub(crate) quic: bool,
    /// The peer tells who it is. Through a tunnel it does not.
    pub(crate) metadata_exchange: bool,
    pub(crate) headers: ProxyHeaders,
    pub(crate) http_protocol_options: Option<Http1ProtocolOptions>,
    /// Settings of HTTP/2 are there, if only empty.
    pub(crate) http2: bool,
    /// The wildcard host of a service whose hosts Envoy looks up request by request.
    pub(crate) dynamic_forward_proxy: Option<&'a str>,
}

/// Builds the part that does not depend on what is special to a class of listeners: callers add the settings for client
/// certificates and trusted hops.
///
/// istiod: `listener_builder.go` `buildHTTPConnectionManager`
pub(crate) fn build(view: &ListenerView<'_>, options: HcmOptions<'_>) -> HttpConnectionManager {
    let http_filters = http_filters(view, &options);
    let telemetry = view.telemetry.of(options.class);
    let mesh = view.outbound.mesh;
    let normalization =
        mesh.config.path_normalization.as_ref().map_or(Normalization::Default, |options| options.normalization);
    let manager = HttpConnectionManager {
        codec_type: if options.quic {
            HttpConnectionManagerCodecType::Http3
        } else {
            HttpConnectionManagerCodecType::Auto
        },
        stat_prefix: options.stat_prefix,
        route_specifier: Some(options.route_specifier),
        http_filters,
        tracing: telemetry.tracing.tracing.clone(),
        http_protocol_options: preserve_case(options.http_protocol_options, &options.headers),
        server_name: options.headers.server_name,
        access_log: telemetry.access_logs.http.clone(),
        use_remote_address: Some(options.use_remote_address),
        generate_request_id: options.headers.generate_request_id,
        proxy_100_continue: mesh.features().proxy_100_continue,
        upgrade_configs: vec![HttpConnectionManagerUpgradeConfig {
            upgrade_type: "websocket".to_owned(),
            ..HttpConnectionManagerUpgradeConfig::default()
        }],
        stream_idle_timeout: Some(Duration::seconds(0)),
        internal_address_config: (options.use_remote_address || mesh.features().hcm_internal_networks)
            .then(|| internal_address_config(&mesh.networks))
            .flatten(),
        normalize_path: Some(normalization != Normalization::None),
        merge_slashes: matches!(normalization, Normalization::MergeSlashes | Normalization::DecodeAndMergeSlashes),
        server_header_transformation: options.headers.server_header_transformation,
        common_http_protocol_options: view.idle_timeout().map(|idle_timeout| HttpProtocolOptions {
            idle_timeout: Some(idle_timeout),
            ..HttpProtocolOptions::default()
        }),
        request_id_extension: Some(request_id_extension(telemetry.tracing.use_request_id_for_trace_sampling)),
        http3_protocol_options: options.quic.then(Http3ProtocolOptions::default),
        path_with_escaped_slashes_action: path_with_escaped_slashes_action(normalization),
        append_x_forwarded_port: options.headers.append_x_forwarded_port,
        http2_protocol_options: options.http2.then(Default::default),
        ..HttpConnectionManager::default()
    };
    match connection_settings::of_proxy(&view.outbound) {
        Some(settings) => connection_settings::apply(&settings, manager),
        None => manager,
    }
}

/// Puts a connection manager at the end of a filter chain.
pub(crate) fn filter(manager: HttpConnectionManager) -> Filter {
    filter::network("envoy.filters.network.http_connection_manager", manager)
}

/// Routes that Envoy asks for by name.
pub(crate) fn rds(route_config_name: &str) -> HttpConnectionManagerRouteSpecifier {
    HttpConnectionManagerRouteSpecifier::Rds(Rds {
        config_source: Some(ConfigSource {
            config_source_specifier: Some(ConfigSourceConfigSourceSpecifier::Ads(AggregatedConfigSource::default())),
            initial_fetch_timeout: Some(Duration::seconds(0)),
            resource_api_version: ApiVersion::V3,
            ..ConfigSource::default()
        }),
        route_config_name: route_config_name.to_owned(),
    })
}

/// `ProxyConfig.proxyHeaders.preserveHttp1HeaderCase` -> `Http1ProtocolOptions.header_key_format`
fn preserve_case(options: Option<Http1ProtocolOptions>, headers: &ProxyHeaders) -> Option<Http1ProtocolOptions> {
    if !headers.preserve_http1_header_case {
        return options;
    }
    let formatter = TypedExtensionConfig {
        name: "preserve_case".to_owned(),
        typed_config: Some(PreserveCaseFormatterConfig::default().into()),
    };
    Some(Http1ProtocolOptions {
        header_key_format: Some(Http1ProtocolOptionsHeaderKeyFormat {
            header_format: Some(Http1ProtocolOptionsHeaderKeyFormatHeaderFormat::StatefulFormatter(formatter)),
        }),
        ..options.unwrap_or_default()
    })
}

/// `MeshConfig.pathNormalization` -> `HttpConnectionManager.path_with_escaped_slashes_action`
fn path_with_escaped_slashes_action(normalization: Normalization) -> HttpConnectionManagerPathWithEscapedSlashesAction {
    match normalization {
        Normalization::DecodeAndMergeSlashes => HttpConnectionManagerPathWithEscapedSlashesAction::UnescapeAndForward,
        Normalization::Default | Normalization::None | Normalization::Base | Normalization::MergeSlashes => {
            HttpConnectionManagerPathWithEscapedSlashesAction::KeepUnchanged
        }
    }
}

/// istiod: `pilot/pkg/xds/requestidextension/uuid.go`
fn request_id_extension(use_request_id_for_trace_sampling: bool) -> RequestIdExtension {
    let config = UuidRequestIdConfig {
        use_request_id_for_trace_sampling: Some(use_request_id_for_trace_sampling),
        ..UuidRequestIdConfig::default()
    };
    RequestIdExtension { typed_config: Some(config.into()) }
}

/// `MeshNetworks.networks.endpoints.fromCidr` -> `HttpConnectionManager.internal_address_config`
///
/// Whose headers are trusted, where the peer's address decides; by family, address and length.
///
/// istiod: `util.go` `MeshNetworksToEnvoyInternalAddressConfig`
fn internal_address_config(networks: &MeshNetworks) -> Option<HttpConnectionManagerInternalAddressConfig> {
    let endpoints = networks.networks.values().flat_map(|network| &network.endpoints);
    let mut ranges: Vec<IpNet> = endpoints
        .filter_map(|endpoints| match &endpoints.ne {
            Some(NetworkNetworkEndpointsNe::FromCidr(range)) => cidr::parse(range),
            Some(NetworkNetworkEndpointsNe::FromRegistry(_)) | None => None,
        })
        .collect();
    if ranges.is_empty() {
        return None;
    }
    ranges.sort_by_key(|range| (matches!(range.addr(), IpAddr::V6(_)), range.addr(), range.prefix_len()));
    Some(HttpConnectionManagerInternalAddressConfig {
        cidr_ranges: ranges.into_iter().map(cidr::from_net).collect(),
        ..HttpConnectionManagerInternalAddressConfig::default()
    })
}
