//! `StringMatch`: a condition on a text.

use crate::envoy::{RegexMatcher, StringMatcher, StringMatcherMatchPattern};
use crate::model::istio::{StringMatch, StringMatchType};

/// `StringMatch` -> `StringMatcher`; none if no condition is set.
///
/// istiod: `pilot/pkg/networking/util/util.go` `ConvertToEnvoyMatch`
pub(crate) fn string_matcher(text: &StringMatch) -> Option<StringMatcher> {
    let pattern = match text.match_type.clone()? {
        StringMatchType::Exact(exact) => StringMatcherMatchPattern::Exact(exact),
        StringMatchType::Prefix(prefix) => StringMatcherMatchPattern::Prefix(prefix),
        StringMatchType::Regex(regex) => StringMatcherMatchPattern::SafeRegex(regex_matcher(regex)),
    };
    Some(StringMatcher { match_pattern: Some(pattern), ..StringMatcher::default() })
}

/// Makes a matcher of a whole text equal to this one. istiod: `StringToExactMatch`.
pub(crate) fn exact(text: &str) -> StringMatcher {
    StringMatcher { match_pattern: Some(StringMatcherMatchPattern::Exact(text.to_owned())), ..StringMatcher::default() }
}

/// Makes a matcher of a regular expression; its engine is Envoy's default, RE2.
pub(crate) fn regex_matcher(regex: String) -> RegexMatcher {
    RegexMatcher { regex }
}

/// Escapes what means something in a regular expression. Go: `regexp.QuoteMeta`.
pub(crate) fn quote_meta(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
