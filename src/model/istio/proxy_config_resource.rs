//! `istio.networking.v1beta1` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::selector::TypeWorkloadSelector;

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigResource {
    pub selector: Option<TypeWorkloadSelector>,
    pub concurrency: Option<i32>,
    pub environment_variables: BTreeMap<String, String>,
    pub image: Option<ProxyImage>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyImage {
    pub image_type: String,
}
