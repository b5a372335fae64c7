//! The input language: Istio's and Kubernetes' kinds and those of the Gateway API as plain structs, fields spelled as in their APIs.
//!
//! Nothing here decides anything. A value left out is the zero of its type (an empty string, `0`, the enum's first
//! value), as in the Go structs that istiod reads; what has a presence of its own is an `Option`: messages, wrapped
//! scalars, durations and oneofs.

pub mod gateway_api;
pub mod istio;
pub mod kubernetes;

mod duration;
mod meta;
mod proto;
mod secret_bytes;
mod timestamp;

pub use duration::Duration;
pub use meta::{Config, ObjectMeta, OwnerReference};
pub use proto::Bytes;
pub use secret_bytes::{REDACTED, SecretBytes};
pub use timestamp::Timestamp;

/// Free-form JSON (`google.protobuf.Struct`).
pub type Struct = serde_json::Map<String, serde_json::Value>;
