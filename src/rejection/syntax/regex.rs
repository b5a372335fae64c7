//! Whether RE2 takes a pattern: `re2/parse.cc`.
//!
//! The crate `regex` is of the same family, but takes patterns that RE2 refuses (`a**`, `(?x)`) and refuses others (`a{`).

/// How deep groups are followed into each other.
const MAX_DEPTH: usize = 1000;

/// The highest count of a repetition, also of repetitions in each other.
const MAX_REPEAT: u32 = 1000;

/// Says what RE2 says of a pattern that it refuses.
pub(crate) fn problem(pattern: &str) -> Option<String> {
    let mut parser = Parser { rest: pattern, pattern };
    let read =
        parser.alternation(0).and_then(|_| if parser.rest.is_empty() { Ok(()) } else { Err(parser.unexpected()) });
    read.err().filter(|problem| !problem.is_empty())
}

struct Parser<'p> {
    pattern: &'p str,
    rest: &'p str,
}

/// The product of the counts of repetitions around a part, at most.
type Repeats = u32;

impl Parser<'_> {
    fn unexpected(&self) -> String {
        format!("unexpected ): {}", self.pattern)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Reads until the end or the `)` of the group.
    fn alternation(&mut self, depth: usize) -> Result<Repeats, String> {
        if depth > MAX_DEPTH {
            // Nobody writes that; what RE2 makes of it stays open.
            self.rest = "";
            return Err(String::new());
        }
        let mut most = 1;
        // Whether something stands before that can be repeated.
        let mut argument = None;
        let mut last_operator = "";
        while let Some(c) = self.peek() {
            match c {
                ')' => break,
                '|' => {
                    self.take("|");
                    argument = None;
                    last_operator = "";
                    continue;
                }
                '*' | '+' | '?' => {
                    let start = self.rest;
                    self.rest = &self.rest[1..];
                    self.take("?");
                    let operator = &start[..start.len() - self.rest.len()];
                    repeat(argument, last_operator, operator)?;
                    last_operator = operator;
                    continue;
                }
                '{' => {
                    let start = self.rest;
                    if let Some((low, high)) = self.counts() {
                        self.take("?");
                        let operator = &start[..start.len() - self.rest.len()];
                        repeat(argument, last_operator, operator)?;
                        let count = high.unwrap_or(low);
                        if low > MAX_REPEAT || count > MAX_REPEAT || high.is_some_and(|high| high < low) {
                            return Err(format!("invalid repetition size: {operator}"));
                        }
                        let product = argument.unwrap_or(1).saturating_mul(count.max(1));
                        if product > MAX_REPEAT {
                            return Err(format!("invalid repetition size: {operator}"));
                        }
                        argument = Some(product);
                        most = most.max(product);
                        last_operator = operator;
                        continue;
                    }
                    self.rest = &self.rest[1..];
                    argument = Some(1);
                }
                '(' => {
                    argument = self.group(depth)?.or(argument);
                    most = most.max(argument.unwrap_or(1));
                }
                '[' => {
                    self.class()?;
                    argument = Some(1);
                }
                '\\' => {
                    self.escape_outside()?;
                    argument = Some(1);
                }
                _ => {
                    self.rest = &self.rest[c.len_utf8()..];
                    argument = Some(1);
                }
            }
            last_operator = "";
        }
        Ok(most)
    }

    /// Reads `{n}`, `{n,}` or `{n,m}`; anything else is literal text.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let end = self.rest.find('}')?;
        let (low, high) = match self.rest[1..end].split_once(',') {
            None => (&self.rest[1..end], None),
            Some((low, high)) => (low, Some(high)),
        };
        let number = |text: &str| {
            // Too many digits, and it is text.
            let digits = !text.is_empty() && text.len() <= 8 && text.bytes().all(|b| b.is_ascii_digit());
            (digits && (text == "0" || !text.starts_with('0'))).then(|| text.parse::<u32>().ok()).flatten()
        };
        let low = number(low)?;
        let high = match high {
            None => Some(low),
            Some("") => None,
            Some(text) => Some(number(text)?),
        };
        self.rest = &self.rest[end + 1..];
        Some((low, high))
    }

    /// Reads a group; `None` for one that only sets flags.
    fn group(&mut self, depth: usize) -> Result<Option<Repeats>, String> {
        if self.rest.starts_with("(?") {
            let named = self.rest.starts_with("(?P<") || self.rest.starts_with("(?<");
            if named && !self.rest.starts_with("(?<=") && !self.rest.starts_with("(?<!") {
                self.name()?;
            } else if !self.flags()? {
                return Ok(None);
            }
        } else {
            self.take("(");
        }
        let repeats = self.alternation(depth + 1)?;
        if self.take(")") { Ok(Some(repeats)) } else { Err(format!("missing ): {}", self.pattern)) }
    }

    fn name(&mut self) -> Result<(), String> {
        let start = self.rest.find('<').map_or(0, |at| at + 1);
        let Some(end) = self.rest.find('>') else {
            return Err(format!("invalid named capture group: {}", self.rest));
        };
        let name = &self.rest[start..end];
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') || !name.is_ascii() {
            return Err(format!("invalid named capture group: {}", &self.rest[..=end]));
        }
        self.rest = &self.rest[end + 1..];
        Ok(())
    }

    /// Reads `(?flags)` or `(?flags:`, and says whether a group follows.
    fn flags(&mut self) -> Result<bool, String> {
        let start = self.rest;
        let mut negated = false;
        let mut any = false;
        for (at, c) in self.rest.char_indices().skip(2) {
            let wrong = || Err(format!("invalid perl operator: {}", &start[..at + c.len_utf8()]));
            match c {
                'i' | 'm' | 's' | 'U' => any = true,
                '-' if !negated => {
                    negated = true;
                    any = false;
                }
                ':' | ')' if negated && !any => return wrong(),
                ':' | ')' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(c == ':');
                }
                _ => return wrong(),
            }
        }
        Err(format!("invalid perl operator: {start}"))
    }

    /// Reads an escape outside of a class.
    fn escape_outside(&mut self) -> Result<(), String> {
        if self.take("\\Q") {
            let end = self.rest.find("\\E");
            self.rest = end.map_or("", |end| &self.rest[end + 2..]);
            return Ok(());
        }
        if ["\\A", "\\z", "\\b", "\\B", "\\C", "\\E"].iter().any(|text| self.take(text)) || self.shorthand()? {
            return Ok(());
        }
        self.escape().map(|_| ())
    }

    /// Reads `\d` and its like, or `\p{Greek}`.
    fn shorthand(&mut self) -> Result<bool, String> {
        if ["\\d", "\\D", "\\s", "\\S", "\\w", "\\W"].iter().any(|text| self.take(text)) {
            return Ok(true);
        }
        if !self.rest.starts_with("\\p") && !self.rest.starts_with("\\P") {
            return Ok(false);
        }
        let after = &self.rest[2..];
        let length = match after.chars().next() {
            Some('{') => after.find('}').map(|end| end + 1),
            Some(c) => Some(c.len_utf8()),
            None => None,
        };
        let invalid = |text: &str| format!("invalid character class range: {text}");
        let length = length.ok_or_else(|| invalid(self.rest))?;
        let name = after[..length].trim_start_matches('{').trim_end_matches('}').trim_start_matches('^');
        if !is_unicode_class(name) {
            return Err(invalid(&self.rest[..2 + length]));
        }
        self.rest = &after[length..];
        Ok(true)
    }

    /// Reads an escape that stands for one character.
    fn escape(&mut self) -> Result<u32, String> {
        let start = self.rest;
        let wrong = |end: usize| {
            let end = (end..=start.len()).find(|end| start.is_char_boundary(*end)).unwrap_or(start.len());
            Err(format!("invalid escape sequence: {}", &start[..end]))
        };
        let Some(c) = start[1..].chars().next() else { return Err("trailing \\".into()) };
        self.rest = &start[1 + c.len_utf8()..];
        match c {
            '1'..='7' if !self.peek().is_some_and(|c| ('0'..='7').contains(&c)) => wrong(2),
            '0'..='7' => {
                let more = self.rest.bytes().take(2).take_while(|b| (b'0'..=b'7').contains(b)).count();
                let code = u32::from_str_radix(&start[1..2 + more], 8).unwrap_or(0);
                self.rest = &self.rest[more..];
                if code > 0o377 { wrong(2 + more) } else { Ok(code) }
            }
            'x' if self.take("{") => {
                let Some(end) = self.rest.find('}') else { return wrong(start.len()) };
                let code = u32::from_str_radix(&self.rest[..end], 16).ok().filter(|code| *code <= 0x10_FFFF);
                self.rest = &self.rest[end + 1..];
                code.map_or_else(|| wrong(4 + end), Ok)
            }
            'x' => {
                let digits = self.rest.get(..2).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
                let Some(digits) = digits else { return wrong(start.len().min(4)) };
                self.rest = &self.rest[2..];
                Ok(u32::from_str_radix(digits, 16).unwrap_or(0))
            }
            'a' => Ok(7),
            'f' => Ok(12),
            'n' => Ok(10),
            'r' => Ok(13),
            't' => Ok(9),
            'v' => Ok(11),
            _ if c.is_ascii() && (!c.is_ascii_alphanumeric()) => Ok(u32::from(c)),
            _ => wrong(1 + c.len_utf8()),
        }
    }

    /// Reads a class in brackets.
    fn class(&mut self) -> Result<(), String> {
        let start = self.rest;
        self.take("[");
        self.take("^");
        let mut first = true;
        loop {
            let Some(c) = self.peek() else { return Err(format!("missing ]: {start}")) };
            if c == ']' && !first {
                self.rest = &self.rest[1..];
                return Ok(());
            }
            first = false;
            if let Some(after) = self.rest.strip_prefix("[:")
                && let Some(end) = after.find(":]")
            {
                let name = &after[..end];
                if !POSIX.contains(&name.trim_start_matches('^')) {
                    return Err(format!("invalid character class range: [:{name}:]"));
                }
                self.rest = &after[end + 2..];
                continue;
            }
            if self.shorthand()? {
                continue;
            }
            let range = self.rest;
            let low = self.class_character(start)?;
            if self.rest.starts_with('-') && !self.rest[1..].starts_with(']') && self.rest.len() > 1 {
                self.rest = &self.rest[1..];
                let high = self.class_character(start)?;
                if high < low {
                    let text = &range[..range.len() - self.rest.len()];
                    return Err(format!("invalid character class range: {text}"));
                }
            }
        }
    }

    fn class_character(&mut self, start: &str) -> Result<u32, String> {
        match self.peek() {
            None => Err(format!("missing ]: {start}")),
            Some('\\') => self.escape(),
            Some(c) => {
                self.rest = &self.rest[c.len_utf8()..];
                Ok(u32::from(c))
            }
        }
    }
}

/// Whether an operator of repetition has something to repeat.
fn repeat(argument: Option<Repeats>, last: &str, operator: &str) -> Result<(), String> {
    if !last.is_empty() {
        return Err(format!("bad repetition operator: {last}{operator}"));
    }
    argument.map(|_| ()).ok_or_else(|| format!("no argument for repetition operator: {operator}"))
}

/// The names of classes in brackets.
const POSIX: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// Whether RE2 knows a class by this name: a general category, a script, or `Any`.
fn is_unicode_class(name: &str) -> bool {
    if name == "Any" {
        return true;
    }
    // RE2 knows the categories by their short names only, scripts by their long ones; the crate knows both by all names.
    let short = name.len() <= 2;
    let known = |prefix: &str| regex_syntax::parse(&format!("\\p{{{prefix}{name}}}")).is_ok();
    let first = name.starts_with(|c: char| c.is_ascii_uppercase());
    let plain = name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    first && plain && if short { name != "Cn" && name != "LC" && known("gc=") } else { known("sc=") }
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn patterns_that_re2_takes() {
        for pattern in [
            "",
            "a{",
            "a{,5}",
            "a*?",
            "(?:a)",
            "(?i)a",
            "(?P<n>a)",
            "(?<n>a)",
            r"\d\w\s\b\B\A\z",
            r"\C",
            r"\Q.*\E",
            r"\Qab",
            r"\0",
            r"\x41",
            r"\x{41}",
            r"\pL",
            r"\p{Greek}",
            r"\P{^Greek}",
            "[]a]",
            "[^]a]",
            r"[\d-z]",
            "[[:^alpha:]]",
            "[a&&b]",
            "[[a]]",
            "a|",
            "|",
            "()",
            "(?i-s:a)",
            r"\/\-\_\<",
            "é",
            "^*",
            "(?:)*",
            "[a-]",
            "[-a]",
            "[a-b-c]",
            r"[\w-a]",
            "[^^]",
            r"\p{Any}",
            "a{99999999999}",
            r"\07",
            ".*.*",
            "x{0}",
            "(a{10}){100}",
        ] {
            assert_eq!(problem(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn patterns_that_re2_refuses() {
        for (pattern, wanted) in [
            ("(", "missing ): ("),
            ("a)", "unexpected ): a)"),
            ("a**", "bad repetition operator: **"),
            ("x{2}{3}", "bad repetition operator: {2}{3}"),
            ("*a", "no argument for repetition operator: *"),
            ("a|*", "no argument for repetition operator: *"),
            ("a{2,1}", "invalid repetition size: {2,1}"),
            ("a{1001}", "invalid repetition size: {1001}"),
            ("((a{100}){100}){10}", "invalid repetition size: {100}"),
            ("(?x)a", "invalid perl operator: (?x"),
            ("(?=a)", "invalid perl operator: (?="),
            ("(?<=a)", "invalid perl operator: (?<"),
            (r"\Z", r"invalid escape sequence: \Z"),
            (r"\1", r"invalid escape sequence: \1"),
            (r"\x{110000}", r"invalid escape sequence: \x{110000}"),
            (r"\p{Foo}", r"invalid character class range: \p{Foo}"),
            (r"\p{ASCII}", r"invalid character class range: \p{ASCII}"),
            ("[a", "missing ]: [a"),
            ("[b-a]", "invalid character class range: b-a"),
            (r"[a-\d]", r"invalid escape sequence: \d"),
            ("[[:foo:]]", "invalid character class range: [:foo:]"),
            ("[a--b]", "invalid character class range: a--"),
            (r"\", r"trailing \"),
            ("(?P<a-b>x)", "invalid named capture group: (?P<a-b>"),
        ] {
            assert_eq!(problem(pattern).as_deref(), Some(wanted), "{pattern}");
        }
    }
}
