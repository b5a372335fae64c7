//! Lines inside of quotes and brackets that stand left of the map that holds them.
//!
//! YAML 1.2 forbids it, and so does our parser; libyaml, whose ports read manifests for Kubernetes, does not look at the
//! indentation there. Generated CRDs have such descriptions, and people write `args: [` with the `]` below `args`.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser};

/// What the parser says of a quoted text, at its first quote.
const QUOTED: &str = "invalid indentation in quoted scalar";

/// What the parser says of a line in brackets, at its first character.
const IN_BRACKETS: &[&str] = &["invalid indentation", "invalid indentation in flow construct"];

/// How often a document may be read again in all, as such texts ask for it: the work for all of the input stays in proportion.
const MAX_AGAIN: usize = 24;

/// A document, as the parser takes it: no character is elsewhere than it was, though bytes may be fewer.
pub(super) struct Joined<'t> {
    document: &'t str,
    /// The text, with such lines joined to those before them.
    pub(super) text: String,
    /// What these quoted texts say, by the byte of their first quote.
    pub(super) values: BTreeMap<u32, String>,
    read: usize,
}

impl<'t> Joined<'t> {
    /// Starts with the text as it is.
    pub(super) fn new(document: &'t str) -> Self {
        Self { document, text: document.to_owned(), values: BTreeMap::new(), read: 0 }
    }

    /// Joins what the parser has complained of at a byte; says whether the document should be read again.
    ///
    /// `base` is where the document begins in its file.
    pub(super) fn join(&mut self, complaint: &str, at: u32, base: u32) -> bool {
        self.read += self.text.len();
        let before = self
            .document
            .get(..at.saturating_sub(base) as usize)
            .filter(|_| self.read <= MAX_AGAIN * self.document.len());
        let Some(before) = before else { return false };
        let start = self.text.char_indices().nth(before.chars().count()).map_or(self.text.len(), |(at, _)| at);
        if complaint.ends_with(QUOTED) {
            let Some((value, len)) = self.text.get(start..).and_then(quoted) else { return false };
            self.blank(start, start + len, |c| matches!(c, '\n' | '\r'));
            let is_new = self.values.insert(at, value).is_none();
            self.join_quoted(start + len, base);
            is_new
        } else if IN_BRACKETS.iter().any(|message| complaint.ends_with(message)) {
            let Some(end) = self.text.get(..start).and_then(end_of_content) else { return false };
            // From the last to the first, as blanks may be fewer bytes.
            for (end, start) in lines_of_bracket(&self.text, start).into_iter().rev() {
                self.blank(end, start, |_| true);
            }
            self.blank(end, start, |_| true);
            end < start
        } else {
            false
        }
    }

    /// Joins the quoted values after a byte of which the parser would complain as well: it would be asked again for each of them.
    fn join_quoted(&mut self, from: usize, base: u32) {
        if self.text.len() != self.document.len() {
            return;
        }
        let mut at =
            self.text.get(from..).and_then(|rest| rest.find('\n')).map_or(self.text.len(), |end| from + end + 1);
        while let Some(line) = self.text.get(at..).and_then(|rest| rest.split_inclusive('\n').next()) {
            let next = at + line.len();
            let Some(entry) = Entry::of(line) else {
                at = next;
                continue;
            };
            if entry.is_block {
                at = next + more_indented(self.text.get(next..).unwrap_or(""), entry.indent);
                continue;
            }
            let start = at + entry.value;
            let Some((value, len)) = self.text.get(start..).filter(|_| entry.is_quoted).and_then(quoted) else {
                at = next;
                continue;
            };
            let is_left = |line: &str| !line.trim().is_empty() && indent(line) <= entry.indent;
            if self.text.get(start..start + len).is_some_and(|text| text.lines().skip(1).any(is_left)) {
                self.blank(start, start + len, |c| matches!(c, '\n' | '\r'));
                self.values.insert(base + u32::try_from(start).unwrap_or(u32::MAX), value);
            }
            let end = start + len;
            at = self.text.get(end..).and_then(|rest| rest.find('\n')).map_or(self.text.len(), |line| end + line + 1);
        }
    }

    /// Writes spaces over characters, as many as there are.
    fn blank(&mut self, start: usize, end: usize, is_meant: impl Fn(char) -> bool) {
        let Some(old) = self.text.get(start..end) else { return };
        let new: String = old.chars().map(|c| if is_meant(c) { ' ' } else { c }).collect();
        self.text.replace_range(start..end, &new);
    }
}

/// The first line of an entry of a block map or list: `- key: value`.
struct Entry {
    /// Where the key or dash is.
    indent: usize,
    /// Where the value begins.
    value: usize,
    is_quoted: bool,
    /// Lines of text follow: `key: |`.
    is_block: bool,
}

impl Entry {
    fn of(line: &str) -> Option<Self> {
        let indent = indent(line);
        let mut at = indent;
        while line.get(at..)?.starts_with("- ") {
            at += 2 + line.get(at + 2..)?.bytes().take_while(|byte| *byte == b' ').count();
        }
        let dashes = at;
        let is_of_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'$');
        let key = line.get(at..)?.bytes().take_while(|byte| is_of_key(*byte)).count();
        let after = line.get(at + key..)?.strip_prefix(": ").map(|rest| rest.len() - rest.trim_start().len());
        if let Some(blank) = after.filter(|_| key > 0) {
            at += key + 2 + blank;
        } else if dashes == indent {
            return None;
        }
        let value = line.get(at..)?.trim_end();
        let is_block = value.starts_with(['|', '>']);
        // Of a key after dashes, what is in the entry stands right of the key's own column.
        let indent = if after.is_some() { dashes } else { indent };
        Some(Self { indent, value: at, is_quoted: value.starts_with(['"', '\'']), is_block })
    }
}

fn indent(line: &str) -> usize {
    line.bytes().take_while(|byte| *byte == b' ').count()
}

/// Returns how many bytes the lines have that stand further right, and blank ones.
fn more_indented(text: &str, than: usize) -> usize {
    text.split_inclusive('\n').take_while(|line| line.trim().is_empty() || indent(line) > than).map(str::len).sum()
}

/// Returns what is to become blank so that the lines after one in brackets are one with it: those that stand as far left, up to where
/// the bracket closes.
fn lines_of_bracket(text: &str, start: usize) -> Vec<(usize, usize)> {
    let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let column = start - line_start;
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut quote) = (start, 0_i32, None);
    // The last byte with a meaning, and where it ends.
    let (mut last, mut end) = (b',', start);
    let mut out = Vec::new();
    while let Some(&byte) = bytes.get(at) {
        match (quote, byte) {
            (Some(_), b'\n') => return out,
            (Some(b'"'), b'\\') => at += 1,
            (Some(open), _) if byte == open => quote = None,
            (None, b'"' | b'\'') if matches!(last, b',' | b'[' | b'{' | b':') => quote = Some(byte),
            (None, b'#') if at == line_start || bytes.get(at - 1).is_some_and(u8::is_ascii_whitespace) => {
                at += text.get(at..).and_then(|rest| rest.find('\n')).unwrap_or(bytes.len() - at);
                continue;
            }
            (None, b'\n') => {
                if depth < 0 {
                    return out;
                }
                let next = bytes.iter().skip(at).position(|byte| !byte.is_ascii_whitespace()).map(|skip| at + skip);
                let Some(next) = next else { return out };
                let line_start = text.get(..next).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
                if next - line_start <= column && bytes.get(next) != Some(&b'#') {
                    out.push((end, next));
                }
                at = next;
                continue;
            }
            (None, b'[' | b'{') => depth += 1,
            (None, b']' | b'}') => depth -= 1,
            // An outer bracket is still open.
            (None, b',') if depth < 0 => depth = 0,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            (last, end) = (byte, at + 1);
        }
        at += 1;
    }
    out
}

/// Returns what a text that begins with a quote says, and its length up to the other quote.
fn quoted(text: &str) -> Option<(String, usize)> {
    let bytes = text.as_bytes();
    let quote = *bytes.first().filter(|first| matches!(first, b'"' | b'\''))?;
    let mut at = 1;
    let len = loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            byte if byte == quote && quote == b'\'' && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => break at + 1,
            _ => at += 1,
        }
    };
    // On its own it is in no map, so its lines may stand anywhere.
    let mut events = Parser::new_from_str(text.get(..len)?);
    let value = std::iter::from_fn(|| events.next_event()?.ok()).find_map(|(event, _)| match event {
        Event::Scalar(value, ..) => Some(value.into_owned()),
        _ => None,
    });
    Some((value?, len))
}

/// Returns where the last line with content ends, before its comment.
fn end_of_content(text: &str) -> Option<usize> {
    let mut end = text.rfind('\n')?;
    loop {
        let start = text.get(..end)?.rfind('\n').map_or(0, |at| at + 1);
        let line = text.get(start..end)?;
        let content = line.get(..comment(line))?.trim_end();
        if !content.is_empty() {
            return Some(start + content.len());
        }
        end = start.checked_sub(1)?;
    }
}

/// Returns where the comment of a line begins, or the line's length.
fn comment(line: &str) -> usize {
    let (mut quote, mut before) = (None, b' ');
    for (at, byte) in line.bytes().enumerate() {
        match (quote, byte) {
            (None, b'#') if before.is_ascii_whitespace() => return at,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if byte == open => quote = None,
            _ => {}
        }
        before = byte;
    }
    line.len()
}
