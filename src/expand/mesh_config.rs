//! The mesh config of a default install.

use serde_json::json;

use super::{Invented, Made};
use crate::expand::Target;
use crate::ingest::{self, Manifests};
use crate::source::ResourceRef;

/// The name of the ConfigMap, in istiod's namespace.
const CONFIG_MAP: &str = "istio";

/// What `helm install istiod` writes with its own values; `ISTIOD` and `NAMESPACE` stand for the name and namespace of
/// istiod's Service.
///
/// istiod: `manifests/charts/istio-control/istio-discovery/templates/configmap.yaml`
const MESH: &str = "\
defaultConfig:
  discoveryAddress: ISTIOD.NAMESPACE.svc:15012
defaultProviders:
  metrics:
  - prometheus
enablePrometheusMerge: true
rootNamespace: NAMESPACE
trustDomain: cluster.local
";

/// What an install of the profile `ambient` writes.
///
/// istiod: `manifests/helm-profiles/ambient.yaml`
const AMBIENT: &str = "\
defaultConfig:
  discoveryAddress: ISTIOD.NAMESPACE.svc:15012
  proxyMetadata:
    ISTIO_META_ENABLE_HBONE: \"true\"
defaultProviders:
  metrics:
  - prometheus
enablePrometheusMerge: true
rootNamespace: NAMESPACE
serviceScopeConfigs:
- scope: GLOBAL
  servicesSelector:
    matchExpressions:
    - key: istio.io/global
      operator: In
      values:
      - \"true\"
trustDomain: cluster.local
";

/// ConfigMap `istio`, if there is none.
pub(super) fn make(manifests: &Manifests, target: &Target<'_>) -> Vec<Made> {
    let (namespace, name) = (target.installation.namespace.as_str(), target.options.of_revision(CONFIG_MAP));
    if manifests.config_maps.iter().any(|map| map.meta.namespace == namespace && map.meta.name == name) {
        return Vec::new();
    }
    let given = |file: &Option<crate::source::SourceFile>| {
        file.as_ref().and_then(|file| file.content.clone().ok()).map(|text| String::from_utf8_lossy(&text).into_owned())
    };
    let mesh = given(&target.options.mesh_config);
    // What the values of the install make, as YAML.
    let yaml = |json: &str| serde_yaml::to_string(&ingest::json_of_yaml(json)?).ok();
    let of_values = target.installation.mesh.as_ref();
    let installed = of_values.and_then(|mesh| yaml(&mesh.config));
    let installed_networks = of_values.and_then(|mesh| yaml(mesh.networks.as_deref()?));
    let value = match &mesh {
        Some(_) => "as given",
        None if installed.is_some() => "as the values of the install make it",
        None if target.installation.features.ambient => "as an install of the profile ambient has it",
        None => "as a default install has it",
    };
    let object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {
            "mesh": mesh.or(installed).unwrap_or_else(|| install(target)),
            "meshNetworks": given(&target.options.mesh_networks)
                .or(installed_networks)
                .unwrap_or_else(|| "networks: {}\n".to_owned()),
        },
    });
    let invented = Invented {
        kind: "ConfigMap",
        namespace: namespace.to_owned(),
        name,
        field: "",
        value: format!("mesh config {value}"),
        source: ResourceRef::NONE,
    };
    vec![Made { source: ResourceRef::NONE, object, replaces: false, invented: vec![invented] }]
}

/// The mesh config of an install.
fn install(target: &Target<'_>) -> String {
    let mesh = if target.installation.features.ambient { AMBIENT } else { MESH };
    mesh.replace("ISTIOD", &target.options.of_revision("istiod")).replace("NAMESPACE", &target.installation.namespace)
}
