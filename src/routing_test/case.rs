//! Cases: requests, and what must come of them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::router_check::RouteExpect;
use super::validator::RuleExpect;

/// One request, and what must come of it.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// Where the request comes from: `outside`, or `WORKLOAD.NAMESPACE`. Empty where the file's form does not say it.
    pub from: String,
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// Headers; one may be there several times.
    pub headers: Vec<(String, String)>,
    /// Claims of a token that counts as verified.
    pub jwt: Option<serde_json::Map<String, Value>>,
    /// What must come of it.
    pub expected: Expected,
}

/// What must come of a request, in the words of the file's form.
#[derive(Debug, Clone)]
pub enum Expected {
    /// Of the request on its whole way: meshc's own form.
    Way {
        /// What must come of it.
        must: Box<Expect>,
        /// What must not come of it: each of these is another.
        must_not: Box<Expect>,
    },
    /// Of the rule of a VirtualService that has the request: istio-config-validator.
    Rule(Box<RuleExpect>),
    /// Of the route that has the request: Envoy's router_check_tool.
    Route(Box<RouteExpect>),
}

impl Default for Expected {
    fn default() -> Self {
        Self::Way { must: Box::default(), must_not: Box::default() }
    }
}

/// What must come of a request; what is not said may be anything.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Expect {
    /// The status.
    pub status: Option<u16>,
    /// How it ends: `forwarded`, `redirect`, `denied`, and so on.
    pub kind: Option<String>,
    /// Whether a policy refuses it.
    pub denied: Option<bool>,
    /// Response flags of Envoy's access log.
    pub flags: Option<String>,
    /// Response code details.
    pub details: Option<String>,
    /// A cluster that gets requests.
    pub cluster: Option<String>,
    /// The host of such a cluster; a short name is enough.
    pub host: Option<String>,
    /// The subset of such a cluster.
    pub subset: Option<String>,
    /// The port of such a cluster.
    pub port: Option<u16>,
    /// The share of requests by subset, or by host where there is no subset.
    pub share: Option<BTreeMap<String, Share>>,
    /// Where a redirect leads.
    pub redirect: Option<String>,
    /// Path and query as the application gets them.
    pub path: Option<String>,
    /// The host as the application gets it.
    pub authority: Option<String>,
    /// Headers that the routes set or add.
    pub headers: Option<BTreeMap<String, String>>,
    /// The virtual host.
    pub virtual_host: Option<String>,
    /// The route's name.
    pub route: Option<String>,
    /// The proxies on the way, in order: a Pod's name, or its beginning.
    pub via: Option<Vec<String>>,
}

/// A share: `0.8` or `80%`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Share {
    /// `0.8`
    Number(f64),
    /// `80%`
    Percent(String),
}

impl Share {
    /// Returns it as a part of one.
    pub fn part(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Percent(text) => text.trim().strip_suffix('%')?.trim().parse::<f64>().ok().map(|n| n / 100.0),
        }
    }
}

/// Where what came is not what must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field of the expectation.
    pub field: String,
    /// What must come.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl Difference {
    pub(super) fn new(field: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { field: field.to_owned(), expected: expected.into(), found: found.into() }
    }
}
