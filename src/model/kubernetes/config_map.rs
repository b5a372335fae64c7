//! `ConfigMap`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as api;

use super::super::{Bytes, ObjectMeta};
use super::Kind;

/// Settings by key. Istio's own are in `istio` and `istio-sidecar-injector` of the root namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigMap {
    /// Texts by key.
    pub data: BTreeMap<String, String>,
    /// Bytes by key; no key is in both.
    pub binary_data: BTreeMap<String, Bytes>,
}

impl Kind for ConfigMap {
    type Api = api::ConfigMap;

    fn from_api(api: api::ConfigMap) -> (ObjectMeta, Self) {
        let binary_data = api.binary_data.unwrap_or_default();
        let config_map = Self {
            data: api.data.unwrap_or_default(),
            binary_data: binary_data.into_iter().map(|(key, bytes)| (key, Bytes(bytes.0))).collect(),
        };
        (api.metadata.into(), config_map)
    }
}
