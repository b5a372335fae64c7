//! `istio.security.v1beta1` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::selector::TypeWorkloadSelector;
use crate::model::proto::proto_enum;

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PeerAuthentication {
    pub selector: Option<TypeWorkloadSelector>,
    pub mtls: Option<PeerAuthenticationMutualTls>,
    #[serde(deserialize_with = "crate::model::proto::number_keys")]
    pub port_level_mtls: BTreeMap<u32, PeerAuthenticationMutualTls>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PeerAuthenticationMutualTls {
    pub mode: PeerAuthenticationMutualTlsMode,
}

proto_enum! {
    pub enum PeerAuthenticationMutualTlsMode {
        Unset = 0 => "UNSET",
        Disable = 1 => "DISABLE",
        Permissive = 2 => "PERMISSIVE",
        Strict = 3 => "STRICT",
    }
}
