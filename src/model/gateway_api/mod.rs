//! The kinds of the Kubernetes Gateway API that istiod reads, reduced to what it reads and to what it passes over in silence.
//!
//! An object is read with the defaults that the API server writes (`weight: 1`, `allowedRoutes.namespaces.from: Same`), so a
//! field with a default always has a value here. Names are those of the API's Go types, with acronyms as words; but the
//! Gateway is a [`KubernetesGateway`] and not a Gateway, as istiod has it, since Istio's own kind has the name.

mod backend_tls_policy;
mod gateway;
mod gateway_class;
mod grpc_route;
mod http_filter;
mod http_route;
mod listener;
mod reference;
mod reference_grant;
mod tcp_route;
mod tls_route;

pub use backend_tls_policy::*;
pub use gateway::*;
pub use gateway_class::*;
pub use grpc_route::*;
pub use http_filter::*;
pub use http_route::*;
pub use listener::*;
pub use reference::*;
pub use reference_grant::*;
pub use tcp_route::*;
pub use tls_route::*;

/// The API group.
pub const GROUP: &str = "gateway.networking.k8s.io";
