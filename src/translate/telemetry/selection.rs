//! Which Telemetry resources apply to a proxy.

use std::sync::Arc;

use crate::mesh::telemetry::is_namespace_wide;
use crate::model::Config;
use crate::model::istio::{AccessLogging, Metrics, Telemetry, Tracing};
use crate::proxy::{ProxyView, selection};

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
    pub(super) fn new(view: &ProxyView<'m>) -> Self {
        let mut applicable = Self::default();
        for telemetry in resources(view).into_iter().map(|config| &config.spec) {
            applicable.metrics.extend(&telemetry.metrics);
            applicable.tracing.extend(&telemetry.tracing);
            if !telemetry.access_logging.is_empty() {
                applicable.access_logging.push(&telemetry.access_logging);
            }
        }
        applicable
    }
}

/// The first resource without a selector of the root namespace and of the proxy's own, then every one that selects the workload.
pub(super) fn resources<'m>(view: &ProxyView<'m>) -> Vec<&'m Config<Telemetry>> {
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
    let selected = in_namespace(&mesh.telemetries, own)
        .filter(|config| !is_namespace_wide(&config.spec))
        .filter(|config| selection::attaches(view.outbound.mesh.features(), view.proxy, *config));
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
