//! `HTTPRewrite`: another path or host for the request.

use crate::envoy::{RegexMatchAndSubstitute, RouteMatchPathSpecifier};
use crate::mesh::virtual_service::RouteSemantics;
use crate::model::istio::{HttpRewrite, RegexRewrite};
use crate::translate::string_match::{quote_meta, regex_matcher};

/// The two forms of a path rewrite in a `RouteAction`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct PathRewrite {
    pub(super) prefix_rewrite: String,
    pub(super) regex_rewrite: Option<RegexMatchAndSubstitute>,
}

/// `VirtualService.http[].rewrite.uri`, `uriRegexRewrite` -> `RouteAction.prefix_rewrite`, `regex_rewrite`
///
/// A Gateway API route that rewrites its prefix to `/` removes it: as a regular expression, so that the path keeps one slash.
///
/// istiod: `route.go` `applyHTTPRouteDestination`
pub(super) fn path_rewrite(
    rewrite: Option<&HttpRewrite>,
    path: Option<&RouteMatchPathSpecifier>,
    semantics: RouteSemantics,
) -> PathRewrite {
    let Some(HttpRewrite { uri, authority: _, uri_regex_rewrite }) = rewrite else { return PathRewrite::default() };
    match uri_regex_rewrite {
        Some(RegexRewrite { r#match, rewrite }) => regex(r#match.clone(), rewrite),
        None if uri == "/" && semantics == RouteSemantics::Gateway => {
            let prefix = match path {
                Some(RouteMatchPathSpecifier::PathSeparatedPrefix(prefix)) => prefix.as_str(),
                _ => "",
            };
            regex(format!("^{}(/?)(.*)", quote_meta(prefix)), r"/\2")
        }
        None => PathRewrite { prefix_rewrite: uri.clone(), regex_rewrite: None },
    }
}

fn regex(pattern: String, substitution: &str) -> PathRewrite {
    let pattern = Some(regex_matcher(pattern));
    let rewrite = RegexMatchAndSubstitute { pattern, substitution: substitution.to_owned() };
    PathRewrite { prefix_rewrite: String::new(), regex_rewrite: Some(rewrite) }
}
