//! Normalization of paths. Envoy: `path_utility.cc`, which uses Chromium's `url_canon_path.cc`.

/// What becomes of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::evaluate) enum Normalized {
    /// The request goes on with this path.
    Path(String),
    /// The client is sent to this path.
    Redirect(String),
    /// The request is refused.
    Rejected,
}

/// `path_with_escaped_slashes_action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::evaluate) enum EscapedSlashes {
    /// They stay.
    #[default]
    Keep,
    /// The request is refused.
    Reject,
    /// The client is sent to the path with slashes.
    Redirect,
    /// They become slashes.
    Forward,
}

/// What the connection manager does with paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::evaluate) struct Normalization {
    /// `normalize_path`
    pub(in crate::evaluate) normalize: bool,
    /// `merge_slashes`
    pub(in crate::evaluate) merge_slashes: bool,
    /// `path_with_escaped_slashes_action`
    pub(in crate::evaluate) escaped_slashes: EscapedSlashes,
}

/// Returns a path without query and fragment. Envoy: `PathUtil::removeQueryAndFragment`.
pub(in crate::evaluate) fn without_query(path: &str) -> &str {
    path.find(['?', '#']).map_or(path, |end| &path[..end])
}

impl Normalization {
    /// Normalizes a path with its query. Envoy: `ConnectionManagerUtility::maybeNormalizePath`.
    pub(in crate::evaluate) fn apply(self, path: &str) -> Normalized {
        if path.contains('#') {
            return Normalized::Rejected;
        }
        let (path, query) = path.find('?').map_or((path, ""), |end| path.split_at(end));
        let mut path = path.to_owned();
        let mut redirect = false;
        if self.escaped_slashes != EscapedSlashes::Keep {
            let unescaped = unescape_slashes(&path);
            if unescaped != path {
                match self.escaped_slashes {
                    EscapedSlashes::Reject => return Normalized::Rejected,
                    EscapedSlashes::Redirect => redirect = true,
                    EscapedSlashes::Keep | EscapedSlashes::Forward => {}
                }
                path = unescaped;
            }
        }
        if self.normalize {
            match canonical(&path) {
                Some(canonical) => path = canonical,
                None => return Normalized::Rejected,
            }
        }
        if self.merge_slashes {
            path = merge_slashes(&path);
        }
        let path = format!("{path}{query}");
        if redirect { Normalized::Redirect(path) } else { Normalized::Path(path) }
    }
}

fn unescape_slashes(path: &str) -> String {
    let mut out = path.to_owned();
    for (escaped, slash) in [("%2F", "/"), ("%2f", "/"), ("%5C", "\\"), ("%5c", "\\")] {
        out = out.replace(escaped, slash);
    }
    out
}

fn merge_slashes(path: &str) -> String {
    if !path.contains("//") {
        return path.to_owned();
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (start, end) = (path.starts_with('/'), path.ends_with('/'));
    format!("{}{}{}", if start { "/" } else { "" }, parts.join("/"), if end { "/" } else { "" })
}

/// What the canonical form has in the place of a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// The byte; its escape stays, too.
    Pass,
    /// Its escape.
    Escape,
    /// The byte, also in the place of its escape.
    Unescape,
}

fn class(byte: u8) -> Class {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => Class::Unescape,
        b'!' | b'$' | b'&'..=b'*' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@' | b'[' | b']' | b'%' | b'\\' => {
            Class::Pass
        }
        _ => Class::Escape,
    }
}

/// Returns the canonical form of a path without its query; `None` when it has none.
fn canonical(path: &str) -> Option<String> {
    let bytes = path.as_bytes();
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    // A path begins with a slash, whether or not it is written.
    if bytes.first().is_none_or(|first| !is_slash(*first)) {
        out.push(b'/');
    }
    let mut index = 0;
    while index < bytes.len() {
        if let Some(dot) = dot(&bytes[index..]) {
            let after = index + dot;
            match if out.last() == Some(&b'/') { after_dot(&bytes[after..]) } else { AfterDot::Name } {
                AfterDot::Name => {
                    out.push(b'.');
                    index = after;
                }
                AfterDot::Current(length) => index = after + length,
                AfterDot::Up(length) => {
                    up(&mut out);
                    index = after + length;
                }
            }
            continue;
        }
        match bytes[index] {
            b'\\' => out.push(b'/'),
            b'%' => match escaped(&bytes[index..]) {
                Some(0) => return None,
                Some(value) => {
                    if class(value) == Class::Unescape {
                        out.push(value);
                    } else {
                        out.extend(&bytes[index..index + 3]);
                    }
                    index += 2;
                }
                None => out.push(b'%'),
            },
            byte if class(byte) == Class::Escape => out.extend(format!("%{byte:02X}").bytes()),
            byte => out.push(byte),
        }
        index += 1;
    }
    String::from_utf8(out).ok()
}

fn is_slash(byte: u8) -> bool {
    byte == b'/' || byte == b'\\'
}

/// Returns the length of a dot, which may be escaped.
fn dot(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'.', ..] => Some(1),
        [b'%', b'2', b'e' | b'E', ..] => Some(3),
        _ => None,
    }
}

/// What a dot after a slash begins.
enum AfterDot {
    /// A name.
    Name,
    /// This folder, with as many bytes after the dot.
    Current(usize),
    /// The folder above.
    Up(usize),
}

fn after_dot(bytes: &[u8]) -> AfterDot {
    if let Some(length) = segment_end(bytes) {
        return AfterDot::Current(length);
    }
    let second = dot(bytes).and_then(|length| Some(length + segment_end(&bytes[length..])?));
    second.map_or(AfterDot::Name, AfterDot::Up)
}

/// Returns how many bytes end a segment: its parameters, as in `..;v=1/`, and the slash.
fn segment_end(bytes: &[u8]) -> Option<usize> {
    match bytes.first() {
        None => Some(0),
        Some(byte) if is_slash(*byte) => Some(1),
        // A backslash does not end parameters.
        Some(b';') => Some(bytes.iter().position(|byte| *byte == b'/').map_or(bytes.len(), |slash| slash + 1)),
        Some(_) => None,
    }
}

/// Takes the last folder away.
fn up(out: &mut Vec<u8>) {
    if out.len() > 1 {
        out.pop();
        while out.last().is_some_and(|byte| *byte != b'/') {
            out.pop();
        }
    }
}

fn escaped(bytes: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match bytes {
        [b'%', high, low, ..] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_canonical() {
        for (path, expected) in [
            ("/a/../b", "/b"),
            ("/a/./b", "/a/b"),
            ("/../../a", "/a"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/a/...", "/a/..."),
            ("/a/%2e%2e/b", "/b"),
            ("/a\\b", "/a/b"),
            ("/%61%2F%7e", "/a%2F~"),
            ("//a//b", "//a//b"),
            ("/a//../b", "/a/b"),
            ("/a%zz", "/a%zz"),
            ("/a|b", "/a%7Cb"),
            ("/.a", "/.a"),
            ("/a/..;v=1/y", "/y"),
            ("/a/.;v=1/y", "/a/y"),
            ("//.;v\\..\\y//", "///"),
            ("/a/...;v=1/y", "/a/...;v=1/y"),
            ("/a.", "/a."),
        ] {
            assert_eq!(canonical(path).as_deref(), Some(expected), "{path}");
        }
        assert_eq!(canonical("/%00"), None);
    }

    #[test]
    fn slashes_are_merged_in_the_path_only() {
        let all = Normalization { normalize: true, merge_slashes: true, escaped_slashes: EscapedSlashes::Forward };
        assert_eq!(all.apply("//a%2f/b//?x=//"), Normalized::Path("/a/b/?x=//".to_owned()));
        assert_eq!(all.apply("/a#b"), Normalized::Rejected);
    }
}
