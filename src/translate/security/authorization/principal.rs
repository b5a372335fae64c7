//! Attributes of who is behind a request or connection: Envoy's `Principal`.

use super::condition::{Attribute, Matchers, Node};
use super::matcher;
use super::{Layer, Peer, Subject};
use crate::envoy::{
    FilterStateMatcher, FilterStateMatcherMatcher, Principal, PrincipalAuthenticated, PrincipalIdentifier,
    PrincipalSet, StringMatcher,
};
use crate::translate::string_match::quote_meta;
use crate::translate::{cidr, metadata_matcher};

/// An attribute, by its name in `when` or by its field of `Source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PrincipalAttribute<'a> {
    /// `principals`, `source.principal`
    Principal,
    /// `requestPrincipals`, `request.auth.principal`
    RequestPrincipal,
    /// `serviceAccounts`, `source.serviceAccount`, with the policy's namespace
    ServiceAccount(&'a str),
    /// `trustDomains`, `source.trustDomain`
    TrustDomain,
    /// `namespaces`, `source.namespace`
    Namespace,
    /// `remoteIpBlocks`, `remote.ip`
    RemoteIp,
    /// `ipBlocks`, `source.ip`
    SourceIp,
    /// `request.auth.audiences`
    Audiences,
    /// `request.auth.presenter`
    Presenter,
    /// `request.headers[<name>]`: what follows `request.headers`
    Header(&'a str),
    /// `request.auth.claims[<name>]...`: what follows `request.auth.claims`
    Claims(&'a str),
}

impl<'a> PrincipalAttribute<'a> {
    /// Returns the attribute of a name in `when`. istiod: `security/authz/model/model.go` `New`
    pub(super) fn parse(key: &'a str, policy_namespace: &'a str) -> Option<Self> {
        Some(match key {
            "source.ip" => Self::SourceIp,
            "remote.ip" => Self::RemoteIp,
            "source.namespace" => Self::Namespace,
            "source.trustDomain" => Self::TrustDomain,
            "source.serviceAccount" => Self::ServiceAccount(policy_namespace),
            "source.principal" => Self::Principal,
            "request.auth.principal" => Self::RequestPrincipal,
            "request.auth.audiences" => Self::Audiences,
            "request.auth.presenter" => Self::Presenter,
            _ => {
                let header = key.strip_prefix("request.headers").map(Self::Header);
                return header.or_else(|| key.strip_prefix("request.auth.claims").map(Self::Claims));
            }
        })
    }
}

/// istiod: `security/authz/model/generator.go`
impl Attribute for PrincipalAttribute<'_> {
    type Node = Principal;

    fn matchers(&self, values: &[String], subject: Subject) -> Matchers<Principal> {
        let each = |identifier: &dyn Fn(&str) -> Option<PrincipalIdentifier>| {
            Matchers::Each(values.iter().map(|value| identifier(value).map(principal)).collect())
        };
        let is_request = subject.layer == Layer::Http;
        let peer = |name: &dyn Fn(&str) -> StringMatcher| each(&|value| Some(peer_identity(subject.peer, name(value))));
        match self {
            Self::Principal => peer(&|value| matcher::string_after("spiffe://", value)),
            Self::ServiceAccount(namespace) => peer(&|value| matcher::regex(service_account(namespace, value))),
            Self::TrustDomain => peer(&trust_domain),
            Self::Namespace => peer(&|value| matcher::regex(namespace(value))),
            Self::RemoteIp => each(&|value| cidr::range(value).map(PrincipalIdentifier::RemoteIp)),
            Self::SourceIp => each(&|value| cidr::range(value).map(PrincipalIdentifier::DirectRemoteIp)),
            Self::Header(key) => each(&|value| {
                let name = in_brackets(key).filter(|_| is_request)?;
                Some(PrincipalIdentifier::Header(matcher::header(name, value, false)))
            }),
            Self::RequestPrincipal => Matchers::Together(is_request.then(|| request_principals(values))),
            Self::Audiences => Matchers::Together(is_request.then(|| claim(["aud"], values))),
            Self::Presenter => Matchers::Together(is_request.then(|| claim(["azp"], values))),
            Self::Claims(key) => {
                let path = in_nested_brackets(key).filter(|_| is_request);
                Matchers::Together(path.map(|path| claim(path, values)))
            }
        }
    }
}

/// Where the waypoint notes the identity of a tunnel's client.
const PEER_PRINCIPAL: &str = "io.istio.peer_principal";

/// The identity of the peer's certificate, or of the client of the tunnel in which the peer is.
///
/// istiod: `security/authz/model/principal.go` `principalAuthenticated`
fn peer_identity(peer: Peer, name: StringMatcher) -> PrincipalIdentifier {
    match peer {
        Peer::Connection => PrincipalIdentifier::Authenticated(PrincipalAuthenticated { principal_name: Some(name) }),
        Peer::FilterState => PrincipalIdentifier::FilterState(FilterStateMatcher {
            key: PEER_PRINCIPAL.to_owned(),
            matcher: Some(FilterStateMatcherMatcher::StringMatch(name)),
        }),
    }
}

/// An identity in a namespace, whose name may have asterisks anywhere.
fn namespace(value: &str) -> String {
    let literal: Vec<String> = value.split('*').map(quote_meta).collect();
    format!(".*/ns/{}/.*", literal.join(".*"))
}

/// An identity of a service account, `namespace/name` or a name in the policy's own namespace. Further pairs of key and value may be
/// anywhere in it.
fn service_account(policy_namespace: &str, value: &str) -> String {
    let (namespace, name) = value.split_once('/').unwrap_or((policy_namespace, value));
    format!("spiffe://.+/ns/{}/(.+/|)sa/{}(/.+)?", quote_meta(namespace), quote_meta(name))
}

fn trust_domain(value: &str) -> StringMatcher {
    match value.split_once('*') {
        None => matcher::prefix(format!("spiffe://{value}/")),
        Some(("", "")) => matcher::prefix("spiffe://".to_owned()),
        Some((before, after)) => {
            matcher::regex(format!("spiffe://{}[^/]*{}/.*", quote_meta(before), quote_meta(after)))
        }
    }
}

/// `issuer/subject`, of which one must hold.
fn request_principals(values: &[String]) -> Principal {
    let both = |value: &String| {
        let [issuer, subject] = request_principal(value);
        let claim = |name, text| {
            principal(PrincipalIdentifier::Metadata(metadata_matcher::claim([name], metadata_matcher::text(text))))
        };
        Principal::and(vec![claim("iss", issuer), claim("sub", subject)])
    };
    let mut all: Vec<Principal> = values.iter().map(both).collect();
    match all.pop() {
        Some(only) if all.is_empty() => only,
        last => {
            all.extend(last);
            Principal::or(all)
        }
    }
}

/// The matchers of issuer and subject. The issuer may be a URL, so the last slash is what parts them; an asterisk in front or at the
/// end stands for part of the issuer, or of the subject.
fn request_principal(value: &str) -> [StringMatcher; 2] {
    let exact = |text: &str| matcher::exact(text.to_owned());
    let prefix = |text: &str| matcher::prefix(text.to_owned());
    let parts = value.rsplit_once('/');
    if value == "*" {
        return [matcher::any(), matcher::any()];
    }
    if let Some(without) = value.strip_prefix('*') {
        return match parts {
            Some(("*", subject)) => [matcher::any(), exact(subject)],
            Some((issuer, subject)) => [matcher::suffix(issuer.strip_prefix('*').unwrap_or(issuer)), exact(subject)],
            None => [matcher::any(), matcher::suffix(without)],
        };
    }
    if let Some(without) = value.strip_suffix('*') {
        return match parts {
            Some((issuer, "*")) => [exact(issuer), matcher::any()],
            Some((issuer, subject)) => [exact(issuer), prefix(subject.strip_suffix('*').unwrap_or(subject))],
            None => [prefix(without), matcher::any()],
        };
    }
    let (issuer, subject) = parts.unwrap_or((value, ""));
    [exact(issuer), exact(subject)]
}

/// A claim that is one of the values, or a list with one of them.
fn claim<'a>(path: impl IntoIterator<Item = &'a str>, values: &[String]) -> Principal {
    let texts = values.iter().map(|value| metadata_matcher::text(matcher::string(value))).collect();
    let value = metadata_matcher::list_or_value(metadata_matcher::any_of(texts));
    principal(PrincipalIdentifier::Metadata(metadata_matcher::claim(path, value)))
}

/// istiod: `security/authz/model/util.go` `extractNameInBrackets`
fn in_brackets(text: &str) -> Option<&str> {
    text.strip_suffix(']')?.strip_prefix('[')
}

/// Names in brackets, one after the other; if the brackets do not fit, all of it is one name.
///
/// istiod: `security/authz/model/util.go` `extractNameInNestedBrackets`
fn in_nested_brackets(text: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let name = rest.strip_prefix('[').and_then(|inner| inner.split_once(']'));
        match name.filter(|(name, _)| !name.contains('[')) {
            Some((name, after)) => {
                names.push(name);
                rest = after;
            }
            None => return in_brackets(text).map(|name| vec![name]),
        }
    }
    Some(names)
}

fn principal(identifier: PrincipalIdentifier) -> Principal {
    Principal { identifier: Some(identifier) }
}

/// istiod: `security/authz/model/principal.go`
impl Node for Principal {
    fn any() -> Self {
        principal(PrincipalIdentifier::Any(true))
    }

    fn and(ids: Vec<Self>) -> Self {
        principal(PrincipalIdentifier::AndIds(PrincipalSet { ids }))
    }

    fn or(ids: Vec<Self>) -> Self {
        principal(PrincipalIdentifier::OrIds(PrincipalSet { ids }))
    }

    fn not(node: Self) -> Self {
        principal(PrincipalIdentifier::NotId(Box::new(node)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_hold_claims() {
        for (text, expected) in [
            ("[a]", Some(vec!["a"])),
            ("[a][b.c][d]", Some(vec!["a", "b.c", "d"])),
            ("[a[b]", Some(vec!["a[b"])),
            ("[a]b[c]", Some(vec!["a]b[c"])),
            ("[a]]", Some(vec!["a]"])),
            ("x[a]", None),
            ("[a]x", None),
            ("", Some(vec![])),
        ] {
            assert_eq!(in_nested_brackets(text), expected, "{text}");
        }
    }

    #[test]
    fn identities_are_regular_expressions() {
        assert_eq!(namespace("*-b.c"), r".*/ns/.*-b\.c/.*");
        assert_eq!(service_account("a", "b.c"), r"spiffe://.+/ns/a/(.+/|)sa/b\.c(/.+)?");
        assert_eq!(service_account("a", "d/e"), "spiffe://.+/ns/d/(.+/|)sa/e(/.+)?");
        assert_eq!(trust_domain("td"), matcher::prefix("spiffe://td/".to_owned()));
        assert_eq!(trust_domain("*"), matcher::prefix("spiffe://".to_owned()));
        assert_eq!(trust_domain("*.td"), matcher::regex(r"spiffe://[^/]*\.td/.*".to_owned()));
    }

    #[test]
    fn the_last_slash_parts_issuer_and_subject() {
        let exact = |text: &str| matcher::exact(text.to_owned());
        let prefix = |text: &str| matcher::prefix(text.to_owned());
        for (value, expected) in [
            ("https://a/b/c", [exact("https://a/b"), exact("c")]),
            ("a", [exact("a"), exact("")]),
            ("*", [matcher::any(), matcher::any()]),
            ("*/c", [matcher::any(), exact("c")]),
            ("*b/c", [matcher::suffix("b"), exact("c")]),
            ("*c", [matcher::any(), matcher::suffix("c")]),
            ("a/*", [exact("a"), matcher::any()]),
            ("a/c*", [exact("a"), prefix("c")]),
            ("a*", [prefix("a"), matcher::any()]),
        ] {
            assert_eq!(request_principal(value), expected, "{value}");
        }
    }
}
