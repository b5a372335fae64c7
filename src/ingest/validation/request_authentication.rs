//! `RequestAuthentication`. istiod: `ValidateRequestAuthentication`

use serde_json::Value;

use crate::model::Config;
use crate::model::istio::{JwtRule, RequestAuthentication};

use super::finding::{At, Findings};
use super::name::check_duration;
use super::{header, selector};

pub(super) fn check(config: &Config<RequestAuthentication>, findings: &mut Findings<'_>) {
    let RequestAuthentication { selector, target_ref, target_refs, jwt_rules } = &config.spec;
    selector::check_targets(selector.as_ref(), target_ref.as_ref(), target_refs, findings);
    let list = At::SPEC.field("jwtRules");
    for (index, rule) in jwt_rules.iter().enumerate() {
        check_rule(rule, &list.item(index), findings);
    }
}

/// istiod: `validateJwtRule`
fn check_rule(rule: &JwtRule, at: &At<'_>, findings: &mut Findings<'_>) {
    for (field, values) in
        [("audiences", &rule.audiences), ("fromParams", &rule.from_params), ("fromCookies", &rule.from_cookies)]
    {
        let list = at.field(field);
        for (index, _) in values.iter().enumerate().filter(|(_, value)| value.is_empty()) {
            findings.error(&list.item(index), "a value is empty");
        }
    }
    if rule.issuer.is_empty() && rule.jwks_uri.is_empty() {
        findings.error(at, "a JWT rule requires `issuer` or `jwksUri`");
    }
    if !rule.jwks_uri.is_empty() && !["http:", "https:"].iter().any(|scheme| rule.jwks_uri.starts_with(scheme)) {
        findings.error(&at.field("jwksUri"), "not a valid URL with scheme http or https");
    }
    if !rule.jwks.is_empty() {
        check_keys(&rule.jwks, &at.field("jwks"), findings);
    }
    let list = at.field("fromHeaders");
    for (index, _) in rule.from_headers.iter().enumerate().filter(|(_, header)| header.name.is_empty()) {
        findings.error(&list.item(index), "the name of a header is empty");
    }
    let list = at.field("outputClaimToHeaders");
    for (index, output) in rule.output_claim_to_headers.iter().enumerate() {
        let at = list.item(index);
        if output.claim.is_empty() || output.header.is_empty() {
            findings.error(&at, "both `header` and `claim` are required");
        } else {
            findings.check(&at.field("header"), header::strict(&output.header));
        }
    }
    check_duration(rule.timeout, &at.field("timeout"), findings);
}

/// Keys as JSON. istiod: `jwk.Parse`, `warnPrivateJwksKeys`
fn check_keys(text: &str, at: &At<'_>, findings: &mut Findings<'_>) {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        findings.error(at, "not valid JSON");
        return;
    };
    // A set of keys, or one key alone.
    let alone = std::slice::from_ref(&value);
    let keys = value.get("keys").map_or(Some(alone), |keys| keys.as_array().map(Vec::as_slice));
    let Some(keys) = keys else {
        findings.error(at, "`keys` is a list");
        return;
    };
    for (index, key) in keys.iter().enumerate() {
        let kind = key.get("kty").and_then(Value::as_str);
        let required: &[&str] = match kind {
            Some("RSA") => &["n", "e"],
            Some("EC") => &["crv", "x", "y"],
            Some("OKP") => &["crv", "x"],
            Some("oct") => &["k"],
            _ => {
                findings.error(at, format!("the key {index} has no type (`kty`) that is known"));
                continue;
            }
        };
        if let Some(field) = required.iter().find(|field| !key.get(**field).is_some_and(Value::is_string)) {
            findings.error(at, format!("the key {index} has no `{field}`"));
        } else if kind == Some("oct") || key.get("d").is_some() {
            findings.warning(
                "private-key",
                at,
                format!("the key {index} is a private one; only public keys are needed"),
            );
        }
    }
}
