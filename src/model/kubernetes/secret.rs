//! `Secret`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as api;

use super::super::{ObjectMeta, SecretBytes};
use super::Kind;

/// Certificates, keys and other secrets by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secret {
    /// What it holds, such as `kubernetes.io/tls`; empty means `Opaque`.
    pub r#type: String,
    /// Bytes by key.
    pub data: BTreeMap<String, SecretBytes>,
    /// Texts by key, which the API server writes over `data`.
    pub string_data: BTreeMap<String, SecretBytes>,
}

impl Secret {
    /// Returns the value of a key: texts are written over bytes.
    pub fn value(&self, key: &str) -> Option<&SecretBytes> {
        self.string_data.get(key).or_else(|| self.data.get(key))
    }
}

impl Kind for Secret {
    type Api = api::Secret;

    fn from_api(api: api::Secret) -> (ObjectMeta, Self) {
        let (data, string_data) = (api.data.unwrap_or_default(), api.string_data.unwrap_or_default());
        let secret = Self {
            r#type: api.type_.unwrap_or_default(),
            data: data.into_iter().map(|(key, bytes)| (key, bytes.0.into())).collect(),
            string_data: string_data.into_iter().map(|(key, text)| (key, text.into_bytes().into())).collect(),
        };
        (api.metadata.into(), secret)
    }
}
