//! Percentages.

use crate::envoy::{FractionalPercent, FractionalPercentDenominatorType, RuntimeFractionalPercent};
use crate::model::istio::Percent;

/// `Percent` -> `FractionalPercent`, in millionths.
///
/// istiod: `route.go` `translatePercentToFractionalPercent`
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "truncates as istiod does")]
pub(super) fn fractional_percent(percent: &Percent) -> FractionalPercent {
    let numerator = (percent.value * 10_000.0) as u32;
    FractionalPercent { numerator, denominator: FractionalPercentDenominatorType::Million }
}

/// A whole percentage, in hundredths.
///
/// istiod: `route.go` `translateIntegerToFractionalPercent`
pub(super) fn integer_percent(percent: u32) -> FractionalPercent {
    FractionalPercent { numerator: percent, denominator: FractionalPercentDenominatorType::Hundred }
}

/// A percentage that no runtime key overrides.
pub(super) fn always(percent: FractionalPercent) -> RuntimeFractionalPercent {
    RuntimeFractionalPercent { default_value: Some(percent), ..RuntimeFractionalPercent::default() }
}
