//! What was made up, for whoever reads the result.

use std::fmt;

use crate::source::ResourceRef;

/// A value that no manifest gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invented {
    /// Kind of the object that has it.
    pub kind: &'static str,
    /// The object's namespace; empty if its kind has none.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The field, such as `spec.clusterIP`; empty if it is the whole object.
    pub field: &'static str,
    /// The value, for a field; a few words, for an object.
    pub value: String,
    /// The resource of the input that asked for it.
    pub source: ResourceRef,
}

impl fmt::Display for Invented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name, field, value, .. } = self;
        write!(f, "{kind} ")?;
        if !namespace.is_empty() {
            write!(f, "{namespace}/")?;
        }
        write!(f, "{name}")?;
        if !field.is_empty() {
            write!(f, " {field}")?;
        }
        write!(f, ": {value}")
    }
}
