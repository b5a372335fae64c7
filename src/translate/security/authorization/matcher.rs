//! Values of attributes -> matchers: exact, `prefix*`, `*suffix`, or `*` for any.
//!
//! Envoy takes no empty prefix or suffix, so `*` has a form of its own.
//!
//! istiod: `pilot/pkg/security/authz/matcher`

use crate::envoy::{
    HeaderMatcher, HeaderMatcherHeaderMatchSpecifier, StringMatcher, StringMatcherMatchPattern, TypedExtensionConfig,
    UriTemplateMatchConfig,
};
use crate::translate::string_match::{quote_meta, regex_matcher};

/// One segment of a path, as policies write it.
const MATCH_ONE: &str = "{*}";
/// Any number of segments.
const MATCH_ANY: &str = "{**}";

/// Matches a text. istiod: `matcher/string.go` `StringMatcher`
pub(super) fn string(value: &str) -> StringMatcher {
    match Pattern::parse(value) {
        Pattern::Any => any(),
        Pattern::Suffix(text) => suffix(text),
        Pattern::Prefix(text) => prefix(text.to_owned()),
        Pattern::Exact(text) => exact(text.to_owned()),
    }
}

/// Matches a text that has something before the value. istiod: `matcher/string.go` `StringMatcherWithPrefix`
pub(super) fn string_after(before: &str, value: &str) -> StringMatcher {
    match Pattern::parse(value) {
        Pattern::Any => any(),
        Pattern::Suffix(text) => regex(format!("{before}.*{}", quote_meta(text))),
        Pattern::Prefix(text) => prefix(format!("{before}{text}")),
        Pattern::Exact(text) => exact(format!("{before}{text}")),
    }
}

/// Matches a header, whose presence is enough for `*`. istiod: `matcher/header.go` `HeaderMatcher`, `HostMatcher`
pub(super) fn header(name: &str, value: &str, ignore_case: bool) -> HeaderMatcher {
    let specifier = match Pattern::parse(value) {
        Pattern::Any => HeaderMatcherHeaderMatchSpecifier::PresentMatch(true),
        Pattern::Suffix(_) | Pattern::Prefix(_) | Pattern::Exact(_) => {
            HeaderMatcherHeaderMatchSpecifier::StringMatch(StringMatcher { ignore_case, ..string(value) })
        }
    };
    HeaderMatcher { name: name.to_owned(), header_match_specifier: Some(specifier), ..HeaderMatcher::default() }
}

/// Matches a path by a template, if the value is one. istiod: `matcher/template.go` `PathTemplateMatcher`
pub(super) fn path_template(value: &str) -> Option<TypedExtensionConfig> {
    if !value.contains(MATCH_ONE) && !value.contains(MATCH_ANY) {
        return None;
    }
    let path_template = value.replace(MATCH_ONE, "*").replace(MATCH_ANY, "**");
    Some(TypedExtensionConfig {
        name: "uri-template".to_owned(),
        typed_config: Some(UriTemplateMatchConfig { path_template }.into()),
    })
}

/// Matches a name in an HTTP message, whatever its case, as providers list them. A single `*` is refused before.
///
/// istiod: `builder/extauthz.go` `generateHeaders`
pub(super) fn header_name(value: &str) -> StringMatcher {
    StringMatcher { ignore_case: true, ..string(value) }
}

/// Matches every text that is not empty.
pub(super) fn any() -> StringMatcher {
    regex(".+".to_owned())
}

pub(super) fn exact(text: String) -> StringMatcher {
    pattern(StringMatcherMatchPattern::Exact(text))
}

pub(super) fn prefix(text: String) -> StringMatcher {
    pattern(StringMatcherMatchPattern::Prefix(text))
}

pub(super) fn suffix(text: &str) -> StringMatcher {
    pattern(StringMatcherMatchPattern::Suffix(text.to_owned()))
}

pub(super) fn regex(regex: String) -> StringMatcher {
    pattern(StringMatcherMatchPattern::SafeRegex(regex_matcher(regex)))
}

fn pattern(pattern: StringMatcherMatchPattern) -> StringMatcher {
    StringMatcher { match_pattern: Some(pattern), ..StringMatcher::default() }
}

/// What a value asks for; an asterisk in front counts before one at the end.
enum Pattern<'a> {
    Any,
    Suffix(&'a str),
    Prefix(&'a str),
    Exact(&'a str),
}

impl<'a> Pattern<'a> {
    fn parse(value: &'a str) -> Self {
        if value == "*" {
            Self::Any
        } else if let Some(text) = value.strip_prefix('*') {
            Self::Suffix(text)
        } else if let Some(text) = value.strip_suffix('*') {
            Self::Prefix(text)
        } else {
            Self::Exact(value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envoy::Any;

    #[test]
    fn asterisks_choose_the_matcher() {
        for (value, expected) in [
            ("a", exact("a".to_owned())),
            ("a*", prefix("a".to_owned())),
            ("*a", suffix("a")),
            ("*a*", suffix("a*")),
            ("a*b", exact("a*b".to_owned())),
            ("*", regex(".+".to_owned())),
        ] {
            assert_eq!(string(value), expected, "{value}");
        }
        assert_eq!(string_after("spiffe://", "*/sa/a.b"), regex(r"spiffe://.*/sa/a\.b".to_owned()));
        assert_eq!(string_after("spiffe://", "td/*"), prefix("spiffe://td/".to_owned()));
        assert_eq!(string_after("spiffe://", "*"), any());
    }

    #[test]
    fn templates_are_written_as_envoy_has_them() {
        let template = |value: &str| match path_template(value)?.typed_config {
            Some(Any::UriTemplateMatchConfig(config)) => Some(config.path_template),
            _ => None,
        };
        assert_eq!(template("/a/{*}/b/{**}").as_deref(), Some("/a/*/b/**"));
        assert_eq!(template("/{**}").as_deref(), Some("/**"));
        assert_eq!(template("/a/*"), None);
    }
}
