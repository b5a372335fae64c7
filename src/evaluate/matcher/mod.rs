//! `envoy.type.matcher.v3` and its kin: what texts, values, headers and metadata must be.

mod header;
mod metadata;
mod query_parameter;
mod string;
mod uri_template;
mod value;

pub(super) use header::HeaderMatcher;
pub(super) use metadata::MetadataMatcher;
pub(super) use query_parameter::{QueryParameterMatcher, parameters};
pub(super) use string::{StringMatcher, begins, starts_with};
pub(super) use uri_template::UriTemplate;
pub(super) use value::ValueMatcher;
