//! Which file a rendered object comes from, and what of that file a place in it is.

use super::objects::{Named, names};
use super::{Piece, list, parse, text};
use crate::source::{FieldPath, Node, SourceId, Sources, Span, Step};

/// An object of a rendered file.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// Where it is.
    pub(crate) span: Span,
    /// The file that it comes from, as the renderer says.
    pub(crate) file: Option<String>,
    kind: String,
    name: String,
}

/// The annotation of Kustomize that says it.
const ANNOTATION: &str = "config.kubernetes.io/origin";
/// How Helm says it, in a comment.
const COMMENT: &str = "# Source: ";

/// Returns the objects of a rendered file with their origins.
pub(crate) fn origins(sources: &Sources, source: SourceId) -> Vec<Origin> {
    let content = sources.text(source);
    let mut out = Vec::new();
    for range in text::documents(content) {
        let comment = content.get(range.start as usize..range.end as usize).unwrap_or_default();
        let comment = comment.lines().find_map(|line| line.strip_prefix(COMMENT)).map(|path| path.trim().to_owned());
        for tree in parse(content, &Piece { source, range, json: false, invalid: None }).unwrap_or_default() {
            let mut found = Vec::new();
            let _ = list(tree.root(source, content), None, &mut found);
            for (node, type_meta) in found {
                let metadata = node.get("metadata");
                let text = |key: &str| metadata.and_then(|one| one.get(key)).and_then(Node::as_str).unwrap_or_default();
                let annotation = metadata.and_then(|one| one.get("annotations")?.get(ANNOTATION)?.as_str());
                let of_annotation =
                    annotation.and_then(|text| text.lines().find_map(|line| line.strip_prefix("path: ")));
                out.push(Origin {
                    span: node.span(),
                    file: of_annotation.map(|path| path.trim().to_owned()).or_else(|| comment.clone()),
                    kind: type_meta.kind.to_owned(),
                    name: text("name").to_owned(),
                });
            }
        }
    }
    out
}

/// Returns the place in the file that an object comes from which is that of a place in the rendered one.
pub(crate) fn counterpart(sources: &Sources, place: Span, origin: &Origin, file: SourceId) -> Option<Span> {
    let path = path_of(sources, place)?;
    let written = names(sources, file);
    // A prefix or a namespace may be added on the way.
    let same = |one: &&Named| one.kind == origin.kind && one.name == origin.name;
    let near = |one: &&Named| one.kind == origin.kind && origin.name.contains(&one.name);
    let of_kind = |one: &&Named| one.kind == origin.kind;
    let object = written
        .iter()
        .find(same)
        .or_else(|| written.iter().find(near))
        .or_else(|| written.iter().find(of_kind).filter(|_| written.iter().filter(of_kind).count() == 1));
    match object {
        Some(object) => with_node(sources, object.span, |node| node.place(&path)),
        None => Some(line_of(sources, file, origin, &path)),
    }
}

/// Returns the path of what begins at a place, in its object.
fn path_of(sources: &Sources, place: Span) -> Option<FieldPath> {
    let mut found = None;
    with_node(sources, place, |node| {
        found = node.index_at(place.start).map(|index| node.path_to(index));
        node.span()
    })?;
    found
}

/// Calls a function with the object at a place.
fn with_node(sources: &Sources, place: Span, look: impl FnOnce(Node<'_>) -> Span) -> Option<Span> {
    let content = sources.text(place.source);
    let ranges = text::documents(content);
    let range = ranges.into_iter().find(|range| range.start <= place.start && place.start < range.end)?;
    let piece = Piece { source: place.source, range, json: false, invalid: None };
    for tree in parse(content, &piece).ok()? {
        let mut found = Vec::new();
        let _ = list(tree.root(place.source, content), None, &mut found);
        let holds = |node: &Node<'_>| node.span().start <= place.start && place.start < node.span().end;
        if let Some((node, _)) = found.into_iter().find(|(node, _)| holds(node)) {
            return Some(look(node));
        }
    }
    None
}

/// Finds a path in a template, which is no YAML yet: by the keys of its lines and how far they are indented.
fn line_of(sources: &Sources, file: SourceId, origin: &Origin, path: &FieldPath) -> Span {
    let content = sources.text(file);
    let mut lines: Vec<(u32, &str)> = Vec::new();
    let mut start = 0;
    for line in content.split_inclusive('\n') {
        lines.push((start, line));
        start += text::offset(line.len());
    }
    let of_kind = |line: &str| line.trim_end().strip_prefix("kind:").is_some_and(|kind| kind.trim() == origin.kind);
    let mut at = lines.iter().position(|(_, line)| of_kind(line)).unwrap_or_default();
    // Back to where the document begins: `metadata` may be above `kind`.
    while at > 0 && !lines.get(at).is_some_and(|(_, line)| line.starts_with("---")) {
        at -= 1;
    }
    let depth = |line: &str| line.len() - line.trim_start().len();
    let (mut found, mut indent, mut after_item) = (at, None::<usize>, false);
    for step in &path.0 {
        // What comes after a dash is on its line.
        let from = found + usize::from(indent.is_some() && !after_item);
        let is_item = |line: &str| line.trim_start().starts_with("- ");
        let is_inside = |index: usize, line: &str| {
            indent.is_none_or(|indent| {
                depth(line) > indent
                    || index == found
                    || matches!(step, Step::Index(_)) && depth(line) == indent && is_item(line)
            })
        };
        let is_text = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with("{{");
        let rest = lines.iter().enumerate().skip(from).map(|(index, (_, line))| (index, *line));
        let mut inside = rest.filter(|(_, line)| is_text(line)).take_while(|(index, line)| is_inside(*index, line));
        let next = match step {
            Step::Key(key) => inside.find(|(_, line)| {
                let line = line.trim_start().trim_start_matches("- ");
                line.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with(':'))
            }),
            Step::Index(number) => {
                let mut items = inside.filter(|(_, line)| is_item(line));
                let first = items.next();
                let level = first.map(|(_, line)| depth(line));
                match number {
                    0 => first,
                    number => items.filter(|(_, line)| Some(depth(line)) == level).nth(number - 1),
                }
            }
        };
        let Some((index, line)) = next else { break };
        after_item = matches!(step, Step::Index(_));
        (found, indent) = (index, Some(depth(line)));
    }
    let (start, line) = lines.get(found).copied().unwrap_or((0, ""));
    let blank = text::offset(line.len() - line.trim_start().len());
    Span { source: file, start: start + blank, end: start + text::offset(line.trim_end().len()).max(blank) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "{{- if .Values.route }}\nkind: VirtualService\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  hosts: [a]\n  http:\n  {{- with .x }}\n  - timeout: 1s\n  {{- end }}\n  - match: []\n    route:\n    - destination:\n        host: b\n{{- end }}\n";

    #[test]
    fn lines_of_a_template() {
        let mut sources = Sources::default();
        let file = sources.add("t.yaml".to_owned(), TEMPLATE.to_owned());
        let span = Span { source: file, start: 0, end: 0 };
        let origin = Origin { span, file: None, kind: "VirtualService".to_owned(), name: "x".to_owned() };
        for (path, line) in [
            ("spec.hosts", 6),
            ("metadata.name", 4),
            ("spec.http[0].timeout", 9),
            ("spec.http[1].route[0].destination.host", 14),
            ("spec.http[1].none", 11),
        ] {
            let place = line_of(&sources, file, &origin, &FieldPath::parse(path));
            assert_eq!(sources.position(place).line, line, "{path}");
        }
    }
}
