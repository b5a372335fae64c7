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

/// How many bytes of one document may be read again in all, as each such text asks for it.
const MAX_AGAIN: usize = 64 << 20;

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
        let before = self.document.get(..at.saturating_sub(base) as usize).filter(|_| self.read <= MAX_AGAIN);
        let Some(before) = before else { return false };
        let start = self.text.char_indices().nth(before.chars().count()).map_or(self.text.len(), |(at, _)| at);
        if complaint.ends_with(QUOTED) {
            let Some((value, len)) = self.text.get(start..).and_then(quoted) else { return false };
            self.blank(start, start + len, |c| matches!(c, '\n' | '\r'));
            self.values.insert(at, value).is_none()
        } else if IN_BRACKETS.iter().any(|message| complaint.ends_with(message)) {
            let Some(end) = self.text.get(..start).and_then(end_of_content) else { return false };
            self.blank(end, start, |_| true);
            end < start
        } else {
            false
        }
    }

    /// Writes spaces over characters, as many as there are.
    fn blank(&mut self, start: usize, end: usize, is_meant: impl Fn(char) -> bool) {
        let Some(old) = self.text.get(start..end) else { return };
        let new: String = old.chars().map(|c| if is_meant(c) { ' ' } else { c }).collect();
        self.text.replace_range(start..end, &new);
    }
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
