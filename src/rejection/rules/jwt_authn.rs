//! `source/extensions/filters/http/jwt_authn`.

use serde_json::Value;

use super::{Rule, jwks};
use crate::rejection::finding::{Findings, Step};
use crate::rejection::json::{has, text};
use crate::rejection::syntax::address::is_absolute_uri;

pub(super) const RULES: &[Rule] = &[requirements];
pub(super) const PROVIDER: &[Rule] = &[remote, local];

/// `FilterConfigImpl`: requirements name providers that there are.
fn requirements<'a>(config: &'a Value, found: &mut Findings<'a>) {
    let providers = config.get("providers").unwrap_or(&Value::Null);
    let names = config.get("requirement_map").unwrap_or(&Value::Null);
    found.each(config, "rules", |rule, found| {
        found.field(rule, "requires", |requirement, found| check(requirement, providers, found));
        let name = text(rule, "requirement_name");
        if !name.is_empty() && !has(names, name) {
            found.reject_field("requirement_name", format!("Wrong requirement_name: {name}."));
        }
    });
    for (field, map) in
        [("requirement_map", config), ("requires", config.get("filter_state_rules").unwrap_or(&Value::Null))]
    {
        found.field(map, field, |map, found| {
            for (name, requirement) in map.as_object().into_iter().flatten() {
                found.within(Step::Key(name), |found| check(requirement, providers, found));
            }
        });
    }
}

fn check<'a>(requirement: &'a Value, providers: &Value, found: &mut Findings<'a>) {
    let null = Value::Null;
    let with_audiences = requirement.get("provider_and_audiences").unwrap_or(&null);
    for name in [text(requirement, "provider_name"), text(with_audiences, "provider_name")] {
        if !name.is_empty() && !has(providers, name) {
            found.reject(format!("Required provider ['{name}'] is not configured."));
        }
    }
    for list in ["requires_any", "requires_all"] {
        found.field(requirement, list, |inner, found| {
            found.each(inner, "requirements", |requirement, found| check(requirement, providers, found));
        });
    }
}

/// `JwksFetcher`'s address.
fn remote<'a>(provider: &'a Value, found: &mut Findings<'a>) {
    found.field(provider, "remote_jwks", |remote, found| {
        found.field(remote, "http_uri", |http, found| {
            let uri = text(http, "uri");
            if !is_absolute_uri(uri) {
                found.reject_field("uri", format!("Provider has an invalid URI: '{uri}'"));
            }
        });
    });
}

/// `JwksDataImpl`: keys that are given.
fn local<'a>(provider: &'a Value, found: &mut Findings<'a>) {
    found.field(provider, "local_jwks", |local, found| {
        let keys = text(local, "inline_string");
        if let Some(problem) = jwks::problem(keys).filter(|_| !keys.is_empty()) {
            found.reject_field(
                "inline_string",
                format!("Provider in jwt_authn config has invalid local jwks: {problem}"),
            );
        }
    });
}
