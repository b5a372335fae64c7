//! `envoy.config.rbac.v3.Permission` and `Principal`. Envoy: `rbac/matchers.cc`.

use super::Facts;
use crate::evaluate::cidr::Cidr;
use crate::evaluate::http::path::without_query;
use crate::evaluate::matcher::{HeaderMatcher, MetadataMatcher, StringMatcher, UriTemplate};
use crate::evaluate::message::{Message, is_type};

/// A permission or a principal.
#[derive(Debug)]
pub(super) enum Rule {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Always,
    Header(HeaderMatcher),
    Path(StringMatcher),
    Template(UriTemplate),
    DestinationIp(Cidr),
    DestinationPort(u32),
    DestinationPorts(i64, i64),
    /// The peer of the connection.
    PeerIp(Cidr),
    /// The client, by `x-forwarded-for` where that is trusted.
    ClientIp(Cidr),
    ServerName(StringMatcher),
    /// A certificate, by one of its names if a matcher is given.
    Authenticated(Option<StringMatcher>),
    /// The peer's principal that Istio's filters note in the filter state.
    PeerPrincipal(StringMatcher),
    Metadata(MetadataMatcher),
    /// What is not known here; it does not match.
    Unknown,
}

impl Rule {
    /// Reads a permission.
    pub(super) fn permission(message: Message<'_>) -> Self {
        if let Some(set) = message.get("and_rules") {
            return Self::All(set.list("rules").map(Self::permission).collect());
        }
        if let Some(set) = message.get("or_rules") {
            return Self::Any(set.list("rules").map(Self::permission).collect());
        }
        if let Some(rule) = message.get("not_rule") {
            return Self::Not(Box::new(Self::permission(rule)));
        }
        if let Some(range) = message.get("destination_ip") {
            return Cidr::new(range).map_or(Self::Unknown, Self::DestinationIp);
        }
        if let Some(port) = message.unsigned("destination_port") {
            return Self::DestinationPort(port);
        }
        if let Some(range) = message.get("destination_port_range") {
            return Self::DestinationPorts(
                range.number("start").unwrap_or_default(),
                range.number("end").unwrap_or_default(),
            );
        }
        if let Some(matcher) = message.get("requested_server_name") {
            return Self::ServerName(StringMatcher::new(matcher));
        }
        if let Some(template) = message.get("uri_template").and_then(|extension| extension.any("typed_config")) {
            let compiled = template.1.text("path_template").and_then(UriTemplate::new);
            let is_known = is_type(template.0, "UriTemplateMatchConfig");
            return compiled.filter(|_| is_known).map_or(Self::Unknown, Self::Template);
        }
        Self::either(message)
    }

    /// Reads a principal.
    pub(super) fn principal(message: Message<'_>) -> Self {
        if let Some(set) = message.get("and_ids") {
            return Self::All(set.list("ids").map(Self::principal).collect());
        }
        if let Some(set) = message.get("or_ids") {
            return Self::Any(set.list("ids").map(Self::principal).collect());
        }
        if let Some(rule) = message.get("not_id") {
            return Self::Not(Box::new(Self::principal(rule)));
        }
        if let Some(range) = message.get("direct_remote_ip").or_else(|| message.get("source_ip")) {
            return Cidr::new(range).map_or(Self::Unknown, Self::PeerIp);
        }
        if let Some(range) = message.get("remote_ip") {
            return Cidr::new(range).map_or(Self::Unknown, Self::ClientIp);
        }
        if let Some(authenticated) = message.get("authenticated") {
            return Self::Authenticated(authenticated.get("principal_name").map(StringMatcher::new));
        }
        if let Some(state) = message.get("filter_state") {
            return match (state.text("key"), state.get("string_match")) {
                (Some("io.istio.peer_principal"), Some(matcher)) => Self::PeerPrincipal(StringMatcher::new(matcher)),
                _ => Self::Unknown,
            };
        }
        Self::either(message)
    }

    /// Reads what both have.
    fn either(message: Message<'_>) -> Self {
        if message.is("any") {
            return Self::Always;
        }
        if let Some(matcher) = message.get("header") {
            return Self::Header(HeaderMatcher::new(matcher));
        }
        if let Some(matcher) = message.get("url_path").and_then(|path| path.get("path")) {
            return Self::Path(StringMatcher::new(matcher));
        }
        if let Some(matcher) = message.get("metadata") {
            return Self::Metadata(MetadataMatcher::new(matcher));
        }
        match message.get("sourced_metadata") {
            Some(sourced) if sourced.text("metadata_source").is_none_or(|source| source == "DYNAMIC") => {
                match sourced.get("metadata_matcher") {
                    Some(matcher) => Self::Metadata(MetadataMatcher::new(matcher)),
                    None => Self::Unknown,
                }
            }
            _ => Self::Unknown,
        }
    }

    /// Says whether it is so.
    pub(super) fn matches(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::All(rules) => rules.iter().all(|rule| rule.matches(facts)),
            Self::Any(rules) => rules.iter().any(|rule| rule.matches(facts)),
            Self::Not(rule) => !rule.matches(facts),
            Self::Always => true,
            Self::Header(matcher) => matcher.matches(facts.headers),
            Self::Path(matcher) => facts.headers.get(":path").is_some_and(|path| matcher.matches(without_query(path))),
            Self::Template(template) => template.matches(without_query(facts.headers.path())),
            Self::DestinationIp(range) => range.contains(facts.local.ip()),
            Self::DestinationPort(port) => u32::from(facts.local.port()) == *port,
            Self::DestinationPorts(start, end) => (*start..*end).contains(&i64::from(facts.local.port())),
            Self::PeerIp(range) => range.contains(facts.peer),
            Self::ClientIp(range) => range.contains(facts.client),
            Self::ServerName(matcher) => matcher.matches(facts.server_name),
            Self::Authenticated(None) => facts.is_tls,
            Self::Authenticated(Some(matcher)) => {
                // Without a certificate its subject is the empty text.
                facts.is_tls
                    && (facts.certificate.is_some_and(|c| c.uris.iter().any(|uri| matcher.matches(uri)))
                        || matcher.matches(""))
            }
            Self::PeerPrincipal(matcher) => {
                facts.certificate.is_some_and(|c| c.uris.first().is_some_and(|uri| matcher.matches(uri)))
            }
            Self::Metadata(matcher) => matcher.matches(facts.metadata),
            Self::Unknown => false,
        }
    }

    /// Says whether there is something that is not known here.
    pub(super) fn is_unknown(&self) -> bool {
        match self {
            Self::All(rules) | Self::Any(rules) => rules.iter().any(Self::is_unknown),
            Self::Not(rule) => rule.is_unknown(),
            Self::Unknown => true,
            Self::ServerName(matcher) | Self::Path(matcher) => matcher.is_unknown(),
            _ => false,
        }
    }
}
