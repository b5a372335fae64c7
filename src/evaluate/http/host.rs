//! Ports and dots at the end of a host. Envoy: `header_utility.cc`.

/// Returns where the port of a host begins, at its colon. Envoy: `HeaderUtility::getPortStart`.
pub(in crate::evaluate) fn port_start(host: &str) -> Option<usize> {
    let colon = host.rfind(':')?;
    match host.rfind(']') {
        Some(bracket) if bracket > colon => None,
        _ => Some(colon),
    }
}

/// Says whether a host has only the letters of an authority. Envoy: `HeaderUtility::authorityIsValid`.
pub(in crate::evaluate) fn is_valid(host: &str) -> bool {
    host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!$%&'()*+,-.:;=@[]_~".contains(&byte))
}

/// Returns a host without its port, whatever that is.
pub(in crate::evaluate) fn without_port(host: &str) -> &str {
    port_start(host).map_or(host, |colon| &host[..colon])
}

/// Takes the port away if it is a number, and this one if one is given. Envoy: `HeaderUtility::stripPortFromHost`.
pub(in crate::evaluate) fn strip_port(host: &str, only: Option<u16>) -> &str {
    let Some(colon) = port_start(host) else { return host };
    match host[colon + 1..].parse::<u32>() {
        Ok(port) if only.is_none_or(|only| u32::from(only) == port) => &host[..colon],
        _ => host,
    }
}

/// Takes the dot at the end away, also before a port. Envoy: `HeaderUtility::stripTrailingHostDot`.
pub(in crate::evaluate) fn strip_trailing_dot(host: &str) -> String {
    let Some(dot) = host.rfind('.') else { return host.to_owned() };
    match &host[dot + 1..] {
        "" => host[..dot].to_owned(),
        rest if rest.starts_with(':') => format!("{}{rest}", &host[..dot]),
        _ => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_after_the_last_colon() {
        for (host, expected) in
            [("a:80", "a"), ("a", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("a:x", "a"), ("a:", "a")]
        {
            assert_eq!(without_port(host), expected);
        }
        assert_eq!(strip_port("a:80", Some(80)), "a");
        assert_eq!(strip_port("a:80", Some(81)), "a:80");
        assert_eq!(strip_port("a:x", None), "a:x");
    }

    #[test]
    fn one_dot_is_taken_away() {
        for (host, expected) in [("a.", "a"), ("a.:80", "a:80"), ("a.b", "a.b"), ("a..", "a."), ("a", "a")] {
            assert_eq!(strip_trailing_dot(host), expected);
        }
    }
}
