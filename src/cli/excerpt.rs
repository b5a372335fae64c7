//! A line of the input, as diagnostics show it.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Renderer, Snippet};

use crate::provenance::Place;
use crate::source::Sources;
use crate::visible::visible;

/// Characters shown of a line.
const WIDTH: usize = 140;

/// Returns file, line and column of a place, and its line with a mark.
pub(super) fn of(place: &Place, sources: &Sources) -> String {
    if sources.is_hidden(place.span) {
        return format!("    --> {}:{}:{}\n", visible(&place.file), place.position.line, place.position.column);
    }
    let text = sources.text(place.span.source);
    let start = place.span.start as usize;
    let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let rest = text.get(line_start..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let shown = line.char_indices().nth(WIDTH).map_or(line, |(at, _)| &line[..at]);
    let mark = (start - line_start).min(shown.len())..(place.span.end as usize - line_start).min(shown.len());
    let snippet = Snippet::source(shown)
        .line_start(place.position.line)
        .path(&place.file)
        .annotation(AnnotationKind::Primary.span(mark));
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    let group = annotate_snippets::Group::with_level(annotate_snippets::Level::NOTE).element(snippet);
    let text = renderer.render(&[group]);
    text.lines().flat_map(|line| ["  ", line, "\n"]).collect()
}
