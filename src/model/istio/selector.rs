//! `istio.type.v1beta1` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::proto::proto_enum;

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TypeWorkloadSelector {
    pub match_labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TypePortSelector {
    pub number: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PolicyTargetReference {
    pub group: String,
    pub kind: String,
    pub name: String,
    pub namespace: String,
}

proto_enum! {
    pub enum TypeWorkloadMode {
        Undefined = 0 => "UNDEFINED",
        Client = 1 => "CLIENT",
        Server = 2 => "SERVER",
        ClientAndServer = 3 => "CLIENT_AND_SERVER",
    }
}
