//! The containers of a pod.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as api;

use super::Probe;

/// A container of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    /// The container's name; the sidecar's is `istio-proxy`.
    pub name: String,
    /// The image; `auto` in a gateway's pod means the proxy's.
    pub image: String,
    /// The program to run, in place of the image's.
    pub command: Vec<String>,
    /// The program's arguments, in place of the image's.
    pub args: Vec<String>,
    /// Environment variables, of which the later may use the earlier.
    pub env: Vec<EnvVar>,
    /// Sources whose keys all become environment variables.
    pub env_from: Vec<EnvFromSource>,
    /// Ports that the container listens on, as far as declared.
    pub ports: Vec<ContainerPort>,
    /// Most that it may use, by resource (`cpu`, `memory`).
    pub limits: BTreeMap<String, String>,
    /// What is set aside for it, by resource.
    pub requests: BTreeMap<String, String>,
    /// `Always` makes an init container run beside the others.
    pub restart_policy: String,
    /// Whether it may take traffic.
    pub readiness_probe: Option<Probe>,
    /// Whether it must be restarted.
    pub liveness_probe: Option<Probe>,
    /// Whether it has started.
    pub startup_probe: Option<Probe>,
    /// User and group, over the pod's.
    pub security_context: SecurityContext,
    /// Volumes that it sees, and where.
    pub volume_mounts: Vec<VolumeMount>,
}

/// An environment variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvVar {
    /// The variable's name.
    pub name: String,
    /// Its value, where `$(NAME)` is an earlier variable.
    pub value: String,
    /// Where its value comes from, in place of `value`.
    pub value_from: Option<EnvVarSource>,
}

/// Where a variable's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvVarSource {
    /// A field of the pod, by path: `metadata.labels['app']`.
    FieldRef {
        /// The path.
        field_path: String,
    },
    /// A container's limit or request.
    ResourceFieldRef {
        /// The container; empty means this one.
        container_name: String,
        /// The resource: `limits.cpu`.
        resource: String,
        /// Unit of the value; empty means 1.
        divisor: String,
    },
    /// A key of a ConfigMap.
    ConfigMapKeyRef(KeySelector),
    /// A key of a Secret.
    SecretKeyRef(KeySelector),
    /// A key of a file in a volume, whose content nobody knows beforehand.
    FileKeyRef,
}

/// A key of a ConfigMap or Secret of the pod's namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySelector {
    /// The resource's name.
    pub name: String,
    /// The key.
    pub key: String,
    /// Whether it may be missing.
    pub optional: bool,
}

/// A ConfigMap or Secret of the pod's namespace whose keys all become variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvFromSource {
    /// Put before each key.
    pub prefix: String,
    /// The ConfigMap's name; empty if it is a Secret.
    pub config_map_ref: String,
    /// The Secret's name; empty if it is a ConfigMap.
    pub secret_ref: String,
}

/// A port that a container listens on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerPort {
    /// The port's name, for services and probes.
    pub name: String,
    /// The number.
    pub container_port: u32,
    /// The number on the node; zero for none.
    pub host_port: u32,
    /// `TCP`, `UDP` or `SCTP`; empty means `TCP`.
    pub protocol: String,
}

/// User and group that a container or a pod runs as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SecurityContext {
    /// User.
    pub run_as_user: Option<i64>,
    /// Group.
    pub run_as_group: Option<i64>,
    /// Group of the volumes; of pods only.
    pub fs_group: Option<i64>,
}

/// A volume that a container sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VolumeMount {
    /// The volume's name.
    pub name: String,
    /// The folder where it is.
    pub mount_path: String,
}

/// Fills in `$(NAME)`; `$$` is a dollar, and an unknown name stays as it is written.
pub fn expand_references(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$$") {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix("$(").and_then(|r| r.split_once(')')) {
            match variables.get(name) {
                Some(value) => out.push_str(value),
                None => out.push_str(&rest[..rest.len() - after.len()]),
            }
            rest = after;
        } else {
            out.push('$');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

impl From<api::Container> for Container {
    fn from(api: api::Container) -> Self {
        let resources = api.resources.unwrap_or_default();
        let security = api.security_context.unwrap_or_default();
        Self {
            name: api.name,
            image: api.image.unwrap_or_default(),
            command: api.command.unwrap_or_default(),
            args: api.args.unwrap_or_default(),
            env: super::list(api.env),
            env_from: super::list(api.env_from),
            ports: super::list(api.ports),
            limits: resources.limits.unwrap_or_default().into_iter().map(|(key, quantity)| (key, quantity.0)).collect(),
            requests: resources
                .requests
                .unwrap_or_default()
                .into_iter()
                .map(|(key, quantity)| (key, quantity.0))
                .collect(),
            restart_policy: api.restart_policy.unwrap_or_default(),
            readiness_probe: api.readiness_probe.map(Probe::from),
            liveness_probe: api.liveness_probe.map(Probe::from),
            startup_probe: api.startup_probe.map(Probe::from),
            security_context: SecurityContext {
                run_as_user: security.run_as_user,
                run_as_group: security.run_as_group,
                fs_group: None,
            },
            volume_mounts: super::list(api.volume_mounts),
        }
    }
}

impl From<api::EnvVar> for EnvVar {
    fn from(api: api::EnvVar) -> Self {
        Self {
            name: api.name,
            value: api.value.unwrap_or_default(),
            value_from: api.value_from.and_then(env_var_source),
        }
    }
}

/// The one source that is given; none is invalid.
fn env_var_source(api: api::EnvVarSource) -> Option<EnvVarSource> {
    if let Some(field) = api.field_ref {
        return Some(EnvVarSource::FieldRef { field_path: field.field_path });
    }
    if let Some(field) = api.resource_field_ref {
        return Some(EnvVarSource::ResourceFieldRef {
            container_name: field.container_name.unwrap_or_default(),
            resource: field.resource,
            divisor: field.divisor.unwrap_or_default().0,
        });
    }
    if let Some(key) = api.config_map_key_ref {
        let optional = key.optional.unwrap_or_default();
        return Some(EnvVarSource::ConfigMapKeyRef(KeySelector { name: key.name, key: key.key, optional }));
    }
    if let Some(key) = api.secret_key_ref {
        let optional = key.optional.unwrap_or_default();
        return Some(EnvVarSource::SecretKeyRef(KeySelector { name: key.name, key: key.key, optional }));
    }
    api.file_key_ref.map(|_| EnvVarSource::FileKeyRef)
}

impl From<api::EnvFromSource> for EnvFromSource {
    fn from(api: api::EnvFromSource) -> Self {
        Self {
            prefix: api.prefix.unwrap_or_default(),
            config_map_ref: api.config_map_ref.map(|source| source.name).unwrap_or_default(),
            secret_ref: api.secret_ref.map(|source| source.name).unwrap_or_default(),
        }
    }
}

impl From<api::ContainerPort> for ContainerPort {
    fn from(api: api::ContainerPort) -> Self {
        Self {
            name: api.name.unwrap_or_default(),
            container_port: super::port(api.container_port),
            host_port: super::port(api.host_port.unwrap_or_default()),
            protocol: api.protocol.unwrap_or_default(),
        }
    }
}

impl From<api::VolumeMount> for VolumeMount {
    fn from(api: api::VolumeMount) -> Self {
        Self { name: api.name, mount_path: api.mount_path }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_references() {
        let variables = BTreeMap::from([("A".to_owned(), "x".to_owned())]);
        let cases = [("$(A)", "x"), ("a$(A)b", "axb"), ("$$(A)", "$(A)"), ("$(B)", "$(B)"), ("$", "$"), ("$(A", "$(A")];
        for (text, expanded) in cases {
            assert_eq!(expand_references(text, &variables), expanded, "{text}");
        }
    }
}
