//! The lines that istioctl gives: of a field if it is a plain value, else of the document, counted its own way.
//!
//! istiod: `pilot/pkg/config/file/store.go` `parseChunk`, `BuildFieldPathMap`; `util/kubeyaml` `YAMLReader.Read`

use crate::source::{FieldPath, Node, NodeKind};

/// The stretch of a file that istioctl takes for a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Chunk {
    /// The line that istioctl takes for its first.
    start: usize,
    /// The first line that is not blank: a `---` may be part of a chunk.
    first: usize,
    /// The line after its last.
    end: usize,
}

/// Returns the line that istioctl gives for a field of an object, or for the object.
///
/// `text` is the file's, `line` the one in which the object begins; an item of a list begins where its item does.
pub(super) fn line(text: &str, object: Node<'_>, object_line: usize, field: Option<(Node<'_>, usize)>) -> usize {
    let chunk = chunks(text).into_iter().find(|chunk| object_line < chunk.end);
    let chunk = chunk.unwrap_or(Chunk { start: 1, first: 1, end: usize::MAX });
    let is_item = object.index() != 0;
    // A list is taken apart, and each item is printed and read again, with a line too many.
    let start = if is_item { object_line - chunk.first + 1 + chunk.start } else { chunk.start };
    let first = if is_item { object_line } else { chunk.first };
    field.map_or(start, |(_, line)| (line + start).saturating_sub(first))
}

/// Returns a field if it is a plain value: lists and maps have no line.
pub(super) fn scalar<'a>(object: Node<'a>, path: &FieldPath) -> Option<Node<'a>> {
    let node = object.at(path)?;
    (!path.0.is_empty() && !matches!(node.kind(), NodeKind::Seq(_) | NodeKind::Map(_))).then_some(node)
}

/// Cuts a text at lines of `---`; one that nothing is before is part of what comes after it.
fn chunks(text: &str) -> Vec<Chunk> {
    let mut out = Vec::new();
    let (mut begin, mut start, mut first) = (1, None, None);
    let mut end = 1;
    for (line, number) in text.lines().zip(1..) {
        end = number + 1;
        if start.is_none() && !line.is_empty() && line != "---" {
            start = Some(number);
        }
        if line.strip_prefix("---").is_some_and(|rest| rest.trim().is_empty()) && number > begin {
            let start_line = start.filter(|start| *start < number).unwrap_or(begin);
            out.push(Chunk { start: start_line, first: first.unwrap_or(start_line), end: number });
            (begin, start, first) = (number + 1, None, None);
            continue;
        }
        if first.is_none() && !line.trim().is_empty() {
            first = Some(number);
        }
    }
    let start = start.unwrap_or(begin);
    out.push(Chunk { start, first: first.unwrap_or(start), end: end.max(begin + 1) });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_begin_where_istioctl_says() {
        for (text, want) in [
            ("a: 1\n---\nb: 2\n", vec![(1, 1), (3, 3)]),
            ("\n\na: 1\n---\n\n\nb: 2\n", vec![(3, 3), (7, 7)]),
            ("---\n\na: 1\n", vec![(3, 1)]),
            ("# c\na: 1\n", vec![(1, 1)]),
        ] {
            let got: Vec<_> = chunks(text).iter().map(|chunk| (chunk.start, chunk.first)).collect();
            assert_eq!(got, want, "{text:?}");
        }
    }
}
