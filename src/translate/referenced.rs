//! What resources ask for by name.

use std::collections::BTreeSet;

use crate::envoy::{
    Any, Cluster, ClusterClusterDiscoveryType, ClusterDiscoveryType, CommonTlsContext,
    CommonTlsContextValidationContextType, FilterConfigType, HttpConnectionManagerRouteSpecifier, HttpFilter,
    HttpFilterConfigType, Listener, SdsSecretConfig, TransportSocket, TransportSocketConfigType,
};
use crate::translate::Resource;

/// Returns the endpoint assignments that clusters ask for.
pub(crate) fn eds(clusters: &[Cluster]) -> BTreeSet<String> {
    let is_eds = |c: &&Cluster| {
        matches!(c.cluster_discovery_type, Some(ClusterClusterDiscoveryType::Type(ClusterDiscoveryType::Eds)))
    };
    let named = |c: &Cluster| match &c.eds_cluster_config {
        Some(config) if !config.service_name.is_empty() => config.service_name.clone(),
        _ => c.name.clone(),
    };
    clusters.iter().filter(is_eds).map(named).collect()
}

/// Returns the route configurations that listeners ask for.
pub(crate) fn rds(listeners: &[Listener]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for chain in listeners.iter().flat_map(|l| l.filter_chains.iter().chain(&l.default_filter_chain)) {
        for filter in &chain.filters {
            let Some(FilterConfigType::TypedConfig(Any::HttpConnectionManager(hcm))) = &filter.config_type else {
                continue;
            };
            if let Some(HttpConnectionManagerRouteSpecifier::Rds(rds)) = &hcm.route_specifier {
                out.insert(rds.route_config_name.clone());
            }
        }
    }
    out
}

/// Returns the extensions that listeners ask for: HTTP filters and network filters that have no configuration of their own.
pub(crate) fn ecds<'l>(listeners: impl Iterator<Item = &'l Listener>) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for chain in listeners.flat_map(|l| l.filter_chains.iter().chain(&l.default_filter_chain)) {
        for filter in &chain.filters {
            match &filter.config_type {
                Some(FilterConfigType::ConfigDiscovery(_)) => {
                    out.insert(filter.name.clone());
                }
                Some(FilterConfigType::TypedConfig(Any::HttpConnectionManager(hcm))) => {
                    let asks =
                        |f: &&HttpFilter| matches!(f.config_type, Some(HttpFilterConfigType::ConfigDiscovery(_)));
                    out.extend(hcm.http_filters.iter().filter(asks).map(|f| f.name.clone()));
                }
                Some(FilterConfigType::TypedConfig(_)) | None => {}
            }
        }
    }
    out
}

/// Returns the listener that a resource is.
pub(crate) fn listener(resource: &Resource) -> Option<&Listener> {
    match resource.body() {
        Any::Listener(listener) => Some(listener),
        _ => None,
    }
}

/// Returns the secrets that clusters ask for.
pub(crate) fn cluster_sds(clusters: &[Cluster]) -> BTreeSet<String> {
    let matches = clusters.iter().flat_map(|c| &c.transport_socket_matches).filter_map(|m| m.transport_socket.as_ref());
    let direct = clusters.iter().filter_map(|c| c.transport_socket.as_ref());
    let mut out = BTreeSet::new();
    for socket in matches.chain(direct) {
        collect(socket, &mut out);
    }
    out
}

/// Returns the secrets that listeners ask for.
pub(crate) fn listener_sds(listeners: &[Listener]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for chain in listeners.iter().flat_map(|l| l.filter_chains.iter().chain(&l.default_filter_chain)) {
        if let Some(socket) = &chain.transport_socket {
            collect(socket, &mut out);
        }
    }
    out
}

fn collect(socket: &TransportSocket, out: &mut BTreeSet<String>) {
    let Some(TransportSocketConfigType::TypedConfig(config)) = &socket.config_type else { return };
    let context = match config {
        Any::UpstreamTlsContext(tls) => tls.common_tls_context.as_ref(),
        Any::DownstreamTlsContext(tls) => tls.common_tls_context.as_ref(),
        Any::ProxyProtocolUpstreamTransport(outer) => {
            if let Some(inner) = &outer.transport_socket {
                collect(inner, out);
            }
            None
        }
        _ => None,
    };
    out.extend(context.into_iter().flat_map(of_context).map(|config| config.name.clone()));
}

fn of_context(context: &CommonTlsContext) -> Vec<&SdsSecretConfig> {
    let mut out: Vec<&SdsSecretConfig> = context.tls_certificate_sds_secret_configs.iter().collect();
    match &context.validation_context_type {
        Some(CommonTlsContextValidationContextType::ValidationContextSdsSecretConfig(config)) => out.push(config),
        Some(CommonTlsContextValidationContextType::CombinedValidationContext(combined)) => {
            out.extend(&combined.validation_context_sds_secret_config);
        }
        _ => {}
    }
    out
}
