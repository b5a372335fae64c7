//! `envoy.config.rbac.v3.RBAC`: which policy a request matches, and what follows.
//!
//! Envoy: `rbac/engine_impl.cc`, `rbac/matchers.cc`. Policies are asked in the order of their names.

mod rule;

use std::net::{IpAddr, SocketAddr};

use serde_json::{Map, Value};

use rule::Rule;

use super::http::Headers;
use super::message::Message;
use super::request::Certificate;

/// What policies look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    /// The request's headers; none of a connection.
    pub(super) headers: &'a Headers,
    /// Where the connection went.
    pub(super) local: SocketAddr,
    /// The peer's address.
    pub(super) peer: IpAddr,
    /// The address that counts as the client's.
    pub(super) client: IpAddr,
    /// The server name of the TLS handshake.
    pub(super) server_name: &'a str,
    /// Whether the connection has TLS.
    pub(super) is_tls: bool,
    /// The peer's certificate.
    pub(super) certificate: Option<&'a Certificate>,
    /// What filters have noted, by filter.
    pub(super) metadata: &'a Map<String, Value>,
}

/// What a set of policies decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision<'a> {
    /// Whether the request goes on.
    pub(super) is_allowed: bool,
    /// The policy that matched.
    pub(super) policy: Option<&'a str>,
}

/// A set of policies.
#[derive(Debug)]
pub(super) struct Rbac {
    action: Action,
    policies: Vec<Policy>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Allow,
    Deny,
    Log,
}

#[derive(Debug)]
struct Policy {
    name: String,
    permissions: Rule,
    principals: Rule,
    /// A condition in CEL, which is not evaluated.
    has_condition: bool,
}

impl Rbac {
    /// Reads policies.
    pub(super) fn new(message: Message<'_>) -> Self {
        let action = match message.text("action") {
            Some("DENY") => Action::Deny,
            Some("LOG") => Action::Log,
            _ => Action::Allow,
        };
        let mut policies: Vec<Policy> =
            message.entries("policies").map(|(name, policy)| Policy::new(name, policy)).collect();
        policies.sort_by(|a, b| a.name.cmp(&b.name));
        Self { action, policies }
    }

    /// Decides about a request.
    pub(super) fn decide(&self, facts: &Facts<'_>) -> Decision<'_> {
        let policy = self.policies.iter().find(|policy| policy.matches(facts)).map(|policy| policy.name.as_str());
        let is_allowed = match self.action {
            Action::Allow => policy.is_some(),
            Action::Deny => policy.is_none(),
            Action::Log => true,
        };
        Decision { is_allowed, policy }
    }

    /// Says what the policies do, and how many there are.
    pub(super) fn summary(&self) -> String {
        let count = self.policies.len();
        let noun = if count == 1 { "policy" } else { "policies" };
        match self.action {
            Action::Allow => format!("{count} ALLOW {noun}"),
            Action::Deny => format!("{count} DENY {noun}"),
            Action::Log => format!("{count} LOG {noun}"),
        }
    }

    /// Says whether something is asked that is not known offline.
    pub(super) fn unknown(&self) -> Option<&str> {
        let asks = |policy: &&Policy| {
            policy.has_condition || policy.permissions.is_unknown() || policy.principals.is_unknown()
        };
        self.policies.iter().find(asks).map(|policy| policy.name.as_str())
    }

    /// Returns whether matching lets a request pass.
    pub(super) fn is_allow(&self) -> bool {
        self.action == Action::Allow
    }
}

impl Policy {
    fn new(name: &str, message: Message<'_>) -> Self {
        Self {
            name: name.to_owned(),
            permissions: Rule::Any(message.list("permissions").map(Rule::permission).collect()),
            principals: Rule::Any(message.list("principals").map(Rule::principal).collect()),
            has_condition: message.get("condition").is_some(),
        }
    }

    fn matches(&self, facts: &Facts<'_>) -> bool {
        self.permissions.matches(facts) && self.principals.matches(facts)
    }
}

/// Returns the response code details of a denial. Envoy: `rbac/utility.cc` `responseDetail`.
pub(super) fn details(policy: Option<&str>) -> String {
    let policy: String = policy.unwrap_or("none").chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect();
    format!("rbac_access_denied_matched_policy[{policy}]")
}
