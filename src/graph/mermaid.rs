//! As a flowchart of Mermaid.

use std::fmt::Write as _;

use super::{EdgeKind, Graph};
use crate::visible::visible;

/// Writes a flowchart.
pub fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("flowchart LR\n");
    for (at, band) in graph.bands.iter().enumerate() {
        let _ = writeln!(out, "  subgraph b{at}[\"{}\"]", text(&visible(&band.title)));
        for (node, of) in graph.nodes.iter().enumerate().filter(|(_, node)| node.band == at) {
            let lines: Vec<String> = of.lines().iter().map(|line| text(line)).collect();
            let _ = writeln!(out, "    n{node}[\"{}\"]", lines.join("<br/>"));
        }
        out.push_str("  end\n");
    }
    for edge in &graph.edges {
        let arrow = match edge.kind {
            EdgeKind::Leads => "-->",
            EdgeKind::Shapes => "-.->",
        };
        let _ = writeln!(out, "  n{} {arrow} n{}", edge.from, edge.to);
    }
    out
}

/// Writes text between quotes: whatever Mermaid or the HTML of its labels could take for its own is written as a number.
fn text(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        let is_plain =
            c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '/' | ':' | ',' | '(' | ')' | '+' | '=');
        if is_plain {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_label() {
        assert_eq!(text("a\"]<b>;#`%%"), "a#34;#93;#60;b#62;#59;#35;#96;#37;#37;");
    }
}
