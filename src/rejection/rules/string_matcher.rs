//! `source/common/common/matchers.cc` and `regex.cc`.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::{flag, has, text};
use crate::rejection::syntax;

pub(super) const RULES: &[Rule] = &[case];
pub(super) const REGEX: &[Rule] = &[regex];

/// `StringMatcherImpl`.
fn case<'a>(matcher: &'a Value, found: &mut Findings<'a>) {
    if has(matcher, "safe_regex") && flag(matcher, "ignore_case") {
        found.reject_field("ignore_case", "ignore_case has no effect for safe_regex.");
    }
}

/// `Regex::Utility::parseRegex`.
fn regex<'a>(matcher: &'a Value, found: &mut Findings<'a>) {
    if let Some(problem) = syntax::regex::problem(text(matcher, "regex")) {
        found.reject_field("regex", problem);
    }
}
