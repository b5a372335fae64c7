//! Explains requests: what becomes of one, proxy by proxy.
//!
//! ```text
//! Asked (one proxy, a request) ──evaluate──▶ Answer ──▶ Hop ──▶ Report ──▶ JSON, text, mermaid
//! ```
//!
//! The layer puts what [`crate::evaluate`] says of each proxy together, and adds what Istio calls it.

mod asked;
mod effects;
mod hop;
mod journey;
mod loaded;
mod mermaid;
mod places;
mod report;
mod text;

pub use asked::{Asked, AskedError, AskedRequest};
pub use hop::hop;
pub use journey::{From, Wanted, World, find};
pub use loaded::{of_dump, of_translation, of_translation_with};
pub use mermaid::flowchart;
pub use places::locate;
pub use report::{
    Chain, Changes, Cluster, Endpoint, Filter, Hop, HostMatch, Missed, Outcome, Place, Report, RouteTaken, Upstream,
    VERSION,
};
pub use text::{Style, page};

use crate::evaluate::{Clusters, Given, Proxy, evaluate, evaluate_routes};

/// Explains what one proxy does with a request. Each of its clusters is taken as one that answers.
pub fn one_proxy(proxy: &Proxy, name: &str, asked: &Asked) -> Report {
    let request = asked.request();
    let answer = evaluate(proxy, &request, Clusters::Answering);
    let outcome = hop::outcome(&answer, 0);
    let hop = hop(name, &request, &answer);
    Report { version: VERSION, request: asked.shown(), outcome, hops: vec![hop] }
}

/// Explains what one route configuration of a proxy does with a request, whatever its listeners and filters do.
pub fn routes_only(proxy: &Proxy, route_config: &str, asked: &Asked, given: &Given) -> Report {
    let request = asked.request();
    let answer = evaluate_routes(proxy, route_config, &request, given);
    let outcome = hop::outcome(&answer, 0);
    let hop = hop("", &request, &answer);
    Report { version: VERSION, request: asked.shown(), outcome, hops: vec![hop] }
}
