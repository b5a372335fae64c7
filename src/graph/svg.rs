//! As SVG, drawn here: no other program, no script, no style sheet.

use std::fmt::Write as _;

use super::layout::{LINE, Layout, PADDING, Place, layout};
use super::{EdgeKind, Graph};
use crate::visible::{reference, visible};

/// Draws a picture.
pub fn svg(graph: &Graph) -> String {
    let layout = layout(graph);
    let Layout { nodes, bands, width, height } = &layout;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, monospace\" font-size=\"10\" role=\"img\">"
    );
    let _ = writeln!(out, "<title>{}</title>", escape(&graph.title));
    out.push_str(
        "<defs><marker id=\"a\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" orient=\"auto\"><path d=\"M0,0 \
         L8,4 L0,8 z\" fill=\"#475569\"/></marker><marker id=\"b\" markerWidth=\"7\" markerHeight=\"7\" refX=\"6\" refY=\"3.5\" \
         orient=\"auto\"><path d=\"M0,0 L7,3.5 L0,7 z\" fill=\"#d97706\"/></marker></defs>\n",
    );
    let _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>");
    for (at, (place, band)) in bands.iter().zip(&graph.bands).enumerate() {
        let fill = if at == 0 { "#eff6ff" } else { "#f8fafc" };
        let Place { x, y, width, height } = place;
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{fill}\" stroke=\"#cbd5e1\"/><text \
             x=\"{}\" y=\"{}\" font-size=\"12\" font-weight=\"bold\" fill=\"#0f172a\">{}</text>",
            x + PADDING,
            y + 17,
            escape(&band.title)
        );
    }
    for edge in graph.edges.iter().filter(|edge| edge.kind == EdgeKind::Shapes) {
        let look = "stroke=\"#d97706\" stroke-opacity=\"0.6\" stroke-dasharray=\"4 3\" marker-end=\"url(#b)\"";
        down(nodes[edge.from], nodes[edge.to], look, &mut out);
    }
    for edge in graph.edges.iter().filter(|edge| edge.kind == EdgeKind::Leads) {
        if graph.nodes[edge.from].band == graph.nodes[edge.to].band {
            leads(nodes[edge.from], nodes[edge.to], &mut out);
        } else {
            down(nodes[edge.from], nodes[edge.to], "stroke=\"#475569\" marker-end=\"url(#a)\"", &mut out);
        }
    }
    for (at, (place, node)) in nodes.iter().zip(&graph.nodes).enumerate() {
        let Place { x, y, width, height } = place;
        let (fill, stroke) = if node.band == 0 { ("#dbeafe", "#3b82f6") } else { ("#ffffff", "#64748b") };
        let _ = write!(
            out,
            "<g data-node=\"{at}\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"4\" fill=\"{fill}\" \
             stroke=\"{stroke}\"/>"
        );
        for (line, text) in node.lines().iter().enumerate() {
            let is_place = node.place.is_some() && line + 1 == node.lines().len();
            let look = match line {
                0 => " fill=\"#64748b\"",
                1 => " font-weight=\"bold\" fill=\"#0f172a\"",
                _ if is_place => " fill=\"#2563eb\"",
                _ => " fill=\"#334155\"",
            };
            let _ = write!(
                out,
                "<text x=\"{}\" y=\"{}\"{look}>{}</text>",
                x + PADDING,
                y + PADDING + LINE * line + 10,
                escape(text)
            );
        }
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

/// Draws from the right side of one to the left side of the other.
fn leads(from: Place, to: Place, out: &mut String) {
    let (x1, y1) = (from.x + from.width, from.y + from.height / 2);
    let (x2, y2) = (to.x, to.y + to.height / 2);
    let bend = 28;
    let _ = writeln!(
        out,
        "<path d=\"M{x1},{y1} C{},{y1} {},{y2} {x2},{y2}\" fill=\"none\" stroke=\"#475569\" marker-end=\"url(#a)\"/>",
        x1 + bend,
        x2.saturating_sub(bend)
    );
}

/// Draws from the bottom of one to the top of another, in a band below.
fn down(from: Place, to: Place, look: &str, out: &mut String) {
    let (x1, y1) = (from.x + from.width / 2, from.y + from.height);
    let (x2, y2) = (to.x + to.width / 2, to.y);
    let _ = writeln!(
        out,
        "<path d=\"M{x1},{y1} C{x1},{} {x2},{} {x2},{y2}\" fill=\"none\" {look}/>",
        y1 + 40,
        y2.saturating_sub(40)
    );
}

/// Writes text of the input into XML and HTML, between tags and in attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            _ if let Some(reference) = reference(c) => out.push_str(reference),
            '\'' => out.push_str("&#39;"),
            // No characters of XML.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}
