//! Attributes of what a request or connection wants: Envoy's `Permission`.

use super::condition::{Attribute, Matchers, Node};
use super::matcher;
use super::{Layer, Subject};
use crate::envoy::{PathMatcher, PathMatcherRule, Permission, PermissionRule, PermissionSet, ValueMatcher};
use crate::translate::{cidr, metadata_matcher};

/// An attribute, by its name in `when` or by its field of `Operation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PermissionAttribute<'a> {
    /// `hosts`
    Host,
    /// `methods`
    Method,
    /// `paths`
    Path,
    /// `ports`, `destination.port`
    DestinationPort,
    /// `destination.ip`
    DestinationIp,
    /// `connection.sni`
    Sni,
    /// `experimental.envoy.filters.<filter>[<key>]`, whole
    EnvoyFilter(&'a str),
}

/// What attributes of dynamic metadata begin with.
const ENVOY_FILTERS: &str = "experimental.envoy.filters.";

impl<'a> PermissionAttribute<'a> {
    /// Returns the attribute of a name in `when`. istiod: `security/authz/model/model.go` `New`
    pub(super) fn parse(key: &'a str) -> Option<Self> {
        match key {
            "destination.ip" => Some(Self::DestinationIp),
            "destination.port" => Some(Self::DestinationPort),
            "connection.sni" => Some(Self::Sni),
            _ => key.starts_with(ENVOY_FILTERS).then_some(Self::EnvoyFilter(key)),
        }
    }
}

/// istiod: `security/authz/model/generator.go`
impl Attribute for PermissionAttribute<'_> {
    type Node = Permission;

    fn matchers(&self, values: &[String], subject: Subject) -> Matchers<Permission> {
        let each = |rule: &dyn Fn(&str) -> Option<PermissionRule>| {
            Matchers::Each(values.iter().map(|value| rule(value).map(permission)).collect())
        };
        let of_request =
            |rule: &dyn Fn(&str) -> PermissionRule| each(&|value| (subject.layer == Layer::Http).then(|| rule(value)));
        match self {
            Self::Host => of_request(&|value| PermissionRule::Header(matcher::header(":authority", value, true))),
            Self::Method => of_request(&|value| PermissionRule::Header(matcher::header(":method", value, false))),
            Self::Path => of_request(&path),
            Self::DestinationPort => each(&|value| Some(PermissionRule::DestinationPort(port(value)?))),
            Self::DestinationIp => each(&|value| Some(PermissionRule::DestinationIp(cidr::range(value)?))),
            Self::Sni => each(&|value| Some(PermissionRule::RequestedServerName(matcher::string(value)))),
            Self::EnvoyFilter(key) => Matchers::Together(envoy_filter(key, values).map(permission)),
        }
    }
}

fn path(value: &str) -> PermissionRule {
    match matcher::path_template(value) {
        Some(template) => PermissionRule::UriTemplate(template),
        None => PermissionRule::UrlPath(PathMatcher { rule: Some(PathMatcherRule::Path(matcher::string(value))) }),
    }
}

/// istiod: `security/authz/model/util.go` `convertToPort`
fn port(value: &str) -> Option<u32> {
    let digits_only = value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse().ok().filter(|port| digits_only && *port <= 65_535)
}

/// Dynamic metadata of any filter; a value in brackets is an item of a list.
///
/// istiod: `security/authz/model/generator.go` `envoyFilterGenerator`
fn envoy_filter(key: &str, values: &[String]) -> Option<PermissionRule> {
    let key = key.strip_prefix("experimental.").unwrap_or(key);
    let (filter, key) = key.strip_suffix(']').unwrap_or(key).split_once('[')?;
    let value = |value: &String| -> ValueMatcher {
        if value.starts_with('[') && value.ends_with(']') {
            let item = value.trim_matches(|c| c == '[' || c == ']');
            metadata_matcher::one_of(metadata_matcher::text(matcher::string(item)))
        } else {
            metadata_matcher::text(matcher::string(value))
        }
    };
    let value = metadata_matcher::any_of(values.iter().map(value).collect());
    Some(PermissionRule::Metadata(metadata_matcher::metadata(filter, [key], value)))
}

fn permission(rule: PermissionRule) -> Permission {
    Permission { rule: Some(rule) }
}

/// istiod: `security/authz/model/permission.go`
impl Node for Permission {
    fn any() -> Self {
        permission(PermissionRule::Any(true))
    }

    fn and(rules: Vec<Self>) -> Self {
        permission(PermissionRule::AndRules(PermissionSet { rules }))
    }

    fn or(rules: Vec<Self>) -> Self {
        permission(PermissionRule::OrRules(PermissionSet { rules }))
    }

    fn not(node: Self) -> Self {
        permission(PermissionRule::NotRule(Box::new(node)))
    }
}
