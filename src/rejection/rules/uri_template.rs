//! `source/extensions/path`.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::text;
use crate::rejection::syntax::uri_template::{match_variables, rewrite_variables};

pub(super) const MATCH: &[Rule] = &[path_match];
pub(super) const REWRITE: &[Rule] = &[path_rewrite];

/// `UriTemplateMatcherFactory::createPathMatcher`.
fn path_match<'a>(config: &'a Value, found: &mut Findings<'a>) {
    let template = text(config, "path_template");
    if let Err(problem) = match_variables(template) {
        let message = format!("path_match_policy.path_template {template} is invalid: {problem}");
        found.reject_field("path_template", message);
    }
}

/// `UriTemplateRewriterFactory::createPathRewriter`.
fn path_rewrite<'a>(config: &'a Value, found: &mut Findings<'a>) {
    let template = text(config, "path_template_rewrite");
    if rewrite_variables(template).is_none() {
        let message = format!("path_rewrite_policy.path_template_rewrite {template} is invalid");
        found.reject_field("path_template_rewrite", message);
    }
}

/// `UriTemplateRewriter::isCompatiblePathMatcher`: what is rewritten was matched.
pub(super) fn pair<'a>(route: &'a Value, found: &mut Findings<'a>) {
    let Some(rewrite) = route.pointer("/route/path_rewrite_policy/typed_config/path_template_rewrite") else { return };
    let rewrite = rewrite.as_str().unwrap_or_default();
    let template = route.pointer("/match/path_match_policy/typed_config/path_template").and_then(Value::as_str);
    let Some(template) = template else {
        let message = "unable to use envoy.path.rewrite.uri_template.uri_template_rewriter extension without \
                       envoy.path.match.uri_template.uri_template_matcher extension";
        found.reject(message);
        return;
    };
    let (Ok(known), Some(used)) = (match_variables(template), rewrite_variables(rewrite)) else { return };
    if !used.iter().all(|variable| known.contains(variable)) {
        let message =
            format!("mismatch between variables in path_match_policy {template} and path_rewrite_policy {rewrite}");
        found.reject(message);
    }
}
