//! Rules on what istiod makes of the manifests: the mesh, and what each proxy is served.
//!
//! They see through the translator's eyes, so what is hidden by `exportTo`, a Sidecar or a selector is hidden here too. What the
//! rules of istioctl say already is not said again ([`Translated::is_said`]).

mod cause;
mod creation;
mod destination;
mod diagnostics;
mod effect;
mod endpoints;
mod facts;
mod gateway_api;
mod refused;
mod rejected;
mod routes;
mod tls;
mod translated;

use super::registry::MeshCheck;

pub(super) use refused::refused;
pub(super) use translated::Translated;

/// The checks.
pub(super) const CHECKS: &[MeshCheck] = &[
    MeshCheck::new("mesh.routes", routes::check),
    MeshCheck::new("mesh.destinations", destination::check),
    MeshCheck::new("mesh.endpoints", endpoints::check),
    MeshCheck::new("mesh.diagnostics", diagnostics::check),
    MeshCheck::new("mesh.gateway-api", gateway_api::check),
    MeshCheck::new("mesh.effect", effect::check),
    MeshCheck::new("mesh.creation", creation::check),
    MeshCheck::new("mesh.tls", tls::check),
    MeshCheck::new("mesh.rejected", rejected::check),
];
