//! `TrafficExtension` (`extensions.istio.io`): filters as WebAssembly or Lua.

use serde::Deserialize;

use super::selector::{PolicyTargetReference, TypePortSelector, TypeWorkloadMode, TypeWorkloadSelector};
use super::wasm_plugin::{FailStrategy, PluginType, PullPolicy, VmConfig};
use crate::model::Struct;
use crate::model::proto::{proto_enum, proto_message};

proto_message! {
    /// A filter as WebAssembly or Lua.
    pub struct TrafficExtension {
        /// Workloads that it is for; left out means all of its namespace, or all of the mesh in the root
        /// namespace.
        pub selector: Option<TypeWorkloadSelector>,
        /// Gateways or services that it is for; excludes `selector`.
        pub target_refs: Vec<PolicyTargetReference>,
        /// Where among the filters it comes.
        pub phase: TrafficExtensionExecutionPhase,
        /// Higher comes first within a phase; left out means zero.
        pub priority: Option<i32>,
        /// Traffic that it is for: one must hold; empty means all.
        pub r#match: Vec<TrafficSelector>,
        oneof {
            /// The filter.
            filter_config: TrafficExtensionFilterConfig {
                /// WebAssembly.
                wasm => Wasm(WasmConfig),
                /// Lua.
                lua => Lua(LuaConfig),
            }
        }
    }
}

proto_enum! {
    /// Where among Istio's filters an extension comes.
    pub enum TrafficExtensionExecutionPhase {
        /// At the end, before the router.
        Unspecified = 0 => "UNSPECIFIED",
        /// Before authentication.
        Authn = 1 => "AUTHN",
        /// Between authentication and authorization.
        Authz = 2 => "AUTHZ",
        /// Between authorization and statistics.
        Stats = 3 => "STATS",
    }
}

/// A filter as WebAssembly.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WasmConfig {
    /// Where the module is: `oci://`, `file://`, `http://` or `https://`; without scheme it is an image.
    pub url: String,
    /// Hash of the module, in hexadecimal.
    pub sha256: String,
    /// When the image is fetched again.
    pub image_pull_policy: PullPolicy,
    /// Secret to fetch the image with, in the same namespace.
    pub image_pull_secret: String,
    /// Key to verify the image with.
    pub verification_key: String,
    /// Settings of the plugin.
    pub plugin_config: Option<Struct>,
    /// Name within the module.
    pub plugin_name: String,
    /// What happens when the plugin fails.
    pub fail_strategy: FailStrategy,
    /// Settings of its virtual machine.
    pub vm_config: Option<VmConfig>,
    /// Whether it is for requests or for connections.
    pub r#type: PluginType,
}

/// A filter in Lua.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LuaConfig {
    /// The program.
    pub inline_code: String,
}

/// Traffic that an extension is for: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficSelector {
    /// The side; undefined means both.
    pub mode: TypeWorkloadMode,
    /// Ports of which it must be one; empty means all.
    pub ports: Vec<TypePortSelector>,
}
