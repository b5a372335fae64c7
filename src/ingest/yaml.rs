//! One YAML document -> [`Tree`], by Kubernetes' rules.
//!
//! Events come from `saphyr-parser`; what they mean is decided here: scalars by YAML 1.1 ([`scalar`]), keys become
//! strings, duplicate keys are an error, `<<` merges, aliases repeat what their anchor named (within a budget), and
//! everything is bounded: depth, scalar size, repetition.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use indexmap::IndexMap;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::indentation::Joined;
use super::problem::Problem;
use super::scalar;
use super::text::offset;
use crate::source::{NodeKind, Nodes, Scalar, SourceId, Tree, TreeBuilder};

/// The code of what is no YAML.
const SYNTAX: &str = "yaml-syntax";

/// Lists and maps inside of each other. Nothing real comes close; what is made of it stays below the 128 that readers of JSON take.
pub(crate) const MAX_DEPTH: usize = 100;

/// Nodes that aliases may repeat in one document (go-yaml lets about as many pass).
const MAX_REPEATED: u32 = 400_000;

/// Bytes of one scalar: the API server takes no request above 3 MiB.
pub(crate) const MAX_SCALAR: usize = 3 << 20;

/// Reads the document at `range` of a file's text.
pub(crate) fn parse(text: &str, range: Range<u32>) -> Result<Tree, Problem> {
    let document = text.get(range.start as usize..range.end as usize).unwrap_or("");
    long_line(document, range.start)?;
    let mut read = parse_document(text, range.clone(), document, &BTreeMap::new());
    let mut joined: Option<Joined<'_>> = None;
    while let Err(problem) = &read
        && problem.code() == SYNTAX
    {
        let joined = joined.get_or_insert_with(|| Joined::new(document));
        if !joined.join(problem.message(), problem.start(), range.start) {
            break;
        }
        read = parse_document(text, range.clone(), &joined.text, &joined.values);
    }
    read
}

/// Reads a document, character for character as it is written or as the parser takes it; `values` are what some of its quoted texts really say.
fn parse_document(
    text: &str,
    range: Range<u32>,
    document: &str,
    values: &BTreeMap<u32, String>,
) -> Result<Tree, Problem> {
    let written = text.get(range.start as usize..range.end as usize).unwrap_or("");
    let mut reader = Reader {
        text,
        bytes: Bytes::new(written, range.start),
        values,
        builder: TreeBuilder::default(),
        stack: Vec::new(),
        anchors: BTreeMap::new(),
        repeated: 0,
        documents: 0,
    };
    let mut parser = Parser::new_from_str(document);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            // What is missing is missed at the end of the text, not in the next document.
            let last = range.start + offset(written.trim_end().len());
            let at = reader.bytes.at(error.marker().index()).min(last);
            Problem::new(SYNTAX, format!("this is not YAML: {}", quoted(error.info())), at, at)
        })?;
        let start = reader.bytes.at(span.start.index());
        let end = reader.bytes.at(span.end.index());
        reader.event(event, start, end)?;
    }
    Ok(reader.builder.finish(reader.repeated))
}

/// Puts the one character that the parser quotes between backticks: it ends a quote with another character than it begins it with.
fn quoted(message: &str) -> String {
    match message.rsplit_once(": `") {
        Some((what, rest)) if rest.ends_with('\'') && rest.chars().count() == 2 => {
            let character = rest.trim_end_matches('\'');
            format!("{what}: `{}`", if character.is_empty() { "'" } else { character })
        }
        _ => message.to_owned(),
    }
}

/// Refuses a line longer than any scalar may be before the parser copies it around.
fn long_line(document: &str, base: u32) -> Result<(), Problem> {
    if document.len() <= MAX_SCALAR {
        return Ok(());
    }
    let mut start = 0;
    for line in document.split_inclusive('\n') {
        if line.len() > MAX_SCALAR {
            let indent = line.len() - line.trim_start().len();
            return Err(too_long(base + offset(start + indent)));
        }
        start += line.len();
    }
    Ok(())
}

fn too_long(at: u32) -> Problem {
    Problem::new("value-too-long", "a value of more than 3 MiB fits in no request to the API server", at, at + 1)
}

struct Reader<'t> {
    text: &'t str,
    bytes: Bytes<'t>,
    /// What quoted texts that were put into one line say, by the byte of their first quote.
    values: &'t BTreeMap<u32, String>,
    builder: TreeBuilder,
    stack: Vec<Frame>,
    /// What an anchor named, once it is complete.
    anchors: BTreeMap<usize, Option<Anchored>>,
    repeated: u32,
    documents: usize,
}

/// What an anchor names: nodes of the tree so far, or of a part of it that was written anew.
#[derive(Clone)]
enum Anchored {
    Here(u32),
    Kept(Arc<Nodes>, u32),
}

/// A list or map that is open.
struct Frame {
    index: u32,
    start: u32,
    anchor: usize,
    /// Of a map: whether the next node is a key.
    key: Option<bool>,
    /// Indices of the keys `<<`.
    merges: Vec<u32>,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, start: u32, end: u32) -> Result<(), Problem> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Problem::new(SYNTAX, "this is not YAML: a second document without `---`", start, end));
                }
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, start, end),
            Event::Scalar(value, style, anchor, tag) => self.scalar(&value, style, anchor, tag.as_deref(), start, end),
            Event::SequenceStart(anchor, _) => self.open(anchor, None, start, end),
            Event::MappingStart(anchor, _) => self.open(anchor, Some(true), start, end),
            Event::SequenceEnd | Event::MappingEnd => self.close(end),
        }
    }

    fn open(&mut self, anchor: usize, key: Option<bool>, start: u32, end: u32) -> Result<(), Problem> {
        if self.next_is_key() {
            return Err(Problem::new("yaml-key", "a key must be a string, not a list or map", start, end));
        }
        if self.stack.len() >= MAX_DEPTH {
            let message = format!("lists and maps are more than {MAX_DEPTH} deep inside of each other");
            return Err(Problem::new("yaml-depth", message, start, end));
        }
        let index = if key.is_some() { self.builder.open_map(start) } else { self.builder.open_seq(start) };
        if anchor > 0 {
            self.anchors.insert(anchor, None);
        }
        self.stack.push(Frame { index, start, anchor, key, merges: Vec::new() });
        Ok(())
    }

    fn close(&mut self, end: u32) -> Result<(), Problem> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        // Block style has no end of its own: the parser's is where the next thing starts.
        let bracket = matches!(self.text.as_bytes().get((end as usize).wrapping_sub(1)), Some(b']' | b'}'));
        let flow = matches!(self.text.as_bytes().get(frame.start as usize), Some(b'[' | b'{')) && bracket;
        self.builder.close(frame.index, flow.then_some(end));
        if frame.key.is_some() {
            if let Some(end) = self.colon_at_end(&frame) {
                let text = self.text;
                let value = text.get(frame.start as usize..end as usize).unwrap_or("");
                self.keep_anchored(frame.index);
                self.builder.truncate(frame.index);
                self.builder.scalar(&Scalar::String(value), text, frame.start, end);
                self.end_of_node();
                return Ok(());
            }
            self.unique_keys(&frame)?;
            if !frame.merges.is_empty() {
                self.merge(&frame)?;
            }
        }
        if frame.anchor > 0 {
            self.anchors.insert(frame.anchor, Some(Anchored::Here(frame.index)));
        }
        self.end_of_node();
        Ok(())
    }

    fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        start: u32,
        end: u32,
    ) -> Result<(), Problem> {
        let value = self.values.get(&start).map_or(value, String::as_str);
        if value.len() > MAX_SCALAR {
            return Err(too_long(start));
        }
        let end = if style == ScalarStyle::Plain { end } else { self.trim_end(start, end) };
        let mut meaning =
            meaning(value, style, tag).map_err(|message| Problem::new("yaml-scalar", message, start, end))?;
        let key_text;
        if self.next_is_key() {
            if style == ScalarStyle::Plain && tag.is_none() && value == "<<" {
                let index = self.builder.next();
                if let Some(frame) = self.stack.last_mut() {
                    frame.merges.push(index);
                }
            }
            if let Some(text) = key(&meaning, start, end)? {
                key_text = text;
                meaning = Scalar::String(&key_text);
            }
        }
        let index = self.builder.next();
        self.builder.scalar(&meaning, self.text, start, end);
        if anchor > 0 {
            self.anchors.insert(anchor, Some(Anchored::Here(index)));
        }
        self.end_of_node();
        Ok(())
    }

    fn alias(&mut self, anchor: usize, start: u32, end: u32) -> Result<(), Problem> {
        let anchored = match self.anchors.get(&anchor) {
            Some(Some(anchored)) => anchored.clone(),
            Some(None) => {
                return Err(Problem::new("yaml-alias", "this alias stands inside of what it repeats", start, end));
            }
            None => return Err(Problem::new("yaml-alias", "this alias has no anchor", start, end)),
        };
        self.repeated = self.repeated.saturating_add(match &anchored {
            Anchored::Here(index) => self.builder.size(*index),
            Anchored::Kept(nodes, index) => nodes.size(*index),
        });
        if self.repeated > MAX_REPEATED {
            let message = "the aliases of this document repeat too much of it";
            let help = "Kubernetes refuses documents that grow out of proportion when their aliases are followed";
            return Err(Problem::new("yaml-alias-bomb", message, start, end).help(help));
        }
        // Depth: what is repeated counts where it is repeated.
        let depth = match &anchored {
            Anchored::Here(index) => self.builder.depth(*index),
            Anchored::Kept(nodes, index) => nodes.depth(*index),
        };
        if self.stack.len() + depth > MAX_DEPTH {
            let message = format!("lists and maps are more than {MAX_DEPTH} deep inside of each other");
            return Err(Problem::new("yaml-depth", message, start, end));
        }
        let index = self.builder.next();
        match &anchored {
            Anchored::Here(index) => self.builder.repeat(*index),
            Anchored::Kept(nodes, index) => self.builder.paste(nodes, *index),
        }
        if self.next_is_key() {
            let nodes = self.builder.node(SourceId::default(), self.text, index);
            let kind = match nodes.kind() {
                NodeKind::Null => Scalar::Null,
                NodeKind::Bool(value) => Scalar::Bool(value),
                NodeKind::Int(value) => Scalar::Int(value),
                NodeKind::UInt(value) => Scalar::UInt(value),
                NodeKind::Float(value) => Scalar::Float(value),
                NodeKind::String(_) => {
                    self.end_of_node();
                    return Ok(());
                }
                NodeKind::Seq(_) | NodeKind::Map(_) => {
                    return Err(Problem::new("yaml-key", "a key must be a string, not a list or map", start, end));
                }
            };
            if let Some(text) = key(&kind, start, end)? {
                self.builder.truncate(index);
                self.builder.scalar(&Scalar::String(&text), self.text, start, end);
            }
        }
        self.end_of_node();
        Ok(())
    }

    /// Returns the end of the scalar that a map really is: `[fd00::]`.
    ///
    /// YAML 1.2 ends a plain scalar at a colon before a bracket or comma, which makes this a map; YAML 1.1 does not.
    fn colon_at_end(&self, frame: &Frame) -> Option<u32> {
        if self.builder.size(frame.index) != 3 {
            return None;
        }
        let map = self.builder.node(SourceId::default(), self.text, frame.index);
        let (key, value) = map.entries().next()?;
        let end = key.span().end;
        let bytes = self.text.as_bytes();
        let plain =
            key.span().start == frame.start && !matches!(bytes.get(frame.start as usize), Some(b'"' | b'\'' | b'{'));
        let colon = bytes.get(end as usize) == Some(&b':');
        let closed = matches!(bytes.get(end as usize + 1), Some(b',' | b']' | b'}'));
        (value.is_null() && plain && colon && closed).then_some(end + 1)
    }

    /// Reports the second of two equal keys.
    fn unique_keys(&self, frame: &Frame) -> Result<(), Problem> {
        let map = self.builder.node(SourceId::default(), self.text, frame.index);
        let mut keys: Vec<_> = map
            .entries()
            .map(|(key, _)| (key.as_str().unwrap_or(""), key.index(), key.span()))
            .filter(|(_, index, _)| frame.merges.binary_search(index).is_err())
            .collect();
        // The usual map is small: sorting it costs less than a set.
        keys.sort_unstable();
        let duplicate = keys.windows(2).filter(|pair| pair[0].0 == pair[1].0).min_by_key(|pair| pair[1].1);
        let Some([(key, _, first), (_, _, second)]) = duplicate else { return Ok(()) };
        let message = format!("key `{}` is defined twice", shorten(key));
        Err(Problem::new("duplicate-key", message, second.start, second.end).also(first.start, first.end, "first here"))
    }

    /// Puts the entries that `<<` brings into the map that was just closed.
    ///
    /// As go-yaml v2 does it, in the order in which they are written: a later entry replaces an earlier one, and
    /// of a list of maps the first that has a key wins.
    fn merge(&mut self, frame: &Frame) -> Result<(), Problem> {
        let map = self.builder.node(SourceId::default(), self.text, frame.index);
        let mut merged = IndexMap::new();
        for (key, value) in map.entries() {
            if frame.merges.binary_search(&key.index()).is_err() {
                merged.insert(key.as_str().unwrap_or(""), (key.index(), value.index()));
                continue;
            }
            let maps: Vec<_> = match value.kind() {
                NodeKind::Seq(items) => items.collect(),
                _ => vec![value],
            };
            for map in maps.into_iter().rev() {
                if !matches!(map.kind(), NodeKind::Map(_)) {
                    let span = key.span();
                    return Err(Problem::new("yaml-merge", "`<<` takes a map or a list of maps", span.start, span.end));
                }
                for (key, value) in map.entries() {
                    merged.insert(key.as_str().unwrap_or(""), (key.index(), value.index()));
                }
            }
        }
        let entries: Vec<_> = merged.into_values().collect();
        self.keep_anchored(frame.index);
        self.builder.rebuild_map(frame.index, &entries);
        Ok(())
    }

    /// Keeps what anchors name from a node on, which is about to be written anew; all of it once.
    fn keep_anchored(&mut self, from: u32) {
        let mut kept: Option<Arc<Nodes>> = None;
        for anchored in self.anchors.values_mut().flatten() {
            if let Anchored::Here(index) = anchored
                && *index >= from
            {
                let nodes = kept.get_or_insert_with(|| Arc::new(self.builder.tail(from)));
                *anchored = Anchored::Kept(Arc::clone(nodes), *index - from);
            }
        }
    }

    fn next_is_key(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.key == Some(true))
    }

    fn end_of_node(&mut self) {
        if let Some(Frame { key: Some(key), .. }) = self.stack.last_mut() {
            *key = !*key;
        }
    }

    /// Returns the end of a quoted or block scalar without the blank space that the parser counts in.
    fn trim_end(&self, start: u32, end: u32) -> u32 {
        let written = self.text.get(start as usize..end as usize).unwrap_or("");
        start + offset(written.trim_end().len())
    }
}

/// Returns what a scalar means, or what is wrong with it.
fn meaning<'v>(value: &'v str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Scalar<'v>, String> {
    let no_json = || format!("`{}` has no JSON", shorten(value));
    let Some(tag) = tag else {
        return match style {
            ScalarStyle::Plain => scalar::resolve(value).ok_or_else(no_json),
            _ => Ok(Scalar::String(value)),
        };
    };
    if !tag.is_yaml_core_schema() {
        return Ok(Scalar::String(value));
    }
    let wrong = || format!("`{}` is not a valid {}", shorten(value), tag.suffix);
    match tag.suffix.as_str() {
        "null" if scalar::is_null(value) => Ok(Scalar::Null),
        "bool" => scalar::boolean(value).map(Scalar::Bool).ok_or_else(wrong),
        "int" | "float" => match scalar::resolve(value).ok_or_else(no_json)? {
            number @ (Scalar::Int(_) | Scalar::UInt(_)) => Ok(number),
            number @ Scalar::Float(_) if tag.suffix == "float" => Ok(number),
            _ => Err(wrong()),
        },
        "null" => Err(wrong()),
        "binary" => Err("`!!binary` is not read: write the text itself".to_owned()),
        _ => Ok(Scalar::String(value)),
    }
}

/// Returns the string that a key becomes, if it is none yet.
fn key(meaning: &Scalar<'_>, start: u32, end: u32) -> Result<Option<String>, Problem> {
    match meaning {
        Scalar::String(_) => Ok(None),
        Scalar::Bool(value) => Ok(Some(value.to_string())),
        Scalar::Int(value) => Ok(Some(value.to_string())),
        Scalar::UInt(value) => Ok(Some(value.to_string())),
        Scalar::Float(value) => Ok(Some(value.to_string())),
        Scalar::Null => Err(Problem::new("yaml-key", "a key must be a string, not null", start, end)),
    }
}

/// Returns a text short enough for a message.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}

/// Character offsets of a document -> byte offsets of its file.
///
/// The parser's marks move forward but for small steps back, so walking from the last one is cheap.
struct Bytes<'t> {
    document: &'t str,
    base: u32,
    ascii: bool,
    char: usize,
    byte: usize,
}

impl<'t> Bytes<'t> {
    fn new(document: &'t str, base: u32) -> Self {
        Self { document, base, ascii: document.is_ascii(), char: 0, byte: 0 }
    }

    fn at(&mut self, chars: usize) -> u32 {
        if self.ascii {
            return self.base + offset(chars.min(self.document.len()));
        }
        let bytes = self.document.as_bytes();
        let is_start = |at: usize| bytes.get(at).is_none_or(|byte| byte & 0xC0 != 0x80);
        while self.char < chars && self.byte < bytes.len() {
            self.byte += 1;
            while !is_start(self.byte) {
                self.byte += 1;
            }
            self.char += 1;
        }
        while self.char > chars && self.byte > 0 {
            self.byte -= 1;
            while !is_start(self.byte) {
                self.byte -= 1;
            }
            self.char -= 1;
        }
        self.base + offset(self.byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_character_that_is_refused_stands_between_backticks() {
        for (text, character) in [("a: %b", "`%`"), ("a: @b", "`@`")] {
            let problem = parse(text, 0..offset(text.len())).expect_err(text);
            assert_eq!(problem.message(), format!("this is not YAML: unexpected character: {character}"));
        }
    }
}
