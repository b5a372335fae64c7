//! Which part of a dump is wanted: the parameters of Envoy's admin endpoint `/config_dump`.

use std::fmt;

use super::Mask;
use super::section::MESSAGES;
use crate::envoy::schema::{self, Kind, Label};

/// The parameters; by default everything is wanted but the endpoints.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// `include_eds`: with the endpoints.
    pub include_eds: bool,
    /// `resource`: only the entries of one list.
    pub resource: Option<ResourceList>,
    /// `mask`: of each entry (or without `resource`, of each section) only these fields.
    pub mask: Option<Mask>,
    /// `name_regex`: only resources whose whole name matches.
    pub name_regex: Option<NameRegex>,
}

impl Query {
    /// Returns the query for everything.
    pub fn all() -> Self {
        Self { include_eds: true, ..Self::default() }
    }

    /// Says whether a resource of this name is wanted.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.name_regex.as_ref().is_none_or(|regex| regex.0.is_match(name))
    }

    /// Says whether a section is wanted.
    pub(super) fn wants_section(&self, message: &str) -> bool {
        self.include_eds || message != "EndpointsConfigDump"
    }
}

/// A list that a section may hold: `dynamic_listeners`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceList {
    /// The field.
    pub(super) field: &'static str,
    /// The full name of an entry's message.
    pub(super) entry: String,
}

impl ResourceList {
    /// Looks a list up.
    pub fn parse(name: &str) -> Result<Self, QueryError> {
        let fields = sections().filter_map(|message| message.fields.iter().find(|field| field.name == name));
        let field = fields.into_iter().next().ok_or_else(|| QueryError::NoSuchList(name.to_owned()))?;
        match (&field.kind, field.label) {
            (Kind::Message(entry), Label::Repeated) => Ok(Self { field: field.name, entry: entry.clone() }),
            _ => Err(QueryError::NoList(name.to_owned())),
        }
    }

    /// Returns the names of all lists.
    pub fn names() -> Vec<&'static str> {
        let fields = sections().flat_map(|message| &message.fields);
        fields.filter(|field| field.label == Label::Repeated).map(|field| field.name).collect()
    }
}

fn sections() -> impl Iterator<Item = &'static schema::Message> {
    MESSAGES.iter().filter_map(|message| schema::message(&format!("envoy.admin.v3.{message}")))
}

/// A regular expression that a whole name has to match.
#[derive(Debug, Clone)]
pub struct NameRegex(regex::Regex);

impl NameRegex {
    /// Reads an expression in the syntax of RE2.
    pub fn parse(text: &str) -> Result<Self, regex::Error> {
        // On its own first: `a)(b` is no expression, though it is one between brackets.
        regex::Regex::new(text)?;
        Ok(Self(regex::Regex::new(&format!("^(?:{text})$"))?))
    }
}

/// Why a query has no answer, in Envoy's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryError {
    /// No section has such a field.
    NoSuchList(String),
    /// The field is no list.
    NoList(String),
    /// No section has such fields.
    MaskFitsNothing(String),
    /// The entries of the list have no such fields.
    MaskDoesNotFit(String, &'static str),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchList(name) => write!(f, "{name} not found in config dump"),
            Self::NoList(name) => {
                write!(f, "{name} is not a repeated field. Use --mask {name} to get only this field")
            }
            Self::MaskFitsNothing(mask) => {
                write!(f, "FieldMask {mask} could not be successfully applied to any configs.")
            }
            Self::MaskDoesNotFit(mask, list) => {
                write!(f, "FieldMask {mask} could not be successfully applied to repeated field {list}.")
            }
        }
    }
}

impl std::error::Error for QueryError {}
