//! `IstioOperator` (`install.istio.io`): how `istioctl install` sets Istio up.

use serde_json::Value;

/// An installation, as `istioctl` reads it. Most of it is values of the charts, which have no type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IstioOperator {
    /// The whole `spec`.
    pub spec: Value,
}
