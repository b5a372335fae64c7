//! `istio.networking.v1alpha3` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::selector::PolicyTargetReference;
use super::sidecar::WorkloadSelector;
use crate::model::Struct;
use crate::model::proto::{proto_enum, proto_message};

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilter {
    pub workload_selector: Option<WorkloadSelector>,
    pub target_refs: Vec<PolicyTargetReference>,
    pub config_patches: Vec<EnvoyFilterEnvoyConfigObjectPatch>,
    pub priority: i32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterProxyMatch {
    pub proxy_version: String,
    pub metadata: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterClusterMatch {
    pub port_number: u32,
    pub service: String,
    pub subset: String,
    pub name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterRouteConfigurationMatch {
    pub port_number: u32,
    pub port_name: String,
    pub gateway: String,
    pub vhost: Option<EnvoyFilterRouteConfigurationMatchVirtualHostMatch>,
    pub name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterRouteConfigurationMatchRouteMatch {
    pub name: String,
    pub action: EnvoyFilterRouteConfigurationMatchRouteMatchAction,
}

proto_enum! {
    pub enum EnvoyFilterRouteConfigurationMatchRouteMatchAction {
        Any = 0 => "ANY",
        Route = 1 => "ROUTE",
        Redirect = 2 => "REDIRECT",
        DirectResponse = 3 => "DIRECT_RESPONSE",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterRouteConfigurationMatchVirtualHostMatch {
    pub name: String,
    pub domain_name: String,
    pub route: Option<EnvoyFilterRouteConfigurationMatchRouteMatch>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterListenerMatch {
    pub port_number: u32,
    pub port_name: String,
    pub filter_chain: Option<EnvoyFilterListenerMatchFilterChainMatch>,
    pub listener_filter: String,
    pub name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterListenerMatchFilterChainMatch {
    pub name: String,
    pub sni: String,
    pub transport_protocol: String,
    pub application_protocols: String,
    pub filter: Option<EnvoyFilterListenerMatchFilterMatch>,
    pub destination_port: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterListenerMatchFilterMatch {
    pub name: String,
    pub sub_filter: Option<EnvoyFilterListenerMatchSubFilterMatch>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterListenerMatchSubFilterMatch {
    pub name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterWaypointMatch {
    pub port_number: u32,
    pub route: Option<EnvoyFilterWaypointMatchRouteMatch>,
    pub filter: Option<EnvoyFilterWaypointMatchFilterMatch>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterWaypointMatchRouteMatch {
    pub name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterWaypointMatchFilterMatch {
    pub name: String,
    pub sub_filter: Option<EnvoyFilterWaypointMatchFilterMatchSubFilterMatch>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterWaypointMatchFilterMatchSubFilterMatch {
    pub name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterPatch {
    pub operation: EnvoyFilterPatchOperation,
    pub value: Option<Struct>,
    pub filter_class: EnvoyFilterPatchFilterClass,
}

proto_enum! {
    pub enum EnvoyFilterPatchOperation {
        Invalid = 0 => "INVALID",
        Merge = 1 => "MERGE",
        Add = 2 => "ADD",
        Remove = 3 => "REMOVE",
        InsertBefore = 4 => "INSERT_BEFORE",
        InsertAfter = 5 => "INSERT_AFTER",
        InsertFirst = 6 => "INSERT_FIRST",
        Replace = 7 => "REPLACE",
    }
}

proto_enum! {
    pub enum EnvoyFilterPatchFilterClass {
        Unspecified = 0 => "UNSPECIFIED",
        Authn = 1 => "AUTHN",
        Authz = 2 => "AUTHZ",
        Stats = 3 => "STATS",
    }
}

proto_message! {
    pub struct EnvoyFilterEnvoyConfigObjectMatch {
        pub context: EnvoyFilterPatchContext,
        pub proxy: Option<EnvoyFilterProxyMatch>,
        oneof {
            object_types: EnvoyFilterEnvoyConfigObjectMatchObjectTypes {
                listener => Listener(EnvoyFilterListenerMatch),
                route_configuration => RouteConfiguration(EnvoyFilterRouteConfigurationMatch),
                cluster => Cluster(EnvoyFilterClusterMatch),
                waypoint => Waypoint(EnvoyFilterWaypointMatch),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EnvoyFilterEnvoyConfigObjectPatch {
    pub apply_to: EnvoyFilterApplyTo,
    pub r#match: Option<EnvoyFilterEnvoyConfigObjectMatch>,
    pub patch: Option<EnvoyFilterPatch>,
}

proto_enum! {
    pub enum EnvoyFilterApplyTo {
        Invalid = 0 => "INVALID",
        Listener = 1 => "LISTENER",
        FilterChain = 2 => "FILTER_CHAIN",
        NetworkFilter = 3 => "NETWORK_FILTER",
        HttpFilter = 4 => "HTTP_FILTER",
        RouteConfiguration = 5 => "ROUTE_CONFIGURATION",
        VirtualHost = 6 => "VIRTUAL_HOST",
        HttpRoute = 7 => "HTTP_ROUTE",
        Cluster = 8 => "CLUSTER",
        ExtensionConfig = 9 => "EXTENSION_CONFIG",
        Bootstrap = 10 => "BOOTSTRAP",
        ListenerFilter = 11 => "LISTENER_FILTER",
    }
}

proto_enum! {
    pub enum EnvoyFilterPatchContext {
        Any = 0 => "ANY",
        SidecarInbound = 1 => "SIDECAR_INBOUND",
        SidecarOutbound = 2 => "SIDECAR_OUTBOUND",
        Gateway = 3 => "GATEWAY",
        Waypoint = 4 => "WAYPOINT",
    }
}
