//! `envoy.config.route.v3`: from a request to its route. Envoy: `router/config_impl.cc`.

mod action;
mod formatter;
mod header_mutation;
mod matching;
mod redirect;
mod route_config;
mod virtual_host;

pub use action::pick;
pub(super) use action::{Action, Clusters, RouteAction, WeightedCluster};
pub(super) use formatter::Variables;
pub(super) use header_mutation::{Changes, HeaderMutation};
pub(super) use matching::{Miss, RouteMatch};
pub(super) use redirect::Redirect;
pub(super) use route_config::{HostMatch, RouteConfig};
pub(super) use virtual_host::VirtualHost;

/// What routes look at besides headers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    /// What filters have noted, by filter.
    pub(super) metadata: &'a serde_json::Map<String, serde_json::Value>,
    /// Whether the client has shown a certificate.
    pub(super) has_certificate: bool,
    /// In place of the fractions that routes have by default.
    pub(super) runtime: Option<&'a Runtime>,
}

/// A runtime in which one key is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runtime {
    /// Routes for a part of the requests need this key; with an empty one, there are none.
    pub key: String,
    /// What says whether the request is in that part.
    pub random: u64,
}

/// What is known of a request where no listener and no filter is in front of routes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// What filters have noted, by filter.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// The runtime.
    pub runtime: Runtime,
}
