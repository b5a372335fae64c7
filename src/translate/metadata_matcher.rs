//! Conditions on dynamic metadata: what an earlier filter has found out about a request.

use crate::envoy::{
    ListMatcher, ListMatcherMatchPattern, MetadataMatcher, MetadataMatcherPathSegment,
    MetadataMatcherPathSegmentSegment, OrMatcher, StringMatcher, ValueMatcher, ValueMatcherMatchPattern,
};

/// The filter that verifies tokens; its metadata holds their claims.
pub(crate) const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";
/// The key under which the claims are.
pub(crate) const PAYLOAD: &str = "payload";

/// A condition on the value that a filter has put at a path, outermost key first.
pub(crate) fn metadata<S: Into<String>>(
    filter: &str,
    path: impl IntoIterator<Item = S>,
    value: ValueMatcher,
) -> MetadataMatcher {
    let segment =
        |key: S| MetadataMatcherPathSegment { segment: Some(MetadataMatcherPathSegmentSegment::Key(key.into())) };
    MetadataMatcher {
        filter: filter.to_owned(),
        path: path.into_iter().map(segment).collect(),
        value: Some(value),
        ..MetadataMatcher::default()
    }
}

/// A condition on a claim of a verified token, outermost name first.
pub(crate) fn claim<'a>(path: impl IntoIterator<Item = &'a str>, value: ValueMatcher) -> MetadataMatcher {
    metadata(JWT_AUTHN, std::iter::once(PAYLOAD).chain(path), value)
}

/// The value is a text.
pub(crate) fn text(text: StringMatcher) -> ValueMatcher {
    matcher(ValueMatcherMatchPattern::StringMatch(text))
}

/// The value is a list in which one item does.
pub(crate) fn one_of(item: ValueMatcher) -> ValueMatcher {
    let list = ListMatcher { match_pattern: Some(ListMatcherMatchPattern::OneOf(Box::new(item))) };
    matcher(ValueMatcherMatchPattern::ListMatch(Box::new(list)))
}

/// One condition holds; a single one stands for itself. istiod: `security/authz/matcher/string.go` `OrMatcher`
pub(crate) fn any_of(mut conditions: Vec<ValueMatcher>) -> ValueMatcher {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => only,
        last => {
            conditions.extend(last);
            or(conditions)
        }
    }
}

/// The value is a list in which one item does, or does itself.
///
/// istiod: `security/authz/matcher/metadata.go` `MetadataListValueMatcher`
pub(crate) fn list_or_value(value: ValueMatcher) -> ValueMatcher {
    or(vec![one_of(value.clone()), value])
}

fn or(value_matchers: Vec<ValueMatcher>) -> ValueMatcher {
    matcher(ValueMatcherMatchPattern::OrMatch(OrMatcher { value_matchers }))
}

fn matcher(pattern: ValueMatcherMatchPattern) -> ValueMatcher {
    ValueMatcher { match_pattern: Some(pattern) }
}
