//! What is found, as other programs read it.

mod github;
mod json;
mod junit;
mod sarif;

pub use github::github;
pub(crate) use github::{message, property};
pub use json::json;
pub(crate) use junit::escape;
pub use junit::junit;
pub use sarif::sarif;
