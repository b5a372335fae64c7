//! The mesh config of a default install.

use serde_json::json;

use super::{Invented, Made};
use crate::ingest::Manifests;
use crate::options::Options;
use crate::source::ResourceRef;

/// Namespace and name of the ConfigMap.
const CONFIG_MAP: (&str, &str) = ("istio-system", "istio");

/// What `helm install istiod` writes with its own values; `ISTIOD` stands for the name of istiod's Service.
///
/// istiod: `manifests/charts/istio-control/istio-discovery/templates/configmap.yaml`
const MESH: &str = "\
defaultConfig:
  discoveryAddress: ISTIOD.istio-system.svc:15012
defaultProviders:
  metrics:
  - prometheus
enablePrometheusMerge: true
rootNamespace: istio-system
trustDomain: cluster.local
";

/// ConfigMap `istio`, if there is none.
pub(super) fn make(manifests: &Manifests, options: &Options) -> Vec<Made> {
    let (namespace, name) = (CONFIG_MAP.0, options.of_revision(CONFIG_MAP.1));
    if manifests.config_maps.iter().any(|map| map.meta.namespace == namespace && map.meta.name == name) {
        return Vec::new();
    }
    let given = |file: &Option<crate::source::SourceFile>| {
        file.as_ref().and_then(|file| file.content.clone().ok()).map(|text| String::from_utf8_lossy(&text).into_owned())
    };
    let mesh = given(&options.mesh_config);
    let value = if mesh.is_some() { "as given" } else { "as a default install has it" };
    let object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {
            "mesh": mesh.unwrap_or_else(|| MESH.replace("ISTIOD", &options.of_revision("istiod"))),
            "meshNetworks": given(&options.mesh_networks).unwrap_or_else(|| "networks: {}\n".to_owned()),
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
