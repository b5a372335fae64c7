//! The syntax of CEL. Only the syntax: istiod does not check the types of access log filters either.
//!
//! istiod: `validateTelemetryFilter`, by `cel.Env.Parse`

use std::sync::OnceLock;

use super::{Expr, Operator};

/// Parentheses and operators inside of each other, at most.
const MAX_DEPTH: usize = 100;

/// Operators, fields and indexes one behind the other, at most: each holds what is before it. cel-go: `maxRecursionDepth`
const MAX_CHAIN: usize = 250;

/// Characters of an expression, at most. cel-go: `expressionSizeCodePointLimit`
const MAX_SIZE: usize = 100_000;

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

/// Reads an expression; nothing if it is none.
pub(super) fn parse(text: &str) -> Option<Expr> {
    if text.chars().count() > MAX_SIZE {
        return None;
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, depth: 0 };
    parser.expression().filter(|_| parser.tokens.is_empty())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Name(&'t str),
    Number(&'t str),
    /// A string or bytes, with quotes and prefix.
    Quoted(&'t str),
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
        let taken = |after: &str| rest.get(..rest.len() - after.len()).unwrap_or("");
        let (token, after) = if let Some(after) = string(rest) {
            (Token::Quoted(taken(after)), after)
        } else if first.is_ascii_digit() || first == '.' && rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
            let after = number(rest);
            (Token::Number(taken(after)), after)
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

/// Returns the call of a method.
fn method(receiver: Expr, name: &str, arguments: Vec<Expr>) -> Expr {
    match (name, arguments.as_slice()) {
        ("matches", [Expr::Literal(serde_json::Value::String(pattern))]) => {
            Expr::Matches(Box::new(receiver), pattern.clone(), OnceLock::new())
        }
        _ => Expr::Call(name.to_owned(), Some(Box::new(receiver)), arguments),
    }
}

/// Returns the text of a string; nothing for bytes, and for escapes that there are not.
fn unquoted(text: &str) -> Option<String> {
    let body = text.trim_start_matches(['r', 'R']);
    let is_raw = body.len() < text.len();
    let body =
        ["\"\"\"", "'''", "\"", "'"].into_iter().find_map(|quote| body.strip_prefix(quote)?.strip_suffix(quote))?;
    if is_raw {
        return Some(body.to_owned());
    }
    let mut out = String::with_capacity(body.len());
    let mut rest = body.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escaped = rest.next()?;
        let digits = match escaped {
            'x' | 'X' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        out.push(match escaped {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '\\' | '?' | '"' | '\'' | '`' => escaped,
            '0'..='3' => {
                let octal: String = std::iter::once(escaped).chain(rest.by_ref().take(2)).collect();
                char::from_u32(u32::from_str_radix(&octal, 8).ok()?)?
            }
            _ if digits > 0 => {
                let hexadecimal: String = rest.by_ref().take(digits).collect();
                char::from_u32(u32::from_str_radix(&hexadecimal, 16).ok()?)?
            }
            _ => return None,
        });
    }
    Some(out)
}

/// Joins operands in a tree that is as flat as can be: there may be thousands, and in which order two are joined changes nothing.
///
/// cel-go: `balancingLogicManager`
fn balanced(operator: Operator, mut operands: Vec<Expr>) -> Option<Expr> {
    if operands.len() > 1 {
        let right = operands.split_off(operands.len().div_ceil(2));
        let both = [balanced(operator, operands)?, balanced(operator, right)?];
        return Some(Expr::Binary(operator, Box::new(both)));
    }
    operands.pop()
}

struct Parser<'t> {
    tokens: &'t [Token<'t>],
    depth: usize,
}

/// Operators by how they bind, loosest first.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("||", Operator::Or)],
    &[("&&", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<", Operator::Less),
        ("<=", Operator::LessOrEqual),
        (">", Operator::Greater),
        (">=", Operator::GreaterOrEqual),
        ("in", Operator::In),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)],
];

/// Each method takes what it is named after, or gives nothing.
impl<'t> Parser<'t> {
    fn expression(&mut self) -> Option<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut whole = self.operations(LEVELS)?;
        if self.sign("?") {
            let then = self.operations(LEVELS)?;
            self.expect(":")?;
            whole = Expr::Conditional(Box::new([whole, then, self.expression()?]));
        }
        self.depth -= 1;
        Some(whole)
    }

    /// Operands with operators of these levels between them.
    fn operations(&mut self, levels: &[&[(&str, Operator)]]) -> Option<Expr> {
        let Some((operators, tighter)) = levels.split_first() else { return self.operand() };
        let mut left = self.operations(tighter)?;
        if let [(sign, operator @ (Operator::Or | Operator::And))] = operators {
            let mut operands = vec![left];
            while self.sign(sign) {
                operands.push(self.operations(tighter)?);
            }
            return balanced(*operator, operands);
        }
        let mut length = 0;
        while let Some(Token::Sign(found) | Token::Name(found)) = self.tokens.first()
            && let Some((_, operator)) = operators.iter().find(|(sign, _)| sign == found)
        {
            self.next();
            length += 1;
            left = Expr::Binary(*operator, Box::new([left, self.operations(tighter)?]));
            if length > MAX_CHAIN {
                return None;
            }
        }
        Some(left)
    }

    fn operand(&mut self) -> Option<Expr> {
        let sign = if self.at("!") { "!" } else { "-" };
        let mut is_changed = false;
        while self.sign(sign) {
            is_changed = !is_changed;
        }
        let operand = self.member()?;
        Some(match sign {
            _ if !is_changed => operand,
            "!" => Expr::Not(Box::new(operand)),
            _ => Expr::Negative(Box::new(operand)),
        })
    }

    /// A value, with fields, methods and indexes behind it.
    fn member(&mut self) -> Option<Expr> {
        let mut value = self.primary()?;
        for _ in 0..=MAX_CHAIN {
            if self.sign(".") {
                let is_optional = self.sign("?");
                let name = self.name()?;
                value = if self.sign("(") {
                    method(value, name, self.list(")", Self::expression)?)
                } else if is_optional {
                    Expr::Unsupported
                } else {
                    Expr::Field(Box::new(value), name.to_owned())
                };
            } else if self.sign("[") {
                let is_optional = self.sign("?");
                let index = self.expression()?;
                self.expect("]")?;
                value = if is_optional { Expr::Unsupported } else { Expr::Index(Box::new([value, index])) };
            } else if self.sign("{") {
                self.list("}", Self::field)?;
                value = Expr::Unsupported;
            } else {
                return Some(value);
            }
        }
        None
    }

    fn primary(&mut self) -> Option<Expr> {
        match self.next()? {
            Token::Number(text) => {
                Some(text.parse().map_or(Expr::Unsupported, |number: i64| Expr::Literal(number.into())))
            }
            Token::Quoted(text) => Some(unquoted(text).map_or(Expr::Unsupported, |text| Expr::Literal(text.into()))),
            Token::Sign("(") => {
                let value = self.expression()?;
                self.expect(")")?;
                Some(value)
            }
            Token::Sign("[") => {
                let items = self.list("]", |parser| {
                    let is_optional = parser.sign("?");
                    parser.expression().map(|item| if is_optional { Expr::Unsupported } else { item })
                })?;
                Some(Expr::List(items))
            }
            Token::Sign("{") => {
                self.list("}", |parser| {
                    parser.sign("?");
                    parser.expression()?;
                    parser.expect(":")?;
                    parser.expression()
                })?;
                Some(Expr::Unsupported)
            }
            Token::Sign(".") => {
                let name = self.name()?;
                self.named(name)
            }
            Token::Name("true") => Some(Expr::Literal(true.into())),
            Token::Name("false") => Some(Expr::Literal(false.into())),
            Token::Name("null") => Some(Expr::Literal(serde_json::Value::Null)),
            Token::Name(name) if !RESERVED.contains(&name) => self.named(name),
            Token::Sign(_) | Token::Name(_) => None,
        }
    }

    /// A variable, or the call of a function.
    fn named(&mut self, name: &str) -> Option<Expr> {
        Some(if self.sign("(") {
            Expr::Call(name.to_owned(), None, self.list(")", Self::expression)?)
        } else {
            Expr::Variable(name.to_owned())
        })
    }

    /// `name: expression` of a message.
    fn field(&mut self) -> Option<()> {
        self.sign("?");
        self.name()?;
        self.expect(":")?;
        self.expression().map(|_| ())
    }

    /// Items with commas between them, and one after the last if one likes, up to a bracket.
    fn list<T>(&mut self, end: &str, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        while !self.sign(end) {
            items.push(item(self)?);
            if !self.sign(",") {
                self.expect(end)?;
                break;
            }
        }
        Some(items)
    }

    fn name(&mut self) -> Option<&'t str> {
        match self.next()? {
            Token::Name(name) if name != "in" => Some(name),
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

    fn next(&mut self) -> Option<Token<'t>> {
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
            assert!(parse(text).is_some(), "{text}");
        }
        for text in [
            "", "1s", "{*}/a", "@a", "*/*", "a b", "a ==", "(a", "[1", "a.", "'a", "if", "a ? b", "!-a ||", "a..b",
            "{a}",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
        assert!(parse(&"(".repeat(100_000)).is_none());
    }

    /// Long ones end neither here nor when they are evaluated or dropped.
    #[test]
    fn long_expressions() {
        for (operator, holds) in [("||", true), ("&&", false)] {
            let text = format!("{}true", format!("false{operator}").repeat(14_000));
            assert_eq!(parse(&text).map(|long| long.holds(&serde_json::Value::Null)), Some(holds), "{operator}");
        }
        for (first, part) in [("1", "+1"), ("1", "==1"), ("a", ".b"), ("a", ".b()"), ("a", "[0]")] {
            assert!(parse(&format!("{first}{}", part.repeat(200))).is_some(), "{part}");
            assert!(parse(&format!("{first}{}", part.repeat(20_000))).is_none(), "{part}");
        }
        assert!(parse(&format!("'{}'", "x".repeat(99_000))).is_some());
        assert!(parse(&format!("'{}'", "x".repeat(100_000))).is_none());
    }

    #[test]
    fn strings() {
        for (text, wanted) in [
            (r"'a\\.b'", Some(r"a\.b")),
            (r#"r"""^\w"$""""#, Some(r#"^\w"$"#)),
            (r"'\x41\u00e9\101\n'", Some("A\u{e9}A\n")),
            (r"'\q'", None),
            ("b'a'", None),
        ] {
            assert_eq!(unquoted(text).as_deref(), wanted, "{text}");
        }
    }
}
