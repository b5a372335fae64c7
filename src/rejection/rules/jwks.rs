//! Sets of keys, as `jwt_verify_lib` reads them (`src/jwks.cc`): one good key is enough.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::rejection::json::{has, text};

/// Says why there is no key to use.
pub(super) fn problem(jwks: &str) -> Option<String> {
    let Ok(set @ Value::Object(_)) = serde_json::from_str::<Value>(jwks) else {
        return Some("Jwks is an invalid JSON".into());
    };
    let Some(keys) = set.get("keys") else { return Some("Jwks does not have [keys] field".into()) };
    let Some(keys) = keys.as_array() else { return Some("[keys] in Jwks is not an array".into()) };
    let problems: Vec<Option<String>> = keys.iter().map(of_key).collect();
    if problems.iter().any(Option::is_none) {
        return None;
    }
    Some(problems.into_iter().flatten().next().unwrap_or_else(|| "Jwks doesn't have any valid public key".into()))
}

fn of_key(key: &Value) -> Option<String> {
    let kind = text(key, "kty");
    if kind.is_empty() {
        return Some("[kty] is missing in [keys]".into());
    }
    let (what, fields): (&str, &[&str]) = match kind {
        "RSA" => ("a RSA", &["n", "e"]),
        "EC" => ("an EC", &["x", "y"]),
        "oct" => ("an oct", &["k"]),
        "OKP" => ("an OKP", &["crv", "x"]),
        _ => return Some("[kty] is not supported in [keys]".into()),
    };
    if let Some(missing) = fields.iter().find(|field| !has(key, field)) {
        return Some(format!("[{missing}] field is missing for {what} key"));
    }
    let bytes = |name: &str| {
        let text = text(key, name).trim_end_matches('=');
        URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()
    };
    match kind {
        // BoringSSL takes no modulus below 512 bits.
        "RSA" if bytes("n").is_none_or(|n| n.len() < 64) || bytes("e").is_none() => {
            Some("Jwks RSA [n] or [e] field is missing or has a parse error".into())
        }
        "EC" if bytes("x").is_none_or(|x| x.len() < 28) || bytes("y").is_none_or(|y| y.len() < 28) => {
            Some("Jwks EC [x] or [y] field is an invalid Base64.".into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn sets_of_keys() {
        assert_eq!(problem(r#"{"keys":[{"kty":"oct","k":"abcd"}]}"#), None);
        assert_eq!(problem(r#"{"keys":[{},{"kty":"oct","k":"abcd"}]}"#), None);
        for (jwks, wanted) in [
            ("{", "Jwks is an invalid JSON"),
            ("[]", "Jwks is an invalid JSON"),
            ("{}", "Jwks does not have [keys] field"),
            (r#"{"keys":"x"}"#, "[keys] in Jwks is not an array"),
            (r#"{"keys":[]}"#, "Jwks doesn't have any valid public key"),
            (r#"{"keys":[{"kty":"RSA"}]}"#, "[n] field is missing for a RSA key"),
            (r#"{"keys":[{"kty":"foo"}]}"#, "[kty] is not supported in [keys]"),
        ] {
            assert_eq!(problem(jwks).as_deref(), Some(wanted), "{jwks}");
        }
    }
}
