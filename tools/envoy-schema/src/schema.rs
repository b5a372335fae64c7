//! What is kept of the descriptors: messages, fields and enums by full name.

use std::collections::BTreeMap;

/// All messages and enums, by full name.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) messages: BTreeMap<String, Message>,
    pub(crate) enums: BTreeMap<String, Enum>,
}

/// A message. Map entries are not messages here.
#[derive(Debug)]
pub(crate) struct Message {
    /// Full name without a leading dot.
    pub(crate) name: String,
    /// The package, thus a prefix of the name.
    pub(crate) package: String,
    /// In number order.
    pub(crate) fields: Vec<Field>,
    /// Oneofs of which a member must be set.
    pub(crate) required_oneofs: Vec<String>,
}

/// A field of a message.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) number: i32,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) label: Label,
    /// The oneof it belongs to.
    pub(crate) oneof: Option<String>,
    pub(crate) deprecated: bool,
    /// `validate.rules`, in their text form; empty for none.
    pub(crate) rules: String,
}

/// The type of a field's value (of a map: of the map's values).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A scalar, named as in a `.proto` file.
    Scalar(&'static str),
    Message(String),
    Enum(String),
}

/// How often a field occurs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Label {
    /// At most once, no difference between unset and zero (messages excepted).
    Singular,
    /// `optional`: unset differs from zero.
    Optional,
    Repeated,
    /// A map with keys of this scalar type.
    Map(&'static str),
}

/// An enum.
#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) name: String,
    pub(crate) package: String,
    /// Numbers and names as declared.
    pub(crate) values: Vec<(i32, String)>,
}

impl Schema {
    /// The message of this name, which must exist.
    pub(crate) fn message(&self, name: &str) -> anyhow::Result<&Message> {
        self.messages.get(name).ok_or_else(|| anyhow::anyhow!("no message {name}"))
    }
}
