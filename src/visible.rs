//! Text of the input in an output that is no JSON and no YAML: terminals and CI systems act on some characters.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns a text of one line in which everything is visible: line breaks, escape sequences and marks of direction as `\\n`, `\\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    replaced(text, |c| c.is_control() || is_hidden(c))
}

/// Returns the same for a text whose line breaks and tabs are meant.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    replaced(text, |c| (c.is_control() && !matches!(c, '\n' | '\t')) || is_hidden(c))
}

/// Returns a text with blanks after it up to a width of a column.
///
/// A column is no wider than 1,000 characters, whatever its longest text: the text of one line must not make all others as long.
pub fn padded(text: &str, width: usize) -> String {
    let blanks = width.min(COLUMN).saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(blanks))
}

/// Characters of the widest column.
const COLUMN: usize = 1_000;

/// Returns the character reference of what has a meaning in XML and HTML, between tags and in attributes in double quotes.
pub fn reference(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        _ => None,
    }
}

/// Characters that are not seen and change what is: line and paragraph separators, marks of direction, tags, the byte order mark.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// CI systems take what follows for a command, wherever in a line it is.
const COMMANDS: [&str; 2] = ["##[", "##vso["];

fn replaced(text: &str, is_replaced: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_replaced) && !COMMANDS.iter().any(|command| text.contains(command)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '\n' if is_replaced(c) => out.push_str("\\n"),
            '\r' if is_replaced(c) => out.push_str("\\r"),
            '\t' if is_replaced(c) => out.push_str("\\t"),
            _ if is_replaced(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            '#' if COMMANDS.iter().any(|command| text.get(at..).is_some_and(|rest| rest.starts_with(command))) => {
                out.push_str("\\u{23}");
            }
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_written_out() {
        for (text, want) in [
            ("a é 😀 | ~", "a é 😀 | ~"),
            ("x\n::error::y\r\t", "x\\n::error::y\\r\\t"),
            ("\u{1b}]8;;http://evil\u{7}", "\\u{1b}]8;;http://evil\\u{7}"),
            ("\u{9b}31m\u{7f}\u{85}", "\\u{9b}31m\\u{7f}\\u{85}"),
            ("\u{202e}a\u{2066}b\u{2028}c\u{feff}", "\\u{202e}a\\u{2066}b\\u{2028}c\\u{feff}"),
            ("x##[add-mask]y ##vso[task]", "x\\u{23}#[add-mask]y \\u{23}#vso[task]"),
            ("## heading", "## heading"),
        ] {
            assert_eq!(visible(text), want);
        }
        assert_eq!(visible_lines("a\n\tb\r\u{1b}"), "a\n\tb\\r\\u{1b}");
    }

    #[test]
    fn columns_are_no_wider_than_a_limit() {
        assert_eq!(padded("ab", 4), "ab  ");
        assert_eq!(padded("abc", 2), "abc");
        assert_eq!(padded("a", usize::MAX).len(), COLUMN);
    }
}
