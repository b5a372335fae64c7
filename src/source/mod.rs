//! Where a value was written: files, spans, the tree of a document's nodes with their positions.
//!
//! ```text
//! SourceFile (path, bytes) ──▶ Sources: SourceId -> path, text ──▶ Span (file, bytes) ──▶ Position (line, column)
//!                                                              └─▶ Node (value, span), found by a FieldPath
//! ```
//!
//! Shared vocabulary of all layers; it knows nothing of YAML, Kubernetes or Istio.

mod field_path;
mod node;

pub use field_path::{FieldPath, Step};
pub use node::{Map, Node, NodeKind, Seq, Tree};

pub(crate) use node::{Nodes, Scalar, TreeBuilder};

use std::sync::{Arc, OnceLock};

/// A file of the input, as the command line layer read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as shown to the reader; `-` for standard input.
    pub path: String,
    /// The bytes of the file, or the reason why there are none (`permission denied`).
    pub content: Result<Vec<u8>, String>,
    /// Which argument of the command leads to it, counted from 0: later arguments are applied after earlier ones.
    pub argument: usize,
}

impl SourceFile {
    /// Returns a file that was read.
    pub fn new(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: Ok(content.into()), argument: 0 }
    }

    /// Returns a file or folder that could not be read, and why.
    pub fn unreadable(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), content: Err(reason.into()), argument: 0 }
    }
}

/// A file of [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SourceId(pub(crate) u32);

/// A stretch of a file, in bytes of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

/// A place as people count: both from one, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from one.
    pub line: usize,
    /// Column in characters, from one.
    pub column: usize,
}

/// A resource of the input: the index of its document in `Manifests`.
///
/// Indices follow the order of kind, namespace and name, so they do not depend on how the resources are
/// spread over files. The default refers to no document that exists: made-up resources carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceRef(pub(crate) u32);

impl ResourceRef {
    /// The reference of a resource that no document holds.
    pub const NONE: Self = Self(u32::MAX);

    /// Returns the index of the document.
    pub(crate) fn index(self) -> u32 {
        self.0
    }
}

impl Default for ResourceRef {
    fn default() -> Self {
        Self::NONE
    }
}

/// The files of one run with their texts: cheap to copy.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Arc<Source>>,
    /// What is not to be shown, in order.
    hidden: Vec<Span>,
}

#[derive(Debug)]
struct Source {
    path: String,
    text: String,
    /// Where lines and characters are; made on first use, as most files are never asked.
    marks: OnceLock<Marks>,
}

/// What saves reading a text again for each position.
#[derive(Debug)]
struct Marks {
    /// Byte at which each line starts.
    lines: Vec<u32>,
    /// How many characters begin before each block of [`BLOCK`] bytes: a line may be as long as the file.
    characters: Vec<u32>,
}

/// Bytes that are counted one by one, at most.
const BLOCK: usize = 1024;

impl Marks {
    fn new(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX))).collect();
        let mut before = 0;
        let mut characters = vec![0];
        for block in text.as_bytes().chunks(BLOCK) {
            before += count_characters(block);
            characters.push(u32::try_from(before).unwrap_or(u32::MAX));
        }
        Self { lines, characters }
    }

    /// Returns how many characters begin before a byte.
    fn characters_before(&self, text: &str, at: usize) -> usize {
        let at = at.min(text.len());
        let block = at / BLOCK;
        let before = self.characters.get(block).copied().unwrap_or(0) as usize;
        before + count_characters(text.as_bytes().get(block * BLOCK..at).unwrap_or_default())
    }
}

/// A character is counted at its first byte: continuation bytes are 10xxxxxx.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

impl Sources {
    /// Adds a file and returns its handle. Texts longer than `u32::MAX` bytes must have been refused before.
    pub fn add(&mut self, path: String, text: String) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Arc::new(Source { path, text, marks: OnceLock::new() }));
        id
    }

    /// Hides stretches of the files, which are Secrets or may be: their text is never shown.
    pub fn hide(&mut self, spans: impl IntoIterator<Item = Span>) {
        self.hidden.extend(spans);
        self.hidden.sort();
    }

    /// Says whether any of a stretch is hidden.
    pub fn is_hidden(&self, span: Span) -> bool {
        // Nested stretches begin with the longest: what a list hides, its items need not.
        let of_file = self.hidden.partition_point(|hidden| hidden.source < span.source);
        let hidden = self.hidden.get(of_file..).unwrap_or_default();
        hidden
            .iter()
            .take_while(|hidden| hidden.source == span.source && hidden.start < span.end.max(span.start + 1))
            .any(|hidden| span.start < hidden.end)
    }

    /// Returns the files, in their order.
    pub fn ids(&self) -> impl Iterator<Item = SourceId> + use<> {
        (0..u32::try_from(self.files.len()).unwrap_or(u32::MAX)).map(SourceId)
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Returns whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the path of a file, as shown to the reader.
    pub fn path(&self, id: SourceId) -> &str {
        self.get(id).map_or("", |source| &source.path)
    }

    /// Returns the text of a file.
    pub fn text(&self, id: SourceId) -> &str {
        self.get(id).map_or("", |source| &source.text)
    }

    /// Returns the line and column at which a span starts.
    pub fn position(&self, span: Span) -> Position {
        let Some(source) = self.get(span.source) else { return Position { line: 1, column: 1 } };
        let marks = source.marks.get_or_init(|| Marks::new(&source.text));
        let line = marks.lines.partition_point(|start| *start <= span.start).max(1);
        let line_start = marks.lines.get(line - 1).copied().unwrap_or(0);
        let before = |at: u32| marks.characters_before(&source.text, at as usize);
        let column = 1 + before(span.start).saturating_sub(before(line_start));
        Position { line, column }
    }

    /// Returns the text of a span, cut to character boundaries.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.source).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    fn get(&self, id: SourceId) -> Option<&Source> {
        self.files.get(id.0 as usize).map(Arc::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml".into(), "a: 1\r\nä: é2\n".into());
        let at = |start| sources.position(Span { source: id, start, end: start });
        assert_eq!(at(0), Position { line: 1, column: 1 });
        assert_eq!(at(3), Position { line: 1, column: 4 });
        assert_eq!(at(6), Position { line: 2, column: 1 });
        assert_eq!(at(10), Position { line: 2, column: 4 }); // é, after the two bytes of ä
        assert_eq!(at(12), Position { line: 2, column: 5 });
        assert_eq!(at(14), Position { line: 3, column: 1 }); // the end of the text
    }

    /// As they would be counted from the beginning of the line.
    #[test]
    fn positions_of_long_lines() {
        let text = format!("{}\n{}", "aé☺".repeat(500), "ñb".repeat(800));
        let mut sources = Sources::default();
        let source = sources.add("a.yaml".into(), text.clone());
        for (start, _) in text.char_indices().chain([(text.len(), ' ')]) {
            let (line, before) = text[..start].rsplit_once('\n').map_or((1, &text[..start]), |(_, last)| (2, last));
            let start = u32::try_from(start).expect("it is small");
            let column = 1 + before.chars().count();
            assert_eq!(sources.position(Span { source, start, end: start }), Position { line, column });
        }
    }
}
