//! Rules on what istiod makes of the manifests: the mesh, and what each proxy is served.
//!
//! They see through the translator's eyes, so what is hidden by `exportTo`, a Sidecar or a selector is hidden here too. What the
//! rules of istioctl say already is not said again ([`Translated::is_said`]).

mod ambient;
mod authorization;
mod backends;
mod cause;
mod creation;
mod destination;
mod diagnostics;
mod effect;
mod endpoints;
mod external;
mod facts;
mod gateway_access;
mod gateway_api;
mod http2;
mod locality;
mod no_route;
mod policy_ports;
mod policy_rules;
mod principals;
mod print;
mod refused;
mod rejected;
mod retries;
mod routes;
mod telemetry;
mod tls;
mod tokens;
mod translated;

use super::registry::MeshCheck;

pub(super) use creation::RIVALS;
pub(super) use refused::refused;
pub use translated::Memory;
pub(super) use translated::Translated;

/// The checks.
pub(super) const CHECKS: &[MeshCheck] = &[
    MeshCheck::new("mesh.routes", routes::check),
    MeshCheck::new("mesh.destinations", destination::check),
    MeshCheck::new("mesh.endpoints", endpoints::check),
    MeshCheck::new("mesh.diagnostics", diagnostics::check),
    MeshCheck::new("mesh.gateway-api", gateway_api::check),
    MeshCheck::new("mesh.no-route", no_route::check),
    MeshCheck::new("mesh.backends", backends::check),
    MeshCheck::new("mesh.http2", http2::check),
    MeshCheck::new("mesh.external", external::check),
    MeshCheck::new("mesh.retries", retries::check),
    MeshCheck::new("mesh.locality", locality::check),
    MeshCheck::new("mesh.policy-rules", policy_rules::check),
    MeshCheck::new("mesh.policy-ports", policy_ports::check),
    MeshCheck::new("mesh.principals", principals::check),
    MeshCheck::new("mesh.tokens", tokens::check),
    MeshCheck::new("mesh.gateway-access", gateway_access::check),
    MeshCheck::new("mesh.telemetry", telemetry::check),
    MeshCheck::new("mesh.effect", effect::check),
    MeshCheck::new("mesh.creation", creation::check),
    MeshCheck::new("mesh.tls", tls::check),
    MeshCheck::new("mesh.rejected", rejected::check),
    MeshCheck::new("mesh.ambient", ambient::check),
];
