//! `Pod` and the pod templates of workloads.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as api;

use super::super::ObjectMeta;
use super::{Container, Kind, SecurityContext};

/// A pod: containers that share an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pod {
    /// What is to run.
    pub spec: PodSpec,
    /// What does run.
    pub status: PodStatus,
}

/// What a workload makes its pods from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodTemplateSpec {
    /// Labels and annotations of the pods.
    pub metadata: ObjectMeta,
    /// What is to run in them.
    pub spec: PodSpec,
}

/// What is to run in a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodSpec {
    /// Containers that run side by side.
    pub containers: Vec<Container>,
    /// Containers that run before the others; those that restart always keep running beside them.
    pub init_containers: Vec<Container>,
    /// The identity; empty means `default`.
    pub service_account_name: String,
    /// Whether the pod gets its service account's token; left out means what the account says.
    pub automount_service_account_token: Option<bool>,
    /// The node, once chosen.
    pub node_name: String,
    /// Labels that the node must have.
    pub node_selector: BTreeMap<String, String>,
    /// Whether the pod has the node's address. Such pods get no sidecar.
    pub host_network: bool,
    /// The pod's own host name; empty means its name.
    pub hostname: String,
    /// The domain below the namespace's, usually a headless service.
    pub subdomain: String,
    /// `ClusterFirst` and so on.
    pub dns_policy: String,
    /// Domains that short names are tried in, besides the policy's (`dnsConfig.searches`).
    pub dns_searches: Vec<String>,
    /// `Always`, `OnFailure` or `Never`; empty means `Always`.
    pub restart_policy: String,
    /// Conditions that must be true besides the containers' for the pod to be ready.
    pub readiness_gates: Vec<String>,
    /// Seconds between asking to stop and killing.
    pub termination_grace_period_seconds: Option<i64>,
    /// User and group of all containers.
    pub security_context: SecurityContext,
    /// Names of the volumes, each with what is in it.
    pub volumes: Vec<Volume>,
}

/// A volume of a pod, as far as its content matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volume {
    /// The volume's name.
    pub name: String,
    /// The Secret in it; empty if something else is.
    pub secret: String,
    /// The ConfigMap in it; empty if something else is.
    pub config_map: String,
}

/// What does run in a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: String,
    /// The pod's first address.
    pub pod_ip: String,
    /// All addresses, of both families in a dual-stack cluster.
    pub pod_ips: Vec<String>,
    /// The node's address.
    pub host_ip: String,
    /// State by aspect, such as `Ready`.
    pub conditions: Vec<PodCondition>,
}

/// One aspect of a pod's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodCondition {
    /// The aspect: `Ready`, `Initialized` and so on.
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
}

impl Kind for Pod {
    type Api = api::Pod;

    fn from_api(api: api::Pod) -> (ObjectMeta, Self) {
        let pod = Self {
            spec: api.spec.map(PodSpec::from).unwrap_or_default(),
            status: api.status.map(PodStatus::from).unwrap_or_default(),
        };
        (api.metadata.into(), pod)
    }
}

impl From<api::PodTemplateSpec> for PodTemplateSpec {
    fn from(api: api::PodTemplateSpec) -> Self {
        Self {
            metadata: api.metadata.map(ObjectMeta::from).unwrap_or_default(),
            spec: api.spec.map(PodSpec::from).unwrap_or_default(),
        }
    }
}

impl From<api::PodSpec> for PodSpec {
    fn from(api: api::PodSpec) -> Self {
        let security = api.security_context.unwrap_or_default();
        Self {
            containers: super::list(Some(api.containers)),
            init_containers: super::list(api.init_containers),
            // The older name of the field still counts where the newer is not given.
            service_account_name: api
                .service_account_name
                .filter(|name| !name.is_empty())
                .or(api.service_account)
                .unwrap_or_default(),
            automount_service_account_token: api.automount_service_account_token,
            node_name: api.node_name.unwrap_or_default(),
            node_selector: api.node_selector.unwrap_or_default(),
            host_network: api.host_network.unwrap_or_default(),
            hostname: api.hostname.unwrap_or_default(),
            subdomain: api.subdomain.unwrap_or_default(),
            dns_policy: api.dns_policy.unwrap_or_default(),
            dns_searches: api.dns_config.and_then(|config| config.searches).unwrap_or_default(),
            restart_policy: api.restart_policy.unwrap_or_default(),
            readiness_gates: api
                .readiness_gates
                .unwrap_or_default()
                .into_iter()
                .map(|gate| gate.condition_type)
                .collect(),
            termination_grace_period_seconds: api.termination_grace_period_seconds,
            security_context: SecurityContext {
                run_as_user: security.run_as_user,
                run_as_group: security.run_as_group,
                fs_group: security.fs_group,
            },
            volumes: super::list(api.volumes),
        }
    }
}

impl From<api::Volume> for Volume {
    fn from(api: api::Volume) -> Self {
        Self {
            name: api.name,
            secret: api.secret.and_then(|source| source.secret_name).unwrap_or_default(),
            config_map: api.config_map.map(|source| source.name).unwrap_or_default(),
        }
    }
}

impl From<api::PodStatus> for PodStatus {
    fn from(api: api::PodStatus) -> Self {
        Self {
            phase: api.phase.unwrap_or_default(),
            pod_ip: api.pod_ip.unwrap_or_default(),
            pod_ips: api.pod_ips.unwrap_or_default().into_iter().map(|address| address.ip).collect(),
            host_ip: api.host_ip.unwrap_or_default(),
            conditions: super::list(api.conditions),
        }
    }
}

impl From<api::PodCondition> for PodCondition {
    fn from(api: api::PodCondition) -> Self {
        Self { r#type: api.type_, status: api.status }
    }
}
