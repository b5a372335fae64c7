//! Rules of all Ingresses -> a VirtualService for each host.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::diagnostic::Diagnostics;
use crate::mesh::ingress::gateway::gateway_name;
use crate::mesh::ingress::{GENERATED, passed_over};
use crate::mesh::virtual_service::ROUTE_SEMANTICS_ANNOTATION;
use crate::model::istio::{
    Destination, HttpMatchRequest, HttpRoute, HttpRouteDestination, PortSelector, StringMatch, StringMatchType,
    VirtualService,
};
use crate::model::kubernetes::{HttpIngressPath, Ingress, IngressBackend, Service};
use crate::model::{Config, ObjectMeta};

/// A rule and the Ingress that has it.
struct Rule<'m> {
    ingress: &'m Config<Ingress>,
    index: usize,
    paths: &'m [HttpIngressPath],
}

/// Converts the rules. Those for one host are merged, the oldest Ingress first; the VirtualService belongs to that one's Gateway.
///
/// istiod: `virtualservices.go` `VirtualServices`, `ingress.go` `RuleCollection`
pub(super) fn virtual_services(
    ingresses: &[&Config<Ingress>],
    services: &BTreeMap<(&str, &str), &Service>,
    (cluster_domain, ingress_namespace): (&str, &str),
    findings: &mut Diagnostics,
) -> Vec<Config<VirtualService>> {
    let mut by_host: BTreeMap<&str, Vec<Rule<'_>>> = BTreeMap::new();
    for &ingress in ingresses {
        for (index, rule) in ingress.spec.rules.iter().enumerate() {
            let Some(paths) = &rule.http else {
                findings.push(passed_over(
                    ingress,
                    &format!("spec.rules[{index}]"),
                    "a rule without paths does nothing",
                ));
                continue;
            };
            let host = if rule.host.is_empty() { "*" } else { &rule.host };
            by_host.entry(host).or_default().push(Rule { ingress, index, paths });
        }
    }
    let converted = by_host.into_iter().filter_map(|(host, mut rules)| {
        rules.sort_by_key(|rule| {
            let meta = &rule.ingress.meta;
            (meta.creation_timestamp, meta.name.clone(), meta.namespace.clone(), rule.index)
        });
        let first = &rules.first()?.ingress.meta;
        let mut http: Vec<HttpRoute> =
            rules.iter().flat_map(|rule| routes(rule, services, cluster_domain, findings)).collect();
        http.sort_by_key(|route| Reverse(exactness(route)));
        Some(Config {
            meta: ObjectMeta {
                name: format!("{}-{}-{GENERATED}", host.replace('.', "-"), first.name),
                namespace: first.namespace.clone(),
                annotations: BTreeMap::from([(ROUTE_SEMANTICS_ANNOTATION.to_owned(), "ingress".to_owned())]),
                ..ObjectMeta::default()
            },
            spec: VirtualService {
                hosts: vec![host.to_owned()],
                gateways: vec![format!("{ingress_namespace}/{}", gateway_name(first))],
                http,
                ..VirtualService::default()
            },
            source: rules.first()?.ingress.source,
        })
    });
    converted.collect()
}

/// Longer paths come first, and of equally long ones the exact. Without a path a route is the last.
///
/// istiod: `virtualservices.go` `sortHTTPRoutes`
fn exactness(route: &HttpRoute) -> (usize, bool) {
    let uri = route.r#match.first().and_then(|r#match| r#match.uri.as_ref()).and_then(|uri| uri.match_type.as_ref());
    match uri {
        Some(StringMatchType::Exact(path)) => (path.len(), true),
        Some(StringMatchType::Prefix(path) | StringMatchType::Regex(path)) => (path.len(), false),
        None => (0, false),
    }
}

/// istiod: `virtualservices.go` `convertIngressRule`
fn routes(
    rule: &Rule<'_>,
    services: &BTreeMap<(&str, &str), &Service>,
    cluster_domain: &str,
    findings: &mut Diagnostics,
) -> Vec<HttpRoute> {
    let mut out = Vec::new();
    for (at, path) in rule.paths.iter().enumerate() {
        match destination(&path.backend, &rule.ingress.meta.namespace, services, cluster_domain) {
            Ok(destination) => out.push(HttpRoute {
                r#match: uri(path).into_iter().collect(),
                route: vec![HttpRouteDestination {
                    destination: Some(destination),
                    weight: 100,
                    ..HttpRouteDestination::default()
                }],
                ..HttpRoute::default()
            }),
            Err(message) => {
                let path = format!("spec.rules[{}].http.paths[{at}].backend", rule.index);
                findings.push(passed_over(rule.ingress, &path, &message));
            }
        }
    }
    out
}

/// `path`, `pathType` -> `HTTPRoute.match`; none for all paths
fn uri(path: &HttpIngressPath) -> Option<HttpMatchRequest> {
    let HttpIngressPath { path, path_type, backend: _ } = path;
    let uri = match path_type.as_str() {
        "Exact" => StringMatchType::Exact(path.clone()),
        "Prefix" => StringMatchType::Prefix(path.clone()),
        _ => implementation_specific(path)?,
    };
    Some(HttpMatchRequest { uri: Some(StringMatch { match_type: Some(uri) }), ..HttpMatchRequest::default() })
}

/// A path with a star at its end is a prefix, any other is exact.
///
/// istiod: `virtualservices.go` `createFallbackStringMatch`
fn implementation_specific(path: &str) -> Option<StringMatchType> {
    if ["", "*", "/*", ".*"].contains(&path) {
        return None;
    }
    let prefix = path.strip_suffix(".*").or_else(|| path.strip_suffix("/*"));
    Some(prefix.map_or_else(|| StringMatchType::Exact(path.to_owned()), |p| StringMatchType::Prefix(p.to_owned())))
}

/// istiod: `virtualservices.go` `ingressBackendToHTTPRoute`, `resolveNamedPort`
fn destination(
    backend: &IngressBackend,
    namespace: &str,
    services: &BTreeMap<(&str, &str), &Service>,
    cluster_domain: &str,
) -> Result<Destination, String> {
    let Some(service) = &backend.service else { return Err("istiod serves Services only".to_owned()) };
    let number = if service.port_number > 0 {
        service.port_number
    } else {
        let ports = services.get(&(namespace, service.name.as_str())).map(|service| &service.spec.ports);
        let port = ports.into_iter().flatten().find(|port| port.name == service.port_name).map(|port| port.port);
        port.ok_or_else(|| format!("no Service `{}` exposes port `{}`", service.name, service.port_name))?
    };
    Ok(Destination {
        host: format!("{}.{namespace}.svc.{cluster_domain}", service.name),
        subset: String::new(),
        port: Some(PortSelector { number }),
    })
}
