//! The environment of the `istio-proxy` container, as the kubelet would fill it in.

use std::collections::BTreeMap;

use crate::mesh::Mesh;
use crate::mesh::registry::pod;
use crate::model::Config;
use crate::model::kubernetes::{Container, EnvVarSource, KeySelector, Pod, expand_references};

/// Returns the variables of a container; references to fields, ConfigMaps and Secrets are looked up, and `$(NAME)` is filled in
/// from the variables before it. What cannot be known from manifests is left out.
pub(super) fn variables(pod: &Config<Pod>, container: &Container, mesh: &Mesh) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for from in &container.env_from {
        let key = |name: &str| (pod.meta.namespace.clone(), name.to_owned());
        for (name, value) in mesh.config_maps.get(&key(&from.config_map_ref)).iter().flat_map(|c| &c.spec.data) {
            out.insert(format!("{}{name}", from.prefix), value.clone());
        }
    }
    for variable in &container.env {
        let value = match &variable.value_from {
            None => Some(expand_references(&variable.value, &out)),
            Some(EnvVarSource::FieldRef { field_path }) => field(pod, field_path),
            Some(EnvVarSource::ConfigMapKeyRef(key)) => config_map_key(pod, key, mesh),
            Some(EnvVarSource::SecretKeyRef(key)) => secret_key(pod, key, mesh),
            Some(EnvVarSource::ResourceFieldRef { .. } | EnvVarSource::FileKeyRef) => None,
        };
        if let Some(value) = value {
            out.insert(variable.name.clone(), value);
        }
    }
    out
}

/// Returns a field of the Pod that the downward API offers.
fn field(pod: &Config<Pod>, path: &str) -> Option<String> {
    let keyed = |map: &BTreeMap<String, String>, prefix: &str| {
        let key = path.strip_prefix(prefix)?.strip_prefix("['")?.strip_suffix("']")?;
        Some(map.get(key).cloned().unwrap_or_default())
    };
    let Pod { spec, status } = &pod.spec;
    Some(match path {
        "metadata.name" => pod.meta.name.clone(),
        "metadata.namespace" => pod.meta.namespace.clone(),
        "metadata.uid" => pod.meta.uid.clone(),
        "spec.nodeName" => spec.node_name.clone(),
        "spec.serviceAccountName" => pod::service_account(&pod.spec).to_owned(),
        "status.podIP" => status.pod_ip.clone(),
        "status.podIPs" => status.pod_ips.join(","),
        "status.hostIP" | "status.hostIPs" => status.host_ip.clone(),
        _ => {
            return keyed(&pod.meta.labels, "metadata.labels")
                .or_else(|| keyed(&pod.meta.annotations, "metadata.annotations"));
        }
    })
}

fn config_map_key(pod: &Config<Pod>, key: &KeySelector, mesh: &Mesh) -> Option<String> {
    let config_map = mesh.config_maps.get(&(pod.meta.namespace.clone(), key.name.clone()))?;
    config_map.spec.data.get(&key.key).cloned()
}

/// Not the value: the metadata of the node are printed.
fn secret_key(pod: &Config<Pod>, key: &KeySelector, mesh: &Mesh) -> Option<String> {
    let secret = &mesh.secrets.get(&(pod.meta.namespace.clone(), key.name.clone()))?.spec;
    Some(secret.value(&key.key)?.shown().to_owned())
}
