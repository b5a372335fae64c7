//! Regular expressions as Envoy has them: RE2, which must match all of a text, with classes of ASCII.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::Extractor;

use crate::evaluate::matcher::begins;

/// An expression.
#[derive(Debug, Clone)]
pub(super) struct FullMatch {
    whole: Regex,
    pattern: String,
    /// How all texts begin that match: to compare it is much faster than to ask the expression.
    beginning: Vec<u8>,
}

impl FullMatch {
    /// Compiles an expression; `None` when it is none, which Envoy would not have accepted.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let whole = compile(&format!(r"\A(?:{pattern})\z"))?;
        Some(Self { whole, pattern: pattern.to_owned(), beginning: beginning(pattern) })
    }

    /// Says whether the expression matches all of a text.
    pub(super) fn matches(&self, text: &str) -> bool {
        begins(text.as_bytes(), &self.beginning) && self.whole.is_match(text.as_bytes())
    }

    /// Returns the expression as written.
    pub(super) fn pattern(&self) -> &str {
        &self.pattern
    }
}

/// Returns how all texts begin that match; nothing where that differs.
fn beginning(pattern: &str) -> Vec<u8> {
    let parse = |unicode| ParserBuilder::new().unicode(unicode).utf8(false).build().parse(pattern).ok();
    // In the mode that `compile` takes.
    let Some(expression) = parse(false).or_else(|| parse(true)) else { return Vec::new() };
    let beginnings = Extractor::new().extract(&expression);
    beginnings.longest_common_prefix().map(<[u8]>::to_vec).unwrap_or_default()
}

/// Compiles an expression that may match a part of a text.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    // RE2's `\d`, `\w`, `\s` and `\b` are of ASCII; a class with other letters needs the mode that has them.
    let ascii = RegexBuilder::new(pattern).unicode(false).build();
    ascii.or_else(|_| RegexBuilder::new(pattern).build()).ok()
}

/// Replaces all matches, with `\0` to `\9` standing for groups. RE2: `GlobalReplace`.
pub(super) fn replace_all(expression: &Regex, text: &str, substitution: &str) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut end = 0;
    for captures in expression.captures_iter(text.as_bytes()) {
        let Some(whole) = captures.get(0) else { continue };
        out.extend(&text.as_bytes()[end..whole.start()]);
        end = whole.end();
        let mut rest = substitution.chars();
        while let Some(c) = rest.next() {
            match (c, if c == '\\' { rest.next() } else { None }) {
                ('\\', Some(digit)) if digit.is_ascii_digit() => {
                    let group = captures.get(digit as usize - '0' as usize);
                    out.extend(group.map_or(&b""[..], |group| group.as_bytes()));
                }
                ('\\', Some(other)) => out.extend(other.to_string().as_bytes()),
                (c, _) => out.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }
    out.extend(&text.as_bytes()[end..]);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_a_text_must_match() {
        let regex = FullMatch::new("/a|/b.*").expect("a regex");
        assert!(regex.matches("/a") && regex.matches("/bc"));
        assert!(!regex.matches("/ac") && !regex.matches("x/b"));
        assert!(!FullMatch::new(r"\d").expect("a regex").matches("\u{663}"));
    }

    #[test]
    fn texts_begin_alike() {
        for (pattern, expected) in [
            ("/service-1/[a-z]+", "/service-1/"),
            ("/ab?c", "/a"),
            ("/(?:api|apps)/.*", "/ap"),
            ("/a|b", ""),
            ("(?i)/ab", "/"),
            (r"/a\.b\d", "/a.b"),
            ("^/a", "/a"),
            ("/a{0}b", "/b"),
            (".*", ""),
            ("", ""),
            ("/\u{e9}+", "/\u{e9}"),
        ] {
            assert_eq!(String::from_utf8_lossy(&beginning(pattern)), expected, "{pattern}");
        }
    }

    #[test]
    fn groups_are_put_where_digits_are() {
        let regex = compile("/service/([^/]+)(/.*)?").expect("a regex");
        assert_eq!(replace_all(&regex, "/service/x/y", r"\2/instance/\1"), "/y/instance/x");
        assert_eq!(replace_all(&compile("o").expect("a regex"), "foo", r"\\0"), r"f\0\0");
    }
}
