//! What Envoy refuses: istiod serves it, Envoy answers with an error, and keeps what it had.
//!
//! ```text
//! resource (JSON) ──walk, by the schema──▶ constraints of the API (`constraint`)  ──▶ Rejection { path, message, extent }
//!                                      └─▶ checks of Envoy's code (`rules`), by message
//! ```
//!
//! The constraints come from Envoy's `.proto` files, the checks of its code are functions in `rules`, one file for each message
//! they speak of. A stock Envoy judges both: `src/testing/real_envoy` has it load what is asked here, and compares.
//!
//! What lies outside of a resource is left out: files that a host has or has not, ports that others hold, and extensions that
//! Istio's proxy has of its own (see [`is_istios_own`]).

mod constraint;
mod duration;
mod finding;
mod fine;
mod json;
mod plan;
mod rules;
mod syntax;
mod together;
mod walk;

use serde_json::Value;

pub use self::fine::Fine;
pub use self::together::{Clashes, duplicate_addresses, duplicate_names, listener_addresses};

/// A resource, or a part of it, that Envoy refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The field, from the resource: `filter_chains[0].filters[1].typed_config.stat_prefix`. Empty for the whole.
    pub path: String,
    /// What Envoy says of it, in its words where they are short.
    pub message: String,
    /// What goes unused with it.
    pub extent: Extent,
}

/// How much Envoy refuses for one mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// The resource; it takes the others of the response.
    Resource,
    /// The whole response: no resource of this type is updated.
    Response,
}

/// A cluster that Envoy wants to know when it takes a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The field that names it.
    pub path: String,
    /// Its name.
    pub cluster: String,
    /// What Envoy says when it does not know the cluster.
    pub message: String,
}

/// What is to be said of one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is refused wherever the resource is served.
    pub rejections: Vec<Rejection>,
    /// What is refused where a cluster is missing.
    pub references: Vec<Reference>,
}

/// Checks one resource: a message in its JSON form, with `@type`, fields by their proto names, and zeroes left out or not.
pub fn check(resource: &Value) -> Checked {
    check_unless(resource, None)
}

/// Checks one resource but for the parts that are known to be fine, and notes those that are.
pub fn check_new(resource: &Value, fine: &Fine) -> Checked {
    check_unless(resource, Some(fine))
}

fn check_unless(resource: &Value, fine: Option<&Fine>) -> Checked {
    let mut found = finding::Findings::new(fine);
    walk::any(resource, &mut found);
    Checked { rejections: found.rejections, references: found.references }
}

/// Whether a type URL or name is of an extension that only Istio's proxy has: stock Envoy cannot judge it.
pub fn is_istios_own(type_url: &str) -> bool {
    let name = type_url.rsplit('/').next().unwrap_or(type_url);
    ["istio.", "io.istio.", "stats.", "envoy.tcp.metadataexchange."].iter().any(|package| name.starts_with(package))
}
