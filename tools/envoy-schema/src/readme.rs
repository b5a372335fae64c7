//! `src/envoy/README.md`: which message has which Rust name.

use std::fmt::Write as _;

use crate::rust::Plan;

/// What precedes the table.
const HEAD: &str = include_str!("readme_head.md");

/// The file's text.
pub(crate) fn text(plan: &Plan<'_>) -> String {
    let mut out = HEAD.to_owned();
    for (title, names) in [("Messages", &plan.messages), ("Enums", &plan.enums)] {
        _ = write!(out, "\n## {title}\n\n| Envoy | Rust | in an `Any` |\n| --- | --- | --- |\n");
        for (full, rust) in names {
            let any = if plan.wanted.any.iter().any(|name| name == full) { "yes" } else { "" };
            _ = writeln!(out, "| `{full}` | `{rust}` | {any} |");
        }
    }
    out
}
