//! Variables in the values of headers: `%REQ(x-request-id)%`. Envoy: `formatter/substitution_formatter`.

use crate::evaluate::http::Headers;
use crate::evaluate::http::headers::known_as;

/// What variables stand for.
#[derive(Debug, Clone, Copy)]
pub(in crate::evaluate) struct Variables<'a> {
    /// `%PROTOCOL%`
    pub(in crate::evaluate) protocol: &'a str,
    /// `%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%`
    pub(in crate::evaluate) client: &'a str,
    /// `%DOWNSTREAM_LOCAL_ADDRESS%`
    pub(in crate::evaluate) local: &'a str,
    /// `%REQUESTED_SERVER_NAME%`
    pub(in crate::evaluate) server_name: &'a str,
    /// `%DOWNSTREAM_PEER_URI_SAN%`
    pub(in crate::evaluate) peer: &'a str,
    /// `%ROUTE_NAME%`
    pub(in crate::evaluate) route: &'a str,
}

impl Variables<'_> {
    /// Puts the values into a text; variables that are known at run time only stay as they are.
    pub(in crate::evaluate) fn format(&self, text: &str, headers: &Headers) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('%') {
            out.push_str(literal);
            let Some((variable, after)) = after.split_once('%') else {
                out.push('%');
                rest = after;
                continue;
            };
            match variable {
                "" => out.push('%'),
                variable => match self.value(variable, headers) {
                    Some(value) => out.push_str(&value),
                    None => out.extend(["%", variable, "%"]),
                },
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn value(&self, variable: &str, headers: &Headers) -> Option<String> {
        let argument = |name: &str| variable.strip_prefix(name)?.strip_prefix('(')?.split_once(')');
        if let Some((names, length)) = argument("REQ") {
            let value = names.split('?').find_map(|name| headers.get(&known_as(name)));
            let length: Option<usize> = length.strip_prefix(':').and_then(|length| length.parse().ok());
            let value = value.unwrap_or_default();
            return Some(value.chars().take(length.unwrap_or(usize::MAX)).collect());
        }
        let known = match variable {
            "PROTOCOL" => self.protocol,
            "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" => self.client,
            "DOWNSTREAM_LOCAL_ADDRESS" => self.local,
            "REQUESTED_SERVER_NAME" => self.server_name,
            "DOWNSTREAM_PEER_URI_SAN" => self.peer,
            "ROUTE_NAME" => self.route,
            "RESPONSE_FLAGS" => "-",
            _ => return None,
        };
        Some(known.to_owned())
    }
}
