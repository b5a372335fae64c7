//! A tracing provider on which istiod itself crashes.

use super::selection::resources;
use super::{tracing, workload_mode};
use crate::diagnostic::Diagnostic;
use crate::mesh::protocol::Protocol;
use crate::model::istio::{MeshConfigExtensionProviderProvider as Provider, Tracing, WorkloadMode};
use crate::proxy::{ProxyKind, ProxyView};
use crate::translate::extension_provider;
use crate::translate::listener::ListenerClass;

/// Finds a proxy that is to trace to Lightstep: istiod has no configuration for it any more, and calls what is not there.
///
/// istiod: `tracing.go` `configureFromProviderConfig`, `buildHCMTracing`
pub(crate) fn crash(view: &ProxyView<'_>) -> Option<Diagnostic> {
    let config = &view.outbound.mesh.config;
    let is_lightstep = |name: &str| {
        let provider = extension_provider::find(config, name).and_then(|found| found.provider.as_ref());
        matches!(provider, Some(Provider::Lightstep(_)))
    };
    if !config.extension_providers.iter().any(|provider| is_lightstep(&provider.name)) {
        return None;
    }
    let resources = resources(view, None);
    let entries: Vec<&Tracing> = resources.iter().flat_map(|telemetry| &telemetry.spec.tracing).collect();
    let modes = classes_with_http(view).into_iter().map(workload_mode);
    let traces = |mode: &WorkloadMode| {
        let spec = tracing::merge(config, &entries, *mode).filter(|spec| !spec.disabled);
        spec.and_then(|spec| spec.provider).is_some_and(|provider| is_lightstep(&provider.name))
    };
    modes.into_iter().find(traces)?;

    let message = "istiod crashes on a tracing provider `lightstep`";
    let mut diagnostic = Diagnostic::error("tracing-provider-crashes-istiod", message)
        .help("trace to an `opentelemetry` provider; here nothing is traced");
    let named = resources.iter().rev().find_map(|telemetry| {
        let at = telemetry
            .spec
            .tracing
            .iter()
            .position(|entry| entry.providers.first().is_some_and(|provider| is_lightstep(&provider.name)))?;
        Some((telemetry.source, format!("spec.tracing[{at}].providers[0].name")))
    });
    if let Some((source, path)) = named {
        diagnostic = diagnostic.at(source, &path);
    }
    Some(diagnostic)
}

/// The sides of the proxy that have an HTTP connection manager.
fn classes_with_http(view: &ProxyView<'_>) -> Vec<ListenerClass> {
    match view.outbound.client.kind {
        ProxyKind::Router => {
            let is_http = view.merged_gateway().is_some_and(|gateway| {
                let plain = |protocol: &str| Protocol::parse(protocol).is_http();
                let mut ports = gateway.servers.iter();
                ports.any(|(port, merged)| {
                    plain(&port.protocol) || merged.servers.iter().any(|server| server.is_https_termination())
                })
            });
            if is_http { vec![ListenerClass::Gateway] } else { Vec::new() }
        }
        ProxyKind::Waypoint => vec![ListenerClass::SidecarInbound],
        ProxyKind::Sidecar => {
            let mut ports = view.outbound.scope.services.iter().flat_map(|service| &service.ports);
            let outbound = ports.any(|port| port.protocol.is_http_or_sniffed());
            // What is for no service has an HTTP chain of its own.
            let inbound = std::iter::once(ListenerClass::SidecarInbound);
            inbound.chain(outbound.then_some(ListenerClass::SidecarOutbound)).collect()
        }
    }
}
