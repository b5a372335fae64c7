//! A line of the input, as diagnostics show it.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Group, Level, Renderer};

use super::render;
use crate::provenance::Place;
use crate::source::Sources;

/// Returns file, line and column of a place, and its line with a mark; of a Secret, where it is and nothing else.
pub(super) fn of(place: &Place, sources: &Sources) -> String {
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    let group = render::elements(sources, place.span, "", annotate_snippets::AnnotationKind::Primary)
        .into_iter()
        .fold(Group::with_level(Level::NOTE), Group::element);
    let text = renderer.render(&[group]);
    text.lines().flat_map(|line| ["  ", line, "\n"]).collect()
}
