//! The filters that listeners have for extensions.

use crate::envoy::{
    AggregatedConfigSource, ApiVersion, ConfigSource, ConfigSourceConfigSourceSpecifier, DataSource,
    DataSourceSpecifier, Duration, ExtensionConfigSource, Filter, FilterConfigType, HttpFilter, HttpFilterConfigType,
    Lua,
};
use crate::model::Config;
use crate::model::istio::{LuaConfig, TrafficExtension, TrafficExtensionFilterConfig};

/// Begins the names of extensions, so that no other resource has one. istiod: `TrafficExtensionResourceNamePrefix`
pub(super) const PREFIX: &str = "extensions.istio.io/trafficextension/";

/// The name by which a filter asks for its configuration.
pub(super) fn resource_name(extension: &Config<TrafficExtension>) -> String {
    format!("{PREFIX}{}.{}", extension.meta.namespace, extension.meta.name)
}

/// `TrafficExtension` -> `HttpFilter`; the code of Lua stands in it.
///
/// istiod: `extensionfilter.go` `toEnvoyHTTPTrafficExtension`
pub(super) fn http(extension: &Config<TrafficExtension>) -> Option<HttpFilter> {
    let config_type = match extension.spec.filter_config.as_ref()? {
        TrafficExtensionFilterConfig::Wasm(_) => HttpFilterConfigType::ConfigDiscovery(discovery("http")),
        TrafficExtensionFilterConfig::Lua(code) => HttpFilterConfigType::TypedConfig(lua(code).into()),
    };
    Some(HttpFilter { name: resource_name(extension), config_type: Some(config_type), ..HttpFilter::default() })
}

/// `TrafficExtension.wasm` -> `Filter`
///
/// istiod: `extensionfilter.go` `toEnvoyNetworkTrafficExtension`
pub(super) fn network(extension: &Config<TrafficExtension>) -> Filter {
    Filter {
        name: resource_name(extension),
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
