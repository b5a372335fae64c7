//! `envoy.extensions.wasm.v3.PluginConfig`: how a module is run.

use std::collections::BTreeMap;

use super::url;
use crate::envoy::{Any, EnvironmentVariables, FailurePolicy, WasmPluginConfig, WasmPluginConfigVm, WasmVmConfig};
use crate::mesh::credential::{self, CredentialKind};
use crate::model::istio::{EnvValueSource, FailStrategy, PullPolicy, TrafficExtension, VmConfig, WasmConfig};
use crate::model::{Config, SecretBytes, Struct};
use crate::proxy::ProxyView;
use crate::translate::extension::go_json;

/// What the agent must know of an image travels as variables of the machine; it takes the secret out again.
const PULL_SECRET: &str = "ISTIO_META_WASM_IMAGE_PULL_SECRET";
const PULL_POLICY: &str = "ISTIO_META_WASM_IMAGE_PULL_POLICY";
const RESOURCE_VERSION: &str = "ISTIO_META_WASM_PLUGIN_RESOURCE_VERSION";

/// `TrafficExtension.wasm` -> `PluginConfig`
///
/// istiod: `extensions.go` `buildWasmConfig`
pub(super) fn plugin_config(
    view: &ProxyView<'_>,
    extension: &Config<TrafficExtension>,
    config: &WasmConfig,
) -> WasmPluginConfig {
    let WasmConfig {
        url,
        sha256,
        image_pull_policy,
        image_pull_secret,
        verification_key: _,
        plugin_config,
        plugin_name,
        fail_strategy,
        vm_config,
        r#type: _, // which filter it is for
    } = config;
    let meta = &extension.meta;
    let mut key_values = BTreeMap::new();
    if !image_pull_secret.is_empty()
        && let Some(secret) = pull_secret(view, &meta.namespace, image_pull_secret)
    {
        key_values.insert(PULL_SECRET.to_owned(), secret);
    }
    if *image_pull_policy != PullPolicy::UnspecifiedPolicy {
        key_values.insert(PULL_POLICY.to_owned(), image_pull_policy.to_string());
    }
    key_values.insert(RESOURCE_VERSION.to_owned(), meta.resource_version.clone());
    WasmPluginConfig {
        name: format!("{}.{}", meta.namespace, meta.name),
        root_id: plugin_name.clone(),
        vm: Some(WasmPluginConfigVm::VmConfig(WasmVmConfig {
            runtime: "envoy.wasm.runtime.v8".to_owned(),
            code: Some(url::data_source(url, sha256)),
            environment_variables: Some(environment(vm_config.as_ref(), key_values)),
            ..WasmVmConfig::default()
        })),
        configuration: Some(configuration(plugin_config.as_ref())),
        failure_policy: match fail_strategy {
            FailStrategy::FailClose => FailurePolicy::FailClosed,
            FailStrategy::FailOpen => FailurePolicy::FailOpen,
            FailStrategy::FailReload => FailurePolicy::FailReload,
        },
        ..WasmPluginConfig::default()
    }
}

/// `WasmConfig.pluginConfig` -> `PluginConfig.configuration`: its text, or nothing.
fn configuration(config: Option<&Struct>) -> Any {
    match config.filter(|config| !config.is_empty()) {
        Some(config) => Any::StringValue(go_json::object(config)),
        None => Any::Empty,
    }
}

/// `WasmConfig.vmConfig.env` -> `VmConfig.environment_variables`, beside what the agent reads.
///
/// istiod: `extensions.go` `buildVMConfig`
fn environment(config: Option<&VmConfig>, mut key_values: BTreeMap<String, String>) -> EnvironmentVariables {
    let mut host_env_keys = Vec::new();
    for variable in config.iter().flat_map(|config| &config.env) {
        match variable.value_from {
            EnvValueSource::Inline => {
                key_values.insert(variable.name.clone(), variable.value.clone());
            }
            EnvValueSource::Host => host_env_keys.push(variable.name.clone()),
        }
    }
    EnvironmentVariables { host_env_keys, key_values }
}

/// `WasmConfig.imagePullSecret` -> the Secret's `.dockerconfigjson`, hidden; empty, if there is none of that type.
///
/// The Secret is in the extension's namespace, whatever namespace the name says.
///
/// istiod: `extensions.go` `convertToTrafficExtensionWrapper`, `ecds.go` `GeneratePullSecrets`
fn pull_secret(view: &ProxyView<'_>, namespace: &str, name: &str) -> Option<String> {
    let name = credential::resource_name(name);
    let parsed = credential::parse(&name, namespace)?;
    if parsed.kind != CredentialKind::Kubernetes {
        return Some(String::new());
    }
    let secret = view.outbound.mesh.secrets.get(&(namespace.to_owned(), parsed.name.to_owned()));
    let secret = secret.filter(|secret| secret.spec.r#type == "kubernetes.io/dockerconfigjson");
    let data = secret.and_then(|secret| secret.spec.value(".dockerconfigjson"));
    Some(data.map(SecretBytes::shown).unwrap_or_default().to_owned())
}
