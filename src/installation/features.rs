//! istiod's feature switches. istiod: `pilot/pkg/features/*.go`

/// The switches that change what is served, each with the default of 1.30.3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Features {
    /// `PILOT_ENABLE_AMBIENT`
    pub ambient: bool,
}
