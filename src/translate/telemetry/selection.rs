//! Which Telemetry resources apply to a proxy.

use std::sync::Arc;

use crate::installation::Behaviour;
use crate::mesh::service::Service;
use crate::mesh::telemetry::is_namespace_wide;
use crate::model::Config;
use crate::model::istio::{AccessLogging, Metrics, Telemetry, Tracing};
use crate::proxy::selection::PolicyMatcher;
use crate::proxy::{ProxyKind, ProxyView};
use crate::source::ResourceRef;

/// The settings that apply to one proxy, weakest first: the mesh's, the namespace's, then those of the workload.
///
/// istiod: `telemetry.go` `computedTelemetries`
#[derive(Debug, Default)]
pub(super) struct Applicable<'m> {
    pub(super) metrics: Vec<&'m Metrics>,
    /// One list a resource: the last one that names a provider decides the providers.
    pub(super) access_logging: Vec<&'m [AccessLogging]>,
    pub(super) tracing: Vec<&'m Tracing>,
}

impl<'m> Applicable<'m> {
    /// Collects the settings. istiod: `telemetry.go` `applicableTelemetries`
    pub(super) fn new(view: &ProxyView<'m>, service: Option<&Service>) -> Self {
        let mut applicable = Self::default();
        for telemetry in resources(view, service).into_iter().map(|config| &config.spec) {
            applicable.metrics.extend(&telemetry.metrics);
            applicable.tracing.extend(&telemetry.tracing);
        }
        let logging = logging_resources(view, service).into_iter().map(|config| config.spec.access_logging.as_slice());
        applicable.access_logging = logging.filter(|logging| !logging.is_empty()).collect();
        applicable
    }
}

/// The resources whose access logs hold. For services of a waypoint istiod remembers what it has made by the last resource of each
/// list, and by those of whole namespaces, whatever else is in the list: the first that asks decides for all, and first of all asks the
/// proxy itself.
///
/// istiod: `telemetry.go` `AccessLogging`, `loggingKey`
fn logging_resources<'m>(view: &ProxyView<'m>, service: Option<&Service>) -> Vec<&'m Config<Telemetry>> {
    let own = resources(view, service);
    let (Some(_), Some(waypoint)) = (service, &view.outbound.scope.waypoint) else { return own };
    let Some(last) = own.last().filter(|config| !is_namespace_wide(&config.spec)) else { return own };
    let root = view.outbound.mesh.config.root_namespace.as_str();
    let services = waypoint.services.iter().map(|service| Some(service.as_ref()));
    let asked = std::iter::once(None).chain(services);
    let asked = asked.filter(|asked| {
        PolicyMatcher::new(view.outbound.mesh.features(), view.proxy, root).with_service(*asked).attaches(*last)
    });
    let has_default =
        view.outbound.mesh.config.default_providers.as_ref().is_some_and(|d| !d.access_logging.is_empty());
    let is_remembered = |list: &Vec<&Config<Telemetry>>| {
        has_default || list.iter().any(|config| !config.spec.access_logging.is_empty())
    };
    let key = logging_key(&own);
    let mut lists = asked.map(|asked| resources(view, asked));
    let first = lists.find(|list| logging_key(list) == key && is_remembered(list));
    first.unwrap_or(own)
}

/// By what istiod remembers access logs.
fn logging_key(resources: &[&Config<Telemetry>]) -> Vec<ResourceRef> {
    let wide = resources.iter().filter(|config| is_namespace_wide(&config.spec)).map(|config| config.source);
    let selected = resources.iter().rev().find(|config| !is_namespace_wide(&config.spec));
    wide.chain(selected.map(|config| config.source)).collect()
}

/// The first resource without a selector of the root namespace and of the proxy's own, then every one that selects the workload.
///
/// A waypoint asks for each of its services: after its own namespace the service's has a word, and all of its resources that refer to
/// the service, since [`Behaviour::ReadsTelemetryOfServiceNamespaces`].
pub(super) fn resources<'m>(view: &ProxyView<'m>, service: Option<&Service>) -> Vec<&'m Config<Telemetry>> {
    let mesh = view.outbound.mesh;
    let (root, own) = (mesh.config.root_namespace.as_str(), view.proxy.namespace.as_str());
    let namespace_wide = |namespace: &str| {
        let mut found = in_namespace(&mesh.telemetries, namespace);
        found.find(|config| is_namespace_wide(&config.spec))
    };
    let mut resources = Vec::new();
    if !root.is_empty() {
        resources.extend(namespace_wide(root));
    }
    if own != root {
        resources.extend(namespace_wide(own));
    }
    let with_services = mesh.does(Behaviour::ReadsTelemetryOfServiceNamespaces);
    let of_service = service.filter(|_| view.outbound.client.kind == ProxyKind::Waypoint && with_services);
    let of_service = of_service.map(|service| service.namespace.as_str()).filter(|namespace| *namespace != own);
    resources.extend(of_service.and_then(namespace_wide));
    let matcher = PolicyMatcher::new(view.outbound.mesh.features(), view.proxy, root).with_service(service);
    let selected = in_namespace(&mesh.telemetries, of_service.unwrap_or(own))
        .filter(|config| !is_namespace_wide(&config.spec))
        .filter(|config| matcher.attaches(*config));
    resources.extend(selected);
    resources
}

fn in_namespace<'m>(
    telemetries: &'m [Arc<Config<Telemetry>>],
    namespace: &str,
) -> impl Iterator<Item = &'m Config<Telemetry>> {
    let telemetries = telemetries.iter().map(AsRef::as_ref);
    telemetries.filter(move |config: &&Config<Telemetry>| config.meta.namespace == namespace)
}
