//! Spans of time, from Istio's type to Envoy's.

use crate::{envoy, model};

/// Turns a span of time as Istio's resources write it into Envoy's message.
pub(crate) fn duration(value: model::Duration) -> envoy::Duration {
    envoy::Duration { seconds: value.seconds, nanos: value.nanos }
}
