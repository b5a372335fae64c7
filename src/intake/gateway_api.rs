//! Kinds of the Gateway API: the bundle of definitions that belongs to a release, and what istiod reads of it.

use super::{refused, retain};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ingest::Manifests;
use crate::installation::{Behaviour, Installation};
use crate::model::Config;
use crate::model::gateway_api::{HttpRoute, HttpRouteFilter};

/// The switch for what is not final.
const ALPHA: &str = "PILOT_ENABLE_ALPHA_GATEWAY_API";

pub(super) fn apply(manifests: &mut Manifests, installation: &Installation, said: &mut Diagnostics) {
    let documents = &manifests.documents;
    let version =
        |source: crate::source::ResourceRef| documents.get(source.0 as usize).map_or("", |d| d.version.as_str());
    let resources = &mut manifests.resources;
    let alpha = installation.features.alpha_gateway_api;
    if !installation.does(Behaviour::ReadsStableTlsRoutes) {
        retain(&mut resources.tls_routes, said, |route| match version(route.source) {
            "v1" => {
                let why = "its Gateway API has TLSRoute in the version v1alpha2 only";
                Some(refused(installation, route.source, "apiVersion", why))
            }
            _ if alpha => None,
            _ => {
                let why = format!("TLSRoutes count only with {ALPHA}=true there");
                Some(refused(installation, route.source, "kind", &why))
            }
        });
    }
    if !installation.does(Behaviour::ReadsStableListenerSets) {
        let why = format!("it reads XListenerSets only, and those only with {ALPHA}=true");
        retain(&mut resources.listener_sets, said, |set| Some(refused(installation, set.source, "kind", &why)));
        retain(&mut resources.http_routes, said, |route| redirect_code(route, installation));
    }
    if installation.does(Behaviour::ReadsStableTcpRoutes) {
        retain(&mut resources.http_routes, said, |route| no_attempts(route, installation));
    }
}

/// The definition of Gateway API 1.4 has fewer statuses than that of 1.5.
fn redirect_code(route: &Config<HttpRoute>, installation: &Installation) -> Option<Diagnostic> {
    let code = |filter: &HttpRouteFilter| filter.request_redirect.as_ref().and_then(|redirect| redirect.status_code);
    for (index, rule) in route.spec.rules.iter().enumerate() {
        let all = rule.filters.iter().enumerate().map(|(at, filter)| (format!("filters[{at}]"), filter));
        for (place, filter) in all {
            if let Some(code) = code(filter).filter(|code| ![301, 302].contains(code)) {
                let why = format!("its Gateway API redirects with 301 and 302 only, not with {code}");
                let path = format!("spec.rules[{index}].{place}.requestRedirect.statusCode");
                return Some(refused(installation, route.source, &path, &why));
            }
        }
    }
    None
}

/// The definition of Gateway API 1.6 asks for one attempt at least.
fn no_attempts(route: &Config<HttpRoute>, installation: &Installation) -> Option<Diagnostic> {
    let is_zero = |attempts: Option<i32>| attempts == Some(0);
    let index = route.spec.rules.iter().position(|r| r.retry.as_ref().is_some_and(|retry| is_zero(retry.attempts)))?;
    let path = format!("spec.rules[{index}].retry.attempts");
    let why = "its Gateway API asks for one attempt at least; leave `retry` out for none";
    Some(refused(installation, route.source, &path, why))
}
