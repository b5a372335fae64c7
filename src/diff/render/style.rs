//! Colours, for terminals; `anstream` takes them out elsewhere.

use clap::builder::styling::{AnsiColor, Style};

/// What is added.
pub(super) const ADDED: Style = AnsiColor::Green.on_default();

/// What is removed.
pub(super) const REMOVED: Style = AnsiColor::Red.on_default();

/// What is changed.
pub(super) const CHANGED: Style = AnsiColor::Yellow.on_default();

/// Titles.
pub(super) const TITLE: Style = Style::new().bold();

/// What is beside the point.
pub(super) const ASIDE: Style = Style::new().dimmed();

/// Returns a text in a style.
pub(super) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
