//! As a graph of Graphviz.

use std::fmt::Write as _;

use super::{EdgeKind, Graph};
use crate::visible::visible;

/// Writes a digraph.
pub fn dot(graph: &Graph) -> String {
    let mut out =
        String::from("digraph mesh {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\", fontsize=10];\n");
    let _ = writeln!(out, "  label={};", quoted(&visible(&graph.title)));
    for (at, band) in graph.bands.iter().enumerate() {
        let _ = writeln!(out, "  subgraph cluster_{at} {{\n    label={};", quoted(&visible(&band.title)));
        for (node, of) in graph.nodes.iter().enumerate().filter(|(_, node)| node.band == at) {
            let _ = writeln!(out, "    n{node} [label={}];", quoted(&of.lines().join("\n")));
        }
        out.push_str("  }\n");
    }
    for edge in &graph.edges {
        let style = match edge.kind {
            EdgeKind::Leads => "",
            EdgeKind::Shapes => " [style=dashed, color=\"#b45309\", constraint=false]",
        };
        let _ = writeln!(out, "  n{} -> n{}{style};", edge.from, edge.to);
    }
    out.push_str("}\n");
    out
}

/// Writes a string: `\` and `"` mean themselves, a line break is one of the label.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // Graphviz reads entities of HTML in labels.
            '&' => out.push_str("&amp;"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_string() {
        assert_eq!(quoted("a\"b\\\n&lt;"), "\"a\\\"b\\\\\\n&amp;lt;\"");
    }
}
