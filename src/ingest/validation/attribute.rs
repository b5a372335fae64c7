//! Attributes of requests that an AuthorizationPolicy asks for. istiod: `pkg/config/security/security.go`

use super::name;

/// Values of a condition's key. istiod: `ValidateAttribute`
pub(super) fn check(key: &str, values: &[String]) -> Result<(), String> {
    not_empty(values)?;
    match key {
        "source.ip" | "remote.ip" | "destination.ip" => addresses(values),
        "destination.port" => ports(values),
        "source.serviceAccount" => service_accounts(values),
        "source.trustDomain" => wildcards(values),
        "source.namespace"
        | "source.principal"
        | "request.auth.principal"
        | "request.auth.audiences"
        | "request.auth.presenter"
        | "connection.sni" => Ok(()),
        "destination.namespace" => Err("this key is overwritten with the policy's own namespace".to_owned()),
        "destination.name" | "destination.user" => Err(format!("`{key}` is not supported any more")),
        _ if key.starts_with("destination.labels") => {
            Err("this key is overwritten with the policy's selector".to_owned())
        }
        _ if ["request.headers", "request.auth.claims", "experimental.envoy.filters."]
            .iter()
            .any(|prefix| key.starts_with(prefix)) =>
        {
            let open = key.find('[').unwrap_or(0);
            if key.ends_with(']') && open > 0 && open + 2 < key.len() {
                return Ok(());
            }
            Err(format!("`{key}` is not of the form `a[b]`"))
        }
        _ => Err(format!("unknown key `{key}`")),
    }
}

/// istiod: `CheckEmptyValues`
pub(super) fn not_empty(values: &[String]) -> Result<(), String> {
    if values.iter().any(String::is_empty) { Err("a value is empty".to_owned()) } else { Ok(()) }
}

/// A wildcard only in front or at the end. istiod: `CheckWildcardValues`
fn wildcards(values: &[String]) -> Result<(), String> {
    not_empty(values)?;
    let valid = |value: &str| match value.matches('*').count() {
        0 => true,
        1 => value.starts_with('*') || value.ends_with('*'),
        _ => false,
    };
    match values.iter().find(|value| !valid(value)) {
        Some(value) => Err(format!("`{value}` has a wildcard that is neither in front nor at the end")),
        None => Ok(()),
    }
}

/// istiod: `CheckTrustDomainValues`
pub(super) fn trust_domains(values: &[String]) -> Result<(), String> {
    wildcards(values)?;
    match values.iter().find(|value| value.contains('/')) {
        Some(value) => Err(format!("`{value}` is not a valid trust domain")),
        None => Ok(()),
    }
}

/// `name` or `namespace/name`. istiod: `CheckServiceAccount`
pub(super) fn service_accounts(values: &[String]) -> Result<(), String> {
    if values.len() > 16 {
        return Err("there are more than 16 values".to_owned());
    }
    let valid = |value: &str| {
        let (namespace, name) = value.split_once('/').unwrap_or(("-", value));
        !namespace.is_empty() && !name.is_empty() && !name.contains('/') && !value.contains('*') && value.len() <= 320
    };
    match values.iter().find(|value| !valid(value)) {
        Some(value) => Err(format!("`{value}` is neither `name` nor `namespace/name`")),
        None => Ok(()),
    }
}

/// Addresses or ranges of them. istiod: `ValidateIPs`
pub(super) fn addresses(values: &[String]) -> Result<(), String> {
    values.iter().try_for_each(|value| name::ip_or_cidr(value))
}

/// istiod: `ValidatePorts`
pub(super) fn ports(values: &[String]) -> Result<(), String> {
    let valid = |value: &str| value.bytes().all(|byte| byte.is_ascii_digit()) && value.parse::<u16>().is_ok();
    match values.iter().find(|value| !valid(value)) {
        Some(value) => Err(format!("`{value}` is not a valid port")),
        None => Ok(()),
    }
}

/// `{*}` for a segment, `{**}` for the rest. istiod: `CheckValidPathTemplate`
pub(super) fn path_templates(paths: &[String]) -> Result<(), String> {
    paths.iter().try_for_each(|path| path_template(path))
}

fn path_template(path: &str) -> Result<(), String> {
    let template = path.contains("{*}") || path.contains("{**}");
    let mut rest = false;
    for segment in path.trim_matches('/').split('/') {
        match segment {
            "{*}" | "{**}" if rest => return Err(format!("`{{**}}` is not at the end of `{path}`")),
            "{*}" => {}
            "{**}" => rest = true,
            _ if segment.contains(['{', '}']) => {
                return Err(format!("`{segment}` is neither `{{*}}`, `{{**}}` nor plain text"));
            }
            _ if template && !is_literal(segment) => {
                return Err(format!("`{segment}` has a character that no path has beside a template"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Characters of a path by RFC 3986. istiod: `IsValidLiteral`
fn is_literal(text: &str) -> bool {
    let punctuation = b"-._~%!$&'()+,;:@=";
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || punctuation.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        for path in ["/a", "/a*", "/{*}/a", "/a/{**}", "/{*}/{**}", "/a b"] {
            assert_eq!(path_template(path), Ok(()), "{path}");
        }
        for path in ["/{**}/a/{*}", "/{**}/{**}", "/{a}", "/a{*}", "/{*}/a b", "/{*}/a*", "/{*}//a"] {
            assert!(path_template(path).is_err(), "{path}");
        }
    }

    #[test]
    fn keys() {
        let values = |value: &str| vec![value.to_owned()];
        for (key, value) in [
            ("request.headers[x]", "a"),
            ("source.ip", "10.0.0.0/8"),
            ("destination.port", "80"),
            ("source.trustDomain", "*.a"),
            ("source.serviceAccount", "a/b"),
            ("connection.sni", "a"),
        ] {
            assert_eq!(check(key, &values(value)), Ok(()), "{key}");
        }
        for (key, value) in [
            ("request.headers", "a"),
            ("request.headers[]", "a"),
            ("source.ip", "a"),
            ("destination.port", "70000"),
            ("source.trustDomain", "a*b"),
            ("source.serviceAccount", "a/b/c"),
            ("destination.labels[a]", "a"),
            ("nothing", "a"),
            ("connection.sni", ""),
        ] {
            assert!(check(key, &values(value)).is_err(), "{key}");
        }
    }
}
