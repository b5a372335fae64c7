//! `istio.extensions.v1alpha1` of Istio's API.

use serde::Deserialize;

use super::selector::{PolicyTargetReference, TypePortSelector, TypeWorkloadMode, TypeWorkloadSelector};
use crate::model::Struct;
use crate::model::proto::proto_enum;

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WasmPlugin {
    pub selector: Option<TypeWorkloadSelector>,
    pub target_ref: Option<PolicyTargetReference>,
    pub target_refs: Vec<PolicyTargetReference>,
    pub url: String,
    pub sha256: String,
    pub image_pull_policy: PullPolicy,
    pub image_pull_secret: String,
    pub verification_key: String,
    pub plugin_config: Option<Struct>,
    pub plugin_name: String,
    pub phase: PluginPhase,
    pub priority: Option<i32>,
    pub fail_strategy: FailStrategy,
    pub vm_config: Option<VmConfig>,
    pub r#match: Vec<WasmPluginTrafficSelector>,
    pub r#type: PluginType,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WasmPluginTrafficSelector {
    pub mode: TypeWorkloadMode,
    pub ports: Vec<TypePortSelector>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct VmConfig {
    pub env: Vec<EnvVar>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvVar {
    pub name: String,
    pub value_from: EnvValueSource,
    pub value: String,
}

proto_enum! {
    pub enum PluginType {
        UnspecifiedPluginType = 0 => "UNSPECIFIED_PLUGIN_TYPE",
        Http = 1 => "HTTP",
        Network = 2 => "NETWORK",
    }
}

proto_enum! {
    pub enum PluginPhase {
        UnspecifiedPhase = 0 => "UNSPECIFIED_PHASE",
        Authn = 1 => "AUTHN",
        Authz = 2 => "AUTHZ",
        Stats = 3 => "STATS",
    }
}

proto_enum! {
    pub enum PullPolicy {
        UnspecifiedPolicy = 0 => "UNSPECIFIED_POLICY",
        IfNotPresent = 1 => "IfNotPresent",
        Always = 2 => "Always",
    }
}

proto_enum! {
    pub enum EnvValueSource {
        Inline = 0 => "INLINE",
        Host = 1 => "HOST",
    }
}

proto_enum! {
    pub enum FailStrategy {
        FailClose = 0 => "FAIL_CLOSE",
        FailOpen = 1 => "FAIL_OPEN",
        FailReload = 2 => "FAIL_RELOAD",
    }
}
