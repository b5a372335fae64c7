//! Pictures: the chain of Istio's objects beside the chain of Envoy's resources, with arrows from an object to what it shapes.
//!
//! ```text
//! World ──build──▶ Graph (nodes, edges) ──▶ mermaid │ dot │ layout ──▶ svg ──▶ html
//! ```
//!
//! Which object shapes what is found by leaving it out, as [`crate::provenance`] does; nothing is guessed from names. Names only
//! choose which objects are tried.

mod build;
mod dot;
mod html;
mod layout;
mod mermaid;
mod objects;
mod svg;

pub use build::{GraphError, Neighbourhood, Pictures, Wanted};
pub use dot::dot;
pub use html::html;
pub use mermaid::mermaid;
pub use svg::{escape, svg};

/// A picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// What it is of.
    pub title: String,
    /// Groups of nodes: Istio's objects, then each proxy.
    pub bands: Vec<Band>,
    /// The nodes; those of a band stand together.
    pub nodes: Vec<Node>,
    /// The edges.
    pub edges: Vec<Edge>,
}

/// Nodes that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// What they are.
    pub title: String,
}

/// An object or a part of a proxy's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// The band.
    pub band: usize,
    /// What it is: `VirtualService`, `cluster`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it says, in few words.
    pub facts: Vec<String>,
    /// Where it is written: `routing.yaml:3`.
    pub place: Option<String>,
}

/// An edge between two nodes, by their places in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What it says.
    pub kind: EdgeKind,
}

/// What an edge says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// The first leads to the second.
    Leads,
    /// The first, an object, shapes the second, a part of a proxy's configuration.
    Shapes,
}

/// Facts of a node that are shown; of more there is a count.
const FACTS: usize = 6;

impl Node {
    /// Returns the lines of the node: kind, name, facts, place.
    pub fn lines(&self) -> Vec<String> {
        let Self { band: _, kind, name, facts, place } = self;
        let mut out = vec![kind.clone(), name.clone()];
        out.extend(facts.iter().take(FACTS).cloned());
        if facts.len() > FACTS {
            out.push(format!("and {} more", facts.len() - FACTS));
        }
        out.extend(place.clone());
        out.retain(|line| !line.is_empty());
        out.iter().map(|line| cut(&crate::visible::visible(line))).collect()
    }
}

/// Characters of a line that are shown.
const WIDTH: usize = 64;

fn cut(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line.to_owned(),
    }
}
