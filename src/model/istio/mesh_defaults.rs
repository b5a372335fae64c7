//! What istiod's mesh config is before anybody sets anything, and how the mesh's own config is laid over it.
//!
//! istiod: `pkg/config/mesh/mesh.go`

use serde::de::{DeserializeSeed, Deserializer};

use super::{
    AuthenticationPolicy, ForwardClientCertDetails, LocalityLoadBalancerSetting, MeshConfig,
    MeshConfigDefaultProviders, MeshConfigExtensionProvider,
    MeshConfigExtensionProviderEnvoyFileAccessLogProvider as EnvoyFileAccessLogProvider,
    MeshConfigExtensionProviderPrometheusMetricsProvider as PrometheusMetricsProvider,
    MeshConfigExtensionProviderProvider as Provider,
    MeshConfigExtensionProviderStackdriverProvider as StackdriverProvider, MeshConfigInboundTrafficPolicy,
    MeshConfigInboundTrafficPolicyMode, MeshConfigIngressControllerMode, MeshConfigOutboundTrafficPolicy,
    MeshConfigOutboundTrafficPolicyMode, ProxyConfig, ProxyConfigClusterName, ProxyConfigProxyHeaders,
};
use crate::model::Duration;
use crate::model::proto::{Over, proto_overlay};

impl MeshConfig {
    /// Returns the mesh config of an istiod that has no ConfigMap. istiod: `DefaultMeshConfig`
    pub fn built_in() -> Self {
        let everyone = || vec!["*".to_owned()];
        Self {
            enable_tracing: true,
            protocol_detection_timeout: Some(Duration::ZERO),
            ingress_service: "istio-ingressgateway".to_owned(),
            ingress_controller_mode: MeshConfigIngressControllerMode::Strict,
            ingress_class: "istio".to_owned(),
            trust_domain: "cluster.local".to_owned(),
            enable_auto_mtls: Some(true),
            outbound_traffic_policy: Some(MeshConfigOutboundTrafficPolicy {
                mode: MeshConfigOutboundTrafficPolicyMode::AllowAny,
                tls: None,
            }),
            inbound_traffic_policy: Some(MeshConfigInboundTrafficPolicy {
                mode: MeshConfigInboundTrafficPolicyMode::Passthrough,
            }),
            locality_lb_setting: Some(LocalityLoadBalancerSetting { enabled: Some(true), ..Default::default() }),
            default_config: Some(ProxyConfig::built_in()),
            root_namespace: "istio-system".to_owned(),
            proxy_listen_port: 15001,
            proxy_inbound_listen_port: 15006,
            connect_timeout: Some(Duration::seconds(10)),
            default_service_export_to: everyone(),
            default_virtual_service_export_to: everyone(),
            default_destination_rule_export_to: everyone(),
            dns_refresh_rate: Some(Duration::seconds(60)),
            enable_prometheus_merge: Some(true),
            default_providers: Some(MeshConfigDefaultProviders::default()),
            extension_providers: built_in_providers(),
            ..Self::default()
        }
    }

    /// Returns the mesh config of Istio's chart installed with its own values: metrics go to Prometheus.
    ///
    /// istiod: `manifests/charts/istio-control/istio-discovery/templates/configmap.yaml`
    pub fn default_install() -> Self {
        let metrics = vec!["prometheus".to_owned()];
        Self {
            default_providers: Some(MeshConfigDefaultProviders { metrics, ..Default::default() }),
            ..Self::built_in()
        }
    }

    /// Lays a mesh config, as the ConfigMap has it, over this one.
    ///
    /// A field given replaces this one's, whole, but for three: `defaultConfig` and `defaultProviders` are laid over
    /// field by field, and `extensionProviders` one by one, by name. `trustDomainAliases` are joined and sorted.
    ///
    /// Where this is an error, istiod stays with [`MeshConfig::built_in`]. istiod: `ApplyMeshConfig`
    pub fn apply<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<Self, D::Error> {
        let (providers, aliases) = (self.extension_providers.clone(), self.trust_domain_aliases.clone());
        let mut applied = Over(self).read(deserializer)?;
        applied.extension_providers = merge_providers(providers, applied.extension_providers);
        applied.trust_domain_aliases.extend(aliases);
        applied.trust_domain_aliases.sort();
        applied.trust_domain_aliases.dedup();
        Ok(applied)
    }
}

impl ProxyConfig {
    /// Returns the config of a proxy of an istiod that has no ConfigMap. istiod: `DefaultProxyConfig`
    pub fn built_in() -> Self {
        Self {
            config_path: "./etc/istio/proxy".to_owned(),
            cluster_name: Some(ProxyConfigClusterName::ServiceCluster("istio-proxy".to_owned())),
            drain_duration: Some(Duration::seconds(45)),
            termination_drain_duration: Some(Duration::seconds(5)),
            proxy_admin_port: 15000,
            control_plane_auth_policy: AuthenticationPolicy::MutualTls,
            discovery_address: "istiod.istio-system.svc:15012".to_owned(),
            binary_path: "/usr/local/bin/envoy".to_owned(),
            stat_name_length: 189,
            status_port: 15020,
            ..Self::default()
        }
    }

    /// Lays a proxy config, such as the annotation `proxy.istio.io/config`, over this one.
    ///
    /// A field given replaces this one's, whole, but for two: the entries of `proxyMetadata` are joined, and some of
    /// `proxyHeaders` stay. istiod: `MergeProxyConfig`
    pub fn merge<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<Self, D::Error> {
        let (mut metadata, headers) = (self.proxy_metadata.clone(), self.proxy_headers.clone());
        let mut merged = Over(self).read(deserializer)?;
        metadata.append(&mut merged.proxy_metadata);
        merged.proxy_metadata = metadata;
        merged.proxy_headers = match (headers, merged.proxy_headers) {
            (Some(base), Some(given)) => Some(merge_headers(base, given)),
            (_, given) => given,
        };
        Ok(merged)
    }
}

/// The providers that are there without being asked for, each by the name of what it does.
fn built_in_providers() -> Vec<MeshConfigExtensionProvider> {
    let log = EnvoyFileAccessLogProvider { path: "/dev/stdout".to_owned(), ..Default::default() };
    [
        ("prometheus", Provider::Prometheus(PrometheusMetricsProvider::default())),
        ("stackdriver", Provider::Stackdriver(StackdriverProvider::default())),
        ("envoy", Provider::EnvoyFileAccessLog(log)),
    ]
    .into_iter()
    .map(|(name, provider)| MeshConfigExtensionProvider { name: name.to_owned(), provider: Some(provider) })
    .collect()
}

/// Providers given replace those of their name, and come after the others.
fn merge_providers(
    mut base: Vec<MeshConfigExtensionProvider>,
    given: Vec<MeshConfigExtensionProvider>,
) -> Vec<MeshConfigExtensionProvider> {
    for provider in given {
        match base.iter_mut().find(|other| other.name == provider.name) {
            Some(other) => *other = provider,
            None => base.push(provider),
        }
    }
    base
}

/// Keeps those of the base's headers that are not given. The others, of which istiod does not think here, are as given.
///
/// istiod: `correctProxyHeaders`
fn merge_headers(base: ProxyConfigProxyHeaders, given: ProxyConfigProxyHeaders) -> ProxyConfigProxyHeaders {
    let forwarded_client_cert = match given.forwarded_client_cert {
        ForwardClientCertDetails::Undefined => base.forwarded_client_cert,
        details => details,
    };
    ProxyConfigProxyHeaders {
        forwarded_client_cert,
        request_id: given.request_id.or(base.request_id),
        attempt_count: given.attempt_count.or(base.attempt_count),
        server: given.server.or(base.server),
        envoy_debug_headers: given.envoy_debug_headers.or(base.envoy_debug_headers),
        ..given
    }
}

impl<'de> DeserializeSeed<'de> for Over<ProxyConfig> {
    type Value = ProxyConfig;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ProxyConfig, D::Error> {
        self.0.merge(deserializer)
    }
}

impl<'de> DeserializeSeed<'de> for Over<MeshConfigDefaultProviders> {
    type Value = MeshConfigDefaultProviders;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<MeshConfigDefaultProviders, D::Error> {
        self.read(deserializer)
    }
}

proto_overlay! {
    MeshConfig {
        "proxyListenPort" => proxy_listen_port,
        "proxyInboundListenPort" => proxy_inbound_listen_port,
        "proxyHttpPort" => proxy_http_port,
        "connectTimeout" => connect_timeout,
        "hboneIdleTimeout" => hbone_idle_timeout,
        "protocolDetectionTimeout" => protocol_detection_timeout,
        "tcpKeepalive" => tcp_keepalive,
        "ingressClass" => ingress_class,
        "ingressService" => ingress_service,
        "ingressControllerMode" => ingress_controller_mode,
        "ingressSelector" => ingress_selector,
        "enableTracing" => enable_tracing,
        "accessLogFile" => access_log_file,
        "accessLogFormat" => access_log_format,
        "accessLogEncoding" => access_log_encoding,
        "enableEnvoyAccessLogService" => enable_envoy_access_log_service,
        "disableEnvoyListenerLog" => disable_envoy_listener_log,
        "outboundTrafficPolicy" => outbound_traffic_policy,
        "inboundTrafficPolicy" => inbound_traffic_policy,
        "configSources" => config_sources,
        "enableAutoMtls" => enable_auto_mtls,
        "trustDomain" => trust_domain,
        "trustDomainAliases" => trust_domain_aliases,
        "caCertificates" => ca_certificates,
        "serviceEntryVisibility" => service_entry_visibility,
        "defaultServiceExportTo" => default_service_export_to,
        "defaultVirtualServiceExportTo" => default_virtual_service_export_to,
        "defaultDestinationRuleExportTo" => default_destination_rule_export_to,
        "rootNamespace" => root_namespace,
        "localityLbSetting" => locality_lb_setting,
        "zoneAwareLbSetting" => zone_aware_lb_setting,
        "dnsRefreshRate" => dns_refresh_rate,
        "h2UpgradePolicy" => h2_upgrade_policy,
        "inboundClusterStatName" => inbound_cluster_stat_name,
        "outboundClusterStatName" => outbound_cluster_stat_name,
        "certificates" => certificates,
        "serviceSettings" => service_settings,
        "serviceScopeConfigs" => service_scope_configs,
        "enablePrometheusMerge" => enable_prometheus_merge,
        "verifyCertificateAtClient" => verify_certificate_at_client,
        "ca" => ca,
        "extensionProviders" => extension_providers,
        "discoverySelectors" => discovery_selectors,
        "pathNormalization" => path_normalization,
        "defaultHttpRetryPolicy" => default_http_retry_policy,
        "meshMTLS" => mesh_mtls,
        "tlsDefaults" => tls_defaults,
        "defaultTrafficPolicy" => default_traffic_policy,
        merge "defaultConfig" => default_config,
        merge "defaultProviders" => default_providers,
    }
}

proto_overlay! {
    ProxyConfig {
        "configPath" => config_path,
        "binaryPath" => binary_path,
        "drainDuration" => drain_duration,
        "discoveryAddress" => discovery_address,
        "discoveryRefreshDelay" => discovery_refresh_delay,
        "zipkinAddress" => zipkin_address,
        "statsdUdpAddress" => statsd_udp_address,
        "envoyMetricsServiceAddress" => envoy_metrics_service_address,
        "proxyAdminPort" => proxy_admin_port,
        "availabilityZone" => availability_zone,
        "controlPlaneAuthPolicy" => control_plane_auth_policy,
        "customConfigFile" => custom_config_file,
        "statNameLength" => stat_name_length,
        "concurrency" => concurrency,
        "proxyBootstrapTemplatePath" => proxy_bootstrap_template_path,
        "interceptionMode" => interception_mode,
        "tracing" => tracing,
        "sds" => sds,
        "envoyAccessLogService" => envoy_access_log_service,
        "envoyMetricsService" => envoy_metrics_service,
        "proxyMetadata" => proxy_metadata,
        "runtimeValues" => runtime_values,
        "statusPort" => status_port,
        "extraStatTags" => extra_stat_tags,
        "gatewayTopology" => gateway_topology,
        "terminationDrainDuration" => termination_drain_duration,
        "meshId" => mesh_id,
        "readinessProbe" => readiness_probe,
        "proxyStatsMatcher" => proxy_stats_matcher,
        "holdApplicationUntilProxyStarts" => hold_application_until_proxy_starts,
        "caCertificatesPem" => ca_certificates_pem,
        "image" => image,
        "privateKeyProvider" => private_key_provider,
        "proxyHeaders" => proxy_headers,
        "fileFlushInterval" => file_flush_interval,
        "fileFlushMinSizeKb" => file_flush_min_size_kb,
        "statsCompression" => stats_compression,
        "connectionSettings" => connection_settings,
        oneof cluster_name: ProxyConfigClusterName {
            "serviceCluster" => ServiceCluster,
            "tracingServiceName" => TracingServiceName,
        }
    }
}

proto_overlay! {
    MeshConfigDefaultProviders {
        "tracing" => tracing,
        "metrics" => metrics,
        "accessLogging" => access_logging,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(yaml: &str) -> MeshConfig {
        MeshConfig::built_in().apply(serde_yaml::Deserializer::from_str(yaml)).expect("valid")
    }

    #[test]
    fn nothing_changes_nothing() {
        assert_eq!(apply("{}"), MeshConfig::built_in());
        assert_eq!(apply("connectTimeout: null\ndefaultConfig:\nextensionProviders: []"), MeshConfig::built_in());
    }

    #[test]
    fn the_chart_adds_prometheus() {
        let chart = "
            trustDomain: cluster.local
            rootNamespace: istio-system
            enablePrometheusMerge: true
            defaultProviders: {metrics: [prometheus]}
            defaultConfig: {discoveryAddress: 'istiod.istio-system.svc:15012'}";
        assert_eq!(apply(chart), MeshConfig::default_install());
    }

    #[test]
    fn fields_replace_whole() {
        let applied = apply("{outboundTrafficPolicy: {}, localityLbSetting: {}, trustDomain: '', unknown: 1}");
        let policy = applied.outbound_traffic_policy.expect("given");
        assert_eq!(policy.mode, MeshConfigOutboundTrafficPolicyMode::RegistryOnly);
        assert_eq!(applied.locality_lb_setting, Some(LocalityLoadBalancerSetting::default()));
        assert_eq!(applied.trust_domain, "");
    }

    #[test]
    fn the_proxy_config_is_merged() {
        let base = ProxyConfig {
            proxy_metadata: [("A", "1"), ("B", "1")].map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ..ProxyConfig::built_in()
        };
        let given = "{proxyMetadata: {B: '2'}, tracingServiceName: CANONICAL_NAME_ONLY, concurrency: 0}";
        let merged = base.merge(serde_yaml::Deserializer::from_str(given)).expect("valid");
        let metadata: Vec<_> =
            merged.proxy_metadata.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(metadata, [("A", "1"), ("B", "2")]);
        assert_eq!(merged.concurrency, Some(0));
        assert!(matches!(merged.cluster_name, Some(ProxyConfigClusterName::TracingServiceName(_))));
        assert_eq!(merged.status_port, 15020);
    }

    #[test]
    fn some_proxy_headers_stay() {
        let base =
            "proxyHeaders: {server: {disabled: true}, forwardedClientCert: SANITIZE, preserveHttp1HeaderCase: true}";
        let base = ProxyConfig::built_in().merge(serde_yaml::Deserializer::from_str(base)).expect("valid");
        let given = "proxyHeaders: {requestId: {disabled: true}}";
        let merged =
            base.merge(serde_yaml::Deserializer::from_str(given)).expect("valid").proxy_headers.expect("given");
        assert_eq!(merged.forwarded_client_cert, ForwardClientCertDetails::Sanitize);
        assert_eq!(merged.server.and_then(|server| server.disabled), Some(true));
        assert_eq!(merged.request_id.and_then(|id| id.disabled), Some(true));
        assert_eq!(merged.preserve_http1_header_case, None);
    }

    #[test]
    fn providers_merge_by_name_and_aliases_join() {
        let given = "
            extensionProviders:
            - {name: zipkin, zipkin: {service: zipkin.tracing, port: 9411}}
            - {name: envoy, envoyFileAccessLog: {path: /dev/stderr}}
            trustDomainAliases: [b, a, b]";
        let applied = apply(given);
        let names: Vec<_> = applied.extension_providers.iter().map(|provider| provider.name.as_str()).collect();
        assert_eq!(names, ["prometheus", "stackdriver", "envoy", "zipkin"]);
        assert!(matches!(&applied.extension_providers[2].provider,
            Some(Provider::EnvoyFileAccessLog(log)) if log.path == "/dev/stderr"));
        assert_eq!(applied.trust_domain_aliases, ["a", "b"]);
        let again = applied.apply(serde_yaml::Deserializer::from_str("trustDomainAliases: [c]")).expect("valid");
        assert_eq!(again.trust_domain_aliases, ["a", "b", "c"]);
    }
}
