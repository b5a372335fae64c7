//! How the sidecar injector is set up.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::kubernetes::LabelSelector;

/// Whom the injector injects without being asked, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Injector {
    /// Pods of namespaces that say nothing are injected too: `sidecarInjectorWebhook.enableNamespacesByDefault`.
    pub namespaces_by_default: bool,
    /// What becomes of Pods that do not ask themselves.
    pub policy: InjectionPolicy,
    /// Of Pods that do not ask themselves, those that are never injected.
    pub never_inject: Vec<LabelSelector>,
    /// Likewise those that always are.
    pub always_inject: Vec<LabelSelector>,
    /// Annotations that every injected Pod gets.
    pub annotations: BTreeMap<String, String>,
    /// Other names of its revision: `revisionTags`, and `default` for `defaultRevision`.
    pub tags: BTreeSet<String>,
    /// The network that proxies state: `global.network`.
    pub network: String,
    /// The id of the mesh that proxies state: `global.meshID`; empty for the trust domain.
    pub mesh_id: String,
    /// The id of the cluster that proxies state: `global.multiCluster.clusterName`; empty for istiod's.
    pub cluster_id: String,
    /// The domain in which proxies look for Services: `global.proxy.clusterDomain`; empty for istiod's.
    pub cluster_domain: String,
    /// What its templates read besides.
    pub template: TemplateValues,
    /// Whether anything states how it is set up.
    pub is_stated: bool,
    /// The names of its templates besides those of the release: `sidecarInjectorWebhook.templates`.
    pub templates: BTreeSet<String>,
    /// Names for several templates: `aliases` of its config.
    pub aliases: BTreeMap<String, Vec<String>>,
}

/// The values that the injector's templates and what follows them read. Numbers are text, as the templates print them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateValues {
    /// `global.hub`; empty for where istiod's release is published.
    pub hub: String,
    /// `global.tag`; empty for istiod's release.
    pub tag: String,
    /// `global.variant`
    pub variant: String,
    /// `global.proxy.image`
    pub image: String,
    /// `global.proxy_init.image`
    pub init_image: String,
    /// `global.proxy_init.forceApplyIptables`
    pub force_apply_iptables: bool,
    /// `global.nativeNftables`
    pub native_nftables: bool,
    /// `global.imagePullPolicy`
    pub image_pull_policy: String,
    /// `global.imagePullSecrets`
    pub image_pull_secrets: Vec<String>,
    /// `global.pilotCertProvider`
    pub cert_provider: String,
    /// `global.caAddress`; empty for istiod.
    pub ca_address: String,
    /// `global.caName`
    pub ca_name: String,
    /// `global.mountMtlsCerts`
    pub mount_mtls_certs: bool,
    /// `global.sts.servicePort`
    pub sts_port: String,
    /// `global.logAsJson`
    pub log_as_json: bool,
    /// `global.logging.level`, of the agent.
    pub agent_log_level: String,
    /// `global.proxy.logLevel`
    pub log_level: String,
    /// `global.proxy.componentLogLevel`
    pub component_log_level: String,
    /// `global.proxy.outlierLogPath`
    pub outlier_log_path: String,
    /// `global.proxy.tracer`
    pub tracer: String,
    /// `global.proxy.privileged`
    pub privileged: bool,
    /// `global.proxy.capNetBindService`
    pub cap_net_bind_service: String,
    /// `global.proxy.seccompProfile`
    pub seccomp_profile: Value,
    /// `global.proxy.lifecycle`
    pub lifecycle: Value,
    /// `global.proxy.holdApplicationUntilProxyStarts`
    pub hold_application: bool,
    /// `global.proxy.statusPort`; `0` for no probes.
    pub status_port: String,
    /// `global.proxy.startupProbe`: the threshold, if it is enabled.
    pub startup_failure_threshold: Option<String>,
    /// `global.proxy.readinessInitialDelaySeconds`
    pub readiness_initial_delay: String,
    /// `global.proxy.readinessPeriodSeconds`
    pub readiness_period: String,
    /// `global.proxy.readinessFailureThreshold`
    pub readiness_failure_threshold: String,
    /// `global.proxy.includeIPRanges`
    pub include_ip_ranges: String,
    /// `global.proxy.excludeIPRanges`
    pub exclude_ip_ranges: String,
    /// `global.proxy.includeInboundPorts`
    pub include_inbound_ports: String,
    /// `global.proxy.excludeInboundPorts`
    pub exclude_inbound_ports: String,
    /// `global.proxy.includeOutboundPorts`
    pub include_outbound_ports: String,
    /// `global.proxy.excludeOutboundPorts`
    pub exclude_outbound_ports: String,
    /// `pilot.cni.enabled`: a node agent redirects traffic, and no container of the Pod does.
    pub cni: bool,
    /// `pilot.cni.provider`: `multus` for a network of its own, `default` for a chained plugin.
    pub cni_provider: String,
    /// Proxies run as a user of the range that OpenShift gives their Namespace: `global.platform`, istiod's variable `PLATFORM`.
    pub openshift: bool,
    /// `gateways.securityContext`
    pub gateway_security_context: Value,
    /// `sidecarInjectorWebhook.rewriteAppHTTPProbe`
    pub rewrite_probes: bool,
    /// `sidecarInjectorWebhook.defaultTemplates`
    pub default_templates: Vec<String>,
}

impl Default for TemplateValues {
    /// What the chart has. istio: `manifests/charts/istio-control/istio-discovery/values.yaml`
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            hub: String::new(),
            tag: String::new(),
            variant: String::new(),
            image: text("proxyv2"),
            init_image: text("proxyv2"),
            force_apply_iptables: false,
            native_nftables: false,
            image_pull_policy: String::new(),
            image_pull_secrets: Vec::new(),
            cert_provider: text("istiod"),
            ca_address: String::new(),
            ca_name: String::new(),
            mount_mtls_certs: false,
            sts_port: String::new(),
            log_as_json: false,
            agent_log_level: text("default:info"),
            log_level: text("warning"),
            component_log_level: text("misc:error"),
            outlier_log_path: String::new(),
            tracer: text("none"),
            privileged: false,
            cap_net_bind_service: String::new(),
            seccomp_profile: Value::Null,
            lifecycle: Value::Null,
            hold_application: false,
            status_port: text("15020"),
            startup_failure_threshold: Some(text("600")),
            readiness_initial_delay: text("0"),
            readiness_period: text("15"),
            readiness_failure_threshold: text("4"),
            include_ip_ranges: text("*"),
            exclude_ip_ranges: String::new(),
            include_inbound_ports: text("*"),
            exclude_inbound_ports: String::new(),
            include_outbound_ports: String::new(),
            exclude_outbound_ports: String::new(),
            cni: false,
            cni_provider: text("default"),
            openshift: false,
            gateway_security_context: Value::Null,
            rewrite_probes: true,
            default_templates: Vec::new(),
        }
    }
}

/// What becomes of Pods in injected namespaces that do not ask themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InjectionPolicy {
    /// They are injected.
    #[default]
    Enabled,
    /// They are not.
    Disabled,
    /// istiod does not know the word, and injects no Pod at all.
    Illegal,
}
