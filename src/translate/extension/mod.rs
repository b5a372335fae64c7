//! Extension filters of one proxy: TrafficExtensions, WasmPlugins among them.
//!
//! ```text
//! which attach to the proxy ─▶ per listener: by side and port, by phase, by priority ─▶ filters (config_discovery, Lua)
//! names that filters ask for ─▶ ecds ─▶ TypedExtensionConfig (wasm)
//! ```
//!
//! istiod: `pilot/pkg/model/extensions.go`, `pilot/pkg/networking/core/extension`

mod ecds;
mod filter;
mod go_json;
mod url;
mod wasm;

pub(crate) use ecds::ecds;

use std::cmp::Reverse;

use crate::envoy::{Filter, HttpFilter};
use crate::mesh::Mesh;
use crate::mesh::service::Service;
use crate::model::Config;
use crate::model::istio::{
    PluginType, TrafficExtension, TrafficExtensionExecutionPhase as Phase, TrafficExtensionFilterConfig,
    TrafficSelector, TypeWorkloadMode,
};
use crate::proxy::ProxyView;
use crate::proxy::selection::PolicyMatcher;
use crate::translate::listener::ListenerClass;

/// The extensions that attach to one proxy, in the order in which they are found.
#[derive(Debug, Clone)]
pub(crate) struct Extensions<'m> {
    mesh: &'m Mesh,
    attached: Vec<&'m Config<TrafficExtension>>,
}

impl<'m> Extensions<'m> {
    /// Collects what attaches to a proxy, or to one of a waypoint's services: of the proxy's namespace first, then of the root
    /// namespace, then of the service's.
    ///
    /// istiod: `push_context.go` `TrafficExtensionsByListenerInfo`
    pub(crate) fn new(view: &ProxyView<'m>, service: Option<&Service>) -> Self {
        let mesh = view.outbound.mesh;
        let (own, root) = (view.proxy.namespace.as_str(), mesh.config.root_namespace.as_str());
        let of_service = service.map(|service| service.namespace.as_str());
        let of_service = of_service.filter(|namespace| *namespace != own && *namespace != root);
        let namespaces = std::iter::once(own).chain((own != root).then_some(root)).chain(of_service);
        let matcher = PolicyMatcher::new(view.outbound.mesh.features(), view.proxy, root).with_service(service);
        let all = || mesh.traffic_extensions.iter().map(AsRef::as_ref);
        let attached = namespaces
            .flat_map(|namespace| all().filter(move |e: &&Config<TrafficExtension>| e.meta.namespace == namespace))
            .filter(|extension| matcher.attaches(*extension));
        Self { mesh, attached: attached.collect() }
    }

    /// Returns the HTTP filters of a phase.
    pub(crate) fn http(&self, class: ListenerClass, port: u32, phase: Phase) -> Vec<HttpFilter> {
        let of_phase = self.of_phase(class, port, phase);
        let http = of_phase.into_iter().filter(|extension| !is_network(extension));
        http.filter_map(|extension| filter::http(self.mesh, extension)).collect()
    }

    /// Returns the network filters of a phase.
    pub(crate) fn network(&self, class: ListenerClass, port: u32, phase: Phase) -> Vec<Filter> {
        let of_phase = self.of_phase(class, port, phase);
        let network = of_phase.into_iter().filter(|extension| is_network(extension));
        network.map(|extension| filter::network(self.mesh, extension)).collect()
    }

    /// Returns the network filters of all phases, which come one after the other before a connection manager.
    pub(crate) fn network_of_all_phases(&self, class: ListenerClass, port: u32) -> Vec<Filter> {
        let phases = [Phase::Authn, Phase::Authz, Phase::Stats, Phase::Unspecified];
        phases.into_iter().flat_map(|phase| self.network(class, port, phase)).collect()
    }

    /// Returns the names of those that outbound connections without requests may pass: proxies that differ in them do not share
    /// their listeners.
    pub(crate) fn outbound_network_names(&self) -> Vec<String> {
        let network = self.attached.iter().filter(|extension| is_network(extension));
        network.map(|extension| filter::resource_name(self.mesh, extension)).collect()
    }

    /// Of equal priority the one found first comes first; none is the lowest. istiod: `push_context.go` `sortByPriority`
    fn of_phase(&self, class: ListenerClass, port: u32, phase: Phase) -> Vec<&'m Config<TrafficExtension>> {
        let meant = |extension: &&&Config<TrafficExtension>| {
            extension.spec.phase == phase && matches(&extension.spec.r#match, class, port)
        };
        let mut found: Vec<_> = self.attached.iter().filter(meant).copied().collect();
        found.sort_by_key(|extension| Reverse(extension.spec.priority.unwrap_or(i32::MIN)));
        found
    }
}

/// Lua is for requests only. istiod: `extensions.go` `MatchType`
fn is_network(extension: &Config<TrafficExtension>) -> bool {
    match &extension.spec.filter_config {
        Some(TrafficExtensionFilterConfig::Wasm(wasm)) => wasm.r#type == PluginType::Network,
        Some(TrafficExtensionFilterConfig::Lua(_)) | None => false,
    }
}

/// `TrafficExtension.match[]`: any of them, or none at all. istiod: `extensions.go` `matchTrafficExtensionSelectors`
fn matches(selectors: &[TrafficSelector], class: ListenerClass, port: u32) -> bool {
    selectors.is_empty() || selectors.iter().any(|selector| matches_one(selector, class, port))
}

fn matches_one(TrafficSelector { mode, ports }: &TrafficSelector, class: ListenerClass, port: u32) -> bool {
    let is_server = class == ListenerClass::SidecarInbound;
    let mode_matches = match mode {
        TypeWorkloadMode::Undefined | TypeWorkloadMode::ClientAndServer => true,
        TypeWorkloadMode::Client => !is_server,
        TypeWorkloadMode::Server => is_server,
    };
    mode_matches && (ports.is_empty() || ports.iter().any(|wanted| wanted.number != 0 && wanted.number == port))
}
