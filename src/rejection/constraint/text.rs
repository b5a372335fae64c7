//! Reads the text form of `validate.rules`, which is protobuf's text format: `string={min_len : 1 strict : false}`.

/// A value of the text format.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Text {
    /// A number or an identifier, such as `5`, `-1`, `true` or `HTTP_HEADER_NAME`.
    Word(String),
    /// A quoted string, without its quotes and escapes.
    Quoted(String),
    /// A message: names may repeat.
    Message(Vec<(String, Text)>),
}

impl Text {
    /// Returns the field of this name, the last of several.
    pub(crate) fn get(&self, name: &str) -> Option<&Text> {
        self.all(name).last()
    }

    /// Returns all fields of this name.
    pub(crate) fn all<'t>(&'t self, name: &str) -> impl Iterator<Item = &'t Text> {
        let fields = match self {
            Text::Message(fields) => fields.as_slice(),
            Text::Word(_) | Text::Quoted(_) => &[],
        };
        fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value)
    }

    /// Returns the text of a word or a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Text::Word(text) | Text::Quoted(text) => Some(text),
            Text::Message(_) => None,
        }
    }

    /// Whether the field of this name says `true`.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.get(name).and_then(Text::text) == Some("true")
    }

    /// Returns the field of this name as a number or another type that is read from a word.
    pub(crate) fn parse<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.text()?.parse().ok()
    }
}

/// Reads rules as the table has them: `path=value`, several separated by `; `.
pub(crate) fn read(rules: &str) -> Text {
    let mut reader = Reader { rest: rules };
    let mut fields = Vec::new();
    while let Some(name) = reader.path() {
        if !reader.take('=') {
            break;
        }
        let mut value = reader.value();
        let mut names = name.split('.').rev();
        let last = names.next_back().unwrap_or_default();
        for inner in names {
            value = Text::Message(vec![(inner.to_owned(), value)]);
        }
        fields.push((last.to_owned(), value));
        if !reader.take(';') {
            break;
        }
    }
    Text::Message(fields)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', ',']);
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes a name, with dots in it.
    fn path(&mut self) -> Option<&'a str> {
        self.skip_space();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '+');
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }

    fn value(&mut self) -> Text {
        if self.take('{') {
            return self.message();
        }
        if self.rest.starts_with('"') {
            return Text::Quoted(self.quoted());
        }
        let word = self.path().unwrap_or_default();
        // The parser that wrote the table separates a sign from its number.
        if word == "-" {
            Text::Word(format!("-{}", self.path().unwrap_or_default()))
        } else {
            Text::Word(word.to_owned())
        }
    }

    /// Reads fields until the closing brace.
    fn message(&mut self) -> Text {
        let mut fields = Vec::new();
        while !self.take('}') {
            let Some(name) = self.path() else { break };
            self.take(':');
            fields.push((name.to_owned(), self.value()));
        }
        Text::Message(fields)
    }

    /// Reads a string in quotes. Adjacent strings are one.
    fn quoted(&mut self) -> String {
        let mut text = String::new();
        while self.rest.starts_with('"') {
            let mut chars = self.rest[1..].char_indices();
            let mut end = self.rest.len();
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => {
                        end = at + 2;
                        break;
                    }
                    '\\' => match chars.next() {
                        Some((_, 'n')) => text.push('\n'),
                        Some((_, 'r')) => text.push('\r'),
                        Some((_, 't')) => text.push('\t'),
                        Some((_, other @ ('\\' | '"' | '\''))) => text.push(other),
                        Some((_, other)) => text.extend(['\\', other]),
                        None => {}
                    },
                    other => text.push(other),
                }
            }
            self.rest = &self.rest[end..];
            self.skip_space();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envoy::schema;

    #[test]
    fn a_message_with_words_strings_and_signs() {
        let rules = read(r#"string={min_len : 1 , pattern : "^[^\\s]+$" in : "a" in : "b"}; int32.gte=-5"#);
        let string = rules.get("string").expect("a field");
        assert_eq!(string.parse::<u64>("min_len"), Some(1));
        assert_eq!(string.get("pattern").and_then(Text::text), Some(r"^[^\s]+$"));
        assert_eq!(string.all("in").filter_map(Text::text).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(rules.get("int32").and_then(|r| r.parse::<i64>("gte")), Some(-5));
        let signed = read("int32={lte : 127 gte : - 128}");
        assert_eq!(signed.get("int32").and_then(|r| r.parse::<i64>("gte")), Some(-128));
    }

    #[test]
    fn every_rule_of_the_table_is_read() {
        for message in schema::messages() {
            for field in message.fields.iter().filter(|field| !field.rules.is_empty()) {
                let Text::Message(fields) = read(field.rules) else { panic!("rules are a message") };
                assert!(!fields.is_empty(), "{}.{}: {}", message.name, field.name, field.rules);
            }
        }
    }
}
