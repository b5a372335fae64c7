//! meshc
pub mod cli;
pub mod diagnostic;
pub mod envoy;
pub mod ingest;
pub mod mesh;
pub mod model;
pub mod options;
pub mod proxy;
pub mod source;
pub mod translate;
