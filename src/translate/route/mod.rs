//! Routes: what a proxy does with an HTTP request.
//!
//! ```text
//! name of a route configuration -> egress listener -> services of the port  \
//!                                                  -> virtual services      -> virtual_host_wrapper -> virtual_host (domains)
//! VirtualService -> virtual_service -> http_route (matching, redirect, direct_response, headers, fault, cors)
//!                                      -> route_action (destinations, rewrite, retry, mirror, hash_policy)
//! ```
//!
//! istiod: `pilot/pkg/networking/core/httproute.go`, `pilot/pkg/networking/core/route`

mod alternate_domains;
mod catch_all;
mod connect_terminate;
mod cors;
mod decorator;
mod default_route;
mod destinations;
mod direct_response;
mod domains;
mod fault;
pub(crate) mod gateway;
mod hash_policy;
mod headers;
mod http_route;
mod inbound;
mod jwt_claim;
mod listener_services;
mod matching;
mod mirror;
mod percent;
mod persistent_session;
pub(crate) mod proxy_headers;
mod redirect;
mod retry;
mod rewrite;
mod route_action;
mod route_name;
mod sidecar;
mod virtual_host;
mod virtual_host_wrapper;
mod virtual_service;
mod virtual_service_hosts;
mod waypoint;

pub(crate) use alternate_domains::alternate_domains;
pub(crate) use catch_all::any_host;
pub(crate) use connect_terminate::connect_terminate;
pub(crate) use domains::join_host_port;
pub(crate) use inbound::inbound;
pub(crate) use route_name::is_name_of_sidecar;
pub(crate) use sidecar::{MAX_DIRECT_RESPONSE_BODY_SIZE, empty, sidecar};
pub(crate) use virtual_service::{HttpRouteOptions, catch_all_last, http_routes};
pub(crate) use waypoint::{waypoint, waypoint_to_workloads};
