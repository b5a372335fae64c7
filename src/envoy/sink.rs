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

impl Tree {
    /// Returns what a function writes.
    pub(crate) fn build(write: impl FnOnce(&mut dyn Sink)) -> Self {
        let mut builder = Builder { done: Self::Null, open: Vec::new() };
        write(&mut builder);
        builder.done
    }
}

/// Builds a tree.
struct Builder {
    done: Tree,
    /// Lists and objects that have begun, from the outside in.
    open: Vec<Tree>,
}

impl Builder {
    fn put(&mut self, value: Tree) {
        match self.open.last_mut() {
            Some(Tree::List(items)) => items.push(value),
            Some(Tree::Object(fields)) => {
                if let Some((_, place)) = fields.last_mut() {
                    *place = value;
                }
            }
            _ => self.done = value,
        }
    }

    fn end(&mut self) {
        if let Some(value) = self.open.pop() {
            self.put(value);
        }
    }
}

impl Sink for Builder {
    fn null(&mut self) {
        self.put(Tree::Null);
    }

    fn bool(&mut self, value: bool) {
        self.put(Tree::Bool(value));
    }

    fn integer(&mut self, value: i64) {
        self.put(Tree::Integer(value));
    }

    fn double(&mut self, value: f64) {
        self.put(Tree::Double(value));
    }

    fn float(&mut self, value: f32) {
        self.put(Tree::Float(value));
    }

    fn text(&mut self, value: &str) {
        self.put(Tree::Text(value.to_owned()));
    }

    fn begin_list(&mut self) {
        self.open.push(Tree::List(Vec::new()));
    }

    fn item(&mut self) {}

    fn end_list(&mut self) {
        self.end();
    }

    fn begin_object(&mut self) {
        self.open.push(Tree::Object(Vec::new()));
    }

    fn key(&mut self, key: &str) {
        if let Some(Tree::Object(fields)) = self.open.last_mut() {
            fields.push((key.to_owned(), Tree::Null));
        }
    }

    fn end_object(&mut self) {
        self.end();
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

impl From<Tree> for Value {
    fn from(tree: Tree) -> Self {
        match tree {
            Tree::Null => Self::Null,
            Tree::Bool(value) => value.into(),
            Tree::Integer(value) => value.into(),
            Tree::Double(value) => value.into(),
            Tree::Float(value) => value.into(),
            Tree::Text(value) => value.into(),
            Tree::List(items) => items.into_iter().collect(),
            Tree::Object(fields) => fields.into_iter().collect(),
        }
    }
}
