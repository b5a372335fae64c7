//! Conditions on attributes, and how they are joined.

use std::borrow::Cow;

use super::Subject;

/// A matcher that may hold others: Envoy's `Permission` and `Principal` have the same forms.
pub(super) trait Node: Sized {
    /// Everything matches.
    fn any() -> Self;
    /// All must match.
    fn and(nodes: Vec<Self>) -> Self;
    /// One must match.
    fn or(nodes: Vec<Self>) -> Self;
    /// It must not match.
    fn not(node: Self) -> Self;
}

/// What the values of an attribute become; none is what Envoy, or a rule for connections, cannot say.
pub(super) enum Matchers<N> {
    /// One matcher for each value.
    Each(Vec<Option<N>>),
    /// One matcher for all values.
    Together(Option<N>),
}

/// Something that a rule can ask of a request or connection.
pub(super) trait Attribute {
    /// The matcher that asks it.
    type Node: Node;
    /// Builds the matchers of some values, one at least.
    fn matchers(&self, values: &[String], subject: Subject) -> Matchers<Self::Node>;
}

/// An attribute with the values of which it must have one, and those of which it must have none.
#[derive(Debug, Clone)]
pub(super) struct Condition<'a, A> {
    pub(super) attribute: A,
    pub(super) values: Cow<'a, [String]>,
    pub(super) not_values: Cow<'a, [String]>,
}

impl<'a, A> Condition<'a, A> {
    /// Returns a condition, if it asks for anything.
    pub(super) fn new(attribute: A, values: &'a [String], not_values: &'a [String]) -> Option<Self> {
        let asks = !values.is_empty() || !not_values.is_empty();
        asks.then_some(Self { attribute, values: Cow::Borrowed(values), not_values: Cow::Borrowed(not_values) })
    }
}

/// What happens to a value that has no matcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lenience {
    /// The whole rule is left out, as it would allow more than it says.
    DropRule,
    /// The value is left out: the rule refuses more than it says, which is safe.
    DropValue,
}

/// A rule is to be left out.
struct DropRule;

/// Joins conditions, all of which must hold; none if the rule is to be left out.
///
/// istiod: `security/authz/model/model.go` `generatePermission`, `generatePrincipal`
pub(super) fn all<A: Attribute>(
    conditions: &[Condition<'_, A>],
    subject: Subject,
    lenience: Lenience,
) -> Option<A::Node> {
    let mut nodes = Vec::new();
    for Condition { attribute, values, not_values } in conditions {
        nodes.extend(one_of(attribute, values, subject, lenience).ok()?);
        nodes.extend(one_of(attribute, not_values, subject, lenience).ok()?.map(A::Node::not));
    }
    if nodes.is_empty() {
        nodes.push(A::Node::any());
    }
    Some(A::Node::and(nodes))
}

/// The matcher of some values, if any is left.
fn one_of<A: Attribute>(
    attribute: &A,
    values: &[String],
    subject: Subject,
    lenience: Lenience,
) -> Result<Option<A::Node>, DropRule> {
    if values.is_empty() {
        return Ok(None);
    }
    let strict = lenience == Lenience::DropRule;
    match attribute.matchers(values, subject) {
        Matchers::Together(None) if strict => Err(DropRule),
        Matchers::Together(node) => Ok(node),
        Matchers::Each(nodes) if strict && nodes.iter().any(Option::is_none) => Err(DropRule),
        Matchers::Each(nodes) => {
            let nodes: Vec<A::Node> = nodes.into_iter().flatten().collect();
            Ok((!nodes.is_empty()).then(|| A::Node::or(nodes)))
        }
    }
}
