//! meshc translates Kubernetes and Istio manifests to the Envoy configuration that istiod would serve.
//!
//! ```text
//! text ──ingest──▶ Manifests ──index──▶ Mesh ──view──▶ ProxyView ──translate──▶ ConfigDump ──▶ print
//!        places     typed kinds  resolved  one proxy    Envoy messages   sections
//! ```
//!
//! Each step is a pure function of the one before: [`ingest`], [`mesh::Mesh::new`], [`proxy::proxies`], [`translate`],
//! [`config_dump`]; [`pipeline`] is the whole way. Only [`cli`] reads files and writes to the terminal.
//!
//! The input language is in [`model`] (as Istio and Kubernetes spell it), the output language in [`envoy`] (as Envoy spells it).

pub mod cli;
pub mod config_dump;
pub mod diagnostic;
pub mod envoy;
pub mod expand;
pub mod generate;
pub mod ingest;
pub mod mesh;
pub mod model;
pub mod options;
pub mod pipeline;
pub mod proxy;
pub mod source;
pub mod translate;
