//! Kinds of resources of a dump.

/// A kind, in the order in which they are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What the proxy was started with.
    Bootstrap,
    /// LDS.
    Listener,
    /// RDS.
    Route,
    /// SRDS.
    ScopedRoute,
    /// CDS.
    Cluster,
    /// EDS.
    Endpoint,
    /// SDS.
    Secret,
    /// ECDS.
    Extension,
}

/// What istiod serves, by the lists of a dump.
const LISTS: [(&str, Kind); 6] = [
    ("dynamic_active_clusters", Kind::Cluster),
    ("ecds_filters", Kind::Extension),
    ("dynamic_endpoint_configs", Kind::Endpoint),
    ("dynamic_listeners", Kind::Listener),
    ("dynamic_route_configs", Kind::Route),
    ("dynamic_active_secrets", Kind::Secret),
];

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Bootstrap,
        Self::Listener,
        Self::Route,
        Self::ScopedRoute,
        Self::Cluster,
        Self::Endpoint,
        Self::Secret,
        Self::Extension,
    ];

    /// Returns the name in machine-readable output: `cluster`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstrap",
            Self::Listener => "listener",
            Self::Route => "route",
            Self::ScopedRoute => "scoped_route",
            Self::Cluster => "cluster",
            Self::Endpoint => "endpoint",
            Self::Secret => "secret",
            Self::Extension => "extension",
        }
    }

    /// Returns the name of several, with which paths begin: `clusters`.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstraps",
            Self::Listener => "listeners",
            Self::Route => "routes",
            Self::ScopedRoute => "scoped_routes",
            Self::Cluster => "clusters",
            Self::Endpoint => "endpoints",
            Self::Secret => "secrets",
            Self::Extension => "extensions",
        }
    }

    /// Returns the list of a dump that holds what istiod serves of this kind, if there is one.
    pub fn list(self) -> Option<&'static str> {
        LISTS.iter().find(|(_, kind)| *kind == self).map(|(list, _)| *list)
    }

    /// Returns the kind of the resources of a dump's list.
    pub fn of_list(list: &str) -> Option<Self> {
        LISTS.iter().find(|(name, _)| *name == list).map(|(_, kind)| *kind)
    }

    /// Returns the full name of its message.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Bootstrap => "envoy.config.bootstrap.v3.Bootstrap",
            Self::Listener => "envoy.config.listener.v3.Listener",
            Self::Route => "envoy.config.route.v3.RouteConfiguration",
            Self::ScopedRoute => "envoy.config.route.v3.ScopedRouteConfiguration",
            Self::Cluster => "envoy.config.cluster.v3.Cluster",
            Self::Endpoint => "envoy.config.endpoint.v3.ClusterLoadAssignment",
            Self::Secret => "envoy.extensions.transport_sockets.tls.v3.Secret",
            Self::Extension => "envoy.config.core.v3.TypedExtensionConfig",
        }
    }
}
