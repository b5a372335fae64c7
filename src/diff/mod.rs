//! What differs between the configurations of proxies: of two folders of manifests, two dumps, or one and the other.
//!
//! A side is a [`Dump`] for each proxy, taken from a translation ([`Dump::of`]) or from text ([`read()`]: an Envoy's
//! `/config_dump`, istioctl's, istiod's, meshc's). [`compare()`] matches resources by kind and name. Most are equal as text; the rest
//! is brought to one form (`canonical`, by Envoy's own message definitions) and compared field by field (`fields`), items of
//! lists by identity where Envoy gives them one and by order where order means something (`identity`, `align`). [`Report`] puts
//! proxies with the same change together, and [`render`] prints it.
//!
//! What never counts: versions, dates and nonces (they stand beside resources), key material (`redact`), endpoints that differ only
//! as an Envoy prints them again (`endpoints`). What only a running proxy has (bootstrap, static resources, the agent's
//! certificates) is set apart.

mod align;
mod canonical;
mod compare;
mod distance;
mod dump;
mod endpoints;
mod fields;
mod identity;
mod kind;
mod pair;
mod paths;
mod read;
mod redact;
pub mod render;
mod report;
mod section;
#[cfg(test)]
mod tests;

pub use compare::{ResourceChange, ResourceDifference, Scope, Shared, compare, missing_kinds};
pub use dump::{Dump, NodeName};
pub use fields::{Change, FieldChange};
pub use kind::Kind;
pub use pair::pair;
pub use paths::{Located, changes, locate, resource};
pub use read::{Named, ReadError, may_be_dump, read, yaml_to_json};
pub use report::{Cause, Counts, EditLine, Group, Presence, ProxyName, Report};
