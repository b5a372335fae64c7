//! `serde::Deserializer` over [`Node`]: typed values whose errors know the node they are about.
//!
//! In both [`Style`]s null is the zero value, a number is no string, and a number with a fraction no integer. Fields that
//! a type does not know are passed over and collected: whether they are an error is the caller's to say. So the types of
//! `k8s-openapi`, which ignore them, can be as strict as the API server is to kubectl.
//!
//! Everything generic here is compiled once for each of the some 500 types of the input, so it does no more than call the
//! one method of the visitor that its type is for, and what can be said without the visitor's type is said in functions
//! that are not generic.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::problem::MAX_PROBLEMS;
use super::scalar;
use super::yaml::shorten;
use crate::nearest;
use crate::source::{Map, Node, NodeKind, Scalar, Seq};

/// Whose JSON it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Kubernetes' own kinds: fields by their exact names.
    Kubernetes,
    /// Protobuf messages, as istiod reads them: numbers may be quoted, fields have their proto names too (`match_labels`).
    Proto,
}

/// Reads a typed value, and the keys that its type does not know.
pub(crate) fn from_node<'de, T: de::Deserialize<'de>>(
    node: Node<'de>,
    style: Style,
) -> Result<(T, Vec<Unknown<'de>>), Error> {
    read_with(node, style, |deserializer| T::deserialize(deserializer))
}

/// Reads a value by a function that takes a deserializer, and the keys that nobody knew.
pub(crate) fn read_with<'de, T>(
    node: Node<'de>,
    style: Style,
    read: impl FnOnce(Deserializer<'de, '_>) -> Result<T, Error>,
) -> Result<(T, Vec<Unknown<'de>>), Error> {
    let context = Context { style, unknown: RefCell::new(Vec::new()) };
    let value = located(read(Deserializer { node, key: None, context: &context }), node)?;
    Ok((value, context.unknown.into_inner()))
}

/// A key that its type does not know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unknown<'de> {
    pub(crate) key: Node<'de>,
    /// The field that may be meant.
    pub(crate) near: Option<&'static str>,
}

/// What holds for a whole read.
pub(crate) struct Context<'de> {
    style: Style,
    unknown: RefCell<Vec<Unknown<'de>>>,
}

/// Why a node is not what its type wants.
#[derive(Debug, Clone)]
pub(crate) struct Error {
    /// The kind of finding.
    pub(crate) code: &'static str,
    /// The finding.
    pub(crate) message: String,
    /// Index of the node in its tree.
    pub(crate) node: Option<u32>,
}

impl Error {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), node: None }
    }
}

/// Says which node an error is about, unless an inner one is known.
fn located<T>(mut result: Result<T, Error>, node: Node<'_>) -> Result<T, Error> {
    if let Err(error) = &mut result {
        error.node.get_or_insert(node.index());
    }
    result
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new("invalid-value", message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new("wrong-type", format!("{} where {expected} belongs", describe(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new("invalid-value", format!("{} where {expected} belongs", describe(found)))
    }

    fn invalid_length(len: usize, expected: &dyn de::Expected) -> Self {
        Self::new("invalid-value", format!("{len} items where {expected} belongs"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new("unknown-enum-value", format!("`{}` is none of {}", shorten(variant), expected.join(", ")))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::new("unknown-field", format!("unknown field `{}`", shorten(field)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("missing-field", format!("the field `{field}` is required"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("duplicate-key", format!("key `{field}` is defined twice"))
    }
}

/// Whether a visitor wants the bytes behind a text of base64 (`k8s_openapi::ByteString`).
fn is_for_bytes<'de, V: Visitor<'de>>(visitor: &V) -> bool {
    struct IsThat(bool);

    impl fmt::Write for IsThat {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = text == "a base64-encoded string";
            if self.0 { Ok(()) } else { Err(fmt::Error) }
        }
    }

    let mut is_that = IsThat(false);
    let _ = fmt::write(&mut is_that, format_args!("{}", visitor as &dyn de::Expected));
    is_that.0
}

/// Returns a text of base64 without its line breaks, which Go's decoder passes over.
fn base64_of_one_line(text: &str) -> Result<String, Error> {
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let padding = text.trim_end_matches('=').len();
    let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let why = match text.chars().zip(1..).find(|(c, number)| !is_known(*c) && (*c != '=' || *number <= padding)) {
        Some((c, number)) => format!("character {number} is `{}`", c.escape_debug()),
        None if !text.len().is_multiple_of(4) => format!("it has {} characters, not a multiple of 4", text.len()),
        None => return Ok(text),
    };
    Err(Error::new("invalid-value", format!("this is not valid base64: {why}")))
}

fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("the boolean `{value}`"),
        Unexpected::Unsigned(value) => format!("the number `{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Str(text) => format!("the string \"{}\"", shorten(text)),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map | Unexpected::StructVariant => "a map".to_owned(),
        other => other.to_string(),
    }
}

/// A node on its way to a typed value.
#[derive(Clone, Copy)]
pub(crate) struct Deserializer<'de, 'c> {
    node: Node<'de>,
    /// The key whose value the node is.
    key: Option<Node<'de>>,
    context: &'c Context<'de>,
}

impl<'de, 'c> Deserializer<'de, 'c> {
    fn map(self) -> MapReader<'de, 'c> {
        MapReader { map: self.node.entries(), node: self.node, fields: None, entry: None, context: self.context }
    }

    fn seq(self) -> SeqReader<'de, 'c> {
        SeqReader { seq: self.node.items(), context: self.context }
    }

    /// Returns the error for a node that is no value of the type wanted.
    fn wrong(self, expected: &dyn de::Expected) -> Error {
        let found = match self.node.kind() {
            NodeKind::Null => Unexpected::Unit,
            NodeKind::Bool(value) => Unexpected::Bool(value),
            NodeKind::Int(value) => match u64::try_from(value) {
                Ok(value) => Unexpected::Unsigned(value),
                Err(_) => Unexpected::Signed(value),
            },
            NodeKind::UInt(value) => Unexpected::Unsigned(value),
            NodeKind::Float(value) => Unexpected::Float(value),
            NodeKind::String(text) => Unexpected::Str(text),
            NodeKind::Seq(_) => Unexpected::Seq,
            NodeKind::Map(_) => Unexpected::Map,
        };
        de::Error::invalid_type(found, expected)
    }

    /// Returns the number that the node is; that it has in quotes, in a protobuf message; zero for null.
    fn as_number(self) -> Option<Number> {
        match self.node.kind() {
            NodeKind::Null => Some(Number::Unsigned(0)),
            NodeKind::Int(value) => Some(Number::of(value)),
            NodeKind::UInt(value) => Some(Number::Unsigned(value)),
            NodeKind::Float(value) => Some(Number::Float(value)),
            NodeKind::String(text) if self.context.style == Style::Proto => match scalar::resolve(text)? {
                Scalar::Int(value) => Some(Number::of(value)),
                Scalar::UInt(value) => Some(Number::Unsigned(value)),
                Scalar::Float(value) => Some(Number::Float(value)),
                _ => None,
            },
            _ => None,
        }
    }

    fn number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.as_number() {
            Some(Number::Unsigned(value)) => visitor.visit_u64(value),
            Some(Number::Signed(value)) => visitor.visit_i64(value),
            Some(Number::Float(value)) => visitor.visit_f64(value),
            None => Err(self.wrong(&visitor)),
        }
    }
}

/// A number, as visitors tell them apart.
enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl Number {
    fn of(value: i64) -> Self {
        u64::try_from(value).map_or(Self::Signed(value), Self::Unsigned)
    }
}

macro_rules! numbers {
    ($($name:ident)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.number(visitor)
        })*
    };
}

impl<'de> de::Deserializer<'de> for Deserializer<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.kind() {
            NodeKind::Null => visitor.visit_unit(),
            NodeKind::Bool(value) => visitor.visit_bool(value),
            NodeKind::Int(_) | NodeKind::UInt(_) | NodeKind::Float(_) => self.number(visitor),
            NodeKind::String(text) => visitor.visit_borrowed_str(text),
            NodeKind::Seq(_) => visitor.visit_seq(self.seq()),
            NodeKind::Map(_) => visitor.visit_map(self.map()),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f32 deserialize_f64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.kind() {
            NodeKind::Bool(value) => visitor.visit_bool(value),
            NodeKind::Null => visitor.visit_bool(false),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.kind() {
            NodeKind::String(text) if self.context.style == Style::Kubernetes && is_for_bytes(&visitor) => {
                visitor.visit_str(&base64_of_one_line(text)?)
            }
            NodeKind::String(text) => visitor.visit_borrowed_str(text),
            NodeKind::Null => visitor.visit_borrowed_str(""),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        // A quantity may be a number (`cpu: 1`), which is its text.
        if name == "Quantity" {
            let text = match self.node.kind() {
                NodeKind::Int(value) => Some(value.to_string()),
                NodeKind::UInt(value) => Some(value.to_string()),
                NodeKind::Float(value) => Some(value.to_string()),
                // Kubernetes: `Quantity.UnmarshalJSON`
                NodeKind::Null => Some("0".to_owned()),
                _ => None,
            };
            if let Some(text) = text {
                return visitor.visit_newtype_struct(text.into_deserializer());
            }
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.kind() {
            NodeKind::Seq(_) | NodeKind::Null => visitor.visit_seq(self.seq()),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.kind() {
            NodeKind::Map(_) | NodeKind::Null => visitor.visit_map(self.map()),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.node.kind() {
            NodeKind::Map(_) | NodeKind::Null => visitor.visit_map(MapReader { fields: Some(fields), ..self.map() }),
            // A list is no list of the fields' values.
            NodeKind::Seq(_) => Err(self.wrong(&"a map")),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.node.kind() {
            NodeKind::String(text) => visitor.visit_enum(text.into_deserializer()),
            NodeKind::Null => visitor.visit_enum("".into_deserializer()),
            NodeKind::Map(mut map) => match (map.next(), map.next()) {
                (Some((key, value)), None) => {
                    visitor.visit_enum(EnumReader { key, value: Self { node: value, key: Some(key), ..self } })
                }
                _ => Err(de::Error::invalid_value(Unexpected::Map, &"a map with one key")),
            },
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.context.unknown.borrow_mut().extend(self.key.map(|key| Unknown { key, near: None }));
        visitor.visit_unit()
    }
}

struct MapReader<'de, 'c> {
    map: Map<'de>,
    node: Node<'de>,
    /// The fields that the type knows, if it is a struct.
    fields: Option<&'static [&'static str]>,
    entry: Option<(Node<'de>, Node<'de>)>,
    context: &'c Context<'de>,
}

impl<'de> MapReader<'de, '_> {
    /// Goes on to the next entry whose key the type knows.
    fn next_known(&mut self) -> Option<(Node<'de>, &'de str)> {
        loop {
            self.entry = self.map.next();
            let (key, _) = self.entry?;
            if let Some(field) = self.field(key.as_str().unwrap_or("")) {
                return Some((key, field));
            }
            let is_told = self.context.unknown.borrow().len() < MAX_PROBLEMS;
            let near = if is_told { self.near(key) } else { None };
            self.context.unknown.borrow_mut().push(Unknown { key, near });
        }
    }

    /// Returns the field that a key may mean: one that is not there.
    fn near(&self, key: Node<'de>) -> Option<&'static str> {
        let missing = self.fields?.iter().copied().filter(|field| self.node.get(field).is_none());
        nearest::field(key.as_str()?, missing)
    }

    /// Returns the field that a key names.
    fn field(&self, key: &'de str) -> Option<&'de str> {
        let Some(fields) = self.fields else { return Some(key) };
        if fields.contains(&key) {
            return Some(key);
        }
        if self.context.style == Style::Proto && key.contains('_') {
            return fields.iter().copied().find(|field| is_camel_case_of(field, key));
        }
        None
    }
}

/// Returns whether a name in camel case is what protobuf makes of a name in snake case.
fn is_camel_case_of(camel: &str, snake: &str) -> bool {
    let mut upper = false;
    let mut rest = camel.chars();
    for c in snake.chars() {
        if c == '_' {
            upper = true;
            continue;
        }
        let want = if upper { c.to_ascii_uppercase() } else { c };
        upper = false;
        if rest.next() != Some(want) {
            return false;
        }
    }
    rest.next().is_none()
}

impl<'de> MapAccess<'de> for MapReader<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        match self.next_known() {
            Some((key, field)) => located(seed.deserialize(Key(field)).map(Some), key),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((key, node)) = self.entry else { return Err(de::Error::custom("a value without a key")) };
        located(seed.deserialize(Deserializer { node, key: Some(key), context: self.context }), node)
    }
}

/// A map's key, which may stand for a number (`portLevelMtls: {"8080": ..}`).
struct Key<'de>(&'de str);

macro_rules! number_keys {
    ($($name:ident $visit:ident $type:ty;)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => visitor.visit_borrowed_str(self.0),
            }
        })*
    };
}

impl<'de> de::Deserializer<'de> for Key<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.0)
    }

    number_keys! {
        deserialize_i8 visit_i64 i64;
        deserialize_i16 visit_i64 i64;
        deserialize_i32 visit_i64 i64;
        deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u64 u64;
        deserialize_u16 visit_u64 u64;
        deserialize_u32 visit_u64 u64;
        deserialize_u64 visit_u64 u64;
        deserialize_bool visit_bool bool;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.0))
    }

    forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct SeqReader<'de, 'c> {
    seq: Seq<'de>,
    context: &'c Context<'de>,
}

impl<'de> SeqAccess<'de> for SeqReader<'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(node) = self.seq.next() else { return Ok(None) };
        located(seed.deserialize(Deserializer { node, key: None, context: self.context }).map(Some), node)
    }
}

struct EnumReader<'de, 'c> {
    key: Node<'de>,
    value: Deserializer<'de, 'c>,
}

impl<'de, 'c> de::EnumAccess<'de> for EnumReader<'de, 'c> {
    type Error = Error;
    type Variant = Deserializer<'de, 'c>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), Error> {
        let text = self.key.as_str().unwrap_or("");
        let variant = located(seed.deserialize(BorrowedStrDeserializer::new(text)), self.key)?;
        Ok((variant, self.value))
    }
}

impl<'de> VariantAccess<'de> for Deserializer<'de, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        located(seed.deserialize(self), self.node)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        de::Deserializer::deserialize_seq(self, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        de::Deserializer::deserialize_map(self, visitor)
    }
}
