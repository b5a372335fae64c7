//! `@request.auth.claims`: matches on claims of a verified JWT, written as matches on a header.

use crate::envoy::MetadataMatcher;
use crate::model::istio::StringMatch;
use crate::translate::metadata_matcher;
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
    let path = claims(header)?;
    let value = metadata_matcher::text(string_matcher(text).unwrap_or_default());
    let path = path.iter().map(String::as_str);
    Some(metadata_matcher::claim(path, metadata_matcher::list_or_value(value)))
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
