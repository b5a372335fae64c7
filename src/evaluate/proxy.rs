//! What one proxy is configured with.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::cluster::{Cluster, Endpoints};
use super::listener::Listener;
use super::message::Message;
use super::route::RouteConfig;

/// Kinds of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceKind {
    /// CDS.
    Cluster,
    /// EDS.
    Endpoints,
    /// LDS.
    Listener,
    /// RDS.
    Route,
    /// ECDS.
    Extension,
}

/// What one proxy is configured with. A resource is compiled when a request first meets it.
#[derive(Debug)]
pub struct Proxy {
    pub(super) listeners: Vec<Listener>,
    routes: BTreeMap<String, (Value, OnceLock<RouteConfig>)>,
    clusters: BTreeMap<String, (Value, OnceLock<(Cluster, Endpoints)>)>,
    endpoints: BTreeMap<String, Value>,
}

impl Proxy {
    /// Takes resources, each as JSON with the names of the proto, as Envoy's admin page prints it.
    pub fn new(resources: impl IntoIterator<Item = (ResourceKind, Value)>) -> Self {
        let mut listeners = Vec::new();
        let mut extensions: BTreeMap<String, Value> = BTreeMap::new();
        let mut out = Self {
            listeners: Vec::new(),
            routes: BTreeMap::new(),
            clusters: BTreeMap::new(),
            endpoints: BTreeMap::new(),
        };
        for (kind, value) in resources {
            let key = if kind == ResourceKind::Endpoints { "cluster_name" } else { "name" };
            let name = Message(&value).text(key).unwrap_or_default().to_owned();
            match kind {
                ResourceKind::Cluster => drop(out.clusters.insert(name, (value, OnceLock::new()))),
                ResourceKind::Endpoints => drop(out.endpoints.insert(name, value)),
                ResourceKind::Listener => listeners.push(value),
                ResourceKind::Route => drop(out.routes.insert(name, (value, OnceLock::new()))),
                ResourceKind::Extension => {
                    if let Some(config) = value.get("typed_config") {
                        extensions.insert(name, config.clone());
                    }
                }
            }
        }
        let extension = |name: &str| extensions.get(name).cloned();
        out.listeners = listeners.iter().map(|listener| Listener::new(Message(listener), &extension)).collect();
        out
    }

    /// Returns a route configuration.
    pub(super) fn route_config(&self, name: &str) -> Option<&RouteConfig> {
        let (body, compiled) = self.routes.get(name)?;
        Some(compiled.get_or_init(|| RouteConfig::new(Message(body))))
    }

    /// Returns a cluster and its endpoints.
    pub(super) fn cluster(&self, name: &str) -> Option<&(Cluster, Endpoints)> {
        let (body, compiled) = self.clusters.get(name)?;
        Some(compiled.get_or_init(|| {
            let cluster = Cluster::new(Message(body));
            let assignment = cluster.assignment.as_ref().or_else(|| self.endpoints.get(&cluster.service_name));
            let endpoints = Endpoints::new(&cluster, assignment);
            (cluster, endpoints)
        }))
    }

    /// Returns how many resources it has.
    pub fn resources(&self) -> usize {
        self.listeners.len() + self.routes.len() + self.clusters.len() + self.endpoints.len()
    }

    /// Returns the names of its listeners.
    pub fn listener_names(&self) -> impl Iterator<Item = &str> {
        self.listeners.iter().map(|listener| listener.name.as_str())
    }
}
