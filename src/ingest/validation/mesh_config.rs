//! The mesh config and the mesh networks, which istiod checks when it reads them: what is wrong makes it go on with its defaults.
//!
//! istiod: `pkg/config/validation/agent/validation.go` `ValidateMeshConfig`, `ValidateMeshNetworks`

use crate::model::istio::{
    AuthenticationPolicy, MeshConfig, MeshNetworks, MeshTracingTracer, NetworkIstioNetworkGatewayGw,
    NetworkNetworkEndpointsNe, OutlierDetection, PrivateKeyProviderProvider, ProxyConfig, ProxyConfigClusterName,
    ProxyConfigConnectionSettings,
};

use super::finding::{At, Findings};
use super::{connection_pool, destination_rule, load_balancer, name, tls};

/// Checks a mesh config.
pub(crate) fn check(mesh: &MeshConfig, findings: &mut Findings<'_>) {
    let at = At::root;
    findings.check(&at("proxyListenPort"), port(mesh.proxy_listen_port));
    let timeout = mesh.connect_timeout.unwrap_or_default();
    findings.check(&at("connectTimeout"), name::duration(timeout));
    if timeout.as_nanos() > 3_600_000_000_000 {
        findings.error(&at("connectTimeout"), "the connect timeout must be at most one hour");
    }
    if mesh.protocol_detection_timeout.unwrap_or_default().as_nanos() % 1_000_000 != 0 {
        findings.error(&at("protocolDetectionTimeout"), "the duration must be a whole number of milliseconds");
    }
    match &mesh.default_config {
        Some(config) => check_proxy(config, &at("defaultConfig"), findings),
        None => findings.error(&at("defaultConfig"), "it is missing"),
    }
    if let Some(setting) = &mesh.locality_lb_setting {
        let outlier_detection = OutlierDetection::default();
        load_balancer::check_locality(setting, Some(&outlier_detection), &at("localityLbSetting"), findings);
    }
    if let Some(setting) = &mesh.zone_aware_lb_setting {
        let outlier_detection = OutlierDetection::default();
        load_balancer::check_zone_aware(setting, Some(&outlier_detection), &at("zoneAwareLbSetting"), findings);
    }
    if let Some(policy) = &mesh.default_traffic_policy {
        let at = at("defaultTrafficPolicy");
        connection_pool::check(policy.connection_pool.as_ref(), &at.field("connectionPool"), findings);
        destination_rule::check_outlier_detection(policy.outlier_detection.as_ref(), &at, findings);
    }
    let list = at("serviceSettings");
    for (index, settings) in mesh.service_settings.iter().enumerate() {
        let item = list.item(index);
        let hosts = item.field("hosts");
        for (index, host) in settings.hosts.iter().enumerate() {
            findings.check(&hosts.item(index), name::wildcard_domain(host));
        }
    }
    findings.check(&at("trustDomain"), trust_domain(&mesh.trust_domain));
    let list = at("trustDomainAliases");
    for (index, alias) in mesh.trust_domain_aliases.iter().enumerate() {
        findings.check(&list.item(index), trust_domain(alias));
    }
    if mesh.mesh_mtls.as_ref().is_some_and(|mtls| !mtls.ecdh_curves.is_empty()) {
        findings.error(&at("meshMTLS"), "`ecdhCurves` is for `tlsDefaults` only");
    }
}

/// istiod: `validateConnectionSettings`
fn check_connections(settings: &ProxyConfigConnectionSettings, at: &At<'_>, findings: &mut Findings<'_>) {
    let least = [
        ("listenerPerConnectionBufferLimitBytes", settings.listener_per_connection_buffer_limit_bytes, 0),
        ("clusterPerConnectionBufferLimitBytes", settings.cluster_per_connection_buffer_limit_bytes, 0),
        ("httpMaxConcurrentStreams", settings.http_max_concurrent_streams, 1),
        ("http2InitialStreamWindowSize", settings.http2_initial_stream_window_size, 65535),
        ("http2InitialConnectionWindowSize", settings.http2_initial_connection_window_size, 65535),
        ("listenerConnectionLimit", settings.listener_connection_limit, 1),
        ("globalDownstreamConnectionLimit", settings.global_downstream_connection_limit, 1),
    ];
    for (field, value, least) in least {
        if value.is_some_and(|value| value < least) {
            findings.error(&at.field(field), format!("it must be at least {least}"));
        }
    }
    let durations = [
        ("httpIdleTimeout", settings.http_idle_timeout),
        ("httpMaxConnectionDuration", settings.http_max_connection_duration),
        ("httpDrainTimeout", settings.http_drain_timeout),
        ("httpRequestTimeout", settings.http_request_timeout),
        ("httpRequestHeadersTimeout", settings.http_request_headers_timeout),
        ("httpStreamIdleTimeout", settings.http_stream_idle_timeout),
        ("httpMaxStreamDuration", settings.http_max_stream_duration),
    ];
    for (field, value) in durations {
        if value.is_some_and(|value| value.as_nanos() < 0) {
            findings.error(&at.field(field), "it must not be negative");
        }
    }
}

/// istiod: `ValidateMeshConfigProxyConfig`
pub(super) fn check_proxy(config: &ProxyConfig, at: &At<'_>, findings: &mut Findings<'_>) {
    for (field, text) in [("configPath", &config.config_path), ("binaryPath", &config.binary_path)] {
        if text.is_empty() {
            findings.error(&at.field(field), "it must be set");
        }
    }
    match &config.cluster_name {
        Some(ProxyConfigClusterName::ServiceCluster(name)) if name.is_empty() => {
            findings.error(&at.field("serviceCluster"), "it must be set");
        }
        None => findings.error(at, "`serviceCluster` or `tracingServiceName` must be set"),
        Some(_) => {}
    }
    let drain = config.drain_duration.unwrap_or_default();
    findings.check(&at.field("drainDuration"), name::duration(drain));
    if drain.nanos != 0 {
        findings.error(&at.field("drainDuration"), "it must be a whole number of seconds");
    }
    findings.check(&at.field("discoveryAddress"), address(&config.discovery_address));
    if let Some(tracing) = &config.tracing {
        let at = at.field("tracing");
        match &tracing.tracer {
            Some(MeshTracingTracer::Lightstep(tracer)) => {
                let at = at.field("lightstep");
                findings.check(&at.field("address"), address(&tracer.address));
                if tracer.access_token.is_empty() {
                    findings.error(&at.field("accessToken"), "it must be set");
                }
            }
            Some(MeshTracingTracer::Zipkin(tracer)) => {
                findings.check(&at.field("zipkin").field("address"), on_host(&tracer.address));
            }
            Some(MeshTracingTracer::Datadog(tracer)) => {
                findings.check(&at.field("datadog").field("address"), on_host(&tracer.address));
            }
            _ => {}
        }
        if let Some(settings) = &tracing.tls_settings {
            tls::check_client("", settings, &at.field("tlsSettings"), findings);
        }
    }
    let remote = |service: &Option<crate::model::istio::RemoteService>| {
        service.as_ref().map(|service| service.address.clone()).unwrap_or_default()
    };
    for (field, value) in [
        ("statsdUdpAddress", config.statsd_udp_address.clone()),
        ("envoyMetricsServiceAddress", config.envoy_metrics_service_address.clone()),
        ("envoyMetricsService", remote(&config.envoy_metrics_service)),
        ("envoyAccessLogService", remote(&config.envoy_access_log_service)),
    ] {
        if !value.is_empty() {
            findings.check(&at.field(field), address(&value));
        }
    }
    findings.check(&at.field("proxyAdminPort"), port(config.proxy_admin_port));
    findings.check(&at.field("statusPort"), port(config.status_port));
    if config.control_plane_auth_policy == AuthenticationPolicy::Inherit {
        findings.error(&at.field("controlPlaneAuthPolicy"), "it is `NONE` or `MUTUAL_TLS`");
    }
    if let Some(settings) = &config.connection_settings {
        check_connections(settings, &at.field("connectionSettings"), findings);
    }
    if let Some(provider) = &config.private_key_provider {
        let at = at.field("privateKeyProvider");
        let delay = match &provider.provider {
            Some(PrivateKeyProviderProvider::Cryptomb(settings)) => settings.poll_delay,
            Some(PrivateKeyProviderProvider::Qat(settings)) => settings.poll_delay,
            None => None,
        };
        if delay.unwrap_or_default().as_nanos() == 0 {
            findings.error(&at, "it needs a provider with a `pollDelay` that is not zero");
        }
    }
}

/// Checks mesh networks.
pub(crate) fn check_networks(networks: &MeshNetworks, findings: &mut Findings<'_>) {
    let all = At::root("networks");
    for (name, network) in &networks.networks {
        let at = all.field(name);
        let list = at.field("endpoints");
        for (index, endpoints) in network.endpoints.iter().enumerate() {
            let found = match &endpoints.ne {
                Some(NetworkNetworkEndpointsNe::FromCidr(range)) => name::ip_or_cidr(range),
                Some(NetworkNetworkEndpointsNe::FromRegistry(cluster)) if !name::is_label(cluster) => {
                    Err(format!("`{cluster}` is not a valid cluster name"))
                }
                _ => Ok(()),
            };
            findings.check(&list.item(index), found);
        }
        let list = at.field("gateways");
        for (index, gateway) in network.gateways.iter().enumerate() {
            let at = list.item(index);
            let found = match &gateway.gw {
                Some(NetworkIstioNetworkGatewayGw::RegistryServiceName(host)) => name::domain(host),
                Some(NetworkIstioNetworkGatewayGw::Address(address)) => {
                    name::ip(address).or_else(|_| name::domain(address))
                }
                None => Ok(()),
            };
            findings.check(&at, found);
            findings.check(&at.field("port"), name::port(gateway.port));
        }
    }
}

fn port(number: i32) -> Result<(), String> {
    name::port(u32::try_from(number).unwrap_or_default())
}

/// `host:port`, where the host may be the node's. istiod: `ValidateZipkinCollector`, `ValidateDatadogCollector`
fn on_host(text: &str) -> Result<(), String> {
    address(&text.replacen("$(HOST_IP)", "127.0.0.1", 1))
}

/// `host:port`. istiod: `ValidateProxyAddress`
fn address(text: &str) -> Result<(), String> {
    let parts = text.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.starts_with('['));
    let (host, number) = parts.ok_or_else(|| format!("`{text}` is not of the form `host:port`"))?;
    let number: u32 = number.parse().map_err(|_| format!("`{number}` is not a valid port"))?;
    name::port(number)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if name::domain(host).is_err() && !name::is_ip(host) {
        return Err(format!("`{host}` is neither a host nor an address"));
    }
    Ok(())
}

/// istiod: `ValidateTrustDomain`
fn trust_domain(name: &str) -> Result<(), String> {
    let labels = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() || !labels.split('.').all(name::is_label) {
        return Err(format!("`{name}` is not a valid trust domain"));
    }
    Ok(())
}
