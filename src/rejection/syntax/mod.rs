//! Languages inside of strings, as Envoy's libraries read them: whether a text is one of theirs.

pub(super) mod address;
pub(super) mod cel;
pub(super) mod format;
pub(super) mod format_commands;
pub(super) mod regex;
pub(super) mod uri_template;
