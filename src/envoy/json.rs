//! Prints JSON as Envoy's admin page does, which is C++ protobuf's `MessageToJsonString` with whitespace: one space per level,
//! doubles by `%.15g` (or `%.17g`), and more escapes than JSON asks for.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter as Base, PrettyFormatter, Serializer};

use super::proto::ProtoJson;
use super::sink::Sink;

/// Prints a value.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::new();
    to_writer(&mut out, value)?;
    Ok(out)
}

/// Prints a value.
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<String> {
    let out = to_vec(value)?;
    String::from_utf8(out).map_err(|error| serde_json::Error::io(io::Error::new(io::ErrorKind::InvalidData, error)))
}

/// Prints a value to a writer, which should be buffered.
pub fn to_writer<W: Write, T: Serialize + ?Sized>(writer: W, value: &T) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(writer, Formatter::new()))
}

/// Prints a message as it stands inside of this many brackets.
pub(crate) fn message(message: &dyn ProtoJson, depth: usize) -> Vec<u8> {
    let mut printer = Printer { out: Vec::with_capacity(1024), depth, is_first: true };
    message.write(&mut printer);
    printer.out
}

/// Prints messages: what `to_writer` does, without a value in between.
struct Printer {
    out: Vec<u8>,
    /// Open brackets.
    depth: usize,
    /// Whether nothing is printed yet since the last bracket was opened.
    is_first: bool,
}

impl Printer {
    fn line(&mut self) {
        self.out.push(b'\n');
        self.out.resize(self.out.len() + self.depth, b' ');
    }

    fn begin(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.depth += 1;
        self.is_first = true;
    }

    fn next(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.out.push(b',');
        }
        self.line();
    }

    fn end(&mut self, bracket: u8) {
        self.depth = self.depth.saturating_sub(1);
        if !std::mem::take(&mut self.is_first) {
            self.line();
        }
        self.out.push(bracket);
    }
}

impl Sink for Printer {
    fn null(&mut self) {
        self.out.extend(b"null");
    }

    fn bool(&mut self, value: bool) {
        self.out.extend(if value { b"true".as_slice() } else { b"false" });
    }

    fn integer(&mut self, value: i64) {
        // A `Vec` takes everything.
        let _ = write!(self.out, "{value}");
    }

    fn double(&mut self, value: f64) {
        self.out.extend(double(value).as_bytes());
    }

    fn float(&mut self, value: f32) {
        self.out.extend(float(value).as_bytes());
    }

    fn text(&mut self, value: &str) {
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'<' | b'>');
        if value.bytes().all(is_plain) {
            self.out.push(b'"');
            self.out.extend(value.as_bytes());
            self.out.push(b'"');
        } else {
            // A `Vec` takes everything, and text is JSON.
            let _ = to_writer(&mut self.out, value);
        }
    }

    fn begin_list(&mut self) {
        self.begin(b'[');
    }

    fn item(&mut self) {
        self.next();
    }

    fn end_list(&mut self) {
        self.end(b']');
    }

    fn begin_object(&mut self) {
        self.begin(b'{');
    }

    fn key(&mut self, key: &str) {
        self.next();
        self.text(key);
        self.out.extend(b": ");
    }

    fn end_object(&mut self) {
        self.end(b'}');
    }
}

/// The layout, for a `serde_json::Serializer`.
#[derive(Debug, Clone)]
pub struct Formatter(PrettyFormatter<'static>);

impl Formatter {
    /// A formatter at the outermost level.
    pub fn new() -> Self {
        Self(PrettyFormatter::with_indent(b" "))
    }
}

impl Default for Formatter {
    fn default() -> Self {
        Self::new()
    }
}

impl Base for Formatter {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(double(value).as_bytes())
    }

    fn write_f32<W: ?Sized + Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        writer.write_all(float(value).as_bytes())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // What is escaped beyond JSON's own is `<`, `>`, DEL or not ASCII.
        if fragment.bytes().all(|byte| !matches!(byte, b'<' | b'>' | 0x7f..)) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some((index, c)) = rest.char_indices().find(|(_, c)| is_escaped(*c)) {
            let (before, after) = rest.split_at(index);
            writer.write_all(before.as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &after[c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        self.0.write_char_escape(writer, escape)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

/// What C++ escapes beyond JSON's own: markup, and characters that are invisible or turn the text around them.
fn is_escaped(c: char) -> bool {
    matches!(c, '<' | '>'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{600}'..='\u{603}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{17b4}' | '\u{17b5}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{206a}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}')
}

/// 15 significant digits, or 17 if those do not read back (C++ `SimpleDtoa`).
fn double(value: f64) -> String {
    let short = general(value, 15);
    if short.parse() == Ok(value) { short } else { general(value, 17) }
}

/// 6 significant digits, or 9 if those do not read back (C++ `SimpleFtoa`).
fn float(value: f32) -> String {
    let short = general(f64::from(value), 6);
    if short.parse() == Ok(value) { short } else { general(f64::from(value), 9) }
}

/// C's `%.*g`: as many significant digits, no trailing zeros, an exponent when it is below -4 or not below the digits.
fn general(value: f64, digits: usize) -> String {
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let before_exponent = i32::try_from(digits).unwrap_or(i32::MAX) - 1;
    let trim = |text: &str| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
    };
    if exponent < -4 || exponent > before_exponent {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trim(mantissa), exponent.unsigned_abs())
    } else {
        let decimals = usize::try_from(before_exponent - exponent).unwrap_or_default();
        trim(&format!("{value:.decimals$}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn doubles_are_printed_as_in_cpp() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (8080.0, "8080"),
            (0.1, "0.1"),
            (100.5, "100.5"),
            (1.0 / 3.0, "0.33333333333333331"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e6, "1000000"),
            (123_456_789_012_345.0, "123456789012345"),
            (1e15, "1e+15"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e100, "1e+100"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (5e-324, "4.94065645841247e-324"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(double(value), text);
        }
    }

    #[test]
    fn floats_are_printed_as_in_cpp() {
        for (value, text) in [
            (0.5, "0.5"),
            (0.1, "0.1"),
            (1e6, "1e+06"),
            (3.402_823_5e38, "3.40282347e+38"),
            (16_777_216.0, "16777216"),
            (33.333_332, "33.3333321"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn strings_are_escaped_as_in_cpp() {
        let text =
            to_string("<a> & \"b\" \\ / \u{7f}\u{ad}\u{200b}é\u{2028}\u{feff}\u{1f600}\u{e0001}\n\t\u{1}\u{8}\u{c}")
                .expect("a string");
        assert_eq!(text, r#""\u003ca\u003e & \"b\" \\ / \u007f\u00ad\u200bé\u2028\ufeff😀\udb40\udc01\n\t\u0001\b\f""#);
    }

    #[test]
    fn levels_are_one_space() {
        let value = json!({"a": {"b": [1, {"c": []}], "d": {}}});
        assert_eq!(
            to_string(&value).expect("a value"),
            "{\n \"a\": {\n  \"b\": [\n   1,\n   {\n    \"c\": []\n   }\n  ],\n  \"d\": {}\n }\n}"
        );
    }
}
