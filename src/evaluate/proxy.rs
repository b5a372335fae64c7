//! What one proxy is configured with.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
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
    routes: BTreeMap<String, (Body, OnceLock<RouteConfig>)>,
    clusters: BTreeMap<String, (Body, OnceLock<(Cluster, Endpoints)>)>,
    endpoints: BTreeMap<String, Body>,
}

/// A resource as JSON with the names of the proto, as Envoy's admin page prints it.
pub enum Body {
    /// It is at hand.
    Json(Value),
    /// It is made when it is needed: a request meets few of thousands.
    Later(Box<dyn Fn() -> Value + Send + Sync>),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(value) => value.fmt(f),
            Self::Later(_) => f.write_str("Later"),
        }
    }
}

impl Body {
    fn json(&self) -> Cow<'_, Value> {
        match self {
            Self::Json(value) => Cow::Borrowed(value),
            Self::Later(make) => Cow::Owned(make()),
        }
    }
}

impl Proxy {
    /// Takes resources that are at hand.
    pub fn new(resources: impl IntoIterator<Item = (ResourceKind, Value)>) -> Self {
        Self::of(resources.into_iter().map(|(kind, value)| {
            let key = if kind == ResourceKind::Endpoints { "cluster_name" } else { "name" };
            let name = Message(&value).text(key).unwrap_or_default().to_owned();
            (kind, name, Body::Json(value))
        }))
    }

    /// Takes resources with their names.
    pub fn of(resources: impl IntoIterator<Item = (ResourceKind, String, Body)>) -> Self {
        let mut listeners = Vec::new();
        let mut extensions: BTreeMap<String, Value> = BTreeMap::new();
        let mut out = Self {
            listeners: Vec::new(),
            routes: BTreeMap::new(),
            clusters: BTreeMap::new(),
            endpoints: BTreeMap::new(),
        };
        for (kind, name, body) in resources {
            match kind {
                ResourceKind::Cluster => drop(out.clusters.insert(name, (body, OnceLock::new()))),
                ResourceKind::Endpoints => drop(out.endpoints.insert(name, body)),
                ResourceKind::Listener => listeners.push(body),
                ResourceKind::Route => drop(out.routes.insert(name, (body, OnceLock::new()))),
                ResourceKind::Extension => {
                    if let Some(config) = body.json().get("typed_config") {
                        extensions.insert(name, config.clone());
                    }
                }
            }
        }
        let extension = |name: &str| extensions.get(name).cloned();
        out.listeners = listeners.iter().map(|listener| Listener::new(Message(&listener.json()), &extension)).collect();
        out
    }

    /// Returns a route configuration.
    pub(super) fn route_config(&self, name: &str) -> Option<&RouteConfig> {
        let (body, compiled) = self.routes.get(name)?;
        Some(compiled.get_or_init(|| RouteConfig::new(Message(&body.json()))))
    }

    /// Returns a cluster and its endpoints.
    pub(super) fn cluster(&self, name: &str) -> Option<&(Cluster, Endpoints)> {
        let (body, compiled) = self.clusters.get(name)?;
        Some(compiled.get_or_init(|| {
            let cluster = Cluster::new(Message(&body.json()));
            let discovered = || self.endpoints.get(&cluster.service_name).map(Body::json);
            let assignment = cluster.assignment.as_ref().map(Cow::Borrowed).or_else(discovered);
            let endpoints = Endpoints::new(&cluster, assignment.as_deref());
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
