//! Files of getyourguide/istio-config-validator: what the rule of a VirtualService that has a request must say.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::case::{Case, Difference, Expected};
use super::rules::Rule;
use crate::model::istio::{
    Delegate, Headers, HttpFaultInjection, HttpRedirect, HttpRewrite, HttpRoute, HttpRouteDestination,
};

/// What the rule that has a request must say. What is not given may be anything.
#[derive(Debug, Clone, Default)]
pub struct RuleExpect {
    /// Whether it must say so, or must not.
    want_match: bool,
    route: Option<Vec<HttpRouteDestination>>,
    redirect: Option<HttpRedirect>,
    rewrite: Option<HttpRewrite>,
    fault: Option<HttpFaultInjection>,
    headers: Option<Headers>,
    delegate: Option<Delegate>,
    /// What is given, as written, for messages.
    written: BTreeMap<String, Value>,
}

/// The rule that has a request, and the one of the delegate that it leaves the rest to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Taken<'r> {
    /// The first rule.
    pub rule: Option<&'r Rule>,
    /// That of the delegate; none when istiod drops it.
    pub delegated: Option<&'r Rule>,
}

#[derive(Debug, Deserialize)]
struct File {
    #[serde(rename = "testCases")]
    cases: Vec<Written>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    #[serde(default)]
    description: String,
    #[serde(default)]
    want_match: bool,
    request: Request,
    route: Option<Vec<HttpRouteDestination>>,
    redirect: Option<HttpRedirect>,
    rewrite: Option<HttpRewrite>,
    fault: Option<HttpFaultInjection>,
    headers: Option<Headers>,
    delegate: Option<Delegate>,
}

#[derive(Debug, Deserialize)]
struct Request {
    #[serde(default)]
    authority: Vec<String>,
    #[serde(default)]
    method: Vec<String>,
    #[serde(default)]
    uri: Vec<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// Reads one document. The error says what is wrong with it.
pub(super) fn read(document: &Value) -> Result<Vec<Case>, String> {
    let file: File = serde_json::from_value(document.clone()).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    for (index, written) in file.cases.into_iter().enumerate() {
        let title = if written.description.is_empty() { format!("case {}", index + 1) } else { written.description };
        for (list, name) in [
            (&written.request.authority, "authority"),
            (&written.request.method, "method"),
            (&written.request.uri, "uri"),
        ] {
            if list.is_empty() {
                return Err(format!("{title}: request.{name} lists nothing"));
            }
        }
        let raw = document.pointer(&format!("/testCases/{index}")).and_then(Value::as_object);
        let fields = ["route", "redirect", "rewrite", "fault", "headers", "delegate"];
        let given = |name: &&str| raw.is_some_and(|raw| raw.get(*name).is_some_and(|value| !value.is_null()));
        let named = fields.iter().filter(|name| given(name));
        let expect = RuleExpect {
            want_match: written.want_match,
            written: named.filter_map(|name| Some(((*name).to_owned(), raw?.get(*name)?.clone()))).collect(),
            route: written.route,
            redirect: written.redirect,
            rewrite: written.rewrite,
            fault: written.fault,
            headers: written.headers,
            delegate: written.delegate,
        };
        if expect.written.is_empty() {
            return Err(format!("{title}: nothing is expected; {} are compared", fields.join(", ")));
        }
        for uri in &written.request.uri {
            for host in &written.request.authority {
                for method in &written.request.method {
                    out.push(Case {
                        name: format!("{title}: {method} {host}{uri}"),
                        method: method.clone(),
                        url: format!("http://{host}{uri}"),
                        headers: written.request.headers.clone().into_iter().collect(),
                        expected: Expected::Rule(Box::new(expect.clone())),
                        ..Case::default()
                    });
                }
            }
        }
    }
    Ok(out)
}

/// Compares the rule that has a request with what it must say, or must not. As the tool does it, with what a delegate says where
/// destinations are compared.
///
/// The tool looks for the delegate's rule by itself. istiod merges both conditions, and drops what cannot be merged, such as a regular
/// expression with any other condition on the path; so 10 of the 38 requests of the tool's own examples find no rule here.
///
/// istiod: `virtualservice.go` `mergeHTTPMatchRequests`, `hasConflict`
pub fn check(taken: Taken<'_>, expect: &RuleExpect) -> Vec<Difference> {
    let none = HttpRoute::default();
    let delegates = taken.rule.is_some_and(|rule| rule.http.delegate.is_some());
    let is_dropped = delegates && taken.delegated.is_none();
    let rule = if delegates && expect.route.is_some() { taken.delegated } else { taken.rule };
    let (first, http) = (taken.rule.map_or(&none, |rule| &rule.http), rule.map_or(&none, |rule| &rule.http));
    let RuleExpect { want_match, route, redirect, rewrite, fault, headers, delegate, written } = expect;
    let compared = [
        ("delegate", delegate.is_some(), *delegate == first.delegate, taken.rule),
        ("route", route.is_some(), route.as_ref() == Some(&http.route), rule),
        ("rewrite", rewrite.is_some(), *rewrite == http.rewrite, rule),
        ("fault", fault.is_some(), *fault == http.fault, rule),
        ("headers", headers.is_some(), *headers == http.headers, rule),
        ("redirect", redirect.is_some(), *redirect == http.redirect, rule),
    ];
    let wrong = compared.into_iter().filter(|(_, is_given, holds, _)| *is_given && holds != want_match);
    let difference = |(name, _, _, rule): (&str, bool, bool, Option<&Rule>)| {
        let wanted = written.get(name).map(Value::to_string).unwrap_or_default();
        let wanted = if *want_match { wanted } else { format!("not {wanted}") };
        let found = rule.and_then(|rule| rule.written.get(name)).map(Value::to_string);
        let found = match found {
            Some(found) => found,
            None if taken.rule.is_none() => "no rule of a VirtualService has the request".to_owned(),
            None if is_dropped && name != "delegate" => {
                "none, since istiod drops the rule: its delegate does not exist, or their conditions cannot be merged"
                    .to_owned()
            }
            None => "none".to_owned(),
        };
        Difference::new(name, wanted, found)
    };
    wrong.map(difference).collect()
}
