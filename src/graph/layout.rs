//! Where the nodes of a picture stand: bands below each other, in each columns by the longest way to a node.

use std::collections::{BTreeMap, BTreeSet};

use super::{EdgeKind, Graph};

/// Width of a character, in pixels; text is cut to [`super::cut`]'s width.
const CHARACTER: usize = 6;
/// Height of a line.
pub(super) const LINE: usize = 14;
/// Space inside of a node.
pub(super) const PADDING: usize = 8;
const COLUMN_GAP: usize = 56;
const ROW_GAP: usize = 14;
const BAND_GAP: usize = 36;
/// Height of a band's title.
const TITLE: usize = 26;
const MARGIN: usize = 16;

/// A rectangle, in pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Where everything is.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    pub(super) nodes: Vec<Place>,
    pub(super) bands: Vec<Place>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Places all nodes.
pub(super) fn layout(graph: &Graph) -> Layout {
    let mut out = Layout { nodes: vec![Place::default(); graph.nodes.len()], ..Layout::default() };
    let columns = columns(graph);
    let mut top = MARGIN;
    for band in 0..graph.bands.len() {
        let mut by_column: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for node in (0..graph.nodes.len()).filter(|node| graph.nodes[*node].band == band) {
            by_column.entry(columns[node]).or_default().push(node);
        }
        order(graph, &mut by_column);
        let mut x = MARGIN + PADDING;
        let mut bottom = top + TITLE;
        for nodes in by_column.values() {
            let mut y = top + TITLE;
            let mut widest = 0;
            for node in nodes {
                let lines = graph.nodes[*node].lines();
                let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
                let place =
                    Place { x, y, width: longest * CHARACTER + 2 * PADDING, height: lines.len() * LINE + 2 * PADDING };
                widest = widest.max(place.width);
                y += place.height + ROW_GAP;
                out.nodes[*node] = place;
            }
            bottom = bottom.max(y - ROW_GAP);
            x += widest + COLUMN_GAP;
        }
        let right = x.saturating_sub(COLUMN_GAP) + PADDING;
        let title = graph.bands[band].title.chars().count() * (CHARACTER + 1) + 2 * PADDING;
        let width = right.saturating_sub(MARGIN).max(title);
        out.bands.push(Place { x: MARGIN, y: top, width, height: bottom - top + PADDING });
        out.width = out.width.max(MARGIN + width);
        top = bottom + PADDING + BAND_GAP;
    }
    out.width += MARGIN;
    out.height = (top + MARGIN).saturating_sub(BAND_GAP);
    out
}

/// Returns the column of each node: one after the last of those that lead to it.
fn columns(graph: &Graph) -> Vec<usize> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    let mut open: Vec<usize> = vec![0; graph.nodes.len()];
    let leads = graph.edges.iter().filter(|edge| edge.kind == EdgeKind::Leads);
    for edge in leads.filter(|edge| edge.from != edge.to && graph.nodes[edge.from].band == graph.nodes[edge.to].band) {
        next[edge.from].push(edge.to);
        open[edge.to] += 1;
    }
    let mut column = vec![0; graph.nodes.len()];
    let mut left: BTreeSet<usize> = (0..graph.nodes.len()).collect();
    while let Some(&first) = left.first() {
        // In a circle, the first node of it goes first.
        let node = left.iter().copied().find(|node| open[*node] == 0).unwrap_or(first);
        left.remove(&node);
        for &to in &next[node] {
            open[to] = open[to].saturating_sub(1);
            if left.contains(&to) {
                column[to] = column[to].max(column[node] + 1);
            }
        }
    }
    column
}

/// Orders the nodes of each column by the middle of those before them.
fn order(graph: &Graph, by_column: &mut BTreeMap<usize, Vec<usize>>) {
    let mut row: BTreeMap<usize, usize> = BTreeMap::new();
    for nodes in by_column.values_mut() {
        let middle = |node: usize| {
            let before: Vec<usize> = graph
                .edges
                .iter()
                .filter(|edge| edge.kind == EdgeKind::Leads && edge.to == node)
                .filter_map(|edge| row.get(&edge.from).copied())
                .collect();
            // Halves of rows are enough to tell apart.
            if before.is_empty() { usize::MAX } else { before.iter().sum::<usize>() * 2 / before.len() }
        };
        nodes.sort_by_cached_key(|node| (middle(*node), *node));
        row.extend(nodes.iter().enumerate().map(|(at, node)| (*node, at)));
    }
}
