//! `EnvoyFilter` (`networking.istio.io`): changes to the configuration that istiod has made.

use std::collections::BTreeMap;

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use super::selector::PolicyTargetReference;
use super::sidecar::WorkloadSelector;
use crate::model::Struct;
use crate::model::proto::{proto_enum, proto_message};

/// Changes to the configuration that istiod has made.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilter {
    /// Proxies of its namespace that it is for; left out means all.
    pub workload_selector: Option<WorkloadSelector>,
    /// Gateways or services whose proxies it is for; excludes `workload_selector`.
    pub target_refs: Vec<PolicyTargetReference>,
    /// The changes, in order.
    pub config_patches: Vec<EnvoyFilterEnvoyConfigObjectPatch>,
    /// Lower comes first; the order of equals is by age and name.
    pub priority: i32,
}

/// A condition on the proxy.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterProxyMatch {
    /// Pattern that the proxy's version must match.
    pub proxy_version: String,
    /// Node metadata that the proxy must have, exactly.
    pub metadata: BTreeMap<String, String>,
}

impl EnvoyFilterProxyMatch {
    /// Compiles the pattern; nothing if there is none.
    ///
    /// # Errors
    ///
    /// When it is no regular expression, or one whose program takes too much memory: that of a short one may take megabytes.
    pub fn version(&self) -> Result<Option<Regex>, regex::Error> {
        const LARGEST: usize = 1 << 18;
        if self.proxy_version.is_empty() {
            return Ok(None);
        }
        let build = |unicode| RegexBuilder::new(&self.proxy_version).unicode(unicode).size_limit(LARGEST).build();
        // Versions are ASCII, and so are classes unless the pattern asks for others.
        build(false).or_else(|_| build(true)).map(Some)
    }
}

/// A condition on clusters: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterClusterMatch {
    /// The service's port, for inbound clusters the workload's; zero means any.
    pub port_number: u32,
    /// The service's host; empty means any.
    pub service: String,
    /// The subset; empty means any.
    pub subset: String,
    /// The cluster's own name, exactly; empty means any.
    pub name: String,
}

/// A condition on route configurations and what is in them: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterRouteConfigurationMatch {
    /// The port that it serves; zero means any.
    pub port_number: u32,
    /// The name of the Gateway's port; for gateways.
    pub port_name: String,
    /// The Gateway as `namespace/name`; for gateways.
    pub gateway: String,
    /// A virtual host in it.
    pub vhost: Option<EnvoyFilterRouteConfigurationMatchVirtualHostMatch>,
    /// The route configuration's own name; empty means any.
    pub name: String,
}

/// A condition on routes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterRouteConfigurationMatchRouteMatch {
    /// The route's name; empty means any.
    pub name: String,
    /// What the route does.
    pub action: EnvoyFilterRouteConfigurationMatchRouteMatchAction,
}

proto_enum! {
    /// What a route does.
    pub enum EnvoyFilterRouteConfigurationMatchRouteMatchAction {
        /// Anything.
        Any = 0 => "ANY",
        /// Sends to a destination.
        Route = 1 => "ROUTE",
        /// Answers with a redirect.
        Redirect = 2 => "REDIRECT",
        /// Answers with a fixed response.
        DirectResponse = 3 => "DIRECT_RESPONSE",
    }
}

/// A condition on virtual hosts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterRouteConfigurationMatchVirtualHostMatch {
    /// Its name, `host:port`; empty means any.
    pub name: String,
    /// A domain that it must have; empty means any.
    pub domain_name: String,
    /// A route in it.
    pub route: Option<EnvoyFilterRouteConfigurationMatchRouteMatch>,
}

/// A condition on listeners and what is in them: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterListenerMatch {
    /// The port that it listens on; zero means any.
    pub port_number: u32,
    /// Not used.
    pub port_name: String,
    /// A filter chain in it.
    pub filter_chain: Option<EnvoyFilterListenerMatchFilterChainMatch>,
    /// A listener filter in it, by name.
    pub listener_filter: String,
    /// The listener's own name; empty means any.
    pub name: String,
}

/// A condition on filter chains: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterListenerMatchFilterChainMatch {
    /// Its name; empty means any.
    pub name: String,
    /// A server name of its match; empty means any.
    pub sni: String,
    /// The transport of its match: `raw_buffer` or `tls`; empty means any.
    pub transport_protocol: String,
    /// Protocols of its match, with commas, of which it must have one; empty means any.
    pub application_protocols: String,
    /// A network filter in it.
    pub filter: Option<EnvoyFilterListenerMatchFilterMatch>,
    /// The port of its match; zero means any.
    pub destination_port: u32,
}

/// A condition on network filters.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterListenerMatchFilterMatch {
    /// Its name.
    pub name: String,
    /// A filter in it, such as an HTTP filter.
    pub sub_filter: Option<EnvoyFilterListenerMatchSubFilterMatch>,
}

/// A condition on HTTP filters.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterListenerMatchSubFilterMatch {
    /// Its name.
    pub name: String,
}

/// A condition on what a waypoint has.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterWaypointMatch {
    /// The service's port; zero means any.
    pub port_number: u32,
    /// A route.
    pub route: Option<EnvoyFilterWaypointMatchRouteMatch>,
    /// A filter.
    pub filter: Option<EnvoyFilterWaypointMatchFilterMatch>,
}

/// A condition on routes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterWaypointMatchRouteMatch {
    /// Its name.
    pub name: String,
}

/// A condition on filters.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterWaypointMatchFilterMatch {
    /// Its name.
    pub name: String,
    /// A filter in it.
    pub sub_filter: Option<EnvoyFilterWaypointMatchFilterMatchSubFilterMatch>,
}

/// A condition on a filter's filters.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterWaypointMatchFilterMatchSubFilterMatch {
    /// Its name.
    pub name: String,
}

/// A change.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterPatch {
    /// What to do.
    pub operation: EnvoyFilterPatchOperation,
    /// The object, or the part of it, as Envoy's API has it in JSON.
    pub value: Option<Struct>,
    /// Which of Istio's filters a new one comes next to.
    pub filter_class: EnvoyFilterPatchFilterClass,
}

proto_enum! {
    /// What to do with an object.
    pub enum EnvoyFilterPatchOperation {
        /// Nothing: the change is not valid.
        Invalid = 0 => "INVALID",
        /// Lay the value over it.
        Merge = 1 => "MERGE",
        /// Add the value to its list, at the end.
        Add = 2 => "ADD",
        /// Take it away.
        Remove = 3 => "REMOVE",
        /// Put the value before it.
        InsertBefore = 4 => "INSERT_BEFORE",
        /// Put the value after it.
        InsertAfter = 5 => "INSERT_AFTER",
        /// Put the value before all others.
        InsertFirst = 6 => "INSERT_FIRST",
        /// Put the value in its place.
        Replace = 7 => "REPLACE",
        /// Lay the value over it; lists replace lists.
        MergeAndReplaceList = 8 => "MERGE_AND_REPLACE_LIST",
    }
}

proto_enum! {
    /// Which of Istio's filters a new one comes next to.
    pub enum EnvoyFilterPatchFilterClass {
        /// None: the operation says where.
        Unspecified = 0 => "UNSPECIFIED",
        /// After those of authentication.
        Authn = 1 => "AUTHN",
        /// After those of authorization.
        Authz = 2 => "AUTHZ",
        /// Before that of statistics.
        Stats = 3 => "STATS",
    }
}

proto_message! {
    /// Which objects a change is for: all that is given must hold.
    pub struct EnvoyFilterEnvoyConfigObjectMatch {
        /// Which side of which proxy.
        pub context: EnvoyFilterPatchContext,
        /// Which proxies.
        pub proxy: Option<EnvoyFilterProxyMatch>,
        oneof {
            /// Which objects; none means all.
            object_types: EnvoyFilterEnvoyConfigObjectMatchObjectTypes {
                /// Listeners, and what is in them.
                listener => Listener(EnvoyFilterListenerMatch),
                /// Route configurations, and what is in them.
                route_configuration => RouteConfiguration(EnvoyFilterRouteConfigurationMatch),
                /// Clusters.
                cluster => Cluster(EnvoyFilterClusterMatch),
                /// What a waypoint has.
                waypoint => Waypoint(EnvoyFilterWaypointMatch),
            }
        }
    }
}

/// One change, and what it is for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterEnvoyConfigObjectPatch {
    /// The kind of object.
    pub apply_to: EnvoyFilterApplyTo,
    /// Which of them; left out means all.
    pub r#match: Option<EnvoyFilterEnvoyConfigObjectMatch>,
    /// The change.
    pub patch: Option<EnvoyFilterPatch>,
}

proto_enum! {
    /// The kind of object that a change is for.
    pub enum EnvoyFilterApplyTo {
        /// None: the change is not valid.
        Invalid = 0 => "INVALID",
        /// Listeners.
        Listener = 1 => "LISTENER",
        /// Filter chains of listeners.
        FilterChain = 2 => "FILTER_CHAIN",
        /// Network filters of filter chains.
        NetworkFilter = 3 => "NETWORK_FILTER",
        /// HTTP filters of the HTTP connection manager.
        HttpFilter = 4 => "HTTP_FILTER",
        /// Route configurations, but for their virtual hosts.
        RouteConfiguration = 5 => "ROUTE_CONFIGURATION",
        /// Virtual hosts of route configurations.
        VirtualHost = 6 => "VIRTUAL_HOST",
        /// Routes of virtual hosts.
        HttpRoute = 7 => "HTTP_ROUTE",
        /// Clusters.
        Cluster = 8 => "CLUSTER",
        /// Filters' configuration that is fetched by itself.
        ExtensionConfig = 9 => "EXTENSION_CONFIG",
        /// The configuration that Envoy starts with.
        Bootstrap = 10 => "BOOTSTRAP",
        /// Listener filters.
        ListenerFilter = 11 => "LISTENER_FILTER",
    }
}

proto_enum! {
    /// Which side of which proxy a change is for.
    pub enum EnvoyFilterPatchContext {
        /// Sidecars, both sides, and gateways.
        Any = 0 => "ANY",
        /// Traffic to a sidecar's workload.
        SidecarInbound = 1 => "SIDECAR_INBOUND",
        /// Traffic from a sidecar's workload.
        SidecarOutbound = 2 => "SIDECAR_OUTBOUND",
        /// Gateways.
        Gateway = 3 => "GATEWAY",
        /// Waypoints.
        Waypoint = 4 => "WAYPOINT",
    }
}

impl EnvoyFilterApplyTo {
    /// The full name of Envoy's message that a value is. istiod: `pkg/config/xds/xds.go` `BuildXDSObjectFromStruct`
    pub const fn message_name(self) -> Option<&'static str> {
        Some(match self {
            Self::Invalid => return None,
            Self::Listener => "envoy.config.listener.v3.Listener",
            Self::FilterChain => "envoy.config.listener.v3.FilterChain",
            Self::NetworkFilter => "envoy.config.listener.v3.Filter",
            Self::HttpFilter => "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
            Self::RouteConfiguration => "envoy.config.route.v3.RouteConfiguration",
            Self::VirtualHost => "envoy.config.route.v3.VirtualHost",
            Self::HttpRoute => "envoy.config.route.v3.Route",
            Self::Cluster => "envoy.config.cluster.v3.Cluster",
            Self::ExtensionConfig => "envoy.config.core.v3.TypedExtensionConfig",
            Self::Bootstrap => "envoy.config.bootstrap.v3.Bootstrap",
            Self::ListenerFilter => "envoy.config.listener.v3.ListenerFilter",
        })
    }
}
