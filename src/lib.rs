//! meshc
pub mod cli;
pub mod diagnostic;
pub mod ingest;
pub mod model;
pub mod source;

pub mod envoy;
