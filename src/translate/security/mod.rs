//! What makes connections and requests trusted.

pub(crate) mod authentication;
pub(crate) mod authorization;
pub(crate) mod certificates;
pub(crate) mod compliance;
pub(crate) mod hbone;
pub(crate) mod sds;
