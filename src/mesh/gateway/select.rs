//! Which Gateways apply to a router.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::mesh::gateway::{Router, Target};
use crate::mesh::labels;
use crate::model::Config;
use crate::model::istio::Gateway;

/// The hostnames of the services that serve this Gateway, separated by commas: what a Gateway of the Gateway API becomes.
///
/// istiod: `InternalGatewayServiceAnnotation`
pub(super) const GATEWAY_SERVICE_ANNOTATION: &str = "internal.istio.io/gateway-service";
/// The namespace of the Gateway API resource, where it is another than this Gateway's.
///
/// istiod: `constants.InternalParentNamespace`
pub(super) const PARENT_NAMESPACE_ANNOTATION: &str = "internal.istio.io/parent-namespace";

/// Says that a Gateway was made from one of the Gateway API. istiod: `constants.InternalGatewaySemantics`
const SEMANTICS_ANNOTATION: &str = "internal.istio.io/gateway-semantics";

/// A Gateway with the service ports by which its port numbers are read.
pub(super) struct Selected<'a> {
    /// The Gateway.
    pub(super) gateway: &'a Arc<Config<Gateway>>,
    /// Chosen by labels: a port number may be that of a service, or the listening port itself.
    pub(super) by_labels: bool,
    /// The service ports.
    pub(super) targets: Vec<Target<'a>>,
}

/// `Gateway.selector` -> the routers it applies to; with `PILOT_SCOPE_GATEWAY_TO_NAMESPACE` only those of its namespace
///
/// istiod: `push_context.go` `mergeGateways`
pub(super) fn select<'a>(gateways: &'a [Arc<Config<Gateway>>], router: &Router<'a>) -> Vec<Selected<'a>> {
    let selected: Vec<Selected<'a>> = gateways
        .iter()
        .filter(|g| !router.features.scope_gateway_to_namespace || g.meta.namespace == router.namespace)
        .filter_map(|gateway| match gateway.meta.annotations.get(GATEWAY_SERVICE_ANNOTATION) {
            Some(hostnames) => by_service(gateway, hostnames, router),
            None => by_labels(gateway, router),
        })
        .collect();
    if router.merges_strictly { strictly(selected) } else { selected }
}

/// Beside Gateways of the Gateway API that istiod deploys itself, leaves out Istio's own Gateways of other namespaces.
///
/// istiod: `push_context.go` `filterStrictGatewayMerging`
fn strictly(selected: Vec<Selected<'_>>) -> Vec<Selected<'_>> {
    let annotation =
        |gateway: &Config<Gateway>, key: &str| gateway.meta.annotations.get(key).cloned().unwrap_or_default();
    let of_gateway_api = |gateway: &Config<Gateway>| annotation(gateway, SEMANTICS_ANNOTATION) == "gateway";
    let managed = selected.iter().map(|one| &**one.gateway).filter(|gateway| {
        of_gateway_api(gateway) && !annotation(gateway, super::certificate::SERVICE_ACCOUNT_ANNOTATION).is_empty()
    });
    let namespaces: BTreeSet<String> = managed.map(|gateway| gateway.meta.namespace.clone()).collect();
    if namespaces.is_empty() {
        return selected;
    }
    let counts = |one: &Selected<'_>| of_gateway_api(one.gateway) || namespaces.contains(&one.gateway.meta.namespace);
    selected.into_iter().filter(counts).collect()
}

/// Says whether a Gateway finds its routers by their labels, as all do that are written.
pub fn is_by_labels(gateway: &Config<Gateway>) -> bool {
    !gateway.meta.annotations.contains_key(GATEWAY_SERVICE_ANNOTATION)
}

/// Says whether a Gateway applies to a router.
pub fn applies(gateway: &Arc<Config<Gateway>>, router: &Router<'_>) -> bool {
    !select(std::slice::from_ref(gateway), router).is_empty()
}

fn by_service<'a>(gateway: &'a Arc<Config<Gateway>>, hostnames: &str, router: &Router<'a>) -> Option<Selected<'a>> {
    let namespace = parent_namespace(gateway);
    let targets: Vec<_> = router
        .targets
        .iter()
        .filter(|t| t.namespace == namespace && hostnames.split(',').any(|h| h == t.hostname))
        .copied()
        .collect();
    (!targets.is_empty()).then_some(Selected { gateway, by_labels: false, targets })
}

/// No selector selects every router.
fn by_labels<'a>(gateway: &'a Arc<Config<Gateway>>, router: &Router<'a>) -> Option<Selected<'a>> {
    labels::subset(&gateway.spec.selector, router.labels).then(|| Selected {
        gateway,
        by_labels: true,
        targets: router.targets.clone(),
    })
}

/// The namespace in which the Gateway's services and identity must be.
pub(super) fn parent_namespace(gateway: &Config<Gateway>) -> &str {
    gateway
        .meta
        .annotations
        .get(PARENT_NAMESPACE_ANNOTATION)
        .filter(|n| !n.is_empty())
        .unwrap_or(&gateway.meta.namespace)
}
