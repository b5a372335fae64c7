//! JUnit's XML, which CI systems show as tests: a finding is a test that fails, a file without any is one that passes.

use std::fmt::Write as _;

use crate::lint::{Level, Reported};
use crate::source::Sources;
use crate::visible::{reference, visible, visible_lines};

/// Returns the document. Findings below `fail_on` are tests that pass, with their text as output.
pub fn junit(found: &[Reported], sources: &Sources, fail_on: Level) -> String {
    let path = |one: &Reported| one.span.map_or("", |span| sources.path(span.source)).to_owned();
    let mut cases = String::new();
    let mut tests = 0;
    for one in found {
        let file = path(one);
        let line = one.line.unwrap_or_default();
        let name = escape(&format!("{} {} ({}:{line})", one.rule.code, visible(&one.resource), visible(&file)));
        let place = format!("{}:{line}: {} {}: {}", visible(&file), one.level(), one.rule.code, visible(&one.message));
        let help = one.help.as_ref().map_or_else(String::new, |help| format!("\n{help}"));
        let url = one.rule.url().map_or_else(String::new, |url| format!("\n{url}"));
        let text = escape(&format!("{place}{help}{url}"));
        let inner = if one.level() <= fail_on {
            format!(
                "<failure type=\"{}\" message=\"{}\">{text}</failure>",
                one.rule.code,
                escape(&visible(&one.message))
            )
        } else {
            format!("<system-out>{text}</system-out>")
        };
        let (class, file) = (escape(one.rule.name), escape(&visible(&file)));
        let _ = writeln!(
            cases,
            "    <testcase classname=\"{class}\" name=\"{name}\" file=\"{file}\" line=\"{line}\">\n      {inner}\n    </testcase>"
        );
        tests += 1;
    }
    for source in sources.ids() {
        let file = sources.path(source);
        if !found.iter().any(|one| one.span.is_some_and(|span| span.source == source)) {
            let file = escape(&visible(file));
            let _ = writeln!(cases, "    <testcase classname=\"file\" name=\"{file}\" file=\"{file}\"/>");
            tests += 1;
        }
    }
    let failures = found.iter().filter(|one| one.level() <= fail_on).count();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n  <testsuite \
         name=\"meshc lint\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">\n{cases}  \
         </testsuite>\n</testsuites>\n"
    )
}

/// Escapes a text, and leaves out what XML cannot hold.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible_lines(text).chars() {
        match c {
            _ if let Some(reference) = reference(c) => out.push_str(reference),
            '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'.. => out.push(c),
            _ => out.push('\u{FFFD}'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_xml_cannot_hold() {
        assert_eq!(escape("a<b & \"c\"\u{1}"), "a&lt;b &amp; &quot;c&quot;\\u{1}");
    }
}
