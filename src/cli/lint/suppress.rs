//! Who asks not to hear of a finding: a flag, `.meshc.yaml`, or a comment at its line.
//!
//! ```yaml
//! spec:
//!   # meshc:ignore IST0101 the host is in another cluster
//!   - host: reviews
//! ```
//!
//! A comment counts at the end of the line or above it; above the first line of an object, it counts for all of the object.

use crate::cli::glob;
use crate::lint::{Reported, Suppressed};
use crate::source::Sources;

use super::config::{Config, Entry};

const MARK: &str = "meshc:ignore";

/// Findings to leave out.
pub(super) struct Suppressions {
    entries: Vec<(Entry, &'static str)>,
}

impl Suppressions {
    /// Puts together what flags and file say.
    pub(super) fn new(flags: &[String], config: Config) -> Self {
        let of_flag = flags.iter().map(|flag| {
            let (rule, object) =
                flag.split_once('=').map_or((flag.as_str(), None), |(rule, object)| (rule, Some(object)));
            let entry = Entry { rule: rule.to_owned(), object: object.map(str::to_owned), file: None, reason: None };
            (entry, "--suppress")
        });
        let disabled = config.disable.into_iter().map(|rule| Entry { rule, object: None, file: None, reason: None });
        let of_file = config.suppress.into_iter().chain(disabled).map(|entry| (entry, ".meshc.yaml"));
        Self { entries: of_flag.chain(of_file).collect() }
    }

    /// Says who asks not to hear of a finding.
    pub(super) fn find(&self, one: &Reported, sources: &Sources) -> Option<Suppressed> {
        one.suppressed.clone().or_else(|| by_comment(one, sources)).or_else(|| {
            let path = one.span.map_or("", |span| sources.path(span.source));
            let (entry, by) = self.entries.iter().find(|(entry, _)| matches(entry, one, path))?;
            let reason = entry.reason.as_ref().map_or_else(|| (*by).to_owned(), |reason| format!("{by}: {reason}"));
            Some(Suppressed { reason, in_source: false })
        })
    }
}

fn matches(Entry { rule, object, file, reason: _ }: &Entry, one: &Reported, path: &str) -> bool {
    let path = path.strip_prefix("./").unwrap_or(path);
    is_rule(rule, one)
        && object.as_ref().is_none_or(|pattern| glob::matches(pattern, &one.resource))
        && file.as_ref().is_none_or(|pattern| glob::matches(pattern, path) || path.ends_with(pattern.as_str()))
}

fn is_rule(pattern: &str, one: &Reported) -> bool {
    glob::matches(pattern, one.rule.code) || glob::matches(pattern, one.rule.name)
}

fn by_comment(one: &Reported, sources: &Sources) -> Option<Suppressed> {
    let span = one.span?;
    let text = sources.text(span.source);
    let at_object = one.object.and_then(|object| above(text, object.start as usize, one));
    let found = at_object
        .or_else(|| at_line(text, span.start as usize, one))
        .or_else(|| above(text, span.start as usize, one))?;
    // What looks like a comment may be a part of a value.
    Some(if sources.is_hidden(span) { Suppressed { reason: "a comment".to_owned(), ..found } } else { found })
}

/// A comment at the end of the line.
fn at_line(text: &str, at: usize, one: &Reported) -> Option<Suppressed> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let line = text.get(start..)?.lines().next()?;
    let (_, comment) = line.rsplit_once('#')?;
    ignores(comment, one)
}

/// A comment in the lines of comments above.
fn above(text: &str, at: usize, one: &Reported) -> Option<Suppressed> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let mut comments = text.get(..start)?.lines().rev().map_while(|line| line.trim_start().strip_prefix('#'));
    comments.find_map(|comment| ignores(comment, one))
}

/// Whether a comment's rules, before anything that is none, have this one.
fn ignores(comment: &str, one: &Reported) -> Option<Suppressed> {
    let rest = comment.trim_start_matches(['#', ' ', '\t']).strip_prefix(MARK)?;
    let mut words = rest.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    let is_code = |word: &str| word == "*" || crate::lint::page::find(word).is_some();
    let mine = words.by_ref().take_while(|word| is_code(word)).any(|word| is_rule(word, one));
    mine.then(|| Suppressed { reason: format!("the comment `{}`", comment.trim()), in_source: true })
}
