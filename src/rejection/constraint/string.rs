//! Rules of strings.

use regex::Regex;

use super::bound::Bounds;
use super::text::Text;

/// What a string must be.
#[derive(Debug)]
pub(crate) struct StringRules {
    /// In code points.
    length: Bounds<f64>,
    bytes: Bounds<f64>,
    pattern: Option<Regex>,
    prefix: String,
    suffix: String,
    contains: String,
    one_of: Vec<String>,
    never: Vec<String>,
    header: Option<Header>,
    ignore_empty: bool,
}

/// The well-known formats that Envoy's API uses.
#[derive(Debug, Clone, Copy)]
enum Header {
    StrictName,
    StrictValue,
    /// Anything on one line.
    Line,
}

impl StringRules {
    pub(crate) fn from_text(rule: &Text) -> Self {
        let texts = |name: &str| rule.all(name).filter_map(Text::text).map(str::to_owned).collect::<Vec<_>>();
        let text = |name: &str| rule.get(name).and_then(Text::text).unwrap_or_default().to_owned();
        let strict = rule.get("strict").and_then(Text::text) != Some("false");
        let header = match (rule.get("well_known_regex").and_then(Text::text), strict) {
            (Some("HTTP_HEADER_NAME"), true) => Some(Header::StrictName),
            (Some("HTTP_HEADER_VALUE"), true) => Some(Header::StrictValue),
            (Some(_), _) => Some(Header::Line),
            (None, _) => None,
        };
        let pattern = rule.get("pattern").and_then(Text::text);
        Self {
            length: Bounds::of_count(rule, "len"),
            bytes: Bounds::of_count(rule, "bytes"),
            pattern: pattern.and_then(|pattern| Regex::new(&format!("^(?:{pattern})$")).ok()),
            prefix: text("prefix"),
            suffix: text("suffix"),
            contains: text("contains"),
            one_of: rule.all("const").chain(rule.all("in")).filter_map(Text::text).map(str::to_owned).collect(),
            never: texts("not_in"),
            header,
            ignore_empty: rule.is_set("ignore_empty"),
        }
    }

    /// Says what is wrong with a string.
    pub(crate) fn check(&self, text: &str) -> Option<String> {
        if self.ignore_empty && text.is_empty() {
            return None;
        }
        let length = self.length.count(text.chars().count(), "characters");
        if let Some(problem) = length.or_else(|| self.bytes.count(text.len(), "bytes")) {
            return Some(problem.replace("value must contain", "value length must be"));
        }
        if !self.one_of.is_empty() && !self.one_of.iter().any(|one| one == text) {
            return Some(format!("value must be one of {}", self.one_of.join(", ")));
        }
        if self.never.iter().any(|one| one == text) {
            return Some("value must not be in list".into());
        }
        for (part, holds, what) in [
            (&self.prefix, text.starts_with(&self.prefix), "have prefix"),
            (&self.suffix, text.ends_with(&self.suffix), "have suffix"),
            (&self.contains, text.contains(&self.contains), "contain"),
        ] {
            if !holds {
                return Some(format!("value does not {what} {part:?}"));
            }
        }
        if let Some(pattern) = self.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
            let shown = pattern.as_str().trim_start_matches("^(?:").trim_end_matches(")$");
            return Some(format!("value does not match regex pattern {shown:?}"));
        }
        let header = self.header.filter(|header| !header.holds(text))?;
        Some(header.problem().into())
    }
}

impl Header {
    fn holds(self, text: &str) -> bool {
        match self {
            Self::StrictName => {
                let name = text.strip_prefix(':').unwrap_or(text);
                let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_|~`".contains(c);
                !name.is_empty() && name.chars().all(token)
            }
            Self::StrictValue => !text.chars().any(|c| (c.is_ascii_control() && c != '\t') || c == '\x7f'),
            Self::Line => !text.contains(['\0', '\n', '\r']),
        }
    }

    fn problem(self) -> &'static str {
        match self {
            Self::StrictName => "value is not the name of an HTTP header",
            Self::StrictValue => "value is not the value of an HTTP header",
            Self::Line => "value has a line end or a NUL",
        }
    }
}
