//! `Secret`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as api;

use super::super::{Bytes, ObjectMeta};
use super::Kind;

/// Certificates, keys and other secrets by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secret {
    /// What it holds, such as `kubernetes.io/tls`; empty means `Opaque`.
    pub r#type: String,
    /// Bytes by key.
    pub data: BTreeMap<String, Bytes>,
    /// Texts by key, which the API server writes over `data`.
    pub string_data: BTreeMap<String, String>,
}

impl Kind for Secret {
    type Api = api::Secret;

    fn from_api(api: api::Secret) -> (ObjectMeta, Self) {
        let data = api.data.unwrap_or_default();
        let secret = Self {
            r#type: api.type_.unwrap_or_default(),
            data: data.into_iter().map(|(key, bytes)| (key, Bytes(bytes.0))).collect(),
            string_data: api.string_data.unwrap_or_default(),
        };
        (api.metadata.into(), secret)
    }
}
