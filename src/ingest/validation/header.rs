//! Names and values of HTTP headers.

use crate::model::istio::{Headers, HeadersHeaderOperations};

use super::finding::{At, Findings};

/// Letters, digits and the punctuation that RFC 7230 allows.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// A header that a route matches: a token, a pseudo header, or a claim of a token.
///
/// istiod: `ValidateHTTPHeaderNameOrJwtClaimRoute`
pub(super) fn matched(name: &str) -> Result<(), String> {
    let pseudo = matches!(name, ":method" | ":scheme" | ":authority" | ":path" | ":status");
    named(name, pseudo || is_jwt_claim(name) || is_token(name))
}

/// A header of CORS: a token, or `*`, which is one too. istiod: `ValidateCORSHTTPHeaderName`
pub(super) fn cors(name: &str) -> Result<(), String> {
    named(name, is_token(name))
}

/// A header that gets a claim. istiod: `ValidateStrictHTTPHeaderName`
pub(super) fn strict(name: &str) -> Result<(), String> {
    named(name, name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
}

/// A header of a probe. istiod: `ValidateProbeHeaderName`
pub(super) fn probe(name: &str) -> Result<(), String> {
    named(name, name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

fn named(name: &str, valid: bool) -> Result<(), String> {
    match name {
        "" => Err("the name of a header is empty".to_owned()),
        _ if valid => Ok(()),
        _ => Err(format!("`{name}` is not a valid header name")),
    }
}

/// Whether a header's name stands for a claim: `@request.auth.claims.group`, `@request.auth.claims[group]`.
///
/// istiod: `jwt.ToRoutingClaim`
pub(super) fn is_jwt_claim(name: &str) -> bool {
    const PREFIX: &str = "@request.auth.claims";
    let Some((prefix, rest)) = name.split_at_checked(PREFIX.len()) else { return false };
    prefix.eq_ignore_ascii_case(PREFIX)
        && (rest.starts_with('.') && rest.len() > 1 || rest.starts_with('[') && rest.ends_with(']') && rest.len() > 2)
}

/// Whether a header is the authority. istiod: `isAuthorityHeader`
pub(super) fn is_authority(name: &str) -> bool {
    name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host")
}

/// Changes to headers of requests and responses. istiod: `validateHTTPRoute`, `validateHTTPRouteDestinations`
pub(super) fn check_operations(headers: Option<&Headers>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(Headers { request, response }) = headers else { return };
    if let Some(request) = request {
        let name = |name: &str| set_in_request(name);
        check_changes(request, name, &at.field("headers").field("request"), findings);
    }
    if let Some(response) = response {
        let name = |name: &str| changed(name);
        check_changes(response, name, &at.field("headers").field("response"), findings);
    }
}

fn check_changes(
    changes: &HeadersHeaderOperations,
    set_name: impl Fn(&str) -> Result<(), String>,
    at: &At<'_>,
    findings: &mut Findings<'_>,
) {
    let HeadersHeaderOperations { set, add, remove } = changes;
    for (field, headers) in [("set", set), ("add", add)] {
        for (name, value) in headers {
            let field = at.field(field);
            let at = field.field(name);
            findings.check(&at, set_name(name));
            findings.check(&at, formatted(value));
        }
    }
    for (index, name) in remove.iter().enumerate() {
        findings.check(&at.field("remove").item(index), changed(name));
    }
}

/// A header that is set or added in a request: the authority may be.
///
/// istiod: `ValidateHTTPHeaderWithAuthorityOperationName`
fn set_in_request(name: &str) -> Result<(), String> {
    match name {
        "" => Err("the name of a header is empty".to_owned()),
        _ if name.starts_with(':') && !is_authority(name) => Err(format!("the header `{name}` cannot be changed")),
        _ => Ok(()),
    }
}

/// A header that is taken away, or changed in a response. istiod: `ValidateHTTPHeaderOperationName`
fn changed(name: &str) -> Result<(), String> {
    match name {
        "" => Err("the name of a header is empty".to_owned()),
        _ if name.starts_with(':') || name.eq_ignore_ascii_case("host") => {
            Err(format!("the header `{name}` cannot be changed here"))
        }
        _ => Ok(()),
    }
}

/// A value with Envoy's `%VARIABLE(argument)%`. istiod: `ValidateHTTPHeaderValue`, `validateHeaderValue`
pub(super) fn formatted(value: &str) -> Result<(), String> {
    if value.bytes().any(|byte| byte < 0x20 && byte != b'\t' || byte == 0x7F) {
        return Err("the value of a header has a control character".to_owned());
    }
    let mut state = Format::Literal;
    let mut rest = value.bytes().peekable();
    while let Some(byte) = rest.next() {
        state = match (state, byte) {
            (Format::Literal, b'%') => match rest.peek() {
                None => return Err("a single `%` is written `%%`".to_owned()),
                Some(b'%') => {
                    rest.next();
                    Format::Literal
                }
                Some(_) => Format::Name,
            },
            (Format::Name | Format::End, b'%') => Format::Literal,
            (Format::Name, b'(') => Format::Arguments,
            (Format::Arguments, b'[') | (Format::Separator, b',') => Format::Item,
            (Format::Arguments | Format::Item | Format::Separator | Format::Close | Format::End, b' ') => state,
            (Format::Arguments, _) | (Format::Item, b'"') => Format::Argument,
            (Format::Argument, b'\\') => {
                if rest.next().is_none() {
                    return Err("the value of a header ends with a backslash".to_owned());
                }
                Format::Argument
            }
            (Format::Argument | Format::Close, b')') => Format::End,
            (Format::Argument, b'"') => Format::Separator,
            (Format::Separator, b']') => Format::Close,
            (Format::Literal | Format::Name | Format::Argument, _) => state,
            (Format::Item | Format::Separator | Format::Close | Format::End, _) => {
                return Err(format!("`{}` is not expected in the variable of a header", char::from(byte)));
            }
        };
    }
    if state == Format::Literal {
        Ok(())
    } else {
        Err("a variable of a header does not end; `%` is written `%%`".to_owned())
    }
}

/// Where in a formatted value a character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// Outside of variables.
    Literal,
    /// In `%NAME`.
    Name,
    /// After `(`.
    Arguments,
    /// Before an item of a list of arguments.
    Item,
    /// In an argument.
    Argument,
    /// After an item of a list.
    Separator,
    /// After the list.
    Close,
    /// After `)`.
    End,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_variables() {
        for value in
            ["", "a", "100%%", "%HOSTNAME%", "a %REQ(:path)% b", "%A([\"x\", \"y\"])%", "%START_TIME(%Y)%", "%A( x)%"]
        {
            assert_eq!(formatted(value), Ok(()), "{value}");
        }
        for value in
            ["%", "abc%", "abc%123", "%START_TIME%%", "%A(x%", "%A([\"x\" y])%", "%A(x)y%", "%A([x])%", "a\u{1}"]
        {
            assert!(formatted(value).is_err(), "{value}");
        }
    }

    #[test]
    fn names() {
        for name in ["x-a", ":method", "@request.auth.claims.a", "@Request.Auth.Claims[a][b]", "a_b", "~"] {
            assert_eq!(matched(name), Ok(()), "{name}");
        }
        for name in ["", "a b", ":host", "@request.auth.claims", "@request.auth.claims[]", "ä"] {
            assert!(matched(name).is_err(), "{name}");
        }
    }
}
