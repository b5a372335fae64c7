//! What a patch is for: `match`.

mod cluster;
mod listener;
mod route;

pub(super) use cluster::cluster;
pub(super) use listener::{filter_chain, http_filter_name, listener, network_filter, network_filter_name};
pub(super) use route::{PortMap, has_route, route, route_configuration, virtual_host};
