//! Prints a dump. The layout around resources is written here; resources are printed once for all dumps that hold them.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter as _;

use super::{ConfigDump, Entry, Section};
use crate::envoy::json::Formatter;

/// Open brackets before the body of a resource: root, `configs`, section, list, entry.
const DEPTH: usize = 5;

/// Writes a whole dump.
pub(super) fn dump(dump: &ConfigDump, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"{\n \"configs\": [\n")?;
    bootstrap(dump, out)?;
    for section in dump.sections() {
        out.write_all(b",\n")?;
        write_section(&section, out)?;
    }
    out.write_all(b"\n ]\n}\n")
}

fn bootstrap(dump: &ConfigDump, out: &mut impl Write) -> io::Result<()> {
    header("BootstrapConfigDump", out)?;
    out.write_all(b",\n   \"bootstrap\": {\n    \"node\": ")?;
    out.write_all(&at_depth(4, &dump.node))?;
    out.write_all(b"\n   }\n  }")
}

/// Opens a section with its type.
fn header(message: &str, out: &mut impl Write) -> io::Result<()> {
    write!(out, "  {{\n   \"@type\": \"type.googleapis.com/envoy.admin.v3.{message}\"")
}

fn write_section(section: &Section<'_>, out: &mut impl Write) -> io::Result<()> {
    header(section.message, out)?;
    if section.resources.is_empty() {
        return out.write_all(b"\n  }");
    }
    write!(out, ",\n   \"{}\": [", section.list)?;
    for (index, resource) in section.resources.iter().enumerate() {
        out.write_all(if index == 0 { b"\n    {\n" } else { b",\n    {\n" })?;
        let name = || at_depth(0, resource.name());
        match section.entry {
            Entry::Plain(field) => {
                write!(out, "     \"{field}\": ")?;
                out.write_all(resource.printed(|body| at_depth(DEPTH, body)))?;
            }
            Entry::Named(field) => {
                out.write_all(b"     \"name\": ")?;
                out.write_all(&name())?;
                write!(out, ",\n     \"{field}\": ")?;
                out.write_all(resource.printed(|body| at_depth(DEPTH, body)))?;
            }
            Entry::ActiveState(field) => {
                out.write_all(b"     \"name\": ")?;
                out.write_all(&name())?;
                write!(out, ",\n     \"active_state\": {{\n      \"{field}\": ")?;
                out.write_all(resource.printed(|body| at_depth(DEPTH + 1, body)))?;
                out.write_all(b"\n     }")?;
            }
        }
        out.write_all(b"\n    }")?;
    }
    out.write_all(b"\n   ]\n  }")
}

/// Prints a value as it stands inside of this many brackets.
fn at_depth<T: Serialize + ?Sized>(depth: usize, value: &T) -> Vec<u8> {
    let mut formatter = Formatter::new();
    for _ in 0..depth {
        // Only the formatter's indentation matters here, and a sink takes everything.
        let _ = formatter.begin_object(&mut io::sink());
    }
    let mut out = Vec::with_capacity(1024);
    let mut serializer = Serializer::with_formatter(&mut out, formatter);
    // Messages have text for keys and nothing else that JSON could not hold.
    value.serialize(&mut serializer).expect("a message prints as JSON");
    out
}
