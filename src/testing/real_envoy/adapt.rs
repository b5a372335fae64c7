//! Turns resources into what stock Envoy can load: without Istio's own filters, and with files in the place of discovery servers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use meshc::envoy::{
    AddressAddress, Any, CommonTlsContext, CommonTlsContextValidationContextType, ConfigSource,
    ConfigSourceConfigSourceSpecifier, FilterConfigType, FilterStateValue, FilterStateValueKey,
    HttpConnectionManagerRouteSpecifier, HttpFilterConfigType, Listener, PathConfigSource, SdsSecretConfig,
    TransportSocket, TransportSocketConfigType,
};
use meshc::translate::{Resource, Translation};
use serde_json::{Value, json};

use crate::certificate::{Authority, Certificate};

/// Istio's own filters, which stock Envoy does not have.
pub(crate) const ISTIO_FILTERS: &[&str] = &[
    "istio.metadata_exchange",
    "istio.stats",
    "istio.alpn",
    "waypoint_downstream_peer_metadata",
    "waypoint_upstream_peer_metadata",
];

/// What notes a text for other filters: Envoy's own factory, in the place of Istio's.
const TEXT_FACTORY: &str = "envoy.hashable_string";

/// Resources as stock Envoy can load them.
pub(crate) struct Prepared {
    pub(crate) clusters: Vec<Any>,
    pub(crate) listeners: Vec<Any>,
    pub(crate) routes: Vec<Any>,
    /// Each with the file that the cluster reads it from.
    pub(crate) endpoints: Vec<(String, Any)>,
    route_files: Vec<String>,
    pub(crate) secrets: Vec<Value>,
}

impl Prepared {
    /// Adapts what a proxy is served; its files will lie in `work`.
    pub(crate) fn new(translation: &Translation, own: &Certificate, authority: &Authority, work: &Path) -> Self {
        let mut files = Files { work: work.to_owned(), certificates: BTreeSet::new(), authorities: BTreeSet::new() };
        let mut take = |resources: &[Arc<Resource>]| -> Vec<Any> {
            resources.iter().map(|r| files.adapt(r.body().clone())).collect()
        };
        let (clusters, listeners) = (take(&translation.clusters), take(&translation.listeners));
        let (endpoints, routes) = (take(&translation.endpoints), take(&translation.routes));
        let names = |kind: &str, resources: &[Arc<Resource>]| -> Vec<String> {
            resources.iter().map(|r| file_of(kind, r.name())).collect()
        };
        Self {
            clusters,
            listeners,
            routes,
            endpoints: names("eds", &translation.endpoints).into_iter().zip(endpoints).collect(),
            route_files: names("rds", &translation.routes),
            secrets: files.secrets(own, authority),
        }
    }

    /// Writes the files; an endpoint assignment, route configuration or secret needs one of its own.
    pub(crate) fn write(&self, work: &Path) {
        write(work, "cds.json", &self.clusters);
        write(work, "lds.json", &self.listeners);
        for (file, body) in &self.endpoints {
            write(work, file, &[body]);
        }
        for (file, body) in self.route_files.iter().zip(&self.routes) {
            write(work, file, &[body]);
        }
        for secret in &self.secrets {
            write(work, &file_of("sds", secret["name"].as_str().unwrap_or_default()), &[secret]);
        }
    }
}

/// Writes what a discovery server would answer.
pub(crate) fn write<T: serde::Serialize>(work: &Path, file: &str, resources: &[T]) {
    let resources: Vec<Value> = resources.iter().map(|r| serde_json::to_value(r).expect("a message")).collect();
    let response = json!({ "version_info": "1", "resources": resources });
    std::fs::write(work.join(file), response.to_string()).expect("room on the disk");
}

/// Returns the file of one resource: its name as far as a file can have it, and a hash to tell it from others.
fn file_of(kind: &str, name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let text: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(100).collect();
    format!("{kind}-{text}-{hash:016x}.json")
}

/// Lets a factory of stock Envoy note what one of Istio's does: the one named, or that of the key.
fn note_by_envoy(value: &mut FilterStateValue) {
    let of_key = |key: &FilterStateValueKey| match key {
        FilterStateValueKey::ObjectKey(key) => key.contains("istio."),
    };
    let is_istio = value.factory_key.starts_with("istio.")
        || value.factory_key.is_empty() && value.key.as_ref().is_some_and(of_key);
    if is_istio {
        TEXT_FACTORY.clone_into(&mut value.factory_key);
    }
}

/// Files in the place of discovery servers.
struct Files {
    work: PathBuf,
    certificates: BTreeSet<String>,
    authorities: BTreeSet<String>,
}

impl Files {
    fn adapt(&mut self, mut resource: Any) -> Any {
        match &mut resource {
            Any::Cluster(cluster) => {
                cluster.filters.retain(|f| !ISTIO_FILTERS.contains(&f.name.as_str()));
                if let Some(eds) = &mut cluster.eds_cluster_config {
                    let name = if eds.service_name.is_empty() { &cluster.name } else { &eds.service_name };
                    eds.eds_config = Some(self.source(&file_of("eds", name)));
                }
                let matches = cluster.transport_socket_matches.iter_mut().filter_map(|m| m.transport_socket.as_mut());
                for socket in matches.chain(&mut cluster.transport_socket) {
                    self.socket(socket);
                }
            }
            Any::Listener(listener) => self.listener(listener),
            _ => {}
        }
        resource
    }

    fn listener(&mut self, listener: &mut Listener) {
        if let Some(AddressAddress::SocketAddress(socket)) = listener.address.as_mut().and_then(|a| a.address.as_mut())
            && socket.address == "0.0.0.0"
        {
            "127.0.0.1".clone_into(&mut socket.address);
        }
        for chain in listener.filter_chains.iter_mut().chain(&mut listener.default_filter_chain) {
            chain.filters.retain(|f| !ISTIO_FILTERS.contains(&f.name.as_str()));
            for filter in &mut chain.filters {
                if let Some(FilterConfigType::TypedConfig(Any::NetworkSetFilterState(state))) = &mut filter.config_type
                {
                    state.on_new_connection.iter_mut().for_each(note_by_envoy);
                }
                if let Some(FilterConfigType::TypedConfig(Any::HttpConnectionManager(hcm))) = &mut filter.config_type {
                    hcm.http_filters.retain(|f| !ISTIO_FILTERS.contains(&f.name.as_str()));
                    for filter in &mut hcm.http_filters {
                        if let Some(HttpFilterConfigType::TypedConfig(Any::HttpSetFilterState(state))) =
                            &mut filter.config_type
                        {
                            state.on_request_headers.iter_mut().for_each(note_by_envoy);
                        }
                    }
                    if let Some(HttpConnectionManagerRouteSpecifier::Rds(rds)) = &mut hcm.route_specifier {
                        rds.config_source = Some(self.source(&file_of("rds", &rds.route_config_name)));
                    }
                }
            }
            if let Some(socket) = &mut chain.transport_socket {
                self.socket(socket);
            }
        }
    }

    fn socket(&mut self, socket: &mut TransportSocket) {
        let Some(TransportSocketConfigType::TypedConfig(config)) = &mut socket.config_type else { return };
        match config {
            Any::UpstreamTlsContext(tls) => self.context(tls.common_tls_context.as_mut()),
            Any::DownstreamTlsContext(tls) => self.context(tls.common_tls_context.as_mut()),
            Any::ProxyProtocolUpstreamTransport(outer) => {
                if let Some(inner) = &mut outer.transport_socket {
                    self.socket(inner);
                }
            }
            Any::InternalUpstreamTransport(outer) => {
                if let Some(inner) = &mut outer.transport_socket {
                    self.socket(inner);
                }
            }
            _ => {}
        }
    }

    fn context(&mut self, context: Option<&mut CommonTlsContext>) {
        let Some(context) = context else { return };
        for config in &mut context.tls_certificate_sds_secret_configs {
            self.certificates.insert(config.name.clone());
            config.sds_config = Some(self.source(&file_of("sds", &config.name)));
        }
        let validation: Option<&mut SdsSecretConfig> = match &mut context.validation_context_type {
            Some(CommonTlsContextValidationContextType::ValidationContextSdsSecretConfig(config)) => Some(config),
            Some(CommonTlsContextValidationContextType::CombinedValidationContext(combined)) => {
                combined.validation_context_sds_secret_config.as_mut()
            }
            _ => None,
        };
        if let Some(config) = validation {
            self.authorities.insert(config.name.clone());
            config.sds_config = Some(self.source(&file_of("sds", &config.name)));
        }
    }

    fn source(&self, file: &str) -> ConfigSource {
        let path = self.work.join(file).display().to_string();
        ConfigSource {
            config_source_specifier: Some(ConfigSourceConfigSourceSpecifier::PathConfigSource(PathConfigSource {
                path,
                ..PathConfigSource::default()
            })),
            ..ConfigSource::default()
        }
    }

    fn secrets(&self, own: &Certificate, authority: &Authority) -> Vec<Value> {
        let kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
        let inline = |text: &str| json!({ "inline_string": text });
        let certificates = self.certificates.iter().map(|name| {
            let certificate = json!({ "certificate_chain": inline(&own.chain), "private_key": inline(&own.key) });
            json!({ "@type": kind, "name": name, "tls_certificate": certificate })
        });
        let authorities = self.authorities.iter().map(|name| {
            json!({ "@type": kind, "name": name, "validation_context": { "trusted_ca": inline(&authority.certificate) } })
        });
        certificates.chain(authorities).collect()
    }
}
