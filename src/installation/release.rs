//! The releases of Istio.

/// A release of istiod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// The minor version: 30 in 1.30.3.
    pub minor: u32,
    /// The patch: 3 in 1.30.3.
    pub patch: u32,
}

impl Default for Release {
    fn default() -> Self {
        Self { minor: 30, patch: 3 }
    }
}
