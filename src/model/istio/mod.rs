//! Istio's kinds, one file a kind, with every field of `istio.io/api` 1.30.
//!
//! Names follow from the protos. A message is named as in Go, without underscores and with acronyms as words:
//! `ConnectionPoolSettings.TCPSettings` is [`ConnectionPoolSettingsTcpSettings`]. A oneof's enum is named after the
//! message and the oneof, a word that both have at the seam being said once: `StringMatch.match_type` is
//! [`StringMatchType`]. Where two packages have a name, the one of `type.v1beta1` or `mesh.v1alpha1` has the package in
//! front ([`TypeWorkloadSelector`], [`MeshTracing`]); but [`ProxyConfig`] is the mesh's, which everything uses, and the
//! resource is [`ProxyConfigResource`].

mod authorization_policy;
mod destination_rule;
mod envoy_filter;
mod extension_provider;
mod gateway;
mod ingress_controller;
pub mod label;
mod mesh_config;
mod mesh_defaults;
mod mesh_networks;
mod operator;
mod peer_authentication;
mod proxy_config;
mod proxy_config_resource;
mod proxy_tracing;
mod request_authentication;
mod selector;
mod service_entry;
mod sidecar;
mod telemetry;
mod traffic_extension;
mod values;
mod virtual_service;
mod wasm_plugin;
mod workload_entry;
mod workload_group;

pub use authorization_policy::*;
pub use destination_rule::*;
pub use envoy_filter::*;
pub use extension_provider::*;
pub use gateway::*;
pub use mesh_config::*;
pub use mesh_networks::*;
pub use operator::*;
pub use peer_authentication::*;
pub use proxy_config::*;
pub use proxy_config_resource::*;
pub use proxy_tracing::*;
pub use request_authentication::*;
pub use selector::*;
pub use service_entry::*;
pub use sidecar::*;
pub use telemetry::*;
pub use traffic_extension::*;
pub use values::*;
pub use virtual_service::*;
pub use wasm_plugin::*;
pub use workload_entry::*;
pub use workload_group::*;
