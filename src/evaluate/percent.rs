//! `envoy.type.v3.FractionalPercent`.

use super::message::Message;

/// Returns a fraction as percent.
pub(super) fn of_fraction(message: Message<'_>) -> f64 {
    let numerator = message.double("numerator").unwrap_or_default();
    match message.text("denominator") {
        Some("TEN_THOUSAND") => numerator / 100.0,
        Some("MILLION") => numerator / 10_000.0,
        _ => numerator,
    }
}
