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
