//! Listeners for connections that the workload opens.
//!
//! ```text
//! egress_listener   what each egress listener of the Sidecar asks for: services, ports, binds
//!   place           where such a service port listens
//!   http_chain, tls_chain, tcp_chain      its filter chains
//! listener_table    what happens when two want the same address and port
//! assemble          Listener
//! ```
//!
//! istiod: `core/listener.go` `buildSidecarOutboundListeners`

mod assemble;
mod catch_all;
mod chain;
mod conflict;
mod default_destination;
mod egress_listener;
mod http_chain;
mod http_proxy;
mod listener_table;
mod place;
mod shared;
mod tcp_chain;
mod tls_chain;
mod virtual_outbound;
mod virtual_service;

pub(super) use http_proxy::http_proxy;
pub(crate) use shared::SharedListeners;
pub(super) use virtual_outbound::virtual_outbound;
