//! Diagnostics for a terminal: headline, file:line:column, the offending lines with marks.

use std::io::{self, Write};
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Origin, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Diagnostics, Place, Severity};
use crate::source::{Sources, Span};
use crate::visible::{visible, visible_lines};

/// Characters shown of a line after its mark starts. What is before it the renderer cuts.
const LINE: usize = 140;

/// Characters before a mark up to which a line is shown: the renderer walks over all of them.
const FAR: usize = 20_000;

/// Lines of a marked stretch that are shown.
const LINES: usize = 4;

/// Writes all findings, finished before ([`Diagnostics::finish`]), with colours: `anstream` takes them out where no
/// terminal is.
pub fn write(diagnostics: &Diagnostics, sources: &Sources, out: &mut impl Write) -> io::Result<()> {
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    diagnostics.iter().try_for_each(|diagnostic| writeln!(out, "{}\n", render(diagnostic, sources, &renderer)))
}

/// Returns one finding as text.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group =
        level.primary_title(visible(&diagnostic.message)).id(diagnostic.code).elements(Vec::<Element<'_>>::new());
    for (at, label) in diagnostic.labels.iter().enumerate() {
        let Place::Span(span) = label.place else { continue };
        let kind = if at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        group = group.elements(elements(sources, span, &label.text, kind));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(visible_help(help)));
    }
    renderer.render(&[group])
}

/// Returns file, line and column of a place, and its lines with a mark; of what may be a Secret, no lines.
pub(super) fn elements<'s>(sources: &'s Sources, span: Span, label: &'s str, kind: AnnotationKind) -> Vec<Element<'s>> {
    let path = visible(sources.path(span.source));
    let text = sources.text(span.source);
    if text.is_empty() {
        return vec![Origin::path(path).into()];
    }
    let position = sources.position(span);
    let excerpt = Excerpt::of(text, span.start as usize..span.end as usize);
    if sources.is_hidden(excerpt.span(span)) {
        return vec![Origin::path(path).line(position.line).char_column(position.column).into()];
    }
    if position.column > FAR {
        let origin = Origin::path(path).line(position.line).char_column(position.column);
        let text = text.get(span.start as usize..).unwrap_or("").chars().take(LINE / 2);
        return vec![
            origin.into(),
            Level::NOTE.message(format!("here: {}", visible(&text.collect::<String>()))).into(),
        ];
    }
    let Visible { text, mark } = excerpt.visible();
    let annotation = annotation(kind, mark, label);
    vec![Snippet::source(text).line_start(position.line).path(path).annotation(annotation).into()]
}

fn annotation(kind: AnnotationKind, mark: Range<usize>, text: &str) -> Annotation<'_> {
    let annotation = kind.span(mark);
    if text.is_empty() { annotation } else { annotation.label(visible(text)) }
}

/// The lines that a mark touches, cut where they are too long.
struct Excerpt<'t> {
    text: &'t str,
    mark: Range<usize>,
}

impl<'t> Excerpt<'t> {
    fn of(text: &'t str, span: Range<usize>) -> Self {
        let start = floor(text, span.start.min(text.len()));
        let end = floor(text, span.end.clamp(start, text.len()));
        let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        // Look no further than what is shown: a line may be a gigabyte long.
        let limit = step_on(text, start, LINE * LINES);
        let shown = text.get(..limit).unwrap_or(text);
        let mut line_end = end_of_line(shown, start);
        let mut lines = 1;
        while line_end < end.min(limit) && lines < LINES {
            line_end = end_of_line(shown, (line_end + 1).min(shown.len()));
            lines += 1;
        }
        if lines == 1 {
            line_end = line_end.min(step_on(text, start, LINE));
        }
        let mark = start - line_start..end.min(line_end) - line_start;
        Self { text: text.get(line_start..line_end).unwrap_or(""), mark }
    }
}

/// The same as it is shown.
struct Visible {
    text: String,
    mark: Range<usize>,
}

/// Our own words may be several lines.
fn visible_help(help: &str) -> String {
    help.lines().map(visible).collect::<Vec<_>>().join("\n")
}

impl Excerpt<'_> {
    /// Makes everything in it visible.
    fn visible(&self) -> Visible {
        // Line breaks of Windows are seen as such.
        let part = |range: Range<usize>| {
            let text = self.text.get(range).unwrap_or("");
            visible_lines(&text.replace("\r\n", "\n")).into_owned()
        };
        let mut text = part(0..self.mark.start);
        let start = text.len();
        text.push_str(&part(self.mark.clone()));
        let mark = start..text.len();
        text.push_str(&part(self.mark.end..self.text.len()));
        Visible { text, mark }
    }

    /// Returns where its text is, given the span that it was made for.
    fn span(&self, of: Span) -> Span {
        let start = of.start.saturating_sub(u32::try_from(self.mark.start).unwrap_or(u32::MAX));
        let end = start.saturating_add(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        Span { start, end: end.max(of.end), ..of }
    }
}

fn end_of_line(text: &str, from: usize) -> usize {
    text.get(from..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| from + at)
}

/// Returns the start of the character at a byte.
fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn step_on(text: &str, from: usize, chars: usize) -> usize {
    text.get(from..).and_then(|rest| rest.char_indices().nth(chars)).map_or(text.len(), |(at, _)| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::ingest;
    use crate::source::SourceFile;

    /// Reads a file and compares what is said about it with a snapshot.
    fn check(name: &str, files: Vec<SourceFile>) {
        let (manifests, diagnostics) = ingest(files);
        let diagnostics = diagnostics.finish(&manifests.sources, |resource, path| manifests.locate(resource, path));
        let renderer = Renderer::plain().decor_style(DecorStyle::Ascii);
        let text: Vec<_> =
            diagnostics.iter().map(|diagnostic| render(diagnostic, &manifests.sources, &renderer)).collect();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../snapshots/diagnostics");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, text.join("\n\n")));
    }

    fn file(text: &str) -> Vec<SourceFile> {
        vec![SourceFile::new("mesh.yaml", text)]
    }

    #[test]
    fn yaml_that_is_none() {
        check("yaml-syntax", file("apiVersion: v1\nkind: Service\nmetadata: {name: a\nspec:\n  ports: []\n"));
    }

    #[test]
    fn a_key_that_is_there_twice() {
        check("duplicate-key", file("apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  labels: {}\n  name: b\n"));
    }

    #[test]
    fn fields_that_do_not_exist() {
        let text = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews}\nspec:\n  hosts: [reviews]\n  http:\n  - route:\n    - destination: {host: reviews}\n      wieght: 100\n    timeout: soon\n";
        check("unknown-field", file(text));
    }

    #[test]
    fn fields_that_exclude_each_other() {
        let text = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews}\nspec:\n  hosts: [reviews]\n  http:\n  - match:\n    - uri:\n        exact: /a\n        prefix: /b\n    route:\n    - destination: {host: reviews}\n";
        check("conflicting-fields", file(text));
    }

    #[test]
    fn an_object_that_is_there_twice() {
        let text = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n";
        check("duplicate-object", vec![SourceFile::new("a.yaml", text), SourceFile::new("b.yaml", text)]);
    }

    #[test]
    fn aliases_that_explode() {
        let level = |n: usize| format!("a{}: &a{} [{}]\n", n + 1, n + 1, vec![format!("*a{n}"); 10].join(","));
        let bomb = format!("a0: &a0 x\n{}", (0..11).map(level).collect::<Vec<_>>().concat());
        check("yaml-alias-bomb", file(&bomb));
    }

    #[test]
    fn a_value_that_is_too_long() {
        check(
            "value-too-long",
            file(&format!("apiVersion: v1\nkind: ConfigMap\ndata:\n  a: {}\n", "x".repeat(4 << 20))),
        );
    }

    #[test]
    fn a_mistake_far_to_the_right() {
        let text = format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: a, annotations: {{a: {}}}}}, spec: {{port: 80}}}}\n",
            "é".repeat(300)
        );
        check("unknown-field-far-right", file(&text));
    }

    #[test]
    fn bytes_that_are_no_text() {
        let bytes = b"apiVersion: v1\nkind: Namespace\nmetadata: {name: \"caf\xE9\"}\n".to_vec();
        check("invalid-utf8", vec![SourceFile::new("latin1.yaml", bytes)]);
    }

    #[test]
    fn a_folder_that_cannot_be_read() {
        check("unreadable", vec![SourceFile::unreadable("manifests/secret", "permission denied")]);
    }
}
