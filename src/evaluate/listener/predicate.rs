//! `envoy.config.listener.v3.ListenerFilterChainMatchPredicate`: when a listener filter is off.

use crate::evaluate::message::Message;

/// A condition on the port of a connection.
#[derive(Debug)]
pub(super) enum Predicate {
    Any,
    All(Vec<Self>),
    OneOf(Vec<Self>),
    Not(Box<Self>),
    Ports(i64, i64),
    Never,
}

impl Predicate {
    pub(super) fn new(message: Message<'_>) -> Self {
        if let Some(set) = message.get("or_match") {
            return Self::OneOf(set.list("rules").map(Self::new).collect());
        }
        if let Some(set) = message.get("and_match") {
            return Self::All(set.list("rules").map(Self::new).collect());
        }
        if let Some(rule) = message.get("not_match") {
            return Self::Not(Box::new(Self::new(rule)));
        }
        if let Some(range) = message.get("destination_port_range") {
            return Self::Ports(range.number("start").unwrap_or_default(), range.number("end").unwrap_or_default());
        }
        if message.is("any_match") { Self::Any } else { Self::Never }
    }

    pub(super) fn matches(&self, port: u16) -> bool {
        match self {
            Self::Any => true,
            Self::All(rules) => rules.iter().all(|rule| rule.matches(port)),
            Self::OneOf(rules) => rules.iter().any(|rule| rule.matches(port)),
            Self::Not(rule) => !rule.matches(port),
            Self::Ports(start, end) => (*start..*end).contains(&i64::from(port)),
            Self::Never => false,
        }
    }
}
