//! URLs as CEL's `url` reads them: Go's `url.ParseRequestURI`, as far as it decides what is one.

/// Returns the scheme of a URL in lower case, empty for an absolute path, or nothing for what is no URL.
pub(crate) fn scheme(text: &str) -> Option<String> {
    if text.is_empty() || text.bytes().any(|byte| byte < 0x20 || byte == 0x7F) {
        return None;
    }
    let (scheme, rest) = split_scheme(text)?;
    let rest = rest.split_once('?').map_or(rest, |(path, _)| path);
    if !rest.starts_with('/') {
        // Opaque, as in `mailto:a@b`; without a scheme it is relative, which is none here.
        return (!scheme.is_empty()).then(|| scheme.to_ascii_lowercase());
    }
    if let Some(after) = rest.strip_prefix("//").filter(|_| !scheme.is_empty() || !rest.starts_with("///")) {
        let authority = after.split_once('/').map_or(after, |(authority, _)| authority);
        if !is_authority(authority) {
            return None;
        }
    }
    is_escaped(rest).then(|| scheme.to_ascii_lowercase())
}

/// Splits `scheme:rest`; the scheme is empty when there is none.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    for (at, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return None,
            ':' => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => break,
        }
    }
    Some(("", text))
}

/// Returns whether `user@host:port` can be one.
fn is_authority(authority: &str) -> bool {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = if let Some(inner) = host.strip_prefix('[') {
        let Some((_, after)) = inner.rsplit_once(']') else { return false };
        after
    } else {
        match host.rfind(':') {
            Some(colon) => host.get(colon..).unwrap_or(""),
            None => "",
        }
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    let inside = host.strip_prefix('[').map_or(host, |inner| inner.split_once(']').map_or("", |(address, _)| address));
    !inside.contains(['[', ']'])
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !host.contains([' ', '"', '<', '>', '\\', '^', '`', '{', '|', '}'])
        && is_escaped(host)
}

/// Returns whether each `%` starts an escape.
fn is_escaped(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let digits = after.as_bytes();
        digits.len() >= 2 && digits.iter().take(2).all(u8::is_ascii_hexdigit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_schemes() {
        for (text, want) in [
            ("https://example.com/a", Some("https")),
            ("HTTP://x", Some("http")),
            ("/a/b", Some("")),
            ("a/b", None),
            ("", None),
            ("docker.io/foo:latest", None),
            ("http://docker.io/foo:latest", Some("http")),
            ("localhost:5000/img", Some("localhost")),
            ("http://x:port/", None),
            ("http://[::1]:80/", Some("http")),
            ("http://a b/", None),
            ("http://x/%zz", None),
            (":a", None),
            ("http://a[b]", None),
            ("file:///a.wasm", Some("file")),
        ] {
            assert_eq!(scheme(text).as_deref(), want, "{text}");
        }
    }
}
