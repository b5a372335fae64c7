//! Envoy's configuration: the messages that istiod writes, as structs that print as Envoy's admin page prints them.
//!
//! The structs are generated from Envoy's `.proto` files (see `README.md` in this folder for their names); this module's own
//! files hold what every message needs. `json` prints, `schema` knows all messages by name, also those without a struct.

pub(crate) mod compact;
pub mod dynamic;
pub mod generated;
pub mod json;
mod proto;
pub mod schema;
mod sink;
#[cfg(test)]
mod tests;
mod value;

pub use dynamic::{DynamicMessage, DynamicValue};
pub use generated::*;
pub use proto::Message;
pub(crate) use proto::ProtoJson;
pub use sink::Sink;
pub use value::{Bytes, Duration, Struct};
