//! Extension filters: TrafficExtensions, and WasmPlugins, which are an older way to write some of them.
//!
//! istiod: `pilot/pkg/config/kube/extensions/translate.go`

use std::sync::Arc;

use crate::installation::{Behaviour, Behaviours};
use crate::mesh::order;
use crate::model::istio::{
    PluginPhase, TrafficExtension, TrafficExtensionExecutionPhase, TrafficExtensionFilterConfig, TrafficSelector,
    WasmConfig, WasmPlugin, WasmPluginTrafficSelector,
};
use crate::model::{Config, ObjectMeta};

/// Ends the name of an extension that was a WasmPlugin: no object can have such a name.
const TRANSLATED: &str = "~istio-translated-wasmplugin";

/// Returns all extensions in istiod's order: by creation time, name and namespace.
pub(super) fn all(
    extensions: Vec<Arc<Config<TrafficExtension>>>,
    plugins: &[Arc<Config<WasmPlugin>>],
    behaviours: Behaviours,
) -> Vec<Arc<Config<TrafficExtension>>> {
    let mut all = extensions;
    all.extend(plugins.iter().map(|plugin| Arc::new(from_wasm_plugin(plugin, behaviours))));
    order::sort(&mut all);
    all
}

/// `WasmPlugin` -> `TrafficExtension`. The key to verify an image with is not looked at.
///
/// istiod: `translate.go` `translateWasmPlugin`
fn from_wasm_plugin(plugin: &Config<WasmPlugin>, behaviours: Behaviours) -> Config<TrafficExtension> {
    let WasmPlugin {
        selector,
        target_ref,
        target_refs,
        url,
        sha256,
        image_pull_policy,
        image_pull_secret,
        verification_key: _,
        plugin_config,
        plugin_name,
        phase,
        priority,
        fail_strategy,
        vm_config,
        r#match: selectors,
        r#type,
    } = plugin.spec.clone();
    let target_refs = if target_refs.is_empty() { target_ref.into_iter().collect() } else { target_refs };
    let selector_of = |WasmPluginTrafficSelector { mode, ports }| TrafficSelector { mode, ports };
    let wasm = WasmConfig {
        url,
        sha256,
        image_pull_policy,
        image_pull_secret,
        verification_key: String::new(),
        plugin_config,
        plugin_name,
        fail_strategy,
        vm_config,
        r#type,
    };
    let spec = TrafficExtension {
        selector,
        target_refs,
        phase: match phase {
            PluginPhase::UnspecifiedPhase => TrafficExtensionExecutionPhase::Unspecified,
            PluginPhase::Authn => TrafficExtensionExecutionPhase::Authn,
            PluginPhase::Authz => TrafficExtensionExecutionPhase::Authz,
            PluginPhase::Stats => TrafficExtensionExecutionPhase::Stats,
        },
        priority,
        r#match: selectors.into_iter().map(selector_of).collect(),
        filter_config: Some(TrafficExtensionFilterConfig::Wasm(wasm)),
    };
    let meta = if behaviours.contains(Behaviour::TranslatesWasmPlugins) {
        ObjectMeta { name: format!("{}{TRANSLATED}", plugin.meta.name), ..plugin.meta.clone() }
    } else {
        plugin.meta.clone()
    };
    Config { meta, spec, source: plugin.source }
}
