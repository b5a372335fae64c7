//! `envoy.type.matcher.v3.StringMatcher`. Envoy: `matchers.cc` `StringMatcherImpl`.

use std::fmt;

use crate::evaluate::message::Message;
use crate::evaluate::regex::FullMatch;

/// What a text must be.
#[derive(Debug, Clone)]
pub(in crate::evaluate) struct StringMatcher {
    pattern: Pattern,
    ignore_case: bool,
}

#[derive(Debug, Clone)]
enum Pattern {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    Regex(FullMatch),
    /// An extension, which is not known.
    Unknown,
}

impl StringMatcher {
    /// Reads a matcher.
    pub(in crate::evaluate) fn new(message: Message<'_>) -> Self {
        let text = |name: &str| message.set_text(name).map(str::to_owned);
        let ignore_case = message.is("ignore_case");
        let pattern = text("exact")
            .map(Pattern::Exact)
            .or_else(|| text("prefix").map(Pattern::Prefix))
            .or_else(|| text("suffix").map(Pattern::Suffix))
            .or_else(|| text("contains").map(Pattern::Contains))
            .or_else(|| message.get("safe_regex").map(regex))
            .unwrap_or(Pattern::Unknown);
        let folded = match pattern {
            Pattern::Contains(text) if ignore_case => Pattern::Contains(text.to_ascii_lowercase()),
            other => other,
        };
        Self { pattern: folded, ignore_case }
    }

    /// A matcher of texts that begin so.
    pub(in crate::evaluate) fn prefix(text: &str) -> Self {
        Self { pattern: Pattern::Prefix(text.to_owned()), ignore_case: false }
    }

    /// A matcher of texts that end so.
    pub(in crate::evaluate) fn suffix(text: &str) -> Self {
        Self { pattern: Pattern::Suffix(text.to_owned()), ignore_case: false }
    }

    /// A matcher of texts that hold this.
    pub(in crate::evaluate) fn contains(text: &str) -> Self {
        Self { pattern: Pattern::Contains(text.to_owned()), ignore_case: false }
    }

    /// A matcher by an expression.
    pub(in crate::evaluate) fn regex(message: Message<'_>) -> Self {
        Self { pattern: regex(message), ignore_case: false }
    }

    /// Says whether a text is as it must be.
    pub(in crate::evaluate) fn matches(&self, text: &str) -> bool {
        match &self.pattern {
            Pattern::Exact(exact) if self.ignore_case => text.eq_ignore_ascii_case(exact),
            Pattern::Exact(exact) => text == exact,
            Pattern::Prefix(prefix) => starts_with(text, prefix, self.ignore_case),
            Pattern::Suffix(suffix) if self.ignore_case => {
                let start = text.len().checked_sub(suffix.len());
                start.is_some_and(|start| text.as_bytes()[start..].eq_ignore_ascii_case(suffix.as_bytes()))
            }
            Pattern::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Pattern::Contains(part) if self.ignore_case => text.to_ascii_lowercase().contains(part.as_str()),
            Pattern::Contains(part) => text.contains(part.as_str()),
            // `ignore_case` is not for expressions.
            Pattern::Regex(regex) => regex.matches(text),
            Pattern::Unknown => false,
        }
    }

    /// Says whether this is an extension whose answer is not known.
    pub(in crate::evaluate) fn is_unknown(&self) -> bool {
        matches!(self.pattern, Pattern::Unknown)
    }
}

fn regex(message: Message<'_>) -> Pattern {
    FullMatch::new(message.set_text("regex").unwrap_or_default()).map_or(Pattern::Unknown, Pattern::Regex)
}

/// Says whether a text begins so.
pub(in crate::evaluate) fn starts_with(text: &str, prefix: &str, ignore_case: bool) -> bool {
    let (text, prefix) = (text.as_bytes(), prefix.as_bytes());
    if ignore_case {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    } else {
        begins(text, prefix)
    }
}

/// Says whether bytes begin so. Paths and hosts of one table often differ at their ends only, so the last byte is asked first.
pub(in crate::evaluate) fn begins(text: &[u8], beginning: &[u8]) -> bool {
    let Some((last, _)) = beginning.split_last() else { return true };
    text.get(beginning.len() - 1) == Some(last) && text.starts_with(beginning)
}

/// `is "jason"`, `begins with "/api"`: as the end of a sentence that says what must be.
impl fmt::Display for StringMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pattern {
            Pattern::Exact(text) => write!(f, "is \"{text}\"")?,
            Pattern::Prefix(text) => write!(f, "begins with \"{text}\"")?,
            Pattern::Suffix(text) => write!(f, "ends with \"{text}\"")?,
            Pattern::Contains(text) => write!(f, "contains \"{text}\"")?,
            Pattern::Regex(regex) => write!(f, "matches the regex \"{}\"", regex.pattern())?,
            Pattern::Unknown => write!(f, "is decided by an extension")?,
        }
        if self.ignore_case { f.write_str(" in any case") } else { Ok(()) }
    }
}
