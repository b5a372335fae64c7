//! `WasmPlugin` (`extensions.istio.io`): filters as WebAssembly.

use serde::Deserialize;

use super::selector::{PolicyTargetReference, TypePortSelector, TypeWorkloadMode, TypeWorkloadSelector};
use crate::model::Struct;
use crate::model::proto::proto_enum;

/// A filter as WebAssembly.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WasmPlugin {
    /// Workloads that it is for; left out means all of its namespace, or all of the mesh in the root
    /// namespace.
    pub selector: Option<TypeWorkloadSelector>,
    /// Resource that it is for. Deprecated: `targetRefs`.
    pub target_ref: Option<PolicyTargetReference>,
    /// Gateways or services that it is for; excludes `selector`.
    pub target_refs: Vec<PolicyTargetReference>,
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
    /// Where among the filters it comes.
    pub phase: PluginPhase,
    /// Higher comes first within a phase; left out means zero.
    pub priority: Option<i32>,
    /// What happens when the plugin fails.
    pub fail_strategy: FailStrategy,
    /// Settings of its virtual machine.
    pub vm_config: Option<VmConfig>,
    /// Traffic that it is for: one must hold; empty means all.
    pub r#match: Vec<WasmPluginTrafficSelector>,
    /// Whether it is for requests or for connections.
    pub r#type: PluginType,
}

/// Traffic that a plugin is for: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WasmPluginTrafficSelector {
    /// The side; undefined means both.
    pub mode: TypeWorkloadMode,
    /// Ports of which it must be one; empty means all.
    pub ports: Vec<TypePortSelector>,
}

/// Settings of a plugin's virtual machine.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct VmConfig {
    /// Environment variables that it sees.
    pub env: Vec<EnvVar>,
}

/// An environment variable of a plugin.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub value_from: EnvValueSource,
    /// Its value, if given here.
    pub value: String,
}

proto_enum! {
    /// What a plugin is for.
    pub enum PluginType {
        /// As `Http`.
        UnspecifiedPluginType = 0 => "UNSPECIFIED_PLUGIN_TYPE",
        /// Requests.
        Http = 1 => "HTTP",
        /// Connections.
        Network = 2 => "NETWORK",
    }
}

proto_enum! {
    /// Where among Istio's filters a plugin comes.
    pub enum PluginPhase {
        /// At the end, before the router.
        UnspecifiedPhase = 0 => "UNSPECIFIED_PHASE",
        /// Before authentication.
        Authn = 1 => "AUTHN",
        /// Between authentication and authorization.
        Authz = 2 => "AUTHZ",
        /// Between authorization and statistics.
        Stats = 3 => "STATS",
    }
}

proto_enum! {
    /// When an image is fetched again.
    pub enum PullPolicy {
        /// Always if it is an image with the tag `latest`, else if it is not there.
        UnspecifiedPolicy = 0 => "UNSPECIFIED_POLICY",
        /// If it is not there.
        IfNotPresent = 1 => "IfNotPresent",
        /// Whenever the plugin's resource changes.
        Always = 2 => "Always",
    }
}

proto_enum! {
    /// Where the value of an environment variable comes from.
    pub enum EnvValueSource {
        /// It is given.
        Inline = 0 => "INLINE",
        /// From the proxy's own.
        Host = 1 => "HOST",
    }
}

proto_enum! {
    /// What happens when a plugin fails.
    pub enum FailStrategy {
        /// Requests fail.
        FailClose = 0 => "FAIL_CLOSE",
        /// Requests pass it by.
        FailOpen = 1 => "FAIL_OPEN",
        /// It is started anew for the next request.
        FailReload = 2 => "FAIL_RELOAD",
    }
}
