//! The mesh config (`mesh.istio.io`): what holds for the whole mesh.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::destination_rule::{
    ClientTlsSettings, ConnectionPoolSettings, ConnectionPoolSettingsTcpSettingsTcpKeepalive,
    LocalityLoadBalancerSetting, OutlierDetection, ZoneAwareLoadBalancerSetting,
};
use super::extension_provider::MeshConfigExtensionProvider;
use super::proxy_config::ProxyConfig;
use super::virtual_service::HttpRetry;
use crate::model::Duration;
use crate::model::proto::{proto_enum, proto_message};

/// What holds for the whole mesh, in the ConfigMap `istio` of the root namespace.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfig {
    /// Port that outbound traffic is redirected to.
    pub proxy_listen_port: i32,
    /// Port that inbound traffic is redirected to.
    pub proxy_inbound_listen_port: i32,
    /// Port that sidecars serve as HTTP proxies on; zero means none.
    pub proxy_http_port: i32,
    /// Time to connect to an endpoint.
    pub connect_timeout: Option<Duration>,
    /// Idle time after which connections to ztunnel are closed; left out means an hour.
    pub hbone_idle_timeout: Option<Duration>,
    /// Time that a client has to show its protocol; zero means no end.
    pub protocol_detection_timeout: Option<Duration>,
    /// Probes on idle connections; left out means none.
    pub tcp_keepalive: Option<ConnectionPoolSettingsTcpSettingsTcpKeepalive>,
    /// Class of the Ingresses that istiod serves.
    pub ingress_class: String,
    /// Service of the proxies that serve Ingresses; its addresses go to their status.
    pub ingress_service: String,
    /// Which Ingresses istiod serves.
    pub ingress_controller_mode: MeshConfigIngressControllerMode,
    /// Value of the label `istio` of the proxies that serve Ingresses; empty means `ingressgateway`.
    pub ingress_selector: String,
    /// Whether proxies make traces.
    pub enable_tracing: bool,
    /// File of the access log; empty means none.
    pub access_log_file: String,
    /// Its format; empty means Istio's.
    pub access_log_format: String,
    /// Its encoding.
    pub access_log_encoding: MeshConfigAccessLogEncoding,
    /// Whether access logs go to `defaultConfig.envoyAccessLogService`.
    pub enable_envoy_access_log_service: bool,
    /// Whether listeners do not note connections without a filter chain.
    pub disable_envoy_listener_log: bool,
    /// Settings of every proxy.
    pub default_config: Option<ProxyConfig>,
    /// What happens to traffic for unknown hosts.
    pub outbound_traffic_policy: Option<MeshConfigOutboundTrafficPolicy>,
    /// Which address inbound traffic goes to.
    pub inbound_traffic_policy: Option<MeshConfigInboundTrafficPolicy>,
    /// Where istiod gets resources from, besides Kubernetes.
    pub config_sources: Vec<ConfigSource>,
    /// Whether sidecars use mutual TLS by themselves where the endpoint has it.
    pub enable_auto_mtls: Option<bool>,
    /// The domain of the workloads' identities.
    pub trust_domain: String,
    /// Other domains of the same trust.
    pub trust_domain_aliases: Vec<String>,
    /// Further authorities that are trusted.
    pub ca_certificates: Vec<MeshConfigCertificateData>,
    /// Namespaces that see services which do not say.
    pub default_service_export_to: Vec<String>,
    /// Who sees ServiceEntries at most.
    pub service_entry_visibility: Option<ServiceEntryVisibility>,
    /// Namespaces that see VirtualServices which do not say.
    pub default_virtual_service_export_to: Vec<String>,
    /// Namespaces that see DestinationRules which do not say.
    pub default_destination_rule_export_to: Vec<String>,
    /// Namespace whose resources hold for the whole mesh.
    pub root_namespace: String,
    /// How far near endpoints are preferred.
    pub locality_lb_setting: Option<LocalityLoadBalancerSetting>,
    /// How far the client's zone is preferred; counts before `locality_lb_setting`.
    pub zone_aware_lb_setting: Option<ZoneAwareLoadBalancerSetting>,
    /// Time after which a failed DNS request is made again.
    pub dns_refresh_rate: Option<Duration>,
    /// Whether HTTP/1.1 becomes HTTP/2 between proxies.
    pub h2_upgrade_policy: MeshConfigH2UpgradePolicy,
    /// Pattern of the names of inbound clusters in statistics; empty means their own names.
    pub inbound_cluster_stat_name: String,
    /// Pattern of the names of outbound clusters in statistics; empty means their own names.
    pub outbound_cluster_stat_name: String,
    /// Certificates that istiod made. Deprecated, and ignored by istiod.
    pub certificates: Vec<Certificate>,
    /// Settings of services by host.
    pub service_settings: Vec<MeshConfigServiceSettings>,
    /// How far services are known, in ambient meshes.
    pub service_scope_configs: Vec<MeshConfigServiceScopeConfigs>,
    /// Whether the agent offers the application's metrics with the proxy's.
    pub enable_prometheus_merge: Option<bool>,
    /// Whether server certificates are verified by the system's authorities. Deprecated, and ignored by
    /// istiod.
    pub verify_certificate_at_client: Option<bool>,
    /// An authority outside that signs workloads' certificates.
    pub ca: Option<MeshConfigCa>,
    /// Services that policies and telemetry name.
    pub extension_providers: Vec<MeshConfigExtensionProvider>,
    /// Providers of telemetry where no Telemetry resource says.
    pub default_providers: Option<MeshConfigDefaultProviders>,
    /// Namespaces that istiod looks at, of which one selector must hold; empty means all.
    pub discovery_selectors: Vec<LabelSelector>,
    /// What is done to paths before they are matched.
    pub path_normalization: Option<MeshConfigProxyPathNormalization>,
    /// Retries where no VirtualService says; left out means Istio's own.
    pub default_http_retry_policy: Option<HttpRetry>,
    /// Parameters of mutual TLS within the mesh.
    #[serde(rename = "meshMTLS")]
    pub mesh_mtls: Option<MeshConfigTlsConfig>,
    /// Parameters of all other TLS.
    pub tls_defaults: Option<MeshConfigTlsConfig>,
    /// What holds for clusters where no DestinationRule says.
    pub default_traffic_policy: Option<MeshConfigDefaultTrafficPolicy>,
}

/// What holds for clusters where no DestinationRule says, block by block.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigDefaultTrafficPolicy {
    /// How many connections and requests there may be.
    pub connection_pool: Option<ConnectionPoolSettings>,
    /// When endpoints that fail are left alone.
    pub outlier_detection: Option<OutlierDetection>,
}

/// What happens to traffic for unknown hosts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigOutboundTrafficPolicy {
    /// Whether it is let through.
    pub mode: MeshConfigOutboundTrafficPolicyMode,
    /// How its connections are secured, for `AllowAnyDynamicDns`.
    pub tls: Option<ClientTlsSettings>,
}

proto_enum! {
    /// Whether traffic for unknown hosts is let through.
    pub enum MeshConfigOutboundTrafficPolicyMode {
        /// It is not.
        RegistryOnly = 0 => "REGISTRY_ONLY",
        /// It is, to the address that the client asked for.
        AllowAny = 1 => "ALLOW_ANY",
        /// It is, to the name that the client asked for.
        AllowAnyDynamicDns = 3 => "ALLOW_ANY_DYNAMIC_DNS",
    }
}

/// Which address inbound traffic goes to.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigInboundTrafficPolicy {
    /// Which one.
    pub mode: MeshConfigInboundTrafficPolicyMode,
}

proto_enum! {
    /// Which address inbound traffic goes to.
    pub enum MeshConfigInboundTrafficPolicyMode {
        /// The one that the client asked for.
        Passthrough = 0 => "PASSTHROUGH",
        /// The local one.
        Localhost = 1 => "LOCALHOST",
    }
}

proto_message! {
    /// An authority that is trusted.
    pub struct MeshConfigCertificateData {
        /// Kubernetes' signers that it is for; empty means all.
        pub cert_signers: Vec<String>,
        /// Trust domains that it is for; empty means all.
        pub trust_domains: Vec<String>,
        oneof {
            /// Its certificate.
            certificate_data: MeshConfigCertificateDataCertificateData {
                /// In PEM.
                pem => Pem(String),
                /// In a SPIFFE bundle that is to be fetched.
                spiffe_bundle_url => SpiffeBundleUrl(String),
            }
        }
    }
}

/// Settings of services.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigServiceSettings {
    /// The settings.
    pub settings: Option<MeshConfigServiceSettingsSettings>,
    /// The services, by host, with wildcards.
    pub hosts: Vec<String>,
}

/// Settings of a service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigServiceSettingsSettings {
    /// Whether only its endpoints in the client's cluster count.
    pub cluster_local: bool,
}

/// How far some services are known.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigServiceScopeConfigs {
    /// Their namespaces.
    pub namespace_selector: Option<LabelSelector>,
    /// Their own labels.
    pub services_selector: Option<LabelSelector>,
    /// How far.
    pub scope: MeshConfigServiceScopeConfigsScope,
}

proto_enum! {
    /// How far a service is known.
    pub enum MeshConfigServiceScopeConfigsScope {
        /// In its cluster.
        Local = 0 => "LOCAL",
        /// In all clusters.
        Global = 1 => "GLOBAL",
    }
}

/// An authority outside that signs workloads' certificates.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigCa {
    /// Where it is: `host:port`.
    pub address: String,
    /// How the connection to it is secured.
    pub tls_settings: Option<ClientTlsSettings>,
    /// Time for a request; left out means ten seconds.
    pub request_timeout: Option<Duration>,
    /// Whether istiod asks it, and not the agents.
    pub istiod_side: bool,
}

/// Providers of telemetry where no Telemetry resource says, by name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigDefaultProviders {
    /// For traces.
    pub tracing: Vec<String>,
    /// For metrics.
    pub metrics: Vec<String>,
    /// For access logs.
    pub access_logging: Vec<String>,
}

/// What is done to paths before they are matched.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigProxyPathNormalization {
    /// What.
    pub normalization: MeshConfigProxyPathNormalizationNormalizationType,
}

proto_enum! {
    /// What is done to paths before they are matched.
    pub enum MeshConfigProxyPathNormalizationNormalizationType {
        /// As `Base`.
        Default = 0 => "DEFAULT",
        /// Nothing.
        None = 1 => "NONE",
        /// Dots are resolved: `/a/../b` is `/b`.
        Base = 2 => "BASE",
        /// And slashes in a row become one.
        MergeSlashes = 3 => "MERGE_SLASHES",
        /// And escaped slashes count as slashes.
        DecodeAndMergeSlashes = 4 => "DECODE_AND_MERGE_SLASHES",
    }
}

/// Parameters of TLS.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigTlsConfig {
    /// Oldest version.
    pub min_protocol_version: MeshConfigTlsConfigTlsProtocol,
    /// Curves that are allowed, in order of preference; empty means Envoy's choice.
    pub ecdh_curves: Vec<String>,
    /// Ciphers that are allowed, by OpenSSL's names; empty means Istio's choice.
    pub cipher_suites: Vec<String>,
}

proto_enum! {
    /// A version of TLS.
    pub enum MeshConfigTlsConfigTlsProtocol {
        /// The default: 1.2 at least.
        TlsAuto = 0 => "TLS_AUTO",
        /// TLS 1.2.
        Tlsv1_2 = 1 => "TLSV1_2",
        /// TLS 1.3.
        Tlsv1_3 = 2 => "TLSV1_3",
    }
}

proto_enum! {
    /// Which Ingresses istiod serves.
    pub enum MeshConfigIngressControllerMode {
        /// Those of its class.
        Unspecified = 0 => "UNSPECIFIED",
        /// None.
        Off = 1 => "OFF",
        /// Those of its class, or of none.
        Default = 2 => "DEFAULT",
        /// Those of its class.
        Strict = 3 => "STRICT",
    }
}

proto_enum! {
    /// Not used.
    pub enum MeshConfigAuthPolicy {
        /// Plain text.
        None = 0 => "NONE",
        /// Mutual TLS.
        MutualTls = 1 => "MUTUAL_TLS",
    }
}

proto_enum! {
    /// How access logs are written.
    pub enum MeshConfigAccessLogEncoding {
        /// As text.
        Text = 0 => "TEXT",
        /// As JSON, an object a line.
        Json = 1 => "JSON",
    }
}

proto_enum! {
    /// Whether HTTP/1.1 becomes HTTP/2 between proxies.
    pub enum MeshConfigH2UpgradePolicy {
        /// It stays.
        DoNotUpgrade = 0 => "DO_NOT_UPGRADE",
        /// It does.
        Upgrade = 1 => "UPGRADE",
    }
}

/// Selects resources by their labels: all pairs and all expressions must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LabelSelector {
    /// Labels and the values that they must have.
    pub match_labels: BTreeMap<String, String>,
    /// Further conditions.
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// One condition on one label.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LabelSelectorRequirement {
    /// The label's key.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values of `In` and `NotIn`.
    pub values: Vec<String>,
}

/// Where istiod gets resources from.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConfigSource {
    /// `k8s://`, `fs:///path` or `host:port`.
    pub address: String,
    /// How the connection is secured.
    pub tls_settings: Option<ClientTlsSettings>,
    /// What it gets from there.
    pub subscribed_resources: Vec<Resource>,
}

/// A certificate that istiod made. Deprecated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Certificate {
    /// The Secret that it went to.
    pub secret_name: String,
    /// Its names.
    pub dns_names: Vec<String>,
}

proto_enum! {
    /// What istiod gets from a source.
    pub enum Resource {
        /// Services and endpoints.
        ServiceRegistry = 0 => "SERVICE_REGISTRY",
    }
}

/// Who sees ServiceEntries at most.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEntryVisibility {
    /// What holds where no policy does.
    pub default_visibility: ServiceEntryVisibilityVisibility,
    /// Policies, of which the first that matches counts.
    pub policies: Vec<ServiceEntryVisibilityPolicy>,
    /// Whether it holds for sidecars and gateways too.
    pub apply_to_sidecars: bool,
}

/// Who sees some ServiceEntries.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEntryVisibilityPolicy {
    /// Who sees them.
    pub visibility: ServiceEntryVisibilityVisibility,
    /// Which they are: all must match.
    pub matching_rules: Vec<ServiceEntryVisibilityMatchRule>,
}

/// Which ServiceEntries a policy is for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEntryVisibilityMatchRule {
    /// Labels of their namespace; a rule without matches nothing.
    pub namespace_selector: Option<LabelSelector>,
}

proto_enum! {
    /// Who sees a ServiceEntry.
    pub enum ServiceEntryVisibilityVisibility {
        /// As `Public`.
        Unspecified = 0 => "VISIBILITY_UNSPECIFIED",
        /// Whom `exportTo` names.
        Public = 1 => "PUBLIC",
        /// Its own namespace.
        Namespace = 2 => "NAMESPACE",
        /// Nobody.
        None = 3 => "NONE",
    }
}
