//! URI templates, `/videos/{format}/**`: `source/extensions/path/uri_template_lib/uri_template_internal.cc`.

/// At most this many variables.
const MAX_VARIABLES: usize = 5;
/// A variable's name is at most this long.
const MAX_NAME: usize = 16;

/// Says what is wrong with a template to match, or returns the names of its variables.
pub(crate) fn match_variables(template: &str) -> Result<Vec<&str>, String> {
    let path = template.strip_prefix('/').filter(|_| is_printable(template));
    let path = path.ok_or_else(|| format!("Invalid pattern: \"{template}\""))?;
    let mut variables = Vec::new();
    let mut after_text_glob = false;
    let segments = segments(path);
    for (index, segment) in segments.iter().enumerate() {
        // A slash at the end is no segment.
        if segment.is_empty() && index + 1 == segments.len() {
            break;
        }
        if segment.is_empty() {
            return Err("Invalid literal: \"\"".into());
        }
        let mut rest = *segment;
        while !rest.is_empty() {
            let (pattern, after) = if let Some(inside) = rest.strip_prefix('{') {
                let end = inside.find('}');
                let end = end.ok_or_else(|| format!("Unmatched variable bracket in mixed pattern: \"{segment}\""))?;
                let pattern = variable(&inside[..end], &mut variables)?;
                (pattern, &inside[end + 1..])
            } else {
                let end = rest.find('{').unwrap_or(rest.len());
                rest.split_at(end)
            };
            rest = after;
            for part in pattern.split('/') {
                piece(part, &mut after_text_glob)?;
            }
        }
    }
    if variables.len() > MAX_VARIABLES {
        return Err(format!("Exceeded variable count limit ({MAX_VARIABLES})"));
    }
    Ok(variables)
}

/// Says whether a template to rewrite is one, or returns the names of its variables.
pub(crate) fn rewrite_variables(template: &str) -> Option<Vec<&str>> {
    if !template.starts_with('/') || template.contains("//") || !is_printable(template) {
        return None;
    }
    let mut variables = Vec::new();
    let mut rest = template;
    while let Some((literal, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}')?;
        if !literal.chars().all(is_rewrite_literal) || !is_name(name) {
            return None;
        }
        variables.push(name);
        rest = tail;
    }
    rest.chars().all(is_rewrite_literal).then_some(variables)
}

/// Splits at slashes that are not inside of a variable.
fn segments(path: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (at, c) in path.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => {
                out.push(&path[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&path[start..]);
    out
}

/// Reads `name` or `name=pattern`; returns the pattern.
fn variable<'t>(text: &'t str, variables: &mut Vec<&'t str>) -> Result<&'t str, String> {
    let (name, pattern) = text.split_once('=').map_or((text, "*"), |(name, pattern)| (name, pattern));
    if name.is_empty() || !is_name(name) {
        return Err(format!("Invalid variable name: \"{name}\""));
    }
    if name.len() > MAX_NAME {
        return Err(format!(
            "Invalid variable name length (length of \"{name}\" should be at least 1 and no more than {MAX_NAME})"
        ));
    }
    if variables.contains(&name) {
        return Err(format!("Repeated variable name: \"{name}\""));
    }
    if pattern.is_empty() {
        return Err("Empty variable match".into());
    }
    variables.push(name);
    Ok(pattern)
}

/// Checks a glob or literal text; a glob may not follow `**`.
fn piece(part: &str, after_text_glob: &mut bool) -> Result<(), String> {
    let mut rest = part;
    while !rest.is_empty() {
        let globs = rest.len() - rest.trim_start_matches('*').len();
        if globs > 0 {
            if *after_text_glob {
                return Err("Glob after text glob.".into());
            }
            if globs > 2 {
                return Err(format!("Invalid literal: \"{part}\""));
            }
            *after_text_glob = globs == 2;
            rest = &rest[globs..];
            continue;
        }
        let end = rest.find('*').unwrap_or(rest.len());
        let literal = &rest[..end];
        if !literal.chars().all(is_literal) {
            return Err(format!("Invalid literal: \"{literal}\""));
        }
        rest = &rest[end..];
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_literal(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~%!$&'()+,;:@=".contains(c)
}

fn is_rewrite_literal(c: char) -> bool {
    is_literal(c) || c == '/' || c == '*'
}

fn is_printable(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_to_match() {
        for template in [
            "/a",
            "/a/{b}",
            "/**",
            "/{x=**}",
            "/{x=*}/y",
            "/**/a",
            "/a*",
            "/*.js",
            "/{a}.js",
            "/a/{b=**}.m3u8",
            "/a/",
            "/*/**",
        ] {
            assert!(match_variables(template).is_ok(), "{template}: {:?}", match_variables(template));
        }
        for template in [
            "a",
            "/{a}/{a}",
            "/**/**",
            "/{a",
            "/a}",
            "/{}",
            "/{1a}",
            "/ä",
            "/a?b",
            "/a//b",
            "/{a=**}/*",
            "/{a-b}",
            "/{a=}",
            "/a|b",
            "/a[b]",
        ] {
            assert!(match_variables(template).is_err(), "{template}");
        }
    }

    #[test]
    fn templates_to_rewrite() {
        assert_eq!(rewrite_variables("/{b}/{a}"), Some(vec!["b", "a"]));
        for template in ["x", "/{a", "/a//b", "/x?y", "/x y"] {
            assert_eq!(rewrite_variables(template), None, "{template}");
        }
        assert!(rewrite_variables("/*").is_some());
    }
}
