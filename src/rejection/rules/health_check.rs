//! Active health checks: `source/extensions/health_checkers`.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::{number, text};

pub(super) const RULES: &[Rule] = &[http, tcp];

/// `HttpStatusChecker`.
fn http<'a>(check: &'a Value, found: &mut Findings<'a>) {
    found.field(check, "http_health_check", |http, found| {
        for list in ["expected_statuses", "retriable_statuses"] {
            found.each(http, list, |range, found| {
                let (start, end) = (number(range, "start").unwrap_or(0), number(range, "end").unwrap_or(0));
                let start_text = "Invalid http status range: expecting";
                if start >= end {
                    found.reject(format!("{start_text} start < end, but found start={start} and end={end}"));
                } else if start < 100 {
                    found.reject(format!("{start_text} start >= 100, but found start={start}"));
                } else if end > 600 {
                    found.reject(format!("{start_text} end <= 600, but found end={end}"));
                }
            });
        }
    });
}

/// `PayloadMatcher::loadProtoBytes`.
fn tcp<'a>(check: &'a Value, found: &mut Findings<'a>) {
    found.field(check, "tcp_health_check", |tcp, found| {
        found.field(tcp, "send", hexadecimal);
        found.each(tcp, "receive", hexadecimal);
    });
}

fn hexadecimal<'a>(payload: &'a Value, found: &mut Findings<'a>) {
    let text = text(payload, "text");
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        found.reject_field("text", format!("invalid hex string '{text}'"));
    }
}
