//! HTTP settings of a cluster, which Envoy keeps in a message of their own.

use std::collections::BTreeMap;

use crate::envoy::{
    Any, Http1ProtocolOptions, Http1ProtocolOptionsHeaderKeyFormat, Http1ProtocolOptionsHeaderKeyFormatHeaderFormat,
    Http2ProtocolOptions, HttpProtocolOptions, Message, PreserveCaseFormatterConfig, TypedExtensionConfig,
    UpstreamHttpProtocolOptions, UpstreamsHttpProtocolOptions, UpstreamsHttpProtocolOptionsExplicitHttpConfig,
    UpstreamsHttpProtocolOptionsExplicitHttpConfigProtocolConfig, UpstreamsHttpProtocolOptionsUpstreamProtocolOptions,
    UpstreamsHttpProtocolOptionsUseDownstreamHttpConfig,
};
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::model::istio::ConnectionPoolSettings;
use crate::translate::cluster::connection_pool;
use crate::translate::cluster::upstream_protocol::UpstreamProtocol;
use crate::translate::duration::duration;

/// `connectionPool`, the protocol, automatic SNI -> `Cluster.typed_extension_protocol_options`; empty if there is nothing to say.
///
/// istiod: `cluster_builder.go` `clusterWrapper.build`
pub(super) fn typed_extension_protocol_options(
    protocol: Option<UpstreamProtocol>,
    pool: Option<&ConnectionPoolSettings>,
    upstream_http_protocol_options: Option<UpstreamHttpProtocolOptions>,
) -> BTreeMap<String, Any> {
    let max_concurrent_streams = connection_pool::max_concurrent_streams(pool);
    options(protocol, pool, max_concurrent_streams, upstream_http_protocol_options)
}

/// The same for a protocol that has come after the limits of the pool: of HTTP/2 they hold only if it was `declared`.
pub(super) fn upgraded(
    declared: Option<UpstreamProtocol>,
    protocol: Option<UpstreamProtocol>,
    pool: Option<&ConnectionPoolSettings>,
    upstream_http_protocol_options: Option<UpstreamHttpProtocolOptions>,
) -> BTreeMap<String, Any> {
    let max_concurrent_streams =
        connection_pool::max_concurrent_streams(pool).filter(|_| declared == Some(UpstreamProtocol::Http2));
    options(protocol, pool, max_concurrent_streams, upstream_http_protocol_options)
}

fn options(
    protocol: Option<UpstreamProtocol>,
    pool: Option<&ConnectionPoolSettings>,
    max_concurrent_streams: Option<u32>,
    upstream_http_protocol_options: Option<UpstreamHttpProtocolOptions>,
) -> BTreeMap<String, Any> {
    let common_http_protocol_options = connection_pool::common_http_protocol_options(pool);
    let http2 = Http2ProtocolOptions {
        max_concurrent_streams,
        connection_keepalive: connection_pool::keepalive(pool),
        ..Http2ProtocolOptions::default()
    };
    if protocol.is_none() && common_http_protocol_options.is_none() && upstream_http_protocol_options.is_none() {
        return BTreeMap::new();
    }
    // Envoy wants a protocol wherever there are options.
    let protocol = protocol.unwrap_or(UpstreamProtocol::Http1 { preserve_case: false });
    by_name(UpstreamsHttpProtocolOptions {
        common_http_protocol_options,
        upstream_http_protocol_options,
        upstream_protocol_options: Some(upstream_protocol_options(protocol, http2)),
        ..UpstreamsHttpProtocolOptions::default()
    })
}

/// The options of clusters that forward what they do not know. istiod: `cluster_builder.go` `passthroughHttpProtocolOptions`.
pub(super) fn passthrough(preserve_case: bool) -> BTreeMap<String, Any> {
    let protocol = UpstreamProtocol::Downstream { preserve_case };
    by_name(UpstreamsHttpProtocolOptions {
        common_http_protocol_options: Some(HttpProtocolOptions {
            idle_timeout: Some(crate::envoy::Duration::seconds(300)),
            ..HttpProtocolOptions::default()
        }),
        upstream_protocol_options: Some(upstream_protocol_options(protocol, Http2ProtocolOptions::default())),
        ..UpstreamsHttpProtocolOptions::default()
    })
}

/// HTTP/2 with CONNECT, for tunnels. `MeshConfig.hboneIdleTimeout`, an hour unless set -> `idle_timeout`, since
/// [`Behaviour::ReadsHboneIdleTimeout`]
///
/// istiod: `cluster_waypoint.go` `h2connectUpgrade`, `h2connectUpgradeWithNoPooling`
pub(super) fn http2_connect(mesh: &Mesh, max_requests_per_connection: Option<u32>) -> BTreeMap<String, Any> {
    let features = &mesh.installation.features;
    let idle_timeout = mesh
        .does(Behaviour::ReadsHboneIdleTimeout)
        .then(|| mesh.config.hbone_idle_timeout.map_or_else(|| crate::envoy::Duration::seconds(3600), duration));
    let has_common_options = idle_timeout.is_some() || max_requests_per_connection.is_some();
    let http2 = Http2ProtocolOptions {
        allow_connect: true,
        initial_stream_window_size: features.hbone_initial_stream_window_size,
        initial_connection_window_size: features.hbone_initial_connection_window_size,
        ..Http2ProtocolOptions::default()
    };
    by_name(UpstreamsHttpProtocolOptions {
        common_http_protocol_options: has_common_options.then(|| HttpProtocolOptions {
            idle_timeout,
            max_requests_per_connection,
            ..HttpProtocolOptions::default()
        }),
        upstream_protocol_options: Some(UpstreamsHttpProtocolOptionsUpstreamProtocolOptions::ExplicitHttpConfig(
            UpstreamsHttpProtocolOptionsExplicitHttpConfig {
                protocol_config: Some(
                    UpstreamsHttpProtocolOptionsExplicitHttpConfigProtocolConfig::Http2ProtocolOptions(http2),
                ),
            },
        )),
        ..UpstreamsHttpProtocolOptions::default()
    })
}

/// HTTP/2 and nothing else.
pub(super) fn http2() -> BTreeMap<String, Any> {
    by_name(UpstreamsHttpProtocolOptions {
        upstream_protocol_options: Some(upstream_protocol_options(
            UpstreamProtocol::Http2,
            Http2ProtocolOptions::default(),
        )),
        ..UpstreamsHttpProtocolOptions::default()
    })
}

fn by_name(options: UpstreamsHttpProtocolOptions) -> BTreeMap<String, Any> {
    [(UpstreamsHttpProtocolOptions::FULL_NAME.to_owned(), options.into())].into()
}

fn upstream_protocol_options(
    protocol: UpstreamProtocol,
    http2: Http2ProtocolOptions,
) -> UpstreamsHttpProtocolOptionsUpstreamProtocolOptions {
    use UpstreamsHttpProtocolOptionsExplicitHttpConfigProtocolConfig as Explicit;
    let explicit = |protocol_config| {
        UpstreamsHttpProtocolOptionsUpstreamProtocolOptions::ExplicitHttpConfig(
            UpstreamsHttpProtocolOptionsExplicitHttpConfig { protocol_config: Some(protocol_config) },
        )
    };
    match protocol {
        UpstreamProtocol::Http1 { preserve_case } => explicit(Explicit::HttpProtocolOptions(http1(preserve_case))),
        UpstreamProtocol::Http2 => explicit(Explicit::Http2ProtocolOptions(http2)),
        UpstreamProtocol::Downstream { preserve_case } => {
            UpstreamsHttpProtocolOptionsUpstreamProtocolOptions::UseDownstreamProtocolConfig(
                UpstreamsHttpProtocolOptionsUseDownstreamHttpConfig {
                    http_protocol_options: Some(http1(preserve_case)),
                    http2_protocol_options: Some(Http2ProtocolOptions::default()),
                    ..UpstreamsHttpProtocolOptionsUseDownstreamHttpConfig::default()
                },
            )
        }
    }
}

/// `ProxyConfig.proxyHeaders.preserveHttp1HeaderCase` -> `Http1ProtocolOptions.header_key_format`
///
/// istiod: `cluster_builder.go` `preserveCaseFormatterConfig`
fn http1(preserve_case: bool) -> Http1ProtocolOptions {
    let formatter = || TypedExtensionConfig {
        name: "preserve_case".to_owned(),
        typed_config: Some(PreserveCaseFormatterConfig::default().into()),
    };
    Http1ProtocolOptions {
        header_key_format: preserve_case.then(|| Http1ProtocolOptionsHeaderKeyFormat {
            header_format: Some(Http1ProtocolOptionsHeaderKeyFormatHeaderFormat::StatefulFormatter(formatter())),
        }),
        ..Http1ProtocolOptions::default()
    }
}
