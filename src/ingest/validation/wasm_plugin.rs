//! `WasmPlugin` and `TrafficExtension`. istiod: `ValidateWasmPlugin`, `ValidateTrafficExtension`

use std::collections::BTreeSet;

use crate::ingest::crd::url;
use crate::model::Config;
use crate::model::istio::{
    EnvValueSource, TrafficExtension, TrafficExtensionFilterConfig, TypePortSelector, VmConfig, WasmPlugin,
};

use super::finding::{At, Findings};
use super::{name, selector};

pub(super) fn check(config: &Config<WasmPlugin>, findings: &mut Findings<'_>) {
    let plugin = &config.spec;
    selector::check_targets(plugin.selector.as_ref(), plugin.target_ref.as_ref(), &plugin.target_refs, findings);
    let module = Module {
        url: &plugin.url,
        sha256: &plugin.sha256,
        image_pull_secret: &plugin.image_pull_secret,
        plugin_name: &plugin.plugin_name,
        vm_config: plugin.vm_config.as_ref(),
    };
    check_module(&module, &At::SPEC, findings);
    check_ports(plugin.r#match.iter().map(|selector| &selector.ports), findings);
}

pub(super) fn check_extension(config: &Config<TrafficExtension>, findings: &mut Findings<'_>) {
    let extension = &config.spec;
    selector::check_targets(extension.selector.as_ref(), None, &extension.target_refs, findings);
    match &extension.filter_config {
        None => findings.error(&At::SPEC, "exactly one of `wasm` and `lua` is set"),
        Some(TrafficExtensionFilterConfig::Lua(lua)) => {
            let at = At::SPEC.field("lua");
            if lua.inline_code.is_empty() {
                findings.error(&at, "`inlineCode` is empty");
            } else if lua.inline_code.len() > 65536 {
                findings.error(&at.field("inlineCode"), "the code is longer than 64 KiB");
            }
        }
        Some(TrafficExtensionFilterConfig::Wasm(wasm)) => {
            let module = Module {
                url: &wasm.url,
                sha256: &wasm.sha256,
                image_pull_secret: &wasm.image_pull_secret,
                plugin_name: &wasm.plugin_name,
                vm_config: wasm.vm_config.as_ref(),
            };
            check_module(&module, &At::SPEC.field("wasm"), findings);
        }
    }
    check_ports(extension.r#match.iter().map(|selector| &selector.ports), findings);
}

/// What the two kinds say about a module.
struct Module<'m> {
    url: &'m str,
    sha256: &'m str,
    image_pull_secret: &'m str,
    plugin_name: &'m str,
    vm_config: Option<&'m VmConfig>,
}

fn check_module(module: &Module<'_>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Module { url, sha256, image_pull_secret, plugin_name, vm_config } = module;
    if url.is_empty() {
        findings.error(at, "a Wasm module requires a `url`");
    } else {
        let scheme = url::scheme(url).or_else(|| url::scheme(&format!("http://{url}")));
        if !matches!(scheme.as_deref(), Some("" | "file" | "http" | "https" | "oci")) {
            findings.error(&at.field("url"), "not a valid URL with scheme http, https, file or oci");
        }
    }
    let hexadecimal = sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !sha256.is_empty() && (sha256.len() != 64 || !hexadecimal) {
        findings.error(&at.field("sha256"), "a hash is 64 digits and letters from a to f");
    }
    for (field, text, most) in [("imagePullSecret", image_pull_secret, 253), ("pluginName", plugin_name, 256)] {
        if text.len() > most {
            findings.error(&at.field(field), format!("this is longer than {most} characters"));
        }
    }
    let mut names = BTreeSet::new();
    let at = at.field("vmConfig");
    let list = at.field("env");
    for (index, variable) in vm_config.iter().flat_map(|config| &config.env).enumerate() {
        let at = list.item(index);
        if variable.name.is_empty() || variable.name.len() > 256 {
            findings.error(&at, "the name of a variable must have 1 to 256 characters");
        }
        if !names.insert(&variable.name) {
            findings.error(&at, format!("variable `{}` is defined twice", variable.name));
        }
        if variable.value_from != EnvValueSource::Inline && !variable.value.is_empty() {
            findings.error(&at, "`value` is for INLINE only");
        }
    }
}

fn check_ports<'m>(selectors: impl Iterator<Item = &'m Vec<TypePortSelector>>, findings: &mut Findings<'_>) {
    let list = At::SPEC.field("match");
    for (index, ports) in selectors.enumerate() {
        let at = list.item(index);
        let list = at.field("ports");
        for (index, port) in ports.iter().enumerate() {
            findings.check(&list.item(index), name::port(port.number));
        }
    }
}
