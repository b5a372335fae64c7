//! The generated Rust: one file per area of the API.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::Output;
use crate::names;
use crate::schema::{Enum, Field, Kind, Label, Message, Schema};
use crate::wanted::Wanted;

/// Rust names that generated types may not take.
const RESERVED: [&str; 9] = ["Any", "Struct", "Duration", "Bytes", "Message", "Option", "Vec", "String", "Box"];

/// What is generated, and how it is named.
pub(crate) struct Plan<'a> {
    schema: &'a Schema,
    pub(crate) wanted: &'a Wanted,
    /// Messages that become structs, by full name, with their Rust names.
    pub(crate) messages: BTreeMap<&'a str, String>,
    /// Enums, by full name, with their Rust names.
    pub(crate) enums: BTreeMap<&'a str, String>,
    /// Rust names of oneofs, by message and oneof.
    oneofs: BTreeMap<(&'a str, &'a str), String>,
}

impl<'a> Plan<'a> {
    /// Follows the wanted messages' fields and names everything; a clash of names is an error.
    pub(crate) fn new(schema: &'a Schema, wanted: &'a Wanted) -> Result<Self> {
        let mut plan =
            Plan { schema, wanted, messages: BTreeMap::new(), enums: BTreeMap::new(), oneofs: BTreeMap::new() };
        let mut open: Vec<(&str, &str)> = wanted.roots.iter().map(|root| (root.as_str(), "wanted.txt")).collect();
        let mut astray = Vec::new();
        while let Some((name, from)) = open.pop() {
            let message = schema.message(name)?;
            if plan.messages.contains_key(message.name.as_str()) {
                continue;
            }
            plan.messages.insert(&message.name, plan.name(&message.name, &message.package));
            if plan.area(&message.name).is_err() {
                astray.push(format!("{name}, reached from {from}"));
                continue;
            }
            let fields: Vec<&'a Field> = plan.fields(message).collect();
            for field in fields {
                match &field.kind {
                    Kind::Message(kind) if well_known(kind).is_none() => open.push((kind, &message.name)),
                    Kind::Enum(kind) => {
                        let declared = schema.enums.get(kind).with_context(|| format!("no enum {kind}"))?;
                        plan.enums.insert(&declared.name, plan.name(&declared.name, &declared.package));
                    }
                    Kind::Message(_) | Kind::Scalar(_) => {}
                }
                if let Some(oneof) = &field.oneof {
                    let name = wanted.names.get(&format!("{}.{oneof}", message.name)).cloned();
                    let name = name.unwrap_or_else(|| {
                        format!("{}{}", plan.messages[message.name.as_str()], names::upper_camel(oneof))
                    });
                    plan.oneofs.insert((&message.name, oneof), name);
                }
            }
        }
        if !astray.is_empty() {
            bail!("wanted.txt has no area for:\n{}", astray.join("\n"));
        }
        plan.check()?;
        Ok(plan)
    }

    /// The given name, else the name parts below the package, joined (a nested message follows its parent's given name).
    fn name(&self, full: &str, package: &str) -> String {
        if let Some(name) = self.wanted.names.get(full) {
            return name.clone();
        }
        match full.rsplit_once('.') {
            Some((scope, last)) if scope != package => {
                format!("{}{}", self.name(scope, package), names::upper_camel(last))
            }
            Some((_, last)) => names::upper_camel(last),
            None => names::upper_camel(full),
        }
    }

    fn check(&self) -> Result<()> {
        let mut taken: BTreeMap<&str, String> = RESERVED.iter().map(|&name| (name, "our own".to_owned())).collect();
        let messages = self.messages.iter().map(|(full, rust)| ((*full).to_owned(), rust));
        let enums = self.enums.iter().map(|(full, rust)| ((*full).to_owned(), rust));
        let oneofs = self.oneofs.iter().map(|((message, oneof), rust)| (format!("{message}.{oneof}"), rust));
        let clashes: Vec<String> = messages
            .chain(enums)
            .chain(oneofs)
            .filter_map(|(full, rust)| {
                let other = taken.insert(rust, full.clone())?;
                Some(format!("{rust}: {full} and {other}"))
            })
            .collect();
        if !clashes.is_empty() {
            bail!("names clash, add `name` lines to wanted.txt:\n{}", clashes.join("\n"));
        }
        let unused: Vec<&str> = self
            .wanted
            .names
            .keys()
            .chain(self.wanted.only.keys())
            .chain(self.wanted.except.keys())
            .chain(self.wanted.keep.keys())
            .map(String::as_str)
            .filter(|full| !self.messages.contains_key(full) && !self.enums.contains_key(full))
            .filter(|full| !full.rsplit_once('.').is_some_and(|key| self.oneofs.contains_key(&key)))
            .collect();
        if !unused.is_empty() {
            bail!("wanted.txt speaks of things that are not generated: {}", unused.join(", "));
        }
        for (message, fields) in self.wanted.only.iter().chain(&self.wanted.except).chain(&self.wanted.keep) {
            for field in fields {
                if !self.schema.message(message)?.fields.iter().any(|known| known.name == *field) {
                    bail!("wanted.txt: {message} has no field {field}");
                }
            }
        }
        Ok(())
    }

    /// The fields that a message keeps.
    pub(crate) fn fields<'b>(&self, message: &'b Message) -> impl Iterator<Item = &'b Field> + use<'b, '_, 'a> {
        message.fields.iter().filter(|field| self.wanted.keeps(&message.name, field))
    }

    /// The area (file) of a message or enum.
    pub(crate) fn area(&self, name: &str) -> Result<&str> {
        let areas = &self.wanted.areas;
        let found = areas.iter().filter(|(prefix, _)| name == *prefix || name.starts_with(&format!("{prefix}.")));
        let longest = found.max_by_key(|(prefix, _)| prefix.len());
        Ok(longest.with_context(|| format!("wanted.txt: no area for {name}"))?.1)
    }

    /// Whether a struct would hold itself through singular fields.
    fn recursive(&self, owner: &str, kind: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![kind];
        while let Some(name) = open.pop() {
            if name == owner {
                return true;
            }
            let Some(message) = self.schema.messages.get(name).filter(|_| seen.insert(name)) else { continue };
            if !self.messages.contains_key(name) {
                continue;
            }
            for field in self.fields(message) {
                if let (Kind::Message(inner), Label::Singular | Label::Optional) = (&field.kind, field.label) {
                    open.push(inner);
                }
            }
        }
        false
    }

    /// The Rust type of a value, not minding the label.
    fn value(&self, kind: &Kind) -> Result<String> {
        Ok(match kind {
            Kind::Scalar(scalar) => scalar_type(scalar).to_owned(),
            Kind::Enum(name) => self.enums.get(name.as_str()).context("a planned enum")?.clone(),
            Kind::Message(name) => match well_known(name) {
                Some(known) => known.to_owned(),
                None => self.messages.get(name.as_str()).context("a planned message")?.clone(),
            },
        })
    }

    /// The Rust type of a field.
    fn field_type(&self, owner: &str, field: &Field) -> Result<String> {
        let mut value = self.value(&field.kind)?;
        if let (Kind::Message(kind), Label::Singular | Label::Optional) = (&field.kind, field.label)
            && self.recursive(owner, kind)
        {
            value = format!("Box<{value}>");
        }
        let is_message = matches!(field.kind, Kind::Message(_));
        Ok(match field.label {
            _ if field.oneof.is_some() => value,
            Label::Singular if is_message => format!("Option<{value}>"),
            Label::Singular => value,
            Label::Optional => format!("Option<{value}>"),
            Label::Repeated => format!("Vec<{value}>"),
            Label::Map(key) => format!("BTreeMap<{}, {value}>", scalar_type(key)),
        })
    }
}

fn scalar_type(scalar: &str) -> &'static str {
    match scalar {
        "double" => "f64",
        "float" => "f32",
        "int64" => "i64",
        "uint64" => "u64",
        "int32" => "i32",
        "uint32" => "u32",
        "bool" => "bool",
        "bytes" => "Bytes",
        _ => "String",
    }
}

/// The Rust type of a well-known message.
pub(crate) fn well_known(name: &str) -> Option<&'static str> {
    Some(match name.strip_prefix("google.protobuf.")? {
        "Any" => "Any",
        "Duration" => "Duration",
        "Struct" => "Struct",
        "Value" => "serde_json::Value",
        "ListValue" => "Vec<serde_json::Value>",
        "DoubleValue" => "f64",
        "FloatValue" => "f32",
        "Int64Value" => "i64",
        "UInt64Value" => "u64",
        "Int32Value" => "i32",
        "UInt32Value" => "u32",
        "BoolValue" => "bool",
        "StringValue" => "String",
        "BytesValue" => "Bytes",
        _ => return None,
    })
}

/// A file under construction.
#[derive(Default)]
struct File {
    body: String,
    /// Types defined here.
    defines: BTreeSet<String>,
    /// Types mentioned here.
    uses: BTreeSet<String>,
}

/// All generated files, formatted.
pub(crate) fn files(plan: &Plan<'_>) -> Result<Vec<Output>> {
    let mut files: BTreeMap<&str, File> = BTreeMap::new();
    for name in plan.messages.keys() {
        let message = plan.schema.message(name)?;
        write_message(plan, message, files.entry(plan.area(&message.name)?).or_default())?;
    }
    for name in plan.enums.keys() {
        let declared = &plan.schema.enums[*name];
        write_enum(plan, declared, files.entry(plan.area(&declared.name)?).or_default())?;
    }
    let mut outputs = vec![
        Output { path: "generated/mod.rs".into(), text: module(files.keys().copied()) },
        Output { path: "generated/any.rs".into(), text: any(plan) },
    ];
    for (area, file) in &files {
        outputs.push(Output { path: format!("generated/{area}.rs"), text: text(area, file) });
    }
    for output in &mut outputs {
        output.text = rustfmt(&output.text).with_context(|| output.path.clone())?;
    }
    Ok(outputs)
}

fn module<'a>(areas: impl Iterator<Item = &'a str>) -> String {
    let areas: BTreeSet<&str> = areas.chain(["any"]).collect();
    let mut out = String::from(
        "//! Envoy's messages as structs, one module per area of the API.\n//!\n//! Generated by `cargo run -p envoy-schema`: edit `tools/envoy-schema/wanted.txt`, not these files.\n#![allow(clippy::large_enum_variant, reason = \"oneofs are moved rarely, and boxes would be in the way of literals\")]\n#![allow(clippy::zero_sized_map_values, reason = \"Envoy's maps of empty messages\")]\n\n",
    );
    for area in &areas {
        _ = writeln!(out, "pub mod {area};");
    }
    for area in &areas {
        _ = writeln!(out, "pub use {area}::*;");
    }
    out
}

fn text(area: &str, file: &File) -> String {
    let mut out =
        format!("//! Envoy's messages: {}. Generated by `cargo run -p envoy-schema`.\n\n", area.replace('_', " "));
    if file.body.contains("BTreeMap<") {
        out.push_str("use std::collections::BTreeMap;\n");
    }
    let own = ["Any", "Bytes", "Duration", "Struct"];
    let elsewhere: Vec<&String> = file.uses.iter().filter(|name| !file.defines.contains(*name)).collect();
    _ = writeln!(out, "use crate::envoy::Sink;\nuse crate::envoy::proto::{{self, Message}};");
    let (own, generated): (Vec<&String>, Vec<&String>) =
        elsewhere.into_iter().partition(|name| own[1..].contains(&name.as_str()));
    if !own.is_empty() {
        _ = writeln!(out, "use crate::envoy::value::{{{}}};", list(&own));
    }
    if !generated.is_empty() {
        _ = writeln!(out, "use super::{{{}}};", list(&generated));
    }
    out.push_str(&file.body);
    out
}

fn list(names: &[&String]) -> String {
    names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Notes the type names in a Rust type.
fn note_uses(file: &mut File, kind: &str) {
    for word in kind.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':') {
        if word.starts_with(char::is_uppercase) && !["Option", "Vec", "String", "Box", "BTreeMap"].contains(&word) {
            file.uses.insert(word.to_owned());
        }
    }
}

fn write_message(plan: &Plan<'_>, message: &Message, file: &mut File) -> Result<()> {
    let rust = &plan.messages[message.name.as_str()];
    file.defines.insert(rust.clone());
    let mut body =
        format!("\n/// `{}`.\n#[derive(Debug, Clone, PartialEq, Default)]\npub struct {rust} {{\n", message.name);
    let mut serialize = String::new();
    let mut oneofs: Vec<(&str, String)> = Vec::new();
    for field in plan.fields(message) {
        let kind = plan.field_type(&message.name, field)?;
        note_uses(file, &kind);
        let deprecated = if field.deprecated { ", deprecated" } else { "" };
        let ident = names::field(&field.name);
        if let Some(oneof) = &field.oneof {
            let enumeration = &plan.oneofs[&(message.name.as_str(), oneof.as_str())];
            let variant = names::variant(&field.name);
            let index = oneofs.iter().position(|(name, _)| name == oneof).unwrap_or_else(|| {
                let fields: Vec<String> = plan
                    .fields(message)
                    .filter(|other| other.oneof.as_ref() == Some(oneof))
                    .map(|other| other.number.to_string())
                    .collect();
                let ident = names::field(oneof);
                _ = writeln!(body, "/// One of fields {}.\npub {ident}: Option<{enumeration}>,", fields.join(", "));
                file.defines.insert(enumeration.clone());
                oneofs.push((
                    oneof,
                    format!(
                        "\n/// `{}.{oneof}`.\n#[derive(Debug, Clone, PartialEq)]\npub enum {enumeration} {{\n",
                        message.name
                    ),
                ));
                oneofs.len() - 1
            });
            _ = writeln!(
                oneofs[index].1,
                "/// `{}`, field {}{deprecated}.\n{variant}({kind}),",
                field.name, field.number
            );
            let oneof = names::field(oneof);
            _ = writeln!(
                serialize,
                "if let Some({enumeration}::{variant}(value)) = &self.{oneof} {{ proto::entry(sink, \"{}\", value); }}",
                field.name
            );
        } else {
            _ = writeln!(body, "/// Field {}{deprecated}.\npub {ident}: {kind},", field.number);
            _ = writeln!(serialize, "proto::field(sink, \"{}\", &self.{ident});", field.name);
        }
    }
    body.push_str("}\n");
    for (_, text) in oneofs {
        body.push_str(&text);
        body.push_str("}\n");
    }
    let sink = if serialize.is_empty() { "_" } else { "sink" };
    _ = write!(
        body,
        "\nimpl Message for {rust} {{\nconst FULL_NAME: &'static str = \"{}\";\n\nfn fields(&self, {sink}: &mut dyn Sink) {{\n{serialize}}}\n}}\n\nproto::serialize_message!({rust});\n",
        message.name
    );
    file.body.push_str(&body);
    Ok(())
}

fn write_enum(plan: &Plan<'_>, declared: &Enum, file: &mut File) -> Result<()> {
    let rust = &plan.enums[declared.name.as_str()];
    file.defines.insert(rust.clone());
    let short = declared.name.rsplit('.').next().unwrap_or_default();
    let prefix = format!("{}_", names::screaming(short));
    let mut seen = BTreeSet::new();
    let mut variants = String::new();
    let mut arms = String::new();
    for (number, value) in &declared.values {
        if !seen.insert(number) {
            continue;
        }
        let stripped = value.strip_prefix(&prefix).filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
        let variant = names::variant(stripped.unwrap_or(value));
        let default = if *number == 0 { "#[default]\n" } else { "" };
        _ = writeln!(variants, "/// `{value}`, {number}.\n{default}{variant},");
        _ = writeln!(arms, "Self::{variant} => \"{value}\",");
    }
    if !seen.contains(&0) {
        bail!("{} has no value 0", declared.name);
    }
    _ = write!(
        file.body,
        "\n/// `{}`.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]\npub enum {rust} {{\n{variants}}}\n\nimpl {rust} {{\n/// The value's name in the API.\npub fn as_str(self) -> &'static str {{\nmatch self {{\n{arms}}}\n}}\n}}\n\nproto::serialize_enum!({rust});\n",
        declared.name
    );
    Ok(())
}

fn any(plan: &Plan<'_>) -> String {
    let mut variants = String::new();
    let mut urls = String::new();
    let mut arms = String::new();
    let mut froms = String::new();
    let mut uses = BTreeSet::new();
    for full in &plan.wanted.any {
        let rust = &plan.messages[full.as_str()];
        uses.insert(rust);
        _ = writeln!(variants, "/// `{full}`.\n{rust}(Box<{rust}>),");
        _ = writeln!(urls, "Self::{rust}(_) => {rust}::FULL_NAME,");
        _ = writeln!(arms, "Self::{rust}(message) => message.fields(sink),");
        _ = writeln!(froms, "proto::into_any!({rust});");
    }
    let uses: Vec<&String> = uses.into_iter().collect();
    format!(
        "//! `google.protobuf.Any`. Generated by `cargo run -p envoy-schema`.

use crate::envoy::Sink;
use crate::envoy::dynamic::DynamicMessage;
use crate::envoy::proto::{{self, Message}};
use super::{{{}}};

/// A message together with its type; printed as its fields after `@type`.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Any {{
{variants}
/// An Any that holds nothing, printed as `{{}}`.
#[default]
Empty,
/// `google.protobuf.StringValue`, printed as `value`.
StringValue(String),
/// A message of a type that is known at run time only.
Dynamic(Box<DynamicMessage>),
/// Any other message, in its JSON form. A value that is no object is printed as `value`, as well-known types are.
Other {{
/// Such as `type.googleapis.com/envoy.config.cluster.v3.Cluster`.
type_url: String,
/// The message's fields by proto name.
value: serde_json::Value,
}},
}}

impl Any {{
/// The full name of the message.
pub fn full_name(&self) -> &str {{
match self {{
{urls}
Self::Empty => \"\",
Self::StringValue(_) => \"google.protobuf.StringValue\",
Self::Dynamic(message) => message.full_name(),
Self::Other {{ type_url, .. }} => type_url.rsplit('/').next().unwrap_or_default(),
}}
}}

/// Writes the message's fields, without `@type`.
pub(crate) fn fields(&self, sink: &mut dyn Sink) {{
match self {{
{arms}
Self::Empty => {{}}
Self::StringValue(value) => proto::entry(sink, \"value\", value),
Self::Dynamic(message) => message.write_fields(sink),
Self::Other {{ value, .. }} => proto::other_fields(sink, value),
}}
}}
}}

{froms}
",
        list(&uses)
    )
}

/// Formats source text as `cargo fmt` does.
fn rustfmt(text: &str) -> Result<String> {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.rustfmt.toml");
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path", config])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt")?;
    let mut stdin = child.stdin.take().context("a piped stdin")?;
    let text = text.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| anyhow::anyhow!("the writer panicked"))??;
    if !output.status.success() {
        bail!("rustfmt failed");
    }
    Ok(String::from_utf8(output.stdout)?)
}
