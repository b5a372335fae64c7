//! ECDS: the configuration of extensions, by the names that filters ask for.

use std::collections::BTreeSet;

use super::{filter, is_network, wasm};
use crate::envoy::TypedExtensionConfig;
use crate::installation::Behaviour;
use crate::model::istio::TrafficExtensionFilterConfig;
use crate::proxy::ProxyView;

/// Names -> `TypedExtensionConfig`s. A proxy gets those of its own and of the root namespace, whether they attach or not; a waypoint
/// those of its services' namespaces too, since [`Behaviour::ServesExtensionsOfServiceNamespaces`].
///
/// istiod: `extension_config_builder.go` `BuildExtensionConfiguration`, `extensionfilter.go`
/// `InsertedTrafficExtensionConfigurations`
pub(crate) fn ecds(view: &ProxyView<'_>, names: &BTreeSet<String>) -> Vec<TypedExtensionConfig> {
    let mesh = view.outbound.mesh;
    let mut namespaces = vec![view.proxy.namespace.as_str(), mesh.config.root_namespace.as_str()];
    let with_services = mesh.does(Behaviour::ServesExtensionsOfServiceNamespaces);
    let waypoint = view.outbound.scope.waypoint.iter().filter(|_| with_services);
    let of_services = waypoint.flat_map(|waypoint| &waypoint.services);
    namespaces.extend(of_services.map(|service| service.namespace.as_str()));
    let wanted = names.iter().filter_map(|name| {
        let (namespace, name) = name.strip_prefix(filter::prefix(mesh))?.split_once('.')?;
        let named = |e: &&std::sync::Arc<_>| is_named(e, namespace, name);
        mesh.traffic_extensions.iter().find(named).filter(|_| namespaces.contains(&namespace))
    });
    let configs = wanted.filter_map(|extension| {
        let Some(TrafficExtensionFilterConfig::Wasm(config)) = &extension.spec.filter_config else { return None };
        let plugin = wasm::plugin_config(view, extension, config);
        let typed_config = if is_network(extension) {
            crate::envoy::NetworkWasm { config: Some(plugin) }.into()
        } else {
            crate::envoy::HttpWasm { config: Some(plugin) }.into()
        };
        Some(TypedExtensionConfig { name: filter::resource_name(mesh, extension), typed_config: Some(typed_config) })
    });
    configs.collect()
}

fn is_named<T>(config: &crate::model::Config<T>, namespace: &str, name: &str) -> bool {
    config.meta.namespace == namespace && config.meta.name == name
}
