//! All messages and enums of Envoy's API by full name, also those without a struct, for code that meets them as JSON
//! (EnvoyFilter patches, dumps of a running proxy).
//!
//! `schema.txt` is one line per declaration, its members below it:
//!
//! ```text
//! message envoy.config.cluster.v3 Cluster.EdsClusterConfig     the package, and the name below it
//!  ! kind                                                      a oneof of which a member must be set
//!  1 eds_config m/envoy.config.core.v3.ConfigSource            number, name, type; m message, e enum, else a scalar
//!  2 service_name string                                       m. and e. are names of the same package
//!  3 names *string                                             * repeated, ? optional, `string:` a map by that key
//!  4 old uint32 - |kind [lte=5                                 - deprecated; |oneof; [validate.rules to the line's end
//! enum envoy.config.cluster.v3 Cluster.DiscoveryType
//!  0 STATIC
//! ```

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The full name.
    pub name: String,
    /// In number order.
    pub fields: Vec<Field>,
    /// Oneofs of which a member must be set.
    pub required_oneofs: Vec<&'static str>,
}

impl Message {
    /// The field of this proto name, or of its camelCase form, both of which proto3 JSON accepts.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name || field.is_json_name(name))
    }
}

/// A field of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The number, which orders the fields in print.
    pub number: u32,
    /// The proto name.
    pub name: &'static str,
    /// The type of its value (of one value, when there are several).
    pub kind: Kind,
    /// How often it occurs.
    pub label: Label,
    /// The oneof it belongs to.
    pub oneof: Option<&'static str>,
    /// Whether the API calls it deprecated.
    pub deprecated: bool,
    /// `validate.rules` in text form, such as `string={min_len: 1}`; empty for none.
    pub rules: &'static str,
}

impl Field {
    /// Whether a name is this field's camelCase form.
    fn is_json_name(&self, name: &str) -> bool {
        let mut upper = false;
        let mut rest = name.chars();
        for c in self.name.chars() {
            if c == '_' {
                upper = true;
                continue;
            }
            let c = if std::mem::take(&mut upper) { c.to_ascii_uppercase() } else { c };
            if rest.next() != Some(c) {
                return false;
            }
        }
        rest.next().is_none()
    }
}

/// The type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `double`.
    Double,
    /// `float`.
    Float,
    /// `int32` and its like.
    Int32,
    /// `int64` and its like: a string in JSON.
    Int64,
    /// `uint32` and its like.
    Uint32,
    /// `uint64` and its like: a string in JSON.
    Uint64,
    /// `bool`.
    Bool,
    /// `string`.
    String,
    /// `bytes`: base64 in JSON.
    Bytes,
    /// A message of this full name.
    Message(String),
    /// An enum of this full name.
    Enum(String),
}

/// How often a field occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// At most once; a scalar's zero is the same as unset.
    Singular,
    /// At most once; a scalar's zero is not unset.
    Optional,
    /// A list.
    Repeated,
    /// A map, by keys of this scalar type.
    Map(&'static str),
}

/// An enum.
#[derive(Debug, Clone, PartialEq)]
pub struct Enum {
    /// The full name.
    pub name: String,
    /// Numbers and names, as declared.
    pub values: Vec<(i32, &'static str)>,
}

impl Enum {
    /// The name of a number.
    pub fn value_name(&self, number: i32) -> Option<&'static str> {
        self.values.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
    }

    /// The number of a name.
    pub fn value_number(&self, name: &str) -> Option<i32> {
        self.values.iter().find(|(_, known)| *known == name).map(|(number, _)| *number)
    }
}

/// The message of this full name.
pub fn message(name: &str) -> Option<&'static Message> {
    schema().messages.get(name)
}

/// The message of this type URL, or full name.
pub fn message_of_url(type_url: &str) -> Option<&'static Message> {
    message(type_url.rsplit('/').next().unwrap_or(type_url))
}

/// The enum of this full name.
pub fn enumeration(name: &str) -> Option<&'static Enum> {
    schema().enums.get(name)
}

/// All messages, by full name.
pub fn messages() -> impl Iterator<Item = &'static Message> {
    schema().messages.values()
}

struct Schema {
    messages: BTreeMap<String, Message>,
    enums: BTreeMap<String, Enum>,
}

/// The table, read when it is first asked for.
fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| read(include_str!("schema.txt")))
}

/// Reads the table. A line that is not understood is left out; a test reads all of them.
fn read(text: &'static str) -> Schema {
    let mut schema = Schema { messages: BTreeMap::new(), enums: BTreeMap::new() };
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let mut words = line.split(' ');
        let (Some(kind), Some(package), Some(below)) = (words.next(), words.next(), words.next()) else { continue };
        let name = format!("{package}.{below}");
        let members = std::iter::from_fn(|| lines.next_if(|line| line.starts_with(' ')).map(|line| &line[1..]));
        match kind {
            "message" => {
                let mut message = Message { name: name.clone(), fields: Vec::new(), required_oneofs: Vec::new() };
                for line in members {
                    match line.strip_prefix("! ") {
                        Some(oneof) => message.required_oneofs.push(oneof),
                        None => message.fields.extend(field(line, package)),
                    }
                }
                schema.messages.insert(name, message);
            }
            "enum" => {
                let values = members.filter_map(enum_value).collect();
                schema.enums.insert(name.clone(), Enum { name, values });
            }
            _ => {}
        }
    }
    schema
}

fn enum_value(line: &'static str) -> Option<(i32, &'static str)> {
    let (number, name) = line.split_once(' ')?;
    Some((number.parse().ok()?, name))
}

fn field(line: &'static str, package: &str) -> Option<Field> {
    let (declaration, rules) = line.split_once(" [").unwrap_or((line, ""));
    let mut words = declaration.split(' ');
    let number = words.next()?.parse().ok()?;
    let name = words.next()?;
    let typed = words.next()?;
    let (label, kind) = if let Some(kind) = typed.strip_prefix('?') {
        (Label::Optional, kind)
    } else if let Some(kind) = typed.strip_prefix('*') {
        (Label::Repeated, kind)
    } else if let Some((key, kind)) = typed.split_once(':') {
        (Label::Map(key), kind)
    } else {
        (Label::Singular, typed)
    };
    let mut field =
        Field { number, name, kind: read_kind(kind, package)?, label, oneof: None, deprecated: false, rules };
    for word in words {
        match word.strip_prefix('|') {
            Some(oneof) => field.oneof = Some(oneof),
            None => field.deprecated = true,
        }
    }
    Some(field)
}

fn read_kind(text: &str, package: &str) -> Option<Kind> {
    let full = |name: &str| match name.strip_prefix('/') {
        Some(full) => full.to_owned(),
        None => format!("{package}{name}"),
    };
    Some(match text {
        "double" => Kind::Double,
        "float" => Kind::Float,
        "int32" => Kind::Int32,
        "int64" => Kind::Int64,
        "uint32" => Kind::Uint32,
        "uint64" => Kind::Uint64,
        "bool" => Kind::Bool,
        "string" => Kind::String,
        "bytes" => Kind::Bytes,
        _ if text.starts_with(['m', 'e']) => {
            let (kind, name) = text.split_at(1);
            if kind == "m" { Kind::Message(full(name)) } else { Kind::Enum(full(name)) }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        let text = include_str!("schema.txt");
        let lines = text.lines().filter(|line| !line.starts_with('#')).count();
        let members: usize = messages().map(|message| 1 + message.fields.len() + message.required_oneofs.len()).sum();
        let values: usize = schema().enums.values().map(|declared| 1 + declared.values.len()).sum();
        assert_eq!(lines, members + values);
    }

    #[test]
    fn every_reference_is_known() {
        for message in messages() {
            for field in &message.fields {
                let known = match &field.kind {
                    Kind::Message(name) => super::message(name).is_some(),
                    Kind::Enum(name) => enumeration(name).is_some(),
                    _ => true,
                };
                assert!(known, "{}.{}", message.name, field.name);
            }
        }
    }

    #[test]
    fn cluster_is_described() {
        let cluster = message_of_url("type.googleapis.com/envoy.config.cluster.v3.Cluster").expect("Cluster is known");
        let kind = cluster.field("type").expect("a field");
        assert_eq!((kind.number, kind.oneof), (2, Some("cluster_discovery_type")));
        assert_eq!(kind.kind, Kind::Enum("envoy.config.cluster.v3.Cluster.DiscoveryType".into()));
        assert_eq!(cluster.field("typedExtensionProtocolOptions").map(|field| field.label), Some(Label::Map("string")));
        let address = message("envoy.config.core.v3.Address").expect("Address is known");
        assert_eq!(address.required_oneofs, ["address"]);
        let discovery = enumeration("envoy.config.cluster.v3.Cluster.DiscoveryType").expect("an enum");
        assert_eq!((discovery.value_name(3), discovery.value_number("EDS")), (Some("EDS"), Some(3)));
    }
}
