//! One section of a dump -> its resources.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Kind;

/// Kind, whether it is set apart, name.
pub(super) type Key<'a> = (Kind, bool, Cow<'a, str>);

/// What a section holds.
#[derive(Default)]
pub(super) struct Part<'a> {
    /// What it is a section of.
    pub(super) kinds: Vec<Kind>,
    /// Each with its text.
    pub(super) resources: Vec<(Key<'a>, Cow<'a, str>)>,
    /// Names by which clusters ask for endpoints.
    pub(super) with_discovery: BTreeSet<Cow<'a, str>>,
    pub(super) node: Option<Node>,
    pub(super) notes: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Node {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

#[derive(Deserialize, Default)]
pub(super) struct Metadata {
    #[serde(default, rename = "WORKLOAD_NAME")]
    pub(super) workload: Option<String>,
}

#[derive(Deserialize)]
struct Bootstrap {
    node: Option<Node>,
}

/// All sections in one: the names of their lists are their own.
#[derive(Deserialize)]
struct Section<'a> {
    #[serde(rename = "@type", borrow, default)]
    type_url: Cow<'a, str>,
    #[serde(borrow)]
    bootstrap: Option<&'a RawValue>,
    #[serde(borrow, alias = "staticClusters")]
    static_clusters: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "dynamicActiveClusters")]
    dynamic_active_clusters: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "dynamicWarmingClusters")]
    dynamic_warming_clusters: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "staticListeners")]
    static_listeners: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "dynamicListeners")]
    dynamic_listeners: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "dynamicRouteConfigs")]
    dynamic_route_configs: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "inlineScopedRouteConfigs")]
    inline_scoped_route_configs: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "dynamicScopedRouteConfigs")]
    dynamic_scoped_route_configs: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "staticEndpointConfigs")]
    static_endpoint_configs: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "dynamicEndpointConfigs")]
    dynamic_endpoint_configs: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "staticSecrets")]
    static_secrets: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "dynamicActiveSecrets")]
    dynamic_active_secrets: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "dynamicWarmingSecrets")]
    dynamic_warming_secrets: Option<Vec<Entry<'a>>>,
    #[serde(borrow, alias = "ecdsFilters")]
    ecds_filters: Option<Vec<Entry<'a>>>,
}

/// All entries in one.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    cluster: Option<&'a RawValue>,
    #[serde(borrow)]
    listener: Option<&'a RawValue>,
    #[serde(borrow, alias = "activeState")]
    active_state: Option<State<'a>>,
    #[serde(borrow, alias = "warmingState")]
    warming_state: Option<State<'a>>,
    #[serde(borrow, alias = "routeConfig")]
    route_config: Option<&'a RawValue>,
    #[serde(borrow, alias = "scopedRouteConfigs")]
    scoped_route_configs: Option<Vec<&'a RawValue>>,
    #[serde(borrow, alias = "endpointConfig")]
    endpoint_config: Option<&'a RawValue>,
    #[serde(borrow)]
    secret: Option<&'a RawValue>,
    #[serde(borrow, alias = "ecdsFilter")]
    ecds_filter: Option<&'a RawValue>,
    #[serde(alias = "versionInfo")]
    version_info: Option<String>,
    #[serde(alias = "errorState")]
    error_state: Option<ErrorState>,
}

#[derive(Deserialize)]
struct State<'a> {
    #[serde(borrow)]
    listener: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ErrorState {
    details: Option<String>,
}

/// What a resource says of itself.
#[derive(Deserialize, Default)]
struct Head<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "clusterName")]
    cluster_name: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "edsClusterConfig")]
    eds_cluster_config: Option<EdsClusterConfig<'a>>,
}

#[derive(Deserialize)]
struct EdsClusterConfig<'a> {
    #[serde(borrow, alias = "serviceName")]
    service_name: Option<Cow<'a, str>>,
}

/// What the agent has by itself, not from istiod.
fn is_of_the_agent(secret: &str) -> bool {
    matches!(secret, "default" | "ROOTCA") || secret.starts_with("file-cert:") || secret.starts_with("file-root:")
}

/// Reads a section.
pub(super) fn read(text: &str) -> Part<'_> {
    let section: Section<'_> = match serde_json::from_str(text) {
        Ok(section) => section,
        Err(error) => {
            let notes = vec![format!("a section is not read: {error}")];
            return Part { notes, ..Part::default() };
        }
    };
    let message = section.type_url.rsplit('.').next().unwrap_or_default();
    let kinds = match message {
        "BootstrapConfigDump" => vec![Kind::Bootstrap],
        "ClustersConfigDump" => vec![Kind::Cluster],
        "ListenersConfigDump" => vec![Kind::Listener],
        "RoutesConfigDump" => vec![Kind::Route],
        "ScopedRoutesConfigDump" => vec![Kind::ScopedRoute],
        "EndpointsConfigDump" => vec![Kind::Endpoint],
        "SecretsConfigDump" => vec![Kind::Secret],
        "EcdsConfigDump" => vec![Kind::Extension],
        _ => {
            let notes = vec![format!("the section {} is not known", section.type_url)];
            return Part { notes, ..Part::default() };
        }
    };
    let mut part = Part { kinds, ..Part::default() };
    if let Some(bootstrap) = section.bootstrap {
        part.node = serde_json::from_str::<Bootstrap>(bootstrap.get()).ok().and_then(|bootstrap| bootstrap.node);
        part.resources.push(((Kind::Bootstrap, true, Cow::Borrowed("")), Cow::Borrowed(bootstrap.get())));
    }
    let lists = [
        (Kind::Cluster, true, section.static_clusters),
        (Kind::Cluster, false, section.dynamic_active_clusters),
        (Kind::Cluster, false, section.dynamic_warming_clusters),
        (Kind::Listener, true, section.static_listeners),
        (Kind::Listener, false, section.dynamic_listeners),
        (Kind::Route, false, section.dynamic_route_configs),
        (Kind::ScopedRoute, true, section.inline_scoped_route_configs),
        (Kind::ScopedRoute, false, section.dynamic_scoped_route_configs),
        (Kind::Endpoint, true, section.static_endpoint_configs),
        (Kind::Endpoint, false, section.dynamic_endpoint_configs),
        (Kind::Secret, true, section.static_secrets),
        (Kind::Secret, false, section.dynamic_warming_secrets),
        (Kind::Secret, false, section.dynamic_active_secrets),
        (Kind::Extension, false, section.ecds_filters),
    ];
    for (kind, apart, entries) in lists {
        let read: Vec<_> = entries.unwrap_or_default().into_par_iter().map(|entry| entry.read(kind, apart)).collect();
        for one in read {
            part.resources.extend(one.resources);
            part.with_discovery.extend(one.with_discovery);
            part.notes.extend(one.notes);
        }
    }
    part
}

impl<'a> Entry<'a> {
    fn read(self, kind: Kind, apart: bool) -> Part<'a> {
        let mut part = Part::default();
        let bodies: Vec<&'a RawValue> = match kind {
            Kind::Bootstrap => Vec::new(),
            Kind::Cluster => self.cluster.into_iter().collect(),
            Kind::Listener => {
                let served = self.warming_state.or(self.active_state).and_then(|state| state.listener);
                served.or(self.listener).into_iter().collect()
            }
            Kind::Route => self.route_config.into_iter().collect(),
            Kind::ScopedRoute => self.scoped_route_configs.unwrap_or_default(),
            Kind::Endpoint => self.endpoint_config.into_iter().collect(),
            // One that is asked for and has not come is listed by its name.
            Kind::Secret if self.version_info.as_deref() == Some("uninitialized") => Vec::new(),
            Kind::Secret => self.secret.into_iter().collect(),
            Kind::Extension => self.ecds_filter.into_iter().collect(),
        };
        let mut called = self.name.clone();
        for body in bodies {
            let head: Head<'a> = serde_json::from_str(body.get()).unwrap_or_default();
            let own = if kind == Kind::Endpoint { head.cluster_name } else { head.name };
            let name = own.or_else(|| self.name.clone()).unwrap_or_default();
            if let (Kind::Cluster, Some(eds)) = (kind, head.eds_cluster_config) {
                let service = eds.service_name.filter(|service| !service.is_empty());
                part.with_discovery.insert(service.unwrap_or_else(|| name.clone()));
            }
            called.get_or_insert_with(|| name.clone());
            let apart = apart || (kind == Kind::Secret && is_of_the_agent(&name));
            part.resources.push(((kind, apart, name), Cow::Borrowed(body.get())));
        }
        if let Some(error) = self.error_state {
            let details = error.details.unwrap_or_default();
            part.notes.push(format!("the proxy refused {} {}: {details}", kind.name(), called.unwrap_or_default()));
        }
        part
    }
}
