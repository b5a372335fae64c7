//! `@request.auth.claims`: matches on claims of a verified JWT, written as matches on a header.

use crate::envoy::{
    ListMatcher, ListMatcherMatchPattern, MetadataMatcher, MetadataMatcherPathSegment,
    MetadataMatcherPathSegmentSegment, OrMatcher, ValueMatcher, ValueMatcherMatchPattern,
};
use crate::model::istio::StringMatch;
use crate::translate::string_match::string_matcher;

const PREFIX: &str = "@request.auth.claims";

/// Returns the claim that a header name stands for, outermost first: `@request.auth.claims.group.id` or
/// `@request.auth.claims[group][id]`. None for every other name.
///
/// istiod: `pkg/jwt/routing.go` `ToRoutingClaim`
pub(super) fn claims(header: &str) -> Option<Vec<String>> {
    let (prefix, rest) = header.split_at_checked(PREFIX.len())?;
    if !prefix.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    let dotted = rest.strip_prefix('.').map(|path| (path, "."));
    let (path, separator) = dotted.or_else(|| Some((rest.strip_prefix('[')?.strip_suffix(']')?, "][")))?;
    (!path.is_empty()).then(|| path.split(separator).map(str::to_owned).collect())
}

/// `match.headers["@request.auth.claims..."]` -> `RouteMatch.dynamic_metadata`
///
/// The claim may be a text or a list of texts.
///
/// istiod: `route.go` `translateMetadataMatch`, `security/authz/matcher/metadata.go` `MetadataListMatcher`
pub(super) fn metadata_matcher(header: &str, text: &StringMatch) -> Option<MetadataMatcher> {
    let path = ["payload".to_owned()].into_iter().chain(claims(header)?);
    let value = || value_matcher(ValueMatcherMatchPattern::StringMatch(string_matcher(text).unwrap_or_default()));
    let list = ListMatcher { match_pattern: Some(ListMatcherMatchPattern::OneOf(Box::new(value()))) };
    let list = value_matcher(ValueMatcherMatchPattern::ListMatch(Box::new(list)));
    let either = OrMatcher { value_matchers: vec![list, value()] };
    Some(MetadataMatcher {
        filter: "envoy.filters.http.jwt_authn".to_owned(),
        path: path.map(segment).collect(),
        value: Some(value_matcher(ValueMatcherMatchPattern::OrMatch(either))),
        ..MetadataMatcher::default()
    })
}

fn segment(key: String) -> MetadataMatcherPathSegment {
    MetadataMatcherPathSegment { segment: Some(MetadataMatcherPathSegmentSegment::Key(key)) }
}

fn value_matcher(pattern: ValueMatcherMatchPattern) -> ValueMatcher {
    ValueMatcher { match_pattern: Some(pattern) }
}

#[cfg(test)]
mod tests {
    use super::claims;

    #[test]
    fn claims_are_separated_by_dots_or_brackets() {
        for (header, expected) in [
            ("@request.auth.claims.admin", Some(vec!["admin"])),
            ("@Request.Auth.Claims.group.id", Some(vec!["group", "id"])),
            ("@request.auth.claims[group][https://a.b/id]", Some(vec!["group", "https://a.b/id"])),
            ("@request.auth.claims[]", None),
            ("@request.auth.claims.", None),
            ("@request.auth.claims", None),
            ("@request.auth.claims-admin", None),
            ("x-admin", None),
        ] {
            let expected = expected.map(|e| e.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(claims(header), expected, "{header}");
        }
    }
}
