//! The releases of Istio.

/// A release of istiod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// The minor version: 30 in 1.30.3.
    pub minor: u32,
    /// The patch: 3 in 1.30.3.
    pub patch: u32,
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "1.{}.{}", self.minor, self.patch)
    }
}

impl Default for Release {
    fn default() -> Self {
        Self { minor: 30, patch: 3 }
    }
}

impl Release {
    /// Reads `1.29.6`, `1.29.6-distroless`. Returns nothing for what is no version of Istio 1.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.split('-').next().unwrap_or_default();
        let mut parts = number.split('.').map(|part| part.parse::<u32>().ok());
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Some(1)), Some(minor), Some(patch), None) => Some(Self { minor: minor?, patch: patch? }),
            _ => None,
        }
    }
}
