//! The bytes of a file as text, and the text cut into documents.

use std::ops::Range;

/// A file's text, and where it had bytes that are none.
#[derive(Debug)]
pub(crate) struct Text {
    /// The text; bytes that are no text became U+FFFD.
    pub(crate) text: String,
    /// Where these are, in bytes of the text.
    pub(crate) invalid: Vec<u32>,
}

/// Decodes a file: UTF-8, or UTF-16 when a byte order mark says so (what PowerShell writes for `kubectl ... > file`).
pub(crate) fn decode(bytes: Vec<u8>) -> Text {
    match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match String::from_utf8(bytes) {
            Ok(text) => Text { text, invalid: Vec::new() },
            Err(error) => lossy(error.as_bytes()),
        },
    }
}

fn lossy(bytes: &[u8]) -> Text {
    let mut text = String::with_capacity(bytes.len());
    let mut invalid = Vec::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            invalid.push(offset(text.len()));
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Text { text, invalid }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Text {
    let (units, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut invalid = Vec::new();
    for decoded in char::decode_utf16(units.iter().copied().map(unit)) {
        if decoded.is_err() {
            invalid.push(offset(text.len()));
        }
        text.push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if !rest.is_empty() {
        invalid.push(offset(text.len()));
        text.push(char::REPLACEMENT_CHARACTER);
    }
    Text { text, invalid }
}

/// Cuts a text at its document markers (`---` and `...` at the start of a line).
///
/// A marker ends a document even inside a block scalar, so the cut never depends on what is around it. A piece starts
/// with its `---` line. Pieces of nothing but comments are dropped; directives (`%YAML`) go with the piece after them.
pub(crate) fn documents(text: &str) -> Vec<Range<u32>> {
    let mut pieces = Vec::new();
    let mut start = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
    let mut push = |start: &mut usize, end: usize, marker: &Marker| match content(text.get(*start..end).unwrap_or("")) {
        Content::Nothing => *start = end,
        Content::Directives if matches!(marker, Marker::Start) => {}
        // Directives that no document follows: the parser objects.
        Content::Directives | Content::Document => {
            pieces.push(offset(*start)..offset(end));
            *start = end;
        }
    };
    let bytes = text.as_bytes();
    let mut line = start;
    while line < bytes.len() {
        let end = memchr_newline(bytes, line);
        match marker(bytes.get(line..end).unwrap_or_default()) {
            Some(marker @ Marker::Start) => push(&mut start, line, &marker),
            Some(marker @ Marker::End) => push(&mut start, end, &marker),
            None => {}
        }
        line = end;
    }
    push(&mut start, bytes.len(), &Marker::End);
    pieces
}

enum Marker {
    Start,
    End,
}

fn marker(line: &[u8]) -> Option<Marker> {
    let (marker, rest) = match line {
        [b'-', b'-', b'-', rest @ ..] => (Marker::Start, rest),
        [b'.', b'.', b'.', rest @ ..] => (Marker::End, rest),
        _ => return None,
    };
    matches!(rest.first(), None | Some(b' ' | b'\t' | b'\r' | b'\n')).then_some(marker)
}

enum Content {
    Nothing,
    Directives,
    Document,
}

/// Returns what a piece holds besides comments and blank lines.
fn content(piece: &str) -> Content {
    let mut directives = false;
    for (number, line) in piece.lines().enumerate() {
        let line = if number == 0 && matches!(marker(line.as_bytes()), Some(Marker::Start)) {
            line.get(3..).unwrap_or("")
        } else {
            line
        };
        let text = line.trim_start();
        if line.starts_with('%') {
            directives = true;
        } else if !(text.is_empty() || text.starts_with('#') || line.trim_end() == "...") {
            return Content::Document;
        }
    }
    if directives { Content::Directives } else { Content::Nothing }
}

/// Returns the first character that YAML does not allow, and its place. What comes after a NUL no reader would see.
pub(crate) fn control_character(text: &str) -> Option<(usize, char)> {
    // All of them are one byte below U+0080, or two that start with C2.
    let suspect = |byte: &u8| (*byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || matches!(byte, 0x7F | 0xC2);
    let mut from = 0;
    while let Some(at) = text.as_bytes().get(from..)?.iter().position(suspect) {
        let at = from + at;
        let c = text.get(at..)?.chars().next()?;
        if c.is_control() && c != '\u{85}' {
            return Some((at, c));
        }
        from = at + c.len_utf8();
    }
    None
}

/// Returns the byte after the line that starts at `from`.
fn memchr_newline(bytes: &[u8], from: usize) -> usize {
    bytes.iter().skip(from).position(|byte| *byte == b'\n').map_or(bytes.len(), |at| from + at + 1)
}

/// Returns a byte offset. Files of 4 GiB and more are refused before.
pub(crate) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        documents(text).into_iter().map(|range| &text[range.start as usize..range.end as usize]).collect()
    }

    #[test]
    fn documents_are_cut_at_their_markers() {
        for (text, want) in [
            ("", vec![]),
            ("# only\n\n# comments\n", vec![]),
            ("a: 1\n", vec!["a: 1\n"]),
            ("a: 1\n---\nb: 2\n", vec!["a: 1\n", "---\nb: 2\n"]),
            ("---\n---\n# x\n--- # y\nb: 2", vec!["--- # y\nb: 2"]),
            ("--- {a: 1}\n--- |\n text\n", vec!["--- {a: 1}\n", "--- |\n text\n"]),
            ("a: |\n  x\n---\r\nb: 2\r\n", vec!["a: |\n  x\n", "---\r\nb: 2\r\n"]),
            ("a: ----\n----: 1\n", vec!["a: ----\n----: 1\n"]),
            ("%YAML 1.1\n---\na: 1\n", vec!["%YAML 1.1\n---\na: 1\n"]),
            ("a: 1\n...\n%YAML 1.1\n---\nb: 1\n...\n", vec!["a: 1\n...\n", "%YAML 1.1\n---\nb: 1\n...\n"]),
            ("%YAML 1.1\n", vec!["%YAML 1.1\n"]),
            ("\u{FEFF}a: 1\n", vec!["a: 1\n"]),
            ("\u{FEFF}# Source: chart/x.yaml\n---\na: 1\n", vec!["---\na: 1\n"]),
        ] {
            assert_eq!(pieces(text), want, "{text:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_found() {
        let text = decode(b"a: \xFFb\nc: \xC3".to_vec());
        assert_eq!(text.text, "a: \u{FFFD}b\nc: \u{FFFD}");
        assert_eq!(text.invalid, [3, 11]);
        let utf16 = decode(b"\xFF\xFEa\0:\0 \0\xE4\0".to_vec());
        assert_eq!((utf16.text.as_str(), utf16.invalid.len()), ("a: ä", 0));
        assert_eq!(decode(b"\xFE\xFF\xD8\x00".to_vec()).invalid, [0]);
    }
}
