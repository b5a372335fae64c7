//! What resources ask for by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::envoy::{
    Any, Cluster, ClusterClusterDiscoveryType, ClusterDiscoveryType, CommonTlsContext,
    CommonTlsContextValidationContextType, DynamicMessage, DynamicValue, FilterConfigType,
    HttpConnectionManagerRouteSpecifier, HttpFilter, HttpFilterConfigType, Listener, SdsSecretConfig, TransportSocket,
    TransportSocketConfigType,
};
use crate::translate::Resource;

/// Returns the endpoint assignments that clusters ask for.
pub(crate) fn eds(clusters: &[Arc<Resource>]) -> BTreeSet<String> {
    clusters.iter().filter_map(|cluster| eds_of(cluster.body())).collect()
}

fn eds_of(cluster: &Any) -> Option<String> {
    let (is_eds, service_name, name) = match cluster {
        Any::Cluster(cluster) => {
            let eds = Some(ClusterClusterDiscoveryType::Type(ClusterDiscoveryType::Eds));
            let service_name = cluster.eds_cluster_config.as_ref().map_or("", |config| config.service_name.as_str());
            (cluster.cluster_discovery_type == eds, service_name, cluster.name.as_str())
        }
        Any::Dynamic(cluster) => {
            let is_eds = cluster.get("type") == Some(&DynamicValue::Enum(EDS));
            let service_name = cluster.message("eds_cluster_config").map_or("", |config| config.text("service_name"));
            (is_eds, service_name, cluster.text("name"))
        }
        _ => return None,
    };
    is_eds.then(|| if service_name.is_empty() { name.to_owned() } else { service_name.to_owned() })
}

/// The number of `Cluster.DiscoveryType.EDS`.
const EDS: i32 = 3;

/// Returns the route configurations that listeners ask for.
pub(crate) fn rds<'r>(listeners: impl Iterator<Item = &'r Arc<Resource>>) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for listener in listeners {
        match listener.body() {
            Any::Listener(listener) => rds_of(listener, &mut out),
            Any::Dynamic(listener) => visit(listener, RDS, |rds| {
                out.insert(rds.text("route_config_name").to_owned());
            }),
            _ => {}
        }
    }
    out
}

const RDS: &str = "envoy.extensions.filters.network.http_connection_manager.v3.Rds";

fn rds_of(listener: &Listener, out: &mut BTreeSet<String>) {
    for chain in listener.filter_chains.iter().chain(&listener.default_filter_chain) {
        for filter in &chain.filters {
            let Some(FilterConfigType::TypedConfig(Any::HttpConnectionManager(hcm))) = &filter.config_type else {
                continue;
            };
            if let Some(HttpConnectionManagerRouteSpecifier::Rds(rds)) = &hcm.route_specifier {
                out.insert(rds.route_config_name.clone());
            }
        }
    }
}

/// Returns the extensions that listeners ask for: filters that have no configuration of their own.
pub(crate) fn ecds<'r>(listeners: impl Iterator<Item = &'r Arc<Resource>>) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for listener in listeners {
        match listener.body() {
            Any::Listener(listener) => ecds_of(listener, &mut out),
            Any::Dynamic(listener) => listener.visit(&mut |message| {
                if message.message("config_discovery").is_some() {
                    out.insert(message.text("name").to_owned());
                }
            }),
            _ => {}
        }
    }
    out
}

fn ecds_of(listener: &Listener, out: &mut BTreeSet<String>) {
    for chain in listener.filter_chains.iter().chain(&listener.default_filter_chain) {
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
}

/// Returns the secrets that clusters ask for.
pub(crate) fn cluster_sds(clusters: &[Arc<Resource>]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for cluster in clusters {
        match cluster.body() {
            Any::Cluster(cluster) => cluster_sds_of(cluster, &mut out),
            Any::Dynamic(cluster) => sds_of(cluster, &mut out),
            _ => {}
        }
    }
    out
}

fn cluster_sds_of(cluster: &Cluster, out: &mut BTreeSet<String>) {
    let matches = cluster.transport_socket_matches.iter().filter_map(|m| m.transport_socket.as_ref());
    for socket in matches.chain(&cluster.transport_socket) {
        collect(socket, out);
    }
}

/// Returns the secrets that listeners ask for.
pub(crate) fn listener_sds<'r>(listeners: impl Iterator<Item = &'r Arc<Resource>>) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for listener in listeners {
        match listener.body() {
            Any::Listener(listener) => {
                let chains = listener.filter_chains.iter().chain(&listener.default_filter_chain);
                for socket in chains.filter_map(|chain| chain.transport_socket.as_ref()) {
                    collect(socket, &mut out);
                }
            }
            Any::Dynamic(listener) => sds_of(listener, &mut out),
            _ => {}
        }
    }
    out
}

fn sds_of(message: &DynamicMessage, out: &mut BTreeSet<String>) {
    visit(message, "envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig", |config| {
        out.insert(config.text("name").to_owned());
    });
}

fn visit(message: &DynamicMessage, full_name: &str, mut found: impl FnMut(&DynamicMessage)) {
    message.visit(&mut |message| {
        if message.full_name() == full_name {
            found(message);
        }
    });
}

fn collect(socket: &TransportSocket, out: &mut BTreeSet<String>) {
    let Some(TransportSocketConfigType::TypedConfig(config)) = &socket.config_type else { return };
    let context = match config {
        Any::UpstreamTlsContext(tls) => tls.common_tls_context.as_ref(),
        Any::DownstreamTlsContext(tls) => tls.common_tls_context.as_ref(),
        Any::InternalUpstreamTransport(outer) => {
            if let Some(inner) = &outer.transport_socket {
                collect(inner, out);
            }
            None
        }
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
