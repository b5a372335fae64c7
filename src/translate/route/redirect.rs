//! `HTTPRedirect`: an answer that sends the client elsewhere.

use crate::envoy::{
    RedirectAction, RedirectActionPathRewriteSpecifier as Path, RedirectActionRedirectResponseCode as ResponseCode,
    RedirectActionSchemeRewriteSpecifier as Scheme,
};
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::mesh::virtual_service::RouteSemantics;
use crate::model::istio::{HttpRedirect, HttpRedirectPort, HttpRedirectRedirectPortSelection};

/// `VirtualService.http[].redirect` -> `Route.redirect`; none for a code that Envoy cannot send: then the route has no action.
///
/// The path is always there, if only as an empty text. A path of the Gateway API that begins with `%PREFIX()%` replaces the
/// matched prefix alone.
///
/// istiod: `route.go` `ApplyRedirect`
pub(super) fn redirect(
    mesh: &Mesh,
    redirect: &HttpRedirect,
    listener_port: u32,
    is_tls: bool,
    semantics: RouteSemantics,
) -> Option<RedirectAction> {
    let HttpRedirect { uri, prefix_rewrite, authority, scheme, redirect_code, redirect_port: _ } = redirect;
    let prefix = uri.strip_prefix("%PREFIX()%").filter(|_| semantics == RouteSemantics::Gateway);
    let path = match prefix {
        _ if !prefix_rewrite.is_empty() => Path::PrefixRewrite(prefix_rewrite.clone()),
        None => Path::PathRedirect(uri.clone()),
        Some("") if mesh.does(Behaviour::RedirectsEmptyPrefixByPath) => Path::PathRedirect(String::new()),
        Some(prefix) => Path::PrefixRewrite(prefix.to_owned()),
    };
    Some(RedirectAction {
        host_redirect: authority.clone(),
        path_rewrite_specifier: Some(path),
        response_code: response_code(*redirect_code)?,
        scheme_rewrite_specifier: (!scheme.is_empty()).then(|| Scheme::SchemeRedirect(scheme.clone())),
        port_redirect: port_redirect(redirect, listener_port, is_tls),
        ..RedirectAction::default()
    })
}

fn response_code(code: u32) -> Option<ResponseCode> {
    match code {
        0 | 301 => Some(ResponseCode::MovedPermanently),
        302 => Some(ResponseCode::Found),
        303 => Some(ResponseCode::SeeOther),
        307 => Some(ResponseCode::TemporaryRedirect),
        308 => Some(ResponseCode::PermanentRedirect),
        _ => None,
    }
}

/// `HTTPRedirect.port`, `derivePort` -> `RedirectAction.port_redirect`
///
/// The request's port is that of the listener. The usual port of the scheme is not written.
fn port_redirect(redirect: &HttpRedirect, listener_port: u32, is_tls: bool) -> u32 {
    let port = match &redirect.redirect_port {
        Some(HttpRedirectPort::Port(port)) => *port,
        Some(HttpRedirectPort::DerivePort(HttpRedirectRedirectPortSelection::FromRequestPort)) => listener_port,
        Some(HttpRedirectPort::DerivePort(HttpRedirectRedirectPortSelection::FromProtocolDefault)) | None => 0,
    };
    let scheme = match redirect.scheme.as_str() {
        "" if is_tls => "https",
        "" => "http",
        scheme => scheme,
    };
    if matches!((port, scheme), (80, "http") | (443, "https")) { 0 } else { port }
}
