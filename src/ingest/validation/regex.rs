//! Regular expressions in RE2's syntax, as Go reads them.

/// Checks an expression. istiod: `validateStringRegexp`
pub(super) fn regex(text: &str) -> Result<(), String> {
    if text.len() > 1024 {
        return Err("a regular expression is longer than 1024 characters".to_owned());
    }
    compiles(text)
}

/// Checks whether Go would compile an expression.
pub(super) fn compiles(text: &str) -> Result<(), String> {
    let rust = translate(text)?;
    // Parsing tells; a program for it may be many times its size.
    match regex_syntax::Parser::new().parse(&rust) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("`{text}` is not a valid RE2 regular expression")),
    }
}

/// Rewrites what Go and Rust read differently: `{` that repeats nothing, `[` and `&&` in classes, `\Q..\E`, `\C`.
fn translate(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text.chars();
    let mut in_class = false;
    // Whether what stands before is a repetition, which Go does not repeat again.
    let mut repeated = false;
    while let Some(c) = rest.next() {
        let before = std::mem::take(&mut repeated);
        match c {
            '\\' => match rest.next() {
                Some('Q') => {
                    let quoted = rest.as_str();
                    let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
                    out.push_str(&regex::escape(literal));
                    rest = after.chars();
                }
                Some('C') if !in_class => out.push_str("(?s:.)"),
                Some(next @ ('x' | 'p' | 'P')) if rest.as_str().starts_with('{') => {
                    let (name, after) = rest.as_str().split_once('}').unwrap_or((rest.as_str(), ""));
                    out.extend(['\\', next]);
                    out.push_str(name);
                    out.push('}');
                    rest = after.chars();
                }
                Some(next) => out.extend(['\\', next]),
                None => out.push('\\'),
            },
            '[' if in_class && !rest.as_str().starts_with(':') => out.push_str("\\["),
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if let Some(after) = rest.as_str().strip_prefix('^') {
                    out.push('^');
                    rest = after.chars();
                }
                // The first bracket of a class is one of its characters.
                if let Some(after) = rest.as_str().strip_prefix(']') {
                    out.push_str("\\]");
                    rest = after.chars();
                }
            }
            '[' => {
                let (name, after) = rest.as_str().split_once(":]").unwrap_or((rest.as_str(), ""));
                out.extend(["[", name, ":]"]);
                rest = after.chars();
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => out.extend(['\\', c]),
            '-' if in_class && rest.as_str().starts_with('-') => out.push_str("\\-"),
            '{' if !in_class => match repetition(rest.as_str()) {
                Some((_, _)) if before => return Err(format!("`{text}` repeats a repetition")),
                Some((most, _)) if most > 1000 => return Err(format!("`{text}` repeats more than 1000 times")),
                Some((_, after)) => {
                    let count = rest.as_str().len() - after.len();
                    out.push('{');
                    out.push_str(rest.as_str().get(..count).unwrap_or(""));
                    rest = lazy(after, &mut out).chars();
                    repeated = true;
                }
                None => out.push_str("\\{"),
            },
            '}' if !in_class => out.push_str("\\}"),
            '*' | '+' | '?' if !in_class && before => return Err(format!("`{text}` repeats a repetition")),
            '*' | '+' | '?' if !in_class && !out.ends_with('(') => {
                out.push(c);
                rest = lazy(rest.as_str(), &mut out).chars();
                repeated = true;
            }
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// Takes the `?` of a lazy repetition.
fn lazy<'t>(rest: &'t str, out: &mut String) -> &'t str {
    match rest.strip_prefix('?') {
        Some(after) => {
            out.push('?');
            after
        }
        None => rest,
    }
}

/// Returns the largest number of `3}`, `3,}` or `3,5}`, and what follows.
fn repetition(text: &str) -> Option<(u32, &str)> {
    let (range, after) = text.split_once('}')?;
    let number = |text: &str| {
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().unwrap_or(u32::MAX))
    };
    let most = match range.split_once(',') {
        None => number(range)?,
        Some((least, "")) => number(least)?,
        Some((least, most)) => number(least)?.max(number(most)?),
    };
    Some((most, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_go() {
        for text in [
            "",
            "a.*b",
            "^/users/{id}$",
            "a{2,3}?b",
            "[[]",
            "[a&&b]",
            "[]a]",
            "[^]a]",
            "[a--z]",
            "\\Qa.b\\E*",
            "(?i)a",
            "(?P<n>a)",
            "a{1000}",
            "[[:alpha:]]+",
            "\\d+\\/\\-",
            "a|",
            "(?:a)+?",
            "\\pL",
            "x{,3}",
            "[a-z-]",
            "(a{1,3}){1,3}",
            "}",
            "\\x{1F600}",
        ] {
            assert_eq!(compiles(text), Ok(()), "{text}");
        }
        for text in ["(", "a**", "a+*", "*", "[a", "a{1001}", "(?<=a)b", "\\1", "a{3}{2}", "[z-a]", "(?x"] {
            assert!(compiles(text).is_err(), "{text}");
        }
    }
}
