//! Whether Envoy takes a CEL expression: the parser and the checks of cel-cpp, with what `source/extensions/filters/common/expr`
//! turns on: no comprehensions, no strings from other types, no extensions.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::regex;

/// How deep an expression is followed; beyond it, it is taken for right.
const MAX_DEPTH: usize = 200;

/// Functions that make a value of another, by their name alone.
const CONVERSIONS: &[&str] = &["bool", "bytes", "double", "duration", "dyn", "int", "timestamp", "type", "uint"];

/// Functions of two strings, by name or as a method.
const OF_STRINGS: &[&str] = &["contains", "endsWith", "matches", "startsWith"];

/// Methods of times, with or without a time zone.
const OF_TIMES: &[&str] = &[
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
];

/// Words that are no names, but may be fields.
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

/// Macros that loop, each with the counts of its arguments.
const COMPREHENSIONS: &[&str] = &["all", "exists", "exists_one", "existsOne", "filter", "map"];

/// Says what is wrong with an expression.
pub(crate) fn problem(expression: &str) -> Option<String> {
    let tokens = match tokens(expression) {
        Ok(tokens) => tokens,
        Err(text) => return Some(not_able(&format!("token recognition error at: '{text}'"))),
    };
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0 };
    match parser.expression() {
        Err(Stop::TooDeep) => None,
        Err(Stop::Wrong(problem)) => Some(problem),
        Ok(_) => parser.tokens.peek().map(|token| not_able(&format!("extraneous input '{}'", token.text()))),
    }
}

fn not_able(reason: &str) -> String {
    format!("Not able to parse filter expression: Syntax error: {reason}")
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    /// A name in back quotes, which only a field may have.
    Quoted(String),
    /// A literal; of a string, its text.
    Literal(Option<String>),
    Sign(&'static str),
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Self::Name(text) | Self::Quoted(text) => text,
            Self::Literal(text) => text.as_deref().unwrap_or("literal"),
            Self::Sign(sign) => sign,
        }
    }
}

const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "(", ")", "[", "]", "{", "}", ".", ",", "-", "!", "?", ":", "+", "*",
    "/", "%",
];

/// Splits the text; an error is the text that is no token.
fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n', '\x0c']);
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
            continue;
        }
        let Some(c) = rest.chars().next() else { return Ok(out) };
        if let Some((token, after)) = string(rest)? {
            out.push(token);
            rest = after;
        } else if c.is_ascii_alphabetic() || c == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            out.push(match &rest[..end] {
                "true" | "false" | "null" => Token::Literal(None),
                "in" => Token::Sign("in"),
                name => Token::Name(name.to_owned()),
            });
            rest = &rest[end..];
        } else if c == '`' {
            let end = rest[1..].find('`').ok_or_else(|| rest.to_owned())?;
            out.push(Token::Quoted(rest[1..=end].to_owned()));
            rest = &rest[end + 2..];
        } else if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            let after = number(rest);
            let literal = &rest[..rest.len() - after.len()];
            if !fits(literal, out.last() == Some(&Token::Sign("-"))) {
                return Err(literal.to_owned());
            }
            rest = after;
            out.push(Token::Literal(None));
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            out.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            return Err(rest.chars().take(2).collect());
        }
    }
}

/// Whether a whole number has at most 64 bits.
fn fits(literal: &str, negated: bool) -> bool {
    let unsigned = literal.ends_with(['u', 'U']);
    let digits = literal.trim_end_matches(['u', 'U']);
    let (digits, base) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")).map_or((digits, 10), |hex| (hex, 16));
    if base == 10 && !digits.bytes().all(|b| b.is_ascii_digit()) {
        return true;
    }
    u64::from_str_radix(digits, base).is_ok_and(|value| unsigned || value < (1 << 63) + u64::from(negated))
}

/// Returns what follows a number.
fn number(text: &str) -> &str {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    if let Some(digits) = hexadecimal.filter(|digits| digits.starts_with(|c: char| c.is_ascii_hexdigit())) {
        return digits.trim_start_matches(|c: char| c.is_ascii_hexdigit()).trim_start_matches(['u', 'U']);
    }
    let digits = |text: &'_ str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut rest = &text[digits(text)..];
    if rest.starts_with('.') && digits(&rest[1..]) > 0 {
        rest = &rest[1 + digits(&rest[1..])..];
    } else if rest.starts_with(['u', 'U']) {
        return &rest[1..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits(exponent) > 0 {
            rest = &exponent[digits(exponent)..];
        }
    }
    rest
}

/// Reads a string with its prefixes and quotes, when the text starts with one.
fn string(text: &str) -> Result<Option<(Token, &str)>, String> {
    let after_bytes = text.strip_prefix(['b', 'B']).unwrap_or(text);
    let body = after_bytes.strip_prefix(['r', 'R']).unwrap_or(after_bytes);
    let raw = body.len() < after_bytes.len();
    let Some(quote) = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| body.starts_with(quote)) else {
        return Ok(None);
    };
    let wrong = || text.to_owned();
    let mut content = String::new();
    let mut rest = &body[quote.len()..];
    loop {
        if let Some(after) = rest.strip_prefix(quote) {
            return Ok(Some((Token::Literal(Some(content)), after)));
        }
        let c = rest.chars().next().ok_or_else(wrong)?;
        if quote.len() == 1 && matches!(c, '\n' | '\r') {
            return Err(wrong());
        }
        rest = &rest[c.len_utf8()..];
        if c != '\\' || raw {
            content.push(c);
            continue;
        }
        let escaped = rest.chars().next().ok_or_else(wrong)?;
        rest = &rest[escaped.len_utf8()..];
        let (digits, base) = match escaped {
            'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '"' | '\'' | '\\' | '?' | '`' => {
                content.push(match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                });
                continue;
            }
            'x' | 'X' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            '0'..='3' => {
                rest = &text[text.len() - rest.len() - 1..];
                (3, 8)
            }
            _ => return Err(wrong()),
        };
        let code = rest.get(..digits).and_then(|digits| u32::from_str_radix(digits, base).ok()).ok_or_else(wrong)?;
        content.extend(char::from_u32(code));
        rest = &rest[digits..];
    }
}

/// What an expression is, as far as what surrounds it asks.
#[derive(Debug, Clone, PartialEq)]
enum Shape {
    /// A name, possibly with fields: `a.b`. The count of its parts.
    Name(usize),
    /// The same, of a message that CEL knows.
    WellKnown(usize),
    /// A field of something else.
    Field,
    /// A string.
    Text(String),
    Other,
}

enum Stop {
    Wrong(String),
    TooDeep,
}

type Parsed = Result<Shape, Stop>;

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    fn take(&mut self, sign: &str) -> bool {
        self.tokens
            .next_if(|token| *token == Token::Sign(SIGNS.iter().find(|s| **s == sign).copied().unwrap_or("in")))
            .is_some()
    }

    fn expect(&mut self, sign: &str) -> Result<(), Stop> {
        if self.take(sign) { Ok(()) } else { Err(self.mismatch(sign)) }
    }

    fn mismatch(&mut self, wanted: &str) -> Stop {
        let found = self.tokens.peek().map_or("<EOF>", Token::text);
        Stop::Wrong(not_able(&format!("mismatched input '{found}' expecting {wanted}")))
    }

    /// `or ? or : expression`
    fn expression(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Stop::TooDeep);
        }
        let mut shape = self.binary(0)?;
        if self.take("?") {
            self.binary(0)?;
            self.expect(":")?;
            self.expression()?;
            shape = Shape::Other;
        }
        self.depth -= 1;
        Ok(shape)
    }

    /// Operators, each level binding more than the one before.
    fn binary(&mut self, level: usize) -> Parsed {
        const LEVELS: &[&[&str]] =
            &[&["||"], &["&&"], &["==", "!=", "<=", ">=", "<", ">", "in"], &["+", "-"], &["*", "/", "%"]];
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut shape = self.binary(level + 1)?;
        while signs.iter().any(|sign| self.take(sign)) {
            self.binary(level + 1)?;
            shape = Shape::Other;
        }
        Ok(shape)
    }

    fn unary(&mut self) -> Parsed {
        let mut any = false;
        while self.take("!") || self.take("-") {
            any = true;
        }
        let shape = self.member()?;
        Ok(if any { Shape::Other } else { shape })
    }

    fn member(&mut self) -> Parsed {
        let mut shape = self.primary()?;
        loop {
            if self.take(".") {
                if self.take("?") {
                    return Err(Stop::Wrong(not_able("unsupported syntax '.?'")));
                }
                match self.tokens.next() {
                    Some(Token::Name(name)) => {
                        if self.take("(") {
                            let arguments = self.arguments(")")?;
                            call(&name, &arguments, true)?;
                            shape = Shape::Other;
                            continue;
                        }
                    }
                    Some(Token::Quoted(_)) => {}
                    _ => return Err(self.mismatch("a name")),
                }
                shape = match shape {
                    Shape::Name(parts) => Shape::Name(parts + 1),
                    Shape::WellKnown(parts) => Shape::WellKnown(parts + 1),
                    Shape::Field | Shape::Text(_) | Shape::Other => Shape::Field,
                };
            } else if self.take("[") {
                if self.take("?") {
                    return Err(Stop::Wrong(not_able("unsupported syntax '[?'")));
                }
                self.expression()?;
                self.expect("]")?;
                shape = Shape::Other;
            } else if matches!(shape, Shape::WellKnown(_)) && self.tokens.peek() == Some(&Token::Sign("{")) {
                // A message of protobuf's own; its fields are not looked at.
                return Err(Stop::TooDeep);
            } else if matches!(shape, Shape::Name(_)) && self.tokens.peek() == Some(&Token::Sign("{")) {
                let message = "failed to create an expression: Invalid struct creation: missing type info";
                return Err(Stop::Wrong(message.into()));
            } else {
                return Ok(shape);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        self.take(".");
        match self.tokens.next() {
            Some(Token::Literal(text)) => Ok(text.map_or(Shape::Other, Shape::Text)),
            Some(Token::Name(name)) if self.take("(") => {
                let arguments = self.arguments(")")?;
                call(&name, &arguments, false)?;
                Ok(Shape::Other)
            }
            Some(Token::Name(name)) if RESERVED.contains(&name.as_str()) => {
                Err(Stop::Wrong(not_able(&format!("reserved identifier: {name}"))))
            }
            Some(Token::Name(name)) if name == "google" => Ok(Shape::WellKnown(1)),
            Some(Token::Name(_)) => Ok(Shape::Name(1)),
            Some(Token::Sign("(")) => {
                let shape = self.expression()?;
                self.expect(")")?;
                Ok(shape)
            }
            Some(Token::Sign("[")) => {
                self.list("]", |parser| parser.expression().map(|_| ()))?;
                Ok(Shape::Other)
            }
            Some(Token::Sign("{")) => {
                self.list("}", |parser| {
                    parser.expression()?;
                    parser.expect(":")?;
                    parser.expression().map(|_| ())
                })?;
                Ok(Shape::Other)
            }
            token => {
                let found = token.as_ref().map_or("<EOF>", Token::text);
                Err(Stop::Wrong(not_able(&format!("mismatched input '{found}' expecting an expression"))))
            }
        }
    }

    /// Elements up to the closing sign; a comma may stand before it.
    fn list(&mut self, close: &str, mut element: impl FnMut(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        // A comma may stand alone.
        if self.take(",") {
            return self.expect(close);
        }
        loop {
            if self.take(close) {
                return Ok(());
            }
            element(self)?;
            if !self.take(",") {
                return self.expect(close);
            }
        }
    }

    fn arguments(&mut self, close: &str) -> Result<Vec<Shape>, Stop> {
        let mut arguments = Vec::new();
        if self.take(close) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if !self.take(",") {
                self.expect(close)?;
                return Ok(arguments);
            }
        }
    }
}

/// Checks a call: a macro, or a function that is registered.
fn call(name: &str, arguments: &[Shape], is_method: bool) -> Result<(), Stop> {
    let create = |reason: &str| Err(Stop::Wrong(format!("failed to create an expression: {reason}")));
    if name == "has" && !is_method && arguments.len() == 1 {
        return match arguments {
            [Shape::Field] => Ok(()),
            [Shape::Name(parts) | Shape::WellKnown(parts)] if *parts > 1 => Ok(()),
            _ => Err(Stop::Wrong(not_able("has() argument must be a field selection"))),
        };
    }
    let loops = is_method
        && COMPREHENSIONS.contains(&name)
        && (arguments.len() == 2 || (name == "map" && arguments.len() == 3));
    if loops {
        return match arguments.first() {
            Some(Shape::Name(1)) => create("Comprehension support is disabled"),
            _ => Err(Stop::Wrong(not_able(&format!("{name}() variable name must be a simple identifier")))),
        };
    }
    let total = arguments.len() + usize::from(is_method);
    let is_known = (CONVERSIONS.contains(&name) && !is_method && total == 1)
        || (OF_STRINGS.contains(&name) && total == 2)
        || (OF_TIMES.contains(&name) && is_method && total <= 2)
        || (name == "size" && total == 1);
    if !is_known {
        return create(&format!("No overload found in reference resolve step for {name}"));
    }
    let pattern = if is_method { arguments.first() } else { arguments.get(1) };
    if let ("matches", Some(Shape::Text(pattern))) = (name, pattern)
        && let Some(problem) = regex::problem(pattern)
    {
        return create(&format!("invalid regular expression: {problem}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn expressions_that_envoy_takes() {
        for expression in [
            "response.code >= 400",
            "has(request.headers.x)",
            "'a' in request.headers",
            "request.path.startsWith('/a')",
            "1",
            "{'a': 1}",
            "a ? b : c",
            r#"r"a\d""#,
            "x.y[0]",
            "1u == 1",
            "0x1F",
            ".5",
            "type(1)",
            "b'x'",
            "'''x'''",
            "[1,]",
            "--1",
            "!!true",
            "a.`b`",
            "1 // comment",
            r"'\x41\u0041\101'",
            "a == b == c",
            "duration('1s')",
            "-x.y + 2 * 3 % 4",
            "",
        ]
        .iter()
        .filter(|expression| !expression.is_empty())
        {
            assert_eq!(problem(expression), None, "{expression}");
        }
    }

    #[test]
    fn expressions_that_envoy_refuses() {
        for (expression, wanted) in [
            ("", "mismatched input '<EOF>'"),
            ("response.code >=", "mismatched input '<EOF>'"),
            ("foo(1)", "No overload found in reference resolve step for foo"),
            ("request.path.foo('/a')", "No overload found in reference resolve step for foo"),
            ("[1].exists(x, x > 1)", "Comprehension support is disabled"),
            ("a.exists(1, true)", "exists() variable name must be a simple identifier"),
            ("has(foo)", "has() argument must be a field selection"),
            ("request.path.matches('(')", "invalid regular expression: missing ): ("),
            ("a.b.c{d: 1}", "Invalid struct creation"),
            ("string(1)", "No overload found in reference resolve step for string"),
            ("f(,)", "mismatched input ','"),
            ("a&b", "token recognition error at: '&b'"),
            ("`a`", "mismatched input 'a'"),
            ("a.?b", "unsupported syntax"),
            ("'abc", "token recognition error"),
            (r"'\q'", "token recognition error"),
            ("a b", "extraneous input 'b'"),
        ] {
            let found = problem(expression).unwrap_or_default();
            assert!(found.contains(wanted), "{expression}: {found}");
        }
    }
}
