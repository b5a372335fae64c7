//! `envoy.extensions.path.match.uri_template.v3`, and its rewrite: `/a/{id}/*/{rest=**}`.
//!
//! Envoy: `uri_template_internal.cc`. A `*` is one segment that is not empty, `**` any number of them at the end.

use regex::bytes::Regex;

use crate::evaluate::regex::compile;

/// What a segment may hold: unreserved letters, escapes, sub-delimiters, and `:@`.
const LITERAL: &str = r"a-zA-Z0-9\-._~%!$&'()*+,;:@=";

/// A template.
#[derive(Debug, Clone)]
pub(in crate::evaluate) struct UriTemplate {
    regex: Regex,
    template: String,
}

impl UriTemplate {
    /// Compiles a template; `None` when it is none.
    pub(in crate::evaluate) fn new(template: &str) -> Option<Self> {
        let regex = compile(&format!(r"\A{}\z", pattern(template)?))?;
        Some(Self { regex, template: template.to_owned() })
    }

    /// Says whether a path without its query is as the template says.
    pub(in crate::evaluate) fn matches(&self, path: &str) -> bool {
        self.regex.is_match(path.as_bytes())
    }

    /// Returns the template as written.
    pub(in crate::evaluate) fn template(&self) -> &str {
        &self.template
    }

    /// Writes a path with the variables of another template: `/b/{id}`. `None` when they do not match.
    pub(in crate::evaluate) fn rewrite(&self, path: &str, to: &str) -> Option<String> {
        let captures = self.regex.captures(path.as_bytes())?;
        let mut out = String::new();
        let mut rest = to;
        while let Some((literal, after)) = rest.split_once('{') {
            out.push_str(literal);
            let (name, after) = after.split_once('}')?;
            let value = captures.name(name)?.as_bytes();
            out.push_str(std::str::from_utf8(value).ok()?);
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }
}

fn pattern(template: &str) -> Option<String> {
    let mut out = String::new();
    for segment in template.strip_prefix('/')?.split('/') {
        out.push('/');
        out.push_str(&self::segment(segment)?);
    }
    Some(out)
}

fn segment(segment: &str) -> Option<String> {
    // A variable may be a part of its segment.
    let mut out = String::new();
    let mut rest = segment;
    while let Some((literal, after)) = rest.split_once('{') {
        out.push_str(&literals(literal));
        let (variable, after) = after.split_once('}')?;
        let (name, value) = variable.split_once('=').unwrap_or((variable, "*"));
        let value: Option<Vec<String>> = value.split('/').map(|part| Some(literals(part))).collect();
        out.extend(["(?P<", name, ">", &value?.join("/"), ")"]);
        rest = after;
    }
    out.push_str(&literals(rest));
    Some(out)
}

/// A glob may have a suffix: `*.json`.
fn literals(text: &str) -> String {
    if let Some(suffix) = text.strip_prefix("**") {
        return format!("[{LITERAL}/]*{}", regex::escape(suffix));
    }
    match text.strip_prefix('*') {
        Some(suffix) => format!("[{LITERAL}]+{}", regex::escape(suffix)),
        None => regex::escape(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_segments() {
        for (template, path, expected) in [
            ("/a/*/c", "/a/b/c", true),
            ("/a/*/c", "/a/b/b/c", false),
            ("/a/*", "/a/", false),
            ("/a/**", "/a/", true),
            ("/a/**", "/a/b/c", true),
            ("/a/**", "/a", false),
            ("/a/{id}", "/a/7", true),
            ("/a/{rest=**}", "/a/b/c", true),
            ("/a/*/*.json", "/a/b/c.json", true),
            ("/a/*/*.json", "/a/b/c.yaml", false),
            ("/a/**/", "/a/b/c/", true),
            ("/a/**/", "/a/b/c", false),
        ] {
            let compiled = UriTemplate::new(template).expect("a template");
            assert_eq!(compiled.matches(path), expected, "{template} {path}");
        }
    }

    #[test]
    fn variables_are_put_into_the_new_path() {
        let template = UriTemplate::new("/a/{id}/{rest=**}").expect("a template");
        assert_eq!(template.rewrite("/a/7/x/y", "/b/{rest}/{id}").as_deref(), Some("/b/x/y/7"));
    }
}
