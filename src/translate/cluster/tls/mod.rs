//! TLS towards the endpoints of a cluster.
//!
//! ```text
//! DestinationRule tls ──▶ settings ──▶ context ──▶ transport_socket              as the user said
//! PeerAuthentication  ──▶ settings ──▶ context ──▶ transport_socket_matches      by what each endpoint accepts
//!                                 └──▶ auto_sni, auto_san_validation
//! ```
//!
//! istiod: `pilot/pkg/networking/core/cluster_tls.go`

mod auto;
mod context;
mod settings;
mod transport_socket;

pub(super) use auto::{allows_insecure, upstream_http_protocol_options};
pub(super) use context::of_any_host;
pub(super) use settings::{TlsSettings, as_written, has_secret, settings};
pub(super) use transport_socket::{inner_socket, transport_sockets};
