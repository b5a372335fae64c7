//! The syntax of CEL, in which access log filters are written. Only the syntax: istiod does not check types either.
//!
//! istiod: `validateTelemetryFilter`, by `cel.Env.Parse`

/// Parentheses and operators inside of each other, at most.
const MAX_DEPTH: usize = 100;

/// Words that are no names.
const RESERVED: [&str; 18] = [
    "in",
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
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Checks an expression.
pub(super) fn check(text: &str) -> Result<(), String> {
    let wrong = || "this is no expression of CEL".to_owned();
    let tokens = tokens(text).ok_or_else(wrong)?;
    let mut parser = Parser { tokens: &tokens, depth: 0 };
    parser.expression().filter(|()| parser.tokens.is_empty()).ok_or_else(wrong)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Name(&'t str),
    /// A number, a string or bytes.
    Literal,
    Sign(&'t str),
}

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{c}']);
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after);
            continue;
        }
        let Some(first) = rest.chars().next() else { return Some(tokens) };
        let (token, after) = if let Some(after) = string(rest) {
            (Token::Literal, after)
        } else if first.is_ascii_digit() || first == '.' && rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
            (Token::Literal, number(rest))
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            (Token::Name(name), after)
        } else {
            let signs = ["==", "!=", "<=", ">=", "&&", "||"];
            let one = "<>+-*/%!?:.,()[]{}".find(first).map(|_| 1);
            let len = signs.iter().find(|sign| rest.starts_with(**sign)).map(|sign| sign.len()).or(one)?;
            let (sign, after) = rest.split_at(len);
            (Token::Sign(sign), after)
        };
        tokens.push(token);
        rest = after;
    }
}

/// Takes a string or bytes: `'a'`, `"a"`, `'''a'''`, raw with `r`, bytes with `b`. Returns what follows.
fn string(text: &str) -> Option<&str> {
    let body = text.trim_start_matches(['r', 'R', 'b', 'B']);
    let prefix = text.get(..text.len() - body.len())?;
    if prefix.len() > 2 {
        return None;
    }
    let raw = prefix.contains(['r', 'R']);
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| body.starts_with(quote))?;
    let mut rest = body.get(quote.len()..)?;
    while !rest.starts_with(quote) {
        let mut chars = rest.chars();
        match chars.next()? {
            '\\' if !raw => {
                chars.next()?;
            }
            '\n' | '\r' if quote.len() == 1 => return None,
            _ => {}
        }
        rest = chars.as_str();
    }
    rest.get(quote.len()..)
}

/// Takes a number and returns what follows.
fn number(text: &str) -> &str {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unsigned = |rest: &str| usize::from(rest.starts_with(['u', 'U']));
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        let end = hexadecimal.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hexadecimal.len());
        let rest = hexadecimal.get(end..).unwrap_or("");
        return rest.get(unsigned(rest)..).unwrap_or("");
    }
    let mut rest = text.get(digits(text)..).unwrap_or("");
    let mut whole = true;
    if let Some(fraction) = rest.strip_prefix('.').filter(|fraction| digits(fraction) > 0) {
        rest = fraction.get(digits(fraction)..).unwrap_or("");
        whole = false;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits(exponent) > 0 {
            rest = exponent.get(digits(exponent)..).unwrap_or("");
            whole = false;
        }
    }
    if whole { rest.get(unsigned(rest)..).unwrap_or("") } else { rest }
}

struct Parser<'t> {
    tokens: &'t [Token<'t>],
    depth: usize,
}

/// Each method takes what it is named after, or gives nothing.
impl Parser<'_> {
    fn expression(&mut self) -> Option<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.operations()?;
        if self.sign("?") {
            self.operations()?;
            self.expect(":")?;
            self.expression()?;
        }
        self.depth -= 1;
        Some(())
    }

    /// Operands with operators between them: how they bind does not matter here.
    fn operations(&mut self) -> Option<()> {
        loop {
            self.operand()?;
            let operator = match self.tokens.first() {
                Some(Token::Sign(sign)) => "|| && == != < <= > >= + - * / %".split(' ').any(|other| other == *sign),
                Some(Token::Name(name)) => *name == "in",
                Some(Token::Literal) | None => false,
            };
            if !operator {
                return Some(());
            }
            self.next();
        }
    }

    fn operand(&mut self) -> Option<()> {
        let sign = if self.at("!") { "!" } else { "-" };
        while self.sign(sign) {}
        self.primary()?;
        loop {
            if self.sign(".") {
                self.sign("?");
                self.name()?;
                if self.sign("(") {
                    self.list(")", Self::expression)?;
                }
            } else if self.sign("[") {
                self.sign("?");
                self.expression()?;
                self.expect("]")?;
            } else if self.at("{") {
                self.next();
                self.list("}", Self::field)?;
            } else {
                return Some(());
            }
        }
    }

    fn primary(&mut self) -> Option<()> {
        match self.next()? {
            Token::Literal => Some(()),
            Token::Sign("(") => {
                self.expression()?;
                self.expect(")")
            }
            Token::Sign("[") => self.list("]", |parser| {
                parser.sign("?");
                parser.expression()
            }),
            Token::Sign("{") => self.list("}", |parser| {
                parser.sign("?");
                parser.expression()?;
                parser.expect(":")?;
                parser.expression()
            }),
            Token::Sign(".") => self.name().and_then(|()| self.arguments()),
            Token::Name(name) if !RESERVED.contains(&name) => self.arguments(),
            Token::Sign(_) | Token::Name(_) => None,
        }
    }

    fn arguments(&mut self) -> Option<()> {
        if self.sign("(") { self.list(")", Self::expression) } else { Some(()) }
    }

    /// `name: expression` of a message.
    fn field(&mut self) -> Option<()> {
        self.sign("?");
        self.name()?;
        self.expect(":")?;
        self.expression()
    }

    /// Items with commas between them, and one after the last if one likes, up to a bracket.
    fn list(&mut self, end: &str, item: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        while !self.sign(end) {
            item(self)?;
            if !self.sign(",") {
                return self.expect(end);
            }
        }
        Some(())
    }

    fn name(&mut self) -> Option<()> {
        match self.next()? {
            Token::Name(name) if name != "in" => Some(()),
            _ => None,
        }
    }

    fn expect(&mut self, sign: &str) -> Option<()> {
        self.sign(sign).then_some(())
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = self.at(sign);
        if found {
            self.next();
        }
        found
    }

    fn at(&self, sign: &str) -> bool {
        matches!(self.tokens.first(), Some(Token::Sign(other)) if *other == sign)
    }

    fn next(&mut self) -> Option<Token<'_>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        for text in [
            "response.code >= 400",
            "!has(a.b) || a['x'] == \"y\" && -1 < 2u",
            "a ? b : c ? d : e",
            "[1, 2.5e3, 0x1F].exists(i, i in [1]) // comment",
            "{'a': 1, 'b': [2,]}",
            "a.B{c: 1}.d",
            ".a.b(c)[0]",
            "r'\\d' + '''it's''' + b\"x\"",
            "true",
            "- - 1",
            "(connection.mtls)",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for text in [
            "", "1s", "{*}/a", "@a", "*/*", "a b", "a ==", "(a", "[1", "a.", "'a", "if", "a ? b", "!-a ||", "a..b",
            "{a}",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
        assert!(check(&"(".repeat(100_000)).is_err());
    }
}
