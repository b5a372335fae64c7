//! The types of switches that take certain texts only.

use std::collections::BTreeSet;

use super::env::{FromEnv, Kind};

/// Who fetches the keys that a `jwksUri` names. istiod: `pkg/jwt/jwt.go`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwksFetchMode {
    /// istiod.
    Istiod,
    /// Envoy where it knows a cluster for the host, else istiod.
    Hybrid,
    /// Envoy.
    Envoy,
}

impl FromEnv for JwksFetchMode {
    const KIND: Kind = Kind::Text;

    fn from_env(text: &str) -> Option<Self> {
        Some(match text {
            "hybrid" | "true" => Self::Hybrid,
            "envoy" => Self::Envoy,
            _ => Self::Istiod,
        })
    }
}

/// Whether sidecars are init containers that keep running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NativeSidecars {
    /// Always.
    Enabled,
    /// Never.
    Disabled,
    /// Where all nodes can run them.
    Auto,
}

impl FromEnv for NativeSidecars {
    const KIND: Kind = Kind::Text;

    fn from_env(text: &str) -> Option<Self> {
        Some(match text {
            "true" => Self::Enabled,
            "auto" => Self::Auto,
            _ => Self::Disabled,
        })
    }
}

/// The value of `COMPLIANCE_POLICY` that 1.31 brought.
pub(crate) const FIPS_140_3: &str = "fips-140-3";

/// Restrictions of TLS. istiod: `pkg/features/security.go`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompliancePolicy {
    /// None, as with a text that istiod does not know.
    None,
    /// FIPS 140-2.
    Fips140_2,
    /// FIPS 140-3, since 1.31.
    Fips140_3,
    /// Key exchange that no quantum computer breaks.
    PostQuantum,
}

impl FromEnv for CompliancePolicy {
    const KIND: Kind = Kind::Text;

    fn from_env(text: &str) -> Option<Self> {
        Some(match text {
            "fips-140-2" => Self::Fips140_2,
            FIPS_140_3 => Self::Fips140_3,
            "pqc" => Self::PostQuantum,
            _ => Self::None,
        })
    }
}

/// A share of 100; what is less or more is not read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percent(pub f64);

impl FromEnv for Percent {
    const KIND: Kind = Kind::Number;

    fn from_env(text: &str) -> Option<Self> {
        f64::from_env(text).filter(|percent| !(*percent < 0.0 || *percent > 100.0)).map(Self)
    }
}

/// Labels, separated by commas; sorted, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels(pub Vec<String>);

impl FromEnv for Labels {
    const KIND: Kind = Kind::Text;

    fn from_env(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let labels: BTreeSet<&str> = text.split(',').collect();
        Some(Self(labels.into_iter().map(str::to_owned).collect()))
    }
}
