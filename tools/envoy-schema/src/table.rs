//! The table of all messages (`src/envoy/schema.txt`), for code that meets messages by name.

use std::fmt::Write as _;

use crate::schema::{Kind, Label, Message, Schema};

/// The text of the table; `src/envoy/schema.rs` describes and reads it.
pub(crate) fn text(schema: &Schema) -> String {
    let mut out = String::from("# Written by `cargo run -p envoy-schema`; read by schema.rs.\n");
    for message in schema.messages.values() {
        _ = writeln!(out, "message {} {}", message.package, below(&message.name, &message.package));
        for oneof in &message.required_oneofs {
            _ = writeln!(out, " ! {oneof}");
        }
        for field in &message.fields {
            let label = match field.label {
                Label::Singular => String::new(),
                Label::Optional => "?".into(),
                Label::Repeated => "*".into(),
                Label::Map(key) => format!("{key}:"),
            };
            let kind = match &field.kind {
                Kind::Scalar(scalar) => (*scalar).to_owned(),
                Kind::Message(name) => format!("m{}", reference(name, message)),
                Kind::Enum(name) => format!("e{}", reference(name, message)),
            };
            _ = write!(out, " {} {} {label}{kind}", field.number, field.name);
            if field.deprecated {
                out.push_str(" -");
            }
            if let Some(oneof) = &field.oneof {
                _ = write!(out, " |{oneof}");
            }
            if !field.rules.is_empty() {
                _ = write!(out, " [{}", field.rules);
            }
            out.push('\n');
        }
    }
    for declared in schema.enums.values() {
        _ = writeln!(out, "enum {} {}", declared.package, below(&declared.name, &declared.package));
        for (number, name) in &declared.values {
            _ = writeln!(out, " {number} {name}");
        }
    }
    out
}

/// The part of a full name after its package.
fn below<'a>(name: &'a str, package: &str) -> &'a str {
    name.strip_prefix(package).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name)
}

/// A full name, or `.Name` for one of the message's own package.
fn reference(name: &str, message: &Message) -> String {
    match name.strip_prefix(message.package.as_str()) {
        Some(rest) if rest.starts_with('.') && rest[1..].starts_with(char::is_uppercase) => rest.to_owned(),
        _ => format!("/{name}"),
    }
}
