//! Bounds of numbers, durations, lengths and counts.

use std::fmt::Display;

use super::text::Text;

/// A lower and an upper bound, each with or without the bound itself.
#[derive(Debug, Default)]
pub(crate) struct Bounds<T> {
    low: Option<(T, bool)>,
    high: Option<(T, bool)>,
    one_of: Vec<T>,
}

impl<T: PartialOrd + Display> Bounds<T> {
    /// Reads `gt`, `gte`, `lt`, `lte`, `const` and `in`.
    pub(crate) fn from_text(rule: &Text, read: impl Fn(&Text) -> Option<T>) -> Self {
        let bound = |open: &str, closed: &str| {
            let open = rule.get(open).and_then(&read).map(|bound| (bound, false));
            open.or_else(|| rule.get(closed).and_then(&read).map(|bound| (bound, true)))
        };
        let one_of = rule.all("const").chain(rule.all("in")).filter_map(&read).collect();
        Self { low: bound("gt", "gte"), high: bound("lt", "lte"), one_of }
    }

    /// Says what is wrong with a value.
    pub(crate) fn check(&self, value: &T) -> Option<String> {
        let below = self.low.as_ref().is_some_and(|(low, closed)| value < low || (!closed && value == low));
        let above = self.high.as_ref().is_some_and(|(high, closed)| value > high || (!closed && value == high));
        if !self.one_of.is_empty() && !self.one_of.contains(value) {
            let list: Vec<String> = self.one_of.iter().map(ToString::to_string).collect();
            return Some(format!("value must be one of {}", list.join(", ")));
        }
        if !below && !above {
            return None;
        }
        Some(match (&self.low, &self.high) {
            (Some((low, low_closed)), Some((high, high_closed))) => {
                let (open, close) = (if *low_closed { '[' } else { '(' }, if *high_closed { ']' } else { ')' });
                format!("value must be inside range {open}{low}, {high}{close}")
            }
            (Some((low, true)), None) => format!("value must be greater than or equal to {low}"),
            (Some((low, false)), None) => format!("value must be greater than {low}"),
            (_, Some((high, true))) => format!("value must be less than or equal to {high}"),
            (_, Some((high, false))) => format!("value must be less than {high}"),
            (None, None) => return None,
        })
    }
}

impl Bounds<f64> {
    /// Reads `min_WHAT`, `max_WHAT` and `WHAT`.
    pub(crate) fn of_count(rule: &Text, what: &str) -> Self {
        let bound = |name: String| rule.parse(&name).map(|bound| (bound, true));
        let exact = rule.parse(what).map(|bound| (bound, true));
        Self {
            low: bound(format!("min_{what}")).or(exact),
            high: bound(format!("max_{what}")).or(exact),
            one_of: Vec::new(),
        }
    }

    /// Says what is wrong with a count of these things.
    pub(crate) fn count(&self, count: usize, things: &str) -> Option<String> {
        #[expect(clippy::cast_precision_loss, reason = "no list is that long")]
        let count = count as f64;
        match (&self.low, &self.high) {
            (Some((low, _)), _) if count < *low => Some(format!("value must contain at least {low} {things}")),
            (_, Some((high, _))) if count > *high => Some(format!("value must contain at most {high} {things}")),
            _ => None,
        }
    }
}
