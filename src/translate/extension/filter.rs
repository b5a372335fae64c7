//! The filters that listeners have for extensions.

use crate::envoy::{
    AggregatedConfigSource, ApiVersion, ConfigSource, ConfigSourceConfigSourceSpecifier, DataSource,
    DataSourceSpecifier, Duration, ExtensionConfigSource, Filter, FilterConfigType, HttpFilter, HttpFilterConfigType,
    Lua,
};
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::model::Config;
use crate::model::istio::{LuaConfig, TrafficExtension, TrafficExtensionFilterConfig};

/// Begins the names of extensions, so that no other resource has one. istiod: `TrafficExtensionResourceNamePrefix`, before
/// [`Behaviour::TranslatesWasmPlugins`] `WasmPluginResourceNamePrefix`
pub(super) fn prefix(mesh: &Mesh) -> &'static str {
    if mesh.does(Behaviour::TranslatesWasmPlugins) {
        "extensions.istio.io/trafficextension/"
    } else {
        "extensions.istio.io/wasmplugin/"
    }
}

/// The name by which a filter asks for its configuration.
pub(super) fn resource_name(mesh: &Mesh, extension: &Config<TrafficExtension>) -> String {
    format!("{}{}.{}", prefix(mesh), extension.meta.namespace, extension.meta.name)
}

/// `TrafficExtension` -> `HttpFilter`; the code of Lua stands in it.
///
/// istiod: `extensionfilter.go` `toEnvoyHTTPTrafficExtension`
pub(super) fn http(mesh: &Mesh, extension: &Config<TrafficExtension>) -> Option<HttpFilter> {
    let config_type = match extension.spec.filter_config.as_ref()? {
        TrafficExtensionFilterConfig::Wasm(_) => HttpFilterConfigType::ConfigDiscovery(discovery("http")),
        TrafficExtensionFilterConfig::Lua(code) => HttpFilterConfigType::TypedConfig(lua(code).into()),
    };
    Some(HttpFilter { name: resource_name(mesh, extension), config_type: Some(config_type), ..HttpFilter::default() })
}

/// `TrafficExtension.wasm` -> `Filter`
///
/// istiod: `extensionfilter.go` `toEnvoyNetworkTrafficExtension`
pub(super) fn network(mesh: &Mesh, extension: &Config<TrafficExtension>) -> Filter {
    Filter {
        name: resource_name(mesh, extension),
        config_type: Some(FilterConfigType::ConfigDiscovery(discovery("network"))),
    }
}

/// The configuration comes by itself. Envoy waits for it: it may be what keeps strangers out.
///
/// An agent that cannot fetch the module sends an RBAC filter in its place, which refuses or allows everything.
fn discovery(layer: &str) -> ExtensionConfigSource {
    let url = |filter: &str| format!("type.googleapis.com/envoy.extensions.filters.{layer}.{filter}");
    ExtensionConfigSource {
        config_source: Some(ConfigSource {
            config_source_specifier: Some(ConfigSourceConfigSourceSpecifier::Ads(AggregatedConfigSource::default())),
            initial_fetch_timeout: Some(Duration::seconds(0)),
            resource_api_version: ApiVersion::V3,
            ..ConfigSource::default()
        }),
        type_urls: vec![url("wasm.v3.Wasm"), url("rbac.v3.RBAC")],
        ..ExtensionConfigSource::default()
    }
}

/// `TrafficExtension.lua.inlineCode` -> `Lua`. istiod: `lua.go` `BuildHTTPLuaFilter`
fn lua(LuaConfig { inline_code }: &LuaConfig) -> Lua {
    let code = DataSourceSpecifier::InlineString(inline_code.clone());
    Lua { default_source_code: Some(DataSource { specifier: Some(code), ..DataSource::default() }), ..Lua::default() }
}
