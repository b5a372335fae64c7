//! `VirtualService.http[].delegate`: the routes of another VirtualService in place of one route.
//!
//! A VirtualService without hosts is a delegate. Each of its routes is narrowed by the matches of the route that names it, and takes
//! from it what it lacks.
//!
//! istiod: `pilot/pkg/model/virtualservice_controller.go`, `virtualservice.go` `MergeHTTPRoutes`

mod match_conflict;
mod match_merge;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::mesh::conflict::full_name;
use crate::mesh::virtual_service::{RouteSemantics, route_semantics, short_names};
use crate::mesh::visibility::{self, ExportTo, Visibility};
use crate::model::Config;
use crate::model::istio::{HttpRoute, VirtualService};
use crate::source::ResourceRef;

/// A VirtualService without hosts, names completed. istiod: `DelegateVirtualService`.
struct Delegate {
    http: Vec<HttpRoute>,
    namespace: String,
    source: ResourceRef,
    export_to: ExportTo,
}

type Delegates = BTreeMap<(String, String), Delegate>;

/// Returns the VirtualServices that have hosts, with names completed and delegates merged.
///
/// istiod: `mergeVirtualServices`
pub(super) fn merge_all(
    configs: &[Arc<Config<VirtualService>>],
    default_export_to: &ExportTo,
    cluster_domain: &str,
    diagnostics: &mut Diagnostics,
) -> Vec<Arc<Config<VirtualService>>> {
    let delegates = delegates(configs, default_export_to, cluster_domain);
    let roots = configs.iter().filter(|c| !c.spec.hosts.is_empty());
    roots.map(|config| merge(config, &delegates, cluster_domain, diagnostics)).collect()
}

/// Collects the delegates by namespace and name. istiod: `delegateVirtualServices`.
fn delegates(configs: &[Arc<Config<VirtualService>>], default_export_to: &ExportTo, cluster_domain: &str) -> Delegates {
    let delegate = |config: &Arc<Config<VirtualService>>| {
        let export_to = visibility::export_to(&config.spec.export_to);
        let delegate = Delegate {
            http: short_names::resolve(&config.spec, &config.meta, cluster_domain).http,
            namespace: config.meta.namespace.clone(),
            source: config.source,
            export_to: if export_to.is_empty() { default_export_to.clone() } else { export_to },
        };
        ((config.meta.namespace.clone(), config.meta.name.clone()), delegate)
    };
    configs.iter().filter(|c| c.spec.hosts.is_empty()).map(delegate).collect()
}

impl Delegate {
    fn is_visible_to(&self, namespace: &str) -> bool {
        let is_visible = |v: &Visibility| match v {
            Visibility::Public => true,
            Visibility::Private => self.namespace == namespace,
            Visibility::Namespace(name) => name == namespace,
            Visibility::None => false,
        };
        self.export_to.iter().any(is_visible)
    }
}

/// Completes one root VirtualService. Routes of the Gateway API come complete; those of an Ingress have no delegates.
fn merge(
    config: &Arc<Config<VirtualService>>,
    delegates: &Delegates,
    cluster_domain: &str,
    diagnostics: &mut Diagnostics,
) -> Arc<Config<VirtualService>> {
    let semantics = route_semantics(config);
    if semantics == RouteSemantics::Gateway {
        return config.clone();
    }
    let mut spec = short_names::resolve(&config.spec, &config.meta, cluster_domain);
    if semantics == RouteSemantics::VirtualService {
        let routes = spec.http.into_iter().enumerate();
        spec.http = routes.flat_map(|(index, route)| expand(config, index, route, delegates, diagnostics)).collect();
    }
    Arc::new(Config { meta: config.meta.clone(), spec, source: config.source })
}

/// Returns the routes that stand for one route of a root: itself, or those of its delegate. A delegate that is missing or not
/// visible gives none.
fn expand(
    config: &Config<VirtualService>,
    place: usize,
    root: HttpRoute,
    delegates: &Delegates,
    diagnostics: &mut Diagnostics,
) -> Vec<HttpRoute> {
    let Some(reference) = &root.delegate else { return vec![root] };
    let root_namespace = &config.meta.namespace;
    let namespace = if reference.namespace.is_empty() { root_namespace } else { &reference.namespace };
    let delegate = delegates.get(&(namespace.to_owned(), reference.name.clone()));
    let Some(delegate) = delegate.filter(|d| d.is_visible_to(root_namespace)) else { return Vec::new() };
    let mut routes = Vec::new();
    for (index, route) in delegate.http.iter().enumerate() {
        match merge_route(&root, route) {
            Ok(route) => routes.push(route),
            Err(contradiction) => {
                let message = format!("{} leaves out the route: its match excludes this one", full_name(&config.meta));
                let path = format!("spec.http[{index}].match[{contradiction}]");
                diagnostics.push(
                    Diagnostic::warning("virtual-service-delegate-conflict", message)
                        .at(delegate.source, &path)
                        .label_at(config.source, &format!("spec.http[{place}].match"), "the match of the route"),
                );
            }
        }
    }
    routes
}

/// Merges one route of a delegate into the route that names it. What the delegate sets holds, except for the destination, which is
/// always its own.
///
/// # Errors
///
/// One of the delegate's matches, by its place, is excluded by those of the route.
///
/// istiod: `mergeHTTPRoute`
fn merge_route(root: &HttpRoute, delegate: &HttpRoute) -> Result<HttpRoute, usize> {
    let delegate = delegate.clone();
    let own_mirrors = !delegate.mirrors.is_empty();
    Ok(HttpRoute {
        name: match_merge::join_names(&root.name, &delegate.name),
        r#match: match_merge::merge_all(&root.r#match, &delegate.r#match)?,
        route: delegate.route,
        redirect: delegate.redirect,
        direct_response: delegate.direct_response.or_else(|| root.direct_response.clone()),
        delegate: delegate.delegate,
        rewrite: delegate.rewrite.or_else(|| root.rewrite.clone()),
        timeout: delegate.timeout.or(root.timeout),
        retries: delegate.retries.or_else(|| root.retries.clone()),
        fault: delegate.fault.or_else(|| root.fault.clone()),
        mirror: delegate.mirror.or_else(|| root.mirror.clone()),
        mirrors: if own_mirrors { delegate.mirrors } else { root.mirrors.clone() },
        mirror_percent: delegate.mirror_percent.or(root.mirror_percent),
        mirror_percentage: delegate.mirror_percentage.or_else(|| root.mirror_percentage.clone()),
        cors_policy: delegate.cors_policy.or_else(|| root.cors_policy.clone()),
        headers: delegate.headers.or_else(|| root.headers.clone()),
    })
}
