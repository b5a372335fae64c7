//! Whose default a field is that no value of the input sets.

use super::target::Field;
use super::world::World;
use crate::config_dump::Json;
use crate::diff::Kind;

/// A default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Default {
    /// `istio`, `kubernetes`, `envoy`, or `expand` for what the completion of the manifests makes up.
    pub by: &'static str,
    /// The rule: a file and function of istiod, or a page of ours.
    pub source: String,
}

/// Where istiod's rules are, by kind and the beginning of a path; the longest that fits counts.
const SOURCES: &[(Kind, &str, &str)] = &[
    (Kind::Cluster, "", "pilot/pkg/networking/core/cluster.go BuildClusters"),
    (
        Kind::Cluster,
        "circuit_breakers",
        "pilot/pkg/networking/core/cluster_traffic_policy.go getDefaultCircuitBreakerThresholds",
    ),
    (Kind::Cluster, "outlier_detection", "pilot/pkg/networking/core/cluster_traffic_policy.go applyOutlierDetection"),
    (Kind::Cluster, "lb_policy", "pilot/pkg/networking/core/cluster_traffic_policy.go applyLoadBalancer"),
    (Kind::Cluster, "common_lb_config", "pilot/pkg/networking/core/cluster_traffic_policy.go applyLoadBalancer"),
    (Kind::Cluster, "connect_timeout", "pilot/pkg/networking/core/cluster_builder.go applyConnectionPool"),
    (Kind::Cluster, "transport_socket", "pilot/pkg/networking/core/cluster_tls.go applyUpstreamTLSSettings"),
    (Kind::Cluster, "transport_socket_matches", "pilot/pkg/networking/core/cluster_tls.go applyUpstreamTLSSettings"),
    (Kind::Cluster, "typed_extension_protocol_options", "pilot/pkg/networking/core/cluster_builder.go setH2Options"),
    (Kind::Cluster, "eds_cluster_config", "pilot/pkg/networking/core/cluster_builder.go buildCluster"),
    (Kind::Cluster, "metadata", "pilot/pkg/networking/util/util.go AddConfigInfoMetadata"),
    (Kind::Cluster, "filters", "pilot/pkg/networking/core/cluster_builder.go applyMetadataExchange"),
    (Kind::Cluster, "load_assignment", "pilot/pkg/networking/core/cluster_builder.go buildLocalityLbEndpoints"),
    (Kind::Endpoint, "", "pilot/pkg/xds/endpoints/endpoint_builder.go BuildClusterLoadAssignment"),
    (Kind::Listener, "", "pilot/pkg/networking/core/listener.go BuildListeners"),
    (Kind::Listener, "filter_chains", "pilot/pkg/networking/core/listener_builder.go buildHTTPConnectionManager"),
    (
        Kind::Listener,
        "default_filter_chain",
        "pilot/pkg/networking/core/listener_builder.go buildHTTPConnectionManager",
    ),
    (Kind::Listener, "listener_filters", "pilot/pkg/networking/core/listener.go populateListenerFilters"),
    (Kind::Listener, "access_log", "pilot/pkg/networking/core/accesslog.go setListenerAccessLog"),
    (Kind::Listener, "traffic_direction", "pilot/pkg/networking/core/listener.go buildListeners"),
    (Kind::Route, "", "pilot/pkg/networking/core/httproute.go BuildHTTPRoutes"),
    (Kind::Route, "virtual_hosts", "pilot/pkg/networking/core/route/route.go TranslateRoute"),
    (Kind::Secret, "", "pilot/pkg/xds/sds.go Generate"),
    (Kind::Extension, "", "pilot/pkg/networking/core/extension/extensionfilter.go BuildHTTP"),
];

/// Returns whose default a field is.
pub(super) fn of(world: &World, field: &Field) -> Default {
    let input = world.input();
    let text = match &field.value {
        Json::String(text) => Some(text.clone()),
        _ => None,
    };
    let made_up = text.and_then(|text| {
        input.expansion.invented.iter().find(|made| !made.value.is_empty() && made.value == text).cloned()
    });
    if let Some(made) = made_up {
        return Default { by: "expand", source: format!("src/expand/README.md: {made}") };
    }
    let fits =
        SOURCES.iter().filter(|(kind, path, _)| *kind == field.kind && super::effect::is_inside(&field.path, path));
    let source = fits.max_by_key(|(_, path, _)| path.len()).map_or("", |(.., source)| *source);
    Default { by: "istio", source: source.to_owned() }
}
