//! `istio.extensions.v1alpha1` of Istio's API.

use serde::Deserialize;

use super::selector::{PolicyTargetReference, TypePortSelector, TypeWorkloadMode, TypeWorkloadSelector};
use super::wasm_plugin::{FailStrategy, PluginType, PullPolicy, VmConfig};
use crate::model::Struct;
use crate::model::proto::{proto_enum, proto_message};

proto_message! {
    pub struct TrafficExtension {
        pub selector: Option<TypeWorkloadSelector>,
        pub target_refs: Vec<PolicyTargetReference>,
        pub phase: TrafficExtensionExecutionPhase,
        pub priority: Option<i32>,
        pub r#match: Vec<TrafficSelector>,
        oneof {
            filter_config: TrafficExtensionFilterConfig {
                wasm => Wasm(WasmConfig),
                lua => Lua(LuaConfig),
            }
        }
    }
}

proto_enum! {
    pub enum TrafficExtensionExecutionPhase {
        Unspecified = 0 => "UNSPECIFIED",
        Authn = 1 => "AUTHN",
        Authz = 2 => "AUTHZ",
        Stats = 3 => "STATS",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WasmConfig {
    pub url: String,
    pub sha256: String,
    pub image_pull_policy: PullPolicy,
    pub image_pull_secret: String,
    pub verification_key: String,
    pub plugin_config: Option<Struct>,
    pub plugin_name: String,
    pub fail_strategy: FailStrategy,
    pub vm_config: Option<VmConfig>,
    pub r#type: PluginType,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LuaConfig {
    pub inline_code: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficSelector {
    pub mode: TypeWorkloadMode,
    pub ports: Vec<TypePortSelector>,
}
