//! What makes connections and requests trusted.

pub(crate) mod sds;
