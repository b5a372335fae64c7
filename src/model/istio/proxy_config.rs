//! `MeshConfig.defaultConfig`: settings of every proxy, which annotations change.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::destination_rule::{ClientTlsSettings, ConnectionPoolSettingsTcpSettingsTcpKeepalive};
use super::proxy_config_resource::ProxyImage;
use super::proxy_tracing::MeshTracing;
use super::workload_group::ReadinessProbe;
use crate::model::Duration;
use crate::model::proto::{proto_enum, proto_message};

/// Not used. Deprecated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Sds {
    /// Not used.
    pub enabled: bool,
    /// Not used.
    pub k8s_sa_jwt_path: String,
}

/// What is in front of gateways.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Topology {
    /// Proxies in front whose `X-Forwarded-For` is trusted.
    pub num_trusted_proxies: u32,
    /// What happens to `X-Forwarded-Client-Cert`.
    pub forward_client_cert_details: ForwardClientCertDetails,
    /// Whether clients come by the PROXY protocol.
    pub proxy_protocol: Option<TopologyProxyProtocolConfiguration>,
}

/// Clients come by the PROXY protocol.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TopologyProxyProtocolConfiguration {}

proto_message! {
    /// Hardware that computes with private keys.
    pub struct PrivateKeyProvider {
        oneof {
            /// Which.
            provider: PrivateKeyProviderProvider {
                /// Instructions of the processor.
                cryptomb => Cryptomb(PrivateKeyProviderCryptoMb),
                /// A card.
                qat => Qat(PrivateKeyProviderQat),
            }
        }
    }
}

/// Instructions of the processor (AVX-512).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PrivateKeyProviderCryptoMb {
    /// Time after which a batch is started even if not full.
    pub poll_delay: Option<Duration>,
    /// Whether to compute without them if they are missing.
    pub fallback: Option<bool>,
}

/// A card (Intel QuickAssist).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PrivateKeyProviderQat {
    /// Time between looks for results.
    pub poll_delay: Option<Duration>,
    /// Whether to compute without it if it is missing.
    pub fallback: Option<bool>,
}

proto_message! {
    /// Settings of a proxy: the mesh's `defaultConfig`, or those of one pod.
    pub struct ProxyConfig {
        /// Folder of the files that the agent writes.
        pub config_path: String,
        /// The proxy's program.
        pub binary_path: String,
        /// Time that connections have to end when the proxy is replaced.
        pub drain_duration: Option<Duration>,
        /// Where istiod is.
        pub discovery_address: String,
        /// Not used. Deprecated.
        pub discovery_refresh_delay: Option<Duration>,
        /// Where Zipkin is. Deprecated: `tracing`.
        pub zipkin_address: String,
        /// Where statsd is: `address:port`.
        pub statsd_udp_address: String,
        /// Where Envoy's metrics go. Deprecated: `envoy_metrics_service`.
        pub envoy_metrics_service_address: String,
        /// Port of Envoy's administration.
        pub proxy_admin_port: i32,
        /// The zone. Deprecated, and ignored by istiod.
        pub availability_zone: String,
        /// How the connection to istiod is secured.
        pub control_plane_auth_policy: AuthenticationPolicy,
        /// File of a configuration in place of Istio's.
        pub custom_config_file: String,
        /// Characters of a name in statistics.
        pub stat_name_length: i32,
        /// Worker threads; zero means as many as CPUs, left out means by the CPU limit.
        pub concurrency: Option<i32>,
        /// File of the template of Envoy's bootstrap.
        pub proxy_bootstrap_template_path: String,
        /// How inbound traffic gets to the proxy.
        pub interception_mode: ProxyConfigInboundInterceptionMode,
        /// Where traces go, and how they are made.
        pub tracing: Option<MeshTracing>,
        /// Not used. Deprecated.
        pub sds: Option<Sds>,
        /// Where access logs go, over gRPC.
        pub envoy_access_log_service: Option<RemoteService>,
        /// Where Envoy's metrics go, over gRPC.
        pub envoy_metrics_service: Option<RemoteService>,
        /// Environment variables of the proxy; those with the prefix `ISTIO_META_` are its metadata.
        pub proxy_metadata: BTreeMap<String, String>,
        /// Envoy's runtime settings.
        pub runtime_values: BTreeMap<String, String>,
        /// Port of the agent.
        pub status_port: i32,
        /// Further tags of Istio's metrics. Deprecated.
        pub extra_stat_tags: Vec<String>,
        /// What is in front of gateways.
        pub gateway_topology: Option<Topology>,
        /// Time that connections have to end when the pod is stopped.
        pub termination_drain_duration: Option<Duration>,
        /// Name of the mesh.
        pub mesh_id: String,
        /// How the health of a workload that is no pod is checked.
        pub readiness_probe: Option<ReadinessProbe>,
        /// Which of Envoy's own statistics are kept, besides Istio's choice.
        pub proxy_stats_matcher: Option<ProxyConfigProxyStatsMatcher>,
        /// Whether the application starts after the proxy.
        pub hold_application_until_proxy_starts: Option<bool>,
        /// Further authorities that are trusted, in PEM.
        pub ca_certificates_pem: Vec<String>,
        /// The proxy's image.
        pub image: Option<ProxyImage>,
        /// Hardware that computes with private keys.
        pub private_key_provider: Option<PrivateKeyProvider>,
        /// Headers that the proxy sets.
        pub proxy_headers: Option<ProxyConfigProxyHeaders>,
        /// Time after which files such as access logs are written; left out means ten seconds.
        pub file_flush_interval: Option<Duration>,
        /// Kilobytes after which they are written; zero means 64.
        pub file_flush_min_size_kb: u32,
        /// Whether statistics are sent compressed; left out means yes.
        pub stats_compression: Option<bool>,
        /// How connections that come to the proxy are kept.
        pub connection_settings: Option<ProxyConfigConnectionSettings>,
        oneof {
            /// The proxy's name in traces.
            cluster_name: ProxyConfigClusterName {
                /// This one.
                service_cluster => ServiceCluster(String),
                /// One that is made up.
                tracing_service_name => TracingServiceName(ProxyConfigTracingServiceName),
            }
        }
    }
}

/// How connections that come to the proxy are kept. Negative numbers count as not set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigConnectionSettings {
    /// What holds where a field is not set.
    pub profile: ProxyConfigConnectionSettingsProfile,
    /// Bytes that a listener keeps for a connection.
    pub listener_per_connection_buffer_limit_bytes: Option<i32>,
    /// Bytes that a cluster keeps for a connection. istiod does not read it.
    pub cluster_per_connection_buffer_limit_bytes: Option<i32>,
    /// Time without requests after which a connection is closed.
    pub http_idle_timeout: Option<Duration>,
    /// Age at which a connection is closed.
    pub http_max_connection_duration: Option<Duration>,
    /// Time that a connection has to end.
    pub http_drain_timeout: Option<Duration>,
    /// Time in which a request has to arrive.
    pub http_request_timeout: Option<Duration>,
    /// Time in which the headers of a request have to arrive.
    pub http_request_headers_timeout: Option<Duration>,
    /// Time without data after which a request ends.
    pub http_stream_idle_timeout: Option<Duration>,
    /// Time that a request may take.
    pub http_max_stream_duration: Option<Duration>,
    /// Requests at a time on one HTTP/2 connection.
    pub http_max_concurrent_streams: Option<i32>,
    /// Window of a request in HTTP/2, in bytes.
    pub http2_initial_stream_window_size: Option<i32>,
    /// Window of a connection in HTTP/2, in bytes.
    pub http2_initial_connection_window_size: Option<i32>,
    /// What becomes of headers with underscores in their names.
    pub http_headers_with_underscores_action: ProxyConfigConnectionSettingsHeadersWithUnderscoresAction,
    /// Whether slashes in a row become one, over the mesh's setting.
    pub http_merge_slashes: Option<bool>,
    /// What becomes of escaped slashes, over the mesh's setting.
    pub http_path_with_escaped_slashes_action: ProxyConfigConnectionSettingsPathWithEscapedSlashesAction,
    /// Connections that a listener takes. istiod does not read it.
    pub listener_connection_limit: Option<i32>,
    /// Connections that all listeners take. istiod does not read it.
    pub global_downstream_connection_limit: Option<i32>,
}

proto_enum! {
    /// Where the proxy stands.
    pub enum ProxyConfigConnectionSettingsProfile {
        /// Inside of the mesh.
        Sidecar = 0 => "SIDECAR",
        /// At its edge, open to clients that are not trusted.
        Edge = 1 => "EDGE",
    }
}

proto_enum! {
    /// What becomes of headers with underscores in their names.
    pub enum ProxyConfigConnectionSettingsHeadersWithUnderscoresAction {
        /// What the profile says.
        Unspecified = 0 => "HEADERS_WITH_UNDERSCORES_UNSPECIFIED",
        /// They stay.
        Allow = 1 => "HEADERS_WITH_UNDERSCORES_ALLOW",
        /// The request is refused.
        RejectRequest = 2 => "HEADERS_WITH_UNDERSCORES_REJECT_REQUEST",
        /// They are taken away.
        DropHeader = 3 => "HEADERS_WITH_UNDERSCORES_DROP_HEADER",
    }
}

proto_enum! {
    /// What becomes of escaped slashes in paths.
    pub enum ProxyConfigConnectionSettingsPathWithEscapedSlashesAction {
        /// What the profile says.
        Unspecified = 0 => "PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED",
        /// They stay.
        KeepUnchanged = 1 => "KEEP_UNCHANGED",
        /// The request is refused.
        RejectRequest = 2 => "REJECT_REQUEST",
        /// The client is sent to the path without the escape.
        UnescapeAndRedirect = 3 => "UNESCAPE_AND_REDIRECT",
        /// They become slashes.
        UnescapeAndForward = 4 => "UNESCAPE_AND_FORWARD",
    }
}

/// Which of Envoy's own statistics are kept.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyStatsMatcher {
    /// Those that begin with one of these.
    pub inclusion_prefixes: Vec<String>,
    /// Those that end with one of these.
    pub inclusion_suffixes: Vec<String>,
    /// Those that match one of these patterns.
    pub inclusion_regexps: Vec<String>,
}

/// Headers that the proxy sets.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeaders {
    /// What happens to `X-Forwarded-Client-Cert`.
    pub forwarded_client_cert: ForwardClientCertDetails,
    /// What `X-Forwarded-Client-Cert` says.
    pub set_current_client_cert_details: Option<ProxyConfigProxyHeadersSetCurrentClientCertDetails>,
    /// `X-Request-Id`.
    pub request_id: Option<ProxyConfigProxyHeadersRequestId>,
    /// `Server`.
    pub server: Option<ProxyConfigProxyHeadersServer>,
    /// `X-Envoy-Attempt-Count`.
    pub attempt_count: Option<ProxyConfigProxyHeadersAttemptCount>,
    /// Envoy's own, such as `X-Envoy-Upstream-Service-Time`.
    pub envoy_debug_headers: Option<ProxyConfigProxyHeadersEnvoyDebugHeaders>,
    /// `X-Envoy-Peer-Metadata` and `X-Envoy-Peer-Metadata-Id`.
    pub metadata_exchange_headers: Option<ProxyConfigProxyHeadersMetadataExchangeHeaders>,
    /// Whether the case of names is kept in HTTP/1.
    pub preserve_http1_header_case: Option<bool>,
    /// `X-Forwarded-Host`.
    pub x_forwarded_host: Option<ProxyConfigProxyHeadersXForwardedHost>,
    /// `X-Forwarded-Port`.
    pub x_forwarded_port: Option<ProxyConfigProxyHeadersXForwardedPort>,
}

/// The header `Server`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersServer {
    /// Whether it is not set.
    pub disabled: Option<bool>,
    /// Its value; empty means `istio-envoy`.
    pub value: String,
}

/// The header `X-Request-Id`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersRequestId {
    /// Whether it is not set.
    pub disabled: Option<bool>,
}

/// The header `X-Envoy-Attempt-Count`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersAttemptCount {
    /// Whether it is not set.
    pub disabled: Option<bool>,
}

/// The header `X-Forwarded-Host`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersXForwardedHost {
    /// Whether it is set.
    pub enabled: Option<bool>,
}

/// The header `X-Forwarded-Port`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersXForwardedPort {
    /// Whether it is set.
    pub enabled: Option<bool>,
}

/// Envoy's own headers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersEnvoyDebugHeaders {
    /// Whether they are not set.
    pub disabled: Option<bool>,
}

/// The headers that tell the other side about the workload.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersMetadataExchangeHeaders {
    /// Whom they go to.
    pub mode: ProxyConfigProxyHeadersMetadataExchangeMode,
}

/// What `X-Forwarded-Client-Cert` says about the client's certificate.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersSetCurrentClientCertDetails {
    /// The subject; left out means yes.
    pub subject: Option<bool>,
    /// The whole certificate; left out means no.
    pub cert: Option<bool>,
    /// The whole chain; left out means no.
    pub chain: Option<bool>,
    /// Its DNS names; left out means yes.
    pub dns: Option<bool>,
    /// Its URIs; left out means yes.
    pub uri: Option<bool>,
}

proto_enum! {
    /// Whom the headers that tell about the workload go to.
    pub enum ProxyConfigProxyHeadersMetadataExchangeMode {
        /// Everybody.
        Undefined = 0 => "UNDEFINED",
        /// Those in the mesh.
        InMesh = 1 => "IN_MESH",
    }
}

proto_enum! {
    /// How a proxy's name in traces is made up.
    pub enum ProxyConfigTracingServiceName {
        /// From the label `app` and the namespace; without the label, `istio-proxy`.
        AppLabelAndNamespace = 0 => "APP_LABEL_AND_NAMESPACE",
        /// From the canonical name.
        CanonicalNameOnly = 1 => "CANONICAL_NAME_ONLY",
        /// From the canonical name and the namespace.
        CanonicalNameAndNamespace = 2 => "CANONICAL_NAME_AND_NAMESPACE",
    }
}

proto_enum! {
    /// How inbound traffic gets to the proxy.
    pub enum ProxyConfigInboundInterceptionMode {
        /// By redirection, which hides the client's address.
        Redirect = 0 => "REDIRECT",
        /// By transparent proxying, which keeps it.
        Tproxy = 1 => "TPROXY",
        /// Not at all.
        None = 2 => "NONE",
    }
}

/// A service that the proxy sends to, over gRPC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RemoteService {
    /// Where it is: `host:port`.
    pub address: String,
    /// How the connection is secured.
    pub tls_settings: Option<ClientTlsSettings>,
    /// Probes on the idle connection.
    pub tcp_keepalive: Option<ConnectionPoolSettingsTcpSettingsTcpKeepalive>,
}

proto_enum! {
    /// How the connection to istiod is secured.
    pub enum AuthenticationPolicy {
        /// Not at all.
        None = 0 => "NONE",
        /// By mutual TLS.
        MutualTls = 1 => "MUTUAL_TLS",
        /// Not used.
        Inherit = 1000 => "INHERIT",
    }
}

proto_enum! {
    /// What happens to `X-Forwarded-Client-Cert`.
    pub enum ForwardClientCertDetails {
        /// The default: `AppendForward` for sidecars, `SanitizeSet` for gateways.
        Undefined = 0 => "UNDEFINED",
        /// It is taken away.
        Sanitize = 1 => "SANITIZE",
        /// It is kept if the client comes by mutual TLS.
        ForwardOnly = 2 => "FORWARD_ONLY",
        /// The client's certificate is added if it comes by mutual TLS.
        AppendForward = 3 => "APPEND_FORWARD",
        /// It becomes the client's certificate if it comes by mutual TLS.
        SanitizeSet = 4 => "SANITIZE_SET",
        /// It is kept.
        AlwaysForwardOnly = 5 => "ALWAYS_FORWARD_ONLY",
    }
}
