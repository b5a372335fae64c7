//! A host and a path, joined as Go does it.

use std::fmt::Write as _;

/// Joins a host and a path: dots are resolved, doubled slashes are dropped, a slash at the end stays, and characters that do
/// not belong in a path are escaped.
///
/// Go: `url.JoinPath` with a base that has no scheme
pub(super) fn join_path(host: &str, path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in host.split('/').chain(path.split('/')) {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut joined = segments.join("/");
    if path.ends_with('/') && !joined.ends_with('/') {
        joined.push('/');
    }
    escape(&joined)
}

/// Escapes bytes that a path may not hold; what is escaped already stays.
fn escape(path: &str) -> String {
    let mut escaped = String::new();
    for (index, byte) in path.bytes().enumerate() {
        let is_escape = byte == b'%'
            && path.as_bytes().get(index + 1..index + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        if byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:@[]/".contains(&byte) || is_escape {
            escaped.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::join_path;

    #[test]
    fn joins_as_go() {
        for (path, joined) in [
            ("/v1/traces", "otel.ns.svc/v1/traces"),
            ("v1/traces", "otel.ns.svc/v1/traces"),
            ("", "otel.ns.svc"),
            ("/", "otel.ns.svc/"),
            ("//v1//traces/", "otel.ns.svc/v1/traces/"),
            ("/a/../b", "otel.ns.svc/b"),
            ("/a b?c", "otel.ns.svc/a%20b%3Fc"),
            ("/a%20b", "otel.ns.svc/a%20b"),
        ] {
            assert_eq!(join_path("otel.ns.svc", path), joined, "{path}");
        }
    }
}
