//! Why a field of Envoy's configuration is there, and what a line of the manifests changes.
//!
//! Translation is a pure, fast function, so the answer is found by experiment: leave a value out or change it, translate again,
//! and compare. Nothing in the rules is tagged, and nothing is guessed.
//!
//! ```text
//! World (objects as written) ──Edit──▶ World::variant ──▶ Mesh ──▶ one proxy's resource ──▶ what became of the field
//!                     │                                                                         │
//!                     └── sufficient: which objects suffice for it ──▶ leaves of these, one by one ──▶ why
//! ```
//!
//! - [`World`]: the input as it was read, and variants of it with edits.
//! - [`mod@why`]: from a field of a proxy to the values and objects that make it.
//! - [`mod@affects`]: from a value or an object to the fields of all proxies that it changes.
//! - [`mod@annotate`]: the same as `why` for all fields of some proxies at once.
//! - [`mod@table`]: which kinds of objects shape which part of the configuration.
//! - [`mod@parts`]: a proxy's configuration in the parts that take a request one after the other.
//! - [`mod@between`]: what differs between two meshes.
//! - [`mod@cause`]: which of the edits between two inputs makes which change.

pub mod affects;
mod alternative;
pub mod annotate;
pub mod between;
pub mod cause;
mod default;
mod effect;
mod leaf;
pub mod parts;
mod place;
mod sufficient;
pub mod table;
mod target;
pub mod why;
mod world;

pub use place::{ObjectName, Place};
pub use target::{Field, Target, TargetError, values};
pub use world::{Edit, World};
