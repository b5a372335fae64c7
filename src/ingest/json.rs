//! JSON text -> [`Tree`]s, one for each value that follows the other (what `kubectl get -o json` and `jq -c` print).

use std::ops::Range;

use super::problem::Problem;
use super::text::offset;
use super::yaml::{MAX_DEPTH, MAX_SCALAR, shorten};
use crate::source::{Scalar, SourceId, Tree, TreeBuilder};

/// Reads all values at `range` of a file's text.
pub(crate) fn parse(text: &str, range: Range<u32>) -> Result<Vec<Tree>, Problem> {
    let mut reader =
        Reader { text, at: range.start as usize, end: range.end as usize, builder: TreeBuilder::default() };
    let mut trees = Vec::new();
    reader.skip_marker();
    loop {
        reader.skip_space();
        if reader.peek().is_none() {
            return Ok(trees);
        }
        reader.value(0)?;
        trees.push(std::mem::take(&mut reader.builder).finish(0));
    }
}

/// Returns whether a piece of text looks like JSON: its first character is a bracket.
pub(crate) fn looks_like(piece: &str) -> bool {
    let piece = piece.strip_prefix("---").unwrap_or(piece);
    piece.trim_start().starts_with(['{', '['])
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    end: usize,
    builder: TreeBuilder,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<(), Problem> {
        if depth > MAX_DEPTH {
            let message = format!("lists and objects are more than {MAX_DEPTH} deep inside of each other");
            return Err(Problem::new("yaml-depth", message, offset(self.at), offset(self.at + 1)));
        }
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => {
                let text = self.string()?;
                self.builder.scalar(&Scalar::String(&text), self.text, offset(start), offset(self.at));
                Ok(())
            }
            Some(b't' | b'f' | b'n' | b'-' | b'0'..=b'9') => self.word(),
            _ => Err(self.wrong("a value is expected")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Problem> {
        let index = self.builder.open_map(offset(self.at));
        self.at += 1;
        self.skip_space();
        let mut first = true;
        while self.peek() != Some(b'}') {
            if !first {
                self.expect(b',')?;
            }
            first = false;
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a key in quotes is expected"));
            }
            let key = self.string()?;
            self.builder.scalar(&Scalar::String(&key), self.text, offset(start), offset(self.at));
            self.skip_space();
            self.expect(b':')?;
            self.value(depth + 1)?;
            self.skip_space();
        }
        self.at += 1;
        self.builder.close(index, Some(offset(self.at)));
        self.unique_keys(index)
    }

    fn array(&mut self, depth: usize) -> Result<(), Problem> {
        let index = self.builder.open_seq(offset(self.at));
        self.at += 1;
        self.skip_space();
        let mut first = true;
        while self.peek() != Some(b']') {
            if !first {
                self.expect(b',')?;
            }
            first = false;
            self.value(depth + 1)?;
            self.skip_space();
        }
        self.at += 1;
        self.builder.close(index, Some(offset(self.at)));
        Ok(())
    }

    fn unique_keys(&self, index: u32) -> Result<(), Problem> {
        let map = self.builder.node(SourceId::default(), self.text, index);
        let mut keys: Vec<_> =
            map.entries().map(|(key, _)| (key.as_str().unwrap_or(""), key.index(), key.span())).collect();
        keys.sort_unstable();
        let duplicate = keys.windows(2).filter(|pair| pair[0].0 == pair[1].0).min_by_key(|pair| pair[1].1);
        let Some([(key, _, first), (_, _, second)]) = duplicate else { return Ok(()) };
        let message = format!("key `{}` is defined twice", shorten(key));
        Err(Problem::new("duplicate-key", message, second.start, second.end).also(first.start, first.end, "first here"))
    }

    fn string(&mut self) -> Result<String, Problem> {
        let start = self.at;
        self.at += 1;
        let mut value = String::new();
        let mut plain = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    value.push_str(self.slice(plain, self.at));
                    self.at += 1;
                    if value.len() > MAX_SCALAR {
                        let message = "a value of more than 3 MiB fits in no request to the API server";
                        return Err(Problem::new("value-too-long", message, offset(start), offset(start + 1)));
                    }
                    return Ok(value);
                }
                Some(b'\\') => {
                    value.push_str(self.slice(plain, self.at));
                    self.at += 1;
                    value.push(self.escape()?);
                    plain = self.at;
                }
                Some(0..0x20) => return Err(self.wrong("a control character in a string must be escaped")),
                Some(_) => self.at += 1,
                None => {
                    return Err(Problem::new(
                        "json-syntax",
                        "this is not JSON: the string does not end",
                        offset(start),
                        offset(start + 1),
                    ));
                }
            }
        }
    }

    /// Reads what stands after a backslash. Half a surrogate pair becomes U+FFFD, as in Go.
    fn escape(&mut self) -> Result<char, Problem> {
        let code = self.peek();
        self.at += 1;
        Ok(match code {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let high = self.hex()?;
                if (0xD800..0xDC00).contains(&high) && self.slice(self.at, self.at + 2) == "\\u" {
                    let back = self.at;
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xDC00..0xE000).contains(&low) {
                        let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                        return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    self.at = back;
                }
                char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => {
                self.at -= 1;
                return Err(self.wrong("no such escape"));
            }
        })
    }

    fn hex(&mut self) -> Result<u32, Problem> {
        let digits = self.slice(self.at, self.at + 4);
        let value = (digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .then(|| u32::from_str_radix(digits, 16).ok())
            .flatten();
        let Some(value) = value else { return Err(self.wrong("four hexadecimal digits are expected")) };
        self.at += 4;
        Ok(value)
    }

    fn word(&mut self) -> Result<(), Problem> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
            self.at += 1;
        }
        let word = self.slice(start, self.at);
        let scalar = match word {
            "true" => Scalar::Bool(true),
            "false" => Scalar::Bool(false),
            "null" => Scalar::Null,
            _ => number(word).ok_or_else(|| {
                let message = format!("invalid JSON: `{}` is not a value", shorten(word));
                Problem::new("json-syntax", message, offset(start), offset(self.at))
            })?,
        };
        self.builder.scalar(&scalar, self.text, offset(start), offset(self.at));
        Ok(())
    }

    fn expect(&mut self, byte: u8) -> Result<(), Problem> {
        if self.peek() != Some(byte) {
            return Err(self.wrong(&format!("`{}` is expected", char::from(byte))));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    fn wrong(&self, what: &str) -> Problem {
        let len = self.text.get(self.at..self.end).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        Problem::new("json-syntax", format!("this is not JSON: {what}"), offset(self.at), offset(self.at + len))
    }

    fn peek(&self) -> Option<u8> {
        if self.at < self.end { self.text.as_bytes().get(self.at).copied() } else { None }
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn skip_marker(&mut self) {
        if self.slice(self.at, self.at + 3) == "---" {
            self.at += 3;
        }
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end.min(self.end)).unwrap_or("")
    }
}

/// Returns a number of JSON: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?`.
fn number(word: &str) -> Option<Scalar<'static>> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    if whole == 0 || (whole > 1 && digits.starts_with('0')) {
        return None;
    }
    if whole == digits.len() {
        if let Ok(value) = word.parse::<i64>() {
            return Some(Scalar::Int(value));
        }
        if let Ok(value) = word.parse::<u64>() {
            return Some(Scalar::UInt(value));
        }
    }
    let mut rest = digits.get(whole..)?;
    for (starts, signs) in [(['.', '.'], false), (['e', 'E'], true)] {
        if let Some(part) = rest.strip_prefix(starts) {
            let part = if signs { part.strip_prefix(['-', '+']).unwrap_or(part) } else { part };
            let count = part.bytes().take_while(u8::is_ascii_digit).count();
            if count == 0 {
                return None;
            }
            rest = part.get(count..)?;
        }
    }
    if !rest.is_empty() {
        return None;
    }
    let value: f64 = word.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
    match value {
        _ if value.is_infinite() => None,
        _ if value.fract() == 0.0 && value.abs() < 9e18 => Some(Scalar::Int(value as i64)),
        _ => Some(Scalar::Float(value)),
    }
}
