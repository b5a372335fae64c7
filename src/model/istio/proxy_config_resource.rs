//! `ProxyConfig` as a resource of its own (`networking.istio.io`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::selector::TypeWorkloadSelector;

/// Settings of proxies (`ProxyConfig` of `networking.istio.io`), over those of the mesh.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigResource {
    /// Workloads that it is for; left out means all of its namespace, or all of the mesh in the root
    /// namespace.
    pub selector: Option<TypeWorkloadSelector>,
    /// Worker threads; zero means as many as CPUs.
    pub concurrency: Option<i32>,
    /// Environment variables of the proxy.
    pub environment_variables: BTreeMap<String, String>,
    /// The proxy's image.
    pub image: Option<ProxyImage>,
}

/// Which image the proxy runs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyImage {
    /// `default`, `debug` or `distroless`.
    pub image_type: String,
}
