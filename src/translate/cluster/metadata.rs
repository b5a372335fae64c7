//! What istiod notes on clusters for Istio's own filters.

use serde_json::Value;

use crate::envoy::Metadata;
use crate::installation::Features;
use crate::model::Config;
use crate::model::istio::{ClientTlsSettingsTlsMode, DestinationRule};
use crate::proxy::ServiceTarget;
use crate::translate::cluster::upstream::{ClusterMode, Upstream};
use crate::translate::{endpoint, metadata};

/// The service, the rule, the subset -> `Cluster.metadata` of an outbound cluster
///
/// istiod: `cluster_builder.go` `addTelemetryMetadata`, `applyDestinationRule`, `buildSubsetCluster`
pub(super) fn outbound(upstream: &Upstream<'_>) -> Option<Metadata> {
    let services = Value::Array(vec![metadata::service(upstream.service)]);
    let whole = upstream.subset.is_none();
    // Where all endpoints are reached by HBONE, it says who they are.
    let tunnelled = whole
        && upstream.mode == ClusterMode::Default
        && endpoint::all_take_hbone(upstream.view, upstream.service, upstream.port);
    let external = upstream.service.mesh_external && whole && !tunnelled;
    let described = !upstream.is_dynamic_forward_proxy() || upstream.mode == ClusterMode::SniDnat;
    let telemetry = upstream.view.mesh.features().telemetry_label;
    let fields = [
        (described && telemetry).then_some(("services", services)),
        external.then(|| ("external", true.into())),
        tunnelled.then(|| ("disable_mx", true.into())),
        upstream.rule.map(|rule| ("config", metadata::destination_rule(rule))),
        upstream.subset.map(|subset| ("subset", subset.name.as_str().into())),
        (upstream.rule.is_some() && overrides_alpn(upstream)).then(|| ("alpn_override", "false".into())),
    ];
    metadata::istio(fields.into_iter().flatten())
}

/// `DestinationRule.trafficPolicy.tls.mode` -> `alpn_override`: TLS that the user set up keeps its ALPN.
///
/// istiod: `util.go` `AddALPNOverrideToMetadata`
fn overrides_alpn(upstream: &Upstream<'_>) -> bool {
    let mode = upstream.policy.tls.map(|tls| tls.mode);
    matches!(mode, Some(ClientTlsSettingsTlsMode::Simple | ClientTlsSettingsTlsMode::Mutual))
}

/// The services behind a workload's port, and the rule for the first -> `Cluster.metadata` of an inbound cluster
///
/// Only services whose own port is that of the first are named; a service twice only once. The rule alone is not worth a note.
///
/// istiod: `cluster_builder.go` `addTelemetryMetadata`, `buildInboundCluster`
pub(super) fn inbound(
    features: &Features,
    targets: &[&ServiceTarget],
    rule: Option<&Config<DestinationRule>>,
) -> Option<Metadata> {
    if !features.telemetry_label {
        return None;
    }
    let config = rule.map(|rule| ("config", metadata::destination_rule(rule)));
    let first = targets.first().filter(|target| !target.service.mesh_external)?;
    let mut hostnames: Vec<&str> = Vec::new();
    let mut services = Vec::new();
    for target in targets.iter().filter(|target| target.port.number == first.port.number) {
        if !hostnames.contains(&target.service.hostname.as_str()) {
            hostnames.push(&target.service.hostname);
            services.push(metadata::service(&target.service));
        }
    }
    metadata::istio([("services", Value::Array(services))].into_iter().chain(config))
}
