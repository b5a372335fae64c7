//! The rules explained: one of them for the terminal, all of them as a page.

use std::fmt::Write as _;

use super::{Rule, rules};

/// Finds a rule by its code or name, in any case.
pub fn find(name: &str) -> Option<&'static Rule> {
    rules::ALL.iter().copied().find(|rule| rule.code.eq_ignore_ascii_case(name) || rule.name.eq_ignore_ascii_case(name))
}

/// Returns what there is to say of a rule.
pub fn explain(rule: &Rule) -> String {
    let mut out = format!("{} {} ({})\n\n{}\n\n{}\n", rule.code, rule.name, rule.level, rule.summary, rule.text());
    if !rule.by_default {
        let _ = writeln!(out, "\nIt runs only when it is asked for: --enable {}", rule.code);
    }
    let _ = write!(out, "\nFound:\n\n{}\nNot found:\n\n{}", indented(rule.bad()), indented(rule.good()));
    if let Some(url) = rule.url() {
        let _ = write!(out, "\n{url}\n");
    }
    out
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") }).collect()
}

/// Returns all rules as Markdown: a table, then a section for each.
pub fn page() -> String {
    let mut out = "# Rules of `meshc lint`\n\nWritten by a test from `rules.rs` and `docs/`. `IST` are the rules of `istioctl analyze`, with \
                   its codes and levels; `MESHC` are ours.\n\n| code | level | what |\n| --- | --- | --- |\n"
        .to_owned();
    for rule in rules::ALL {
        let _ = writeln!(
            out,
            "| [{0}](#{1}) | {2} | {3} |",
            rule.code,
            rule.code.to_ascii_lowercase(),
            rule.level,
            rule.summary
        );
    }
    for rule in rules::ALL {
        let link = rule.url().map_or_else(String::new, |url| format!(", [at istio.io]({url})"));
        let _ = write!(
            out,
            "\n## {}\n\n`{}`, {}{link}\n\n{}\n\nFound:\n\n```yaml\n{}```\n\nNot found:\n\n```yaml\n{}```\n",
            rule.code,
            rule.name,
            rule.level,
            rule.text(),
            rule.bad(),
            rule.good()
        );
    }
    out
}
