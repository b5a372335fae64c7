//! meshc translates Kubernetes and Istio manifests to the Envoy configuration that istiod would serve.
//!
//! ```text
//! text ──ingest──▶ Manifests ──expand──▶ Manifests ──index──▶ Mesh ──view──▶ ProxyView ──translate──▶ ConfigDump ──▶ print
//!        places     typed kinds         complete    resolved     one proxy        Envoy messages   sections
//! ```
//!
//! Each step is a pure function of the one before: [`ingest`], [`expand`], [`mesh::Mesh::new`], [`proxy::proxies`], [`translate`],
//! [`config_dump`]; [`input`] and [`pipeline`] are the whole way. Only [`cli`] reads files and writes to the terminal.
//!
//! # Layers
//!
//! A layer names only layers above it in this table; `src/testing/architecture.rs` has the exact list and fails on any other
//! name.
//!
//! | layer | knows | why |
//! | --- | --- | --- |
//! | [`source`], [`diagnostic`], [`options`], [`installation`] | each other | words that all share: places, findings, settings, how istiod runs |
//! | `go` | nothing | texts as Go reads and writes them |
//! | `nearest` | nothing | the name that somebody may have meant |
//! | [`visible`] | nothing | input in output that is no JSON and no YAML |
//! | [`model`] | `source` | the input language as written; nothing is resolved |
//! | [`envoy`] | nothing | the output language knows nothing of Istio |
//! | [`evaluate`] | `envoy` | what Envoy does with a request, by its configuration alone; it knows no rule of Istio |
//! | [`rejection`] | `envoy` | what Envoy refuses of its language; it knows no rule of Istio |
//! | [`ingest`] | `model`, `go`, and `envoy` for what EnvoyFilters hold | the only place that sees text |
//! | [`intake`] | `ingest`, `installation`, `model` | what a release does not take in |
//! | [`coverage`] | `ingest` | which kinds the rules honour |
//! | [`control_plane`] | `ingest`, `model`, `installation` | finds out from the input how istiod runs |
//! | [`budget`] | `ingest`, `model` | what would multiply too much |
//! | [`expand`] | `ingest`, `model` | makes objects that are read back as if a file had held them |
//! | [`mesh`] | `ingest`'s result, `model` | facts that are true for every proxy |
//! | [`proxy`] | `mesh`, `model`, and `ingest` for the YAML inside of annotations | facts that are true for one proxy |
//! | [`translate`] | `proxy`, `mesh`, `model`, `envoy` | rules; the types of `mesh` are their arguments' types |
//! | [`config_dump`] | `translate`'s result, `envoy` | lays out resources, and knows no rule |
//! | [`diff`] | `config_dump`, `envoy` | compares dumps as text and by Envoy's own messages |
//! | [`pipeline`] | all of these but `input` and `diff` | the way through, and what proxies share |
//! | [`explain`] | `evaluate`, `diff`'s dumps, `translate`'s result, `pipeline` | what becomes of a request, proxy by proxy |
//! | [`routing_test`] | `explain`, `evaluate`, `ingest`, `model` | what must become of requests, and whether it does |
//! | [`input`] | `ingest`, [`expand`], [`coverage`], `mesh` | files to what the other steps begin with |
//! | [`provenance`] | `input`, `pipeline`, `diff` and what they know | leaves values out and translates again |
//! | [`graph`] | `provenance` and what it knows, `visible` | draws what names and shapes what |
//! | [`report`] | `graph`, `provenance` and what they know | one page with all of it |
//! | [`lint`] | `ingest`, `mesh`, `pipeline` and what they know | judges manifests, by the files and by what the translation makes of them |
//! | [`upgrade`] | `input`, `pipeline`, `diff`, `installation` | what changes between two releases, by cause |
//! | [`cli`] | everything | IO lives here |
//!
//! In `translate`, the folders of resources do not know each other, but for a cluster that holds its endpoints and a listener that
//! holds its routes; what two of them need is beside both.
//!
//! The input language is in [`model`] (as Istio and Kubernetes spell it), the output language in [`envoy`] (as Envoy spells it).

pub mod budget;
pub mod cli;
pub mod config_dump;
pub mod control_plane;
pub mod coverage;
pub mod diagnostic;
pub mod diff;
pub mod envoy;
pub mod evaluate;
pub mod expand;
pub mod explain;
#[cfg(test)]
#[path = "testing/fuzz/mod.rs"]
mod fuzz;
pub mod generate;
mod go;
pub mod graph;
pub mod ingest;
pub mod input;
pub mod installation;
pub mod intake;
pub mod lint;
pub mod mesh;
pub mod model;
mod nearest;
pub mod options;
pub mod pipeline;
pub mod provenance;
pub mod proxy;
pub mod rejection;
pub mod report;
pub mod routing_test;
pub mod source;
pub mod translate;
pub mod upgrade;
pub mod visible;
