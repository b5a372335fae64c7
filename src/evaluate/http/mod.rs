//! HTTP as Envoy's connection manager handles it: headers, hosts, paths.

pub(super) mod connection_manager;
pub(super) mod headers;
pub(super) mod host;
pub(super) mod local_reply;
pub(super) mod path;
pub(super) mod sanitize;

pub(super) use headers::Headers;
