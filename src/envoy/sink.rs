//! What messages are written to.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

/// Takes one JSON value, piece by piece. What takes a value that comes whole gives `()`: nothing can go wrong.
pub trait Sink {
    /// Takes `null`.
    fn null(&mut self);
    /// Takes `true` or `false`.
    fn bool(&mut self, value: bool);
    /// Takes an integer.
    fn integer(&mut self, value: i64);
    /// Takes a double, which is finite.
    fn double(&mut self, value: f64);
    /// Takes a float, which is finite.
    fn float(&mut self, value: f32);
    /// Takes text.
    fn text(&mut self, value: &str);
    /// Begins a list. Each item is announced by [`Sink::item`].
    fn begin_list(&mut self);
    /// Announces the next item.
    fn item(&mut self);
    /// Ends a list.
    fn end_list(&mut self);
    /// Begins an object. Each value is announced by [`Sink::key`].
    fn begin_object(&mut self);
    /// Announces the value of a key.
    fn key(&mut self, key: &str);
    /// Ends an object.
    fn end_object(&mut self);
}

/// A JSON value whose objects keep their order.
#[derive(Debug)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Integer(i64),
    Double(f64),
    Float(f32),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// What a [`Builder`] makes.
pub(crate) trait Built: Sized {
    /// `null`.
    fn null() -> Self;
    /// `true` or `false`.
    fn bool(value: bool) -> Self;
    /// An integer.
    fn integer(value: i64) -> Self;
    /// A double.
    fn double(value: f64) -> Self;
    /// A float.
    fn float(value: f32) -> Self;
    /// Text.
    fn text(value: &str) -> Self;
    /// A list.
    fn list(items: Vec<Self>) -> Self;
    /// An object.
    fn object(fields: Vec<(String, Self)>) -> Self;
}

/// Returns what a function writes.
pub(crate) fn build<T: Built>(write: impl FnOnce(&mut dyn Sink)) -> T {
    let mut builder = Builder { done: T::null(), open: Vec::new() };
    write(&mut builder);
    builder.done
}

/// Builds a value.
struct Builder<T> {
    done: T,
    /// Lists and objects that have begun, from the outside in.
    open: Vec<Open<T>>,
}

/// What has begun.
enum Open<T> {
    List(Vec<T>),
    Object(Vec<(String, T)>),
}

impl<T: Built> Builder<T> {
    fn put(&mut self, value: T) {
        match self.open.last_mut() {
            Some(Open::List(items)) => items.push(value),
            Some(Open::Object(fields)) => {
                if let Some((_, place)) = fields.last_mut() {
                    *place = value;
                }
            }
            None => self.done = value,
        }
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Open::List(items)) => self.put(T::list(items)),
            Some(Open::Object(fields)) => self.put(T::object(fields)),
            None => {}
        }
    }
}

impl<T: Built> Sink for Builder<T> {
    fn null(&mut self) {
        self.put(T::null());
    }

    fn bool(&mut self, value: bool) {
        self.put(T::bool(value));
    }

    fn integer(&mut self, value: i64) {
        self.put(T::integer(value));
    }

    fn double(&mut self, value: f64) {
        self.put(T::double(value));
    }

    fn float(&mut self, value: f32) {
        self.put(T::float(value));
    }

    fn text(&mut self, value: &str) {
        self.put(T::text(value));
    }

    fn begin_list(&mut self) {
        self.open.push(Open::List(Vec::new()));
    }

    fn item(&mut self) {}

    fn end_list(&mut self) {
        self.end();
    }

    fn begin_object(&mut self) {
        self.open.push(Open::Object(Vec::new()));
    }

    fn key(&mut self, key: &str) {
        if let Some(Open::Object(fields)) = self.open.last_mut() {
            fields.push((key.to_owned(), T::null()));
        }
    }

    fn end_object(&mut self) {
        self.end();
    }
}

impl Built for Tree {
    fn null() -> Self {
        Self::Null
    }

    fn bool(value: bool) -> Self {
        Self::Bool(value)
    }

    fn integer(value: i64) -> Self {
        Self::Integer(value)
    }

    fn double(value: f64) -> Self {
        Self::Double(value)
    }

    fn float(value: f32) -> Self {
        Self::Float(value)
    }

    fn text(value: &str) -> Self {
        Self::Text(value.to_owned())
    }

    fn list(items: Vec<Self>) -> Self {
        Self::List(items)
    }

    fn object(fields: Vec<(String, Self)>) -> Self {
        Self::Object(fields)
    }
}

impl Built for Value {
    fn null() -> Self {
        Self::Null
    }

    fn bool(value: bool) -> Self {
        value.into()
    }

    fn integer(value: i64) -> Self {
        value.into()
    }

    fn double(value: f64) -> Self {
        value.into()
    }

    fn float(value: f32) -> Self {
        value.into()
    }

    fn text(value: &str) -> Self {
        value.into()
    }

    fn list(items: Vec<Self>) -> Self {
        Self::Array(items)
    }

    fn object(fields: Vec<(String, Self)>) -> Self {
        fields.into_iter().collect()
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Double(value) => serializer.serialize_f64(*value),
            Self::Float(value) => serializer.serialize_f32(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}
