//! What is found, as other programs read it.

mod json;

pub use json::json;
