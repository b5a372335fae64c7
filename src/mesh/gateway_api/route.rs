//! Routes -> VirtualServices: one for each parent and host.

use crate::diagnostic::Diagnostics;
use crate::installation::Behaviour;
use crate::mesh::gateway_api::backend::Route;
use crate::mesh::gateway_api::finding::{Problem, ignored};
use crate::mesh::gateway_api::listener::ConvertedListener;
use crate::mesh::gateway_api::merge::{self, Part};
use crate::mesh::gateway_api::parent::{self, Attaching, ParentKind, RouteKind, RouteParent};
use crate::mesh::gateway_api::{Context, GENERATED, PARENT_NAMES_ANNOTATION, grpc_rule, http_rule, tcp_rule, tls_rule};
use crate::mesh::hostname;
use crate::mesh::virtual_service::ROUTE_SEMANTICS_ANNOTATION;
use crate::model::gateway_api::{GrpcRoute, HttpRoute as KubernetesHttpRoute, ParentReference, TcpRoute, TlsRoute};
use crate::model::istio::{HttpMatchRequest, HttpRoute, VirtualService};
use crate::model::{Config, ObjectMeta, istio};

/// Converts all routes.
///
/// istiod: `route_collections.go`
pub(super) fn all(
    context: &Context<'_>,
    listeners: &[ConvertedListener],
    findings: &mut Diagnostics,
) -> Vec<Config<VirtualService>> {
    let manifests = context.manifests;
    let mut http = Vec::new();
    for route in manifests.http_routes.iter().filter(|route| context.reads(&route.meta)) {
        http.extend(http_route(context, listeners, route, findings));
    }
    let mut grpc = Vec::new();
    for route in manifests.grpc_routes.iter().filter(|route| context.reads(&route.meta)) {
        grpc.extend(grpc_route(context, listeners, route, findings));
    }
    let mut out = if context.does(Behaviour::MergesHttpAndGrpcRoutes) {
        merge::merge(http, grpc)
    } else {
        merge::merge_apart(http, grpc)
    };
    for route in manifests.tls_routes.iter().filter(|route| context.reads(&route.meta)) {
        out.extend(tls_route(context, listeners, route, findings));
    }
    for route in manifests.tcp_routes.iter().filter(|route| context.reads(&route.meta)) {
        out.extend(tcp_route(context, listeners, route, findings));
    }
    out
}

/// A route object, as far as all kinds have it alike.
struct Object<'m> {
    kind: RouteKind,
    meta: &'m ObjectMeta,
    source: crate::source::ResourceRef,
    parent_refs: &'m [ParentReference],
    hostnames: &'m [String],
}

/// What rules come to, for gateways and for sidecars.
struct Rules<T> {
    gateway: Vec<T>,
    mesh: Vec<T>,
}

impl Object<'_> {
    /// Returns the parents, and the rules for those kinds of parent that there are.
    fn attach<T>(
        &self,
        context: &Context<'_>,
        listeners: &[ConvertedListener],
        convert: impl Fn(&Route<'_>, &mut Vec<Problem>) -> Result<Vec<T>, Problem>,
        findings: &mut Diagnostics,
    ) -> (Vec<RouteParent>, Rules<T>) {
        let attaching = Attaching {
            kind: self.kind,
            namespace: &self.meta.namespace,
            parent_refs: self.parent_refs,
            hostnames: self.hostnames,
        };
        let (parents, mut problems) = parent::parents(context, listeners, &attaching);
        let mut rules = |for_mesh: bool| {
            if !parents.iter().any(|parent| parent.is_mesh() == for_mesh) {
                return Vec::new();
            }
            let Self { kind, meta, .. } = self;
            let route = Route { context, kind: *kind, namespace: &meta.namespace, name: &meta.name, for_mesh };
            convert(&route, &mut problems).unwrap_or_else(|problem| {
                problems.push(problem);
                Vec::new()
            })
        };
        let rules = Rules { gateway: rules(false), mesh: rules(true) };
        findings.extend(problems.iter().map(|problem| problem.diagnostic(self.source)).collect());
        (parents, rules)
    }

    /// Returns a VirtualService of the route for one host.
    fn virtual_service(&self, name: String, host: String, parent: &RouteParent) -> Config<VirtualService> {
        let ObjectMeta { name: own, namespace, .. } = self.meta;
        let annotations = [
            (PARENT_NAMES_ANNOTATION, format!("{}/{own}.{namespace}", self.kind.name())),
            (ROUTE_SEMANTICS_ANNOTATION, "gateway".to_owned()),
        ];
        Config {
            meta: ObjectMeta {
                name,
                namespace: namespace.clone(),
                creation_timestamp: self.meta.creation_timestamp,
                annotations: annotations.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                ..ObjectMeta::default()
            },
            spec: VirtualService {
                hosts: vec![host],
                gateways: vec![parent.internal_name.clone()],
                ..VirtualService::default()
            },
            source: self.source,
        }
    }

    /// The hosts of the route itself.
    fn own_hosts(&self) -> Vec<String> {
        if self.hostnames.is_empty() { vec!["*".to_owned()] } else { self.hostnames.to_vec() }
    }
}

/// The hosts of a Service or ServiceEntry.
fn parent_hosts(context: &Context<'_>, parent: &RouteParent) -> Vec<String> {
    let key = &parent.key;
    match key.kind {
        ParentKind::ServiceEntry => {
            context.service_entry(&key.namespace, &key.name).map(|entry| entry.spec.hosts.clone()).unwrap_or_default()
        }
        _ => vec![context.hostname(&key.name, &key.namespace)],
    }
}

fn http_route(
    context: &Context<'_>,
    listeners: &[ConvertedListener],
    config: &Config<KubernetesHttpRoute>,
    findings: &mut Diagnostics,
) -> Vec<Part> {
    let KubernetesHttpRoute { parent_refs, hostnames, rules } = &config.spec;
    for (index, _) in rules.iter().enumerate().filter(|(_, rule)| rule.session_persistence.is_some()) {
        findings.push(ignored(config.source, &format!("spec.rules[{index}].sessionPersistence")));
    }
    let object = Object { kind: RouteKind::Http, meta: &config.meta, source: config.source, parent_refs, hostnames };
    let convert = |route: &Route<'_>, problems: &mut Vec<Problem>| {
        let split = rules
            .iter()
            .enumerate()
            .flat_map(|(index, rule)| one_each(&rule.matches).into_iter().map(move |r#match| (index, rule, r#match)));
        split.map(|(index, rule, r#match)| http_rule::convert(route, rule, index, r#match, problems)).collect()
    };
    let (parents, rules) = object.attach(context, listeners, convert, findings);
    parts(context, &object, &parents, &rules)
}

fn grpc_route(
    context: &Context<'_>,
    listeners: &[ConvertedListener],
    config: &Config<GrpcRoute>,
    findings: &mut Diagnostics,
) -> Vec<Part> {
    let GrpcRoute { parent_refs, hostnames, rules } = &config.spec;
    for (index, _) in rules.iter().enumerate().filter(|(_, rule)| rule.session_persistence.is_some()) {
        findings.push(ignored(config.source, &format!("spec.rules[{index}].sessionPersistence")));
    }
    let object = Object { kind: RouteKind::Grpc, meta: &config.meta, source: config.source, parent_refs, hostnames };
    let convert = |route: &Route<'_>, problems: &mut Vec<Problem>| {
        let split = rules
            .iter()
            .enumerate()
            .flat_map(|(index, rule)| one_each(&rule.matches).into_iter().map(move |r#match| (index, rule, r#match)));
        split.map(|(index, rule, r#match)| grpc_rule::convert(route, rule, index, r#match, problems)).collect()
    };
    let (parents, rules) = object.attach(context, listeners, convert, findings);
    parts(context, &object, &parents, &rules)
}

/// Each condition alone, so that all can be sorted; none stands for all requests.
fn one_each<T>(matches: &[T]) -> Vec<Option<&T>> {
    if matches.is_empty() { vec![None] } else { matches.iter().map(Some).collect() }
}

/// What a route object comes to for each parent and host.
///
/// istiod: `route_collections.go` `HTTPRouteCollection`, `GRPCRouteCollection`
fn parts(context: &Context<'_>, object: &Object<'_>, parents: &[RouteParent], rules: &Rules<HttpRoute>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    for parent in parents {
        let (key, hosts, mut http) = if parent.is_mesh() {
            let port = parent.port.map(|port| format!("/{port}")).unwrap_or_default();
            let key = format!("{}{port}", object.meta.namespace);
            (key, parent_hosts(context, parent), on_port(&rules.mesh, parent.port))
        } else {
            (parent.internal_name.clone(), object.own_hosts(), rules.gateway.clone())
        };
        if http.is_empty() {
            continue;
        }
        merge::sort(&mut http);
        for host in hosts.into_iter().filter(|host| parent.allows_by_isolation(host)) {
            let name = format!("{}~{}~{GENERATED}", object.meta.name, out.len());
            let key = format!("{key}/{host}");
            let mut config = object.virtual_service(name, host, parent);
            config.spec.http.clone_from(&http);
            out.push(Part { key, config });
        }
    }
    out
}

/// istiod: `conversion.go` `augmentPortMatch`
fn on_port(routes: &[HttpRoute], port: Option<u32>) -> Vec<HttpRoute> {
    let mut out = routes.to_vec();
    for route in &mut out {
        let Some(port) = port else { continue };
        if route.r#match.is_empty() {
            route.r#match.push(HttpMatchRequest::default());
        }
        route.r#match.iter_mut().for_each(|r#match| r#match.port = port);
    }
    out
}

/// istiod: `route_collections.go` `TLSRouteCollection`
fn tls_route(
    context: &Context<'_>,
    listeners: &[ConvertedListener],
    config: &Config<TlsRoute>,
    findings: &mut Diagnostics,
) -> Vec<Config<VirtualService>> {
    let TlsRoute { parent_refs, hostnames, rules } = &config.spec;
    let object = Object { kind: RouteKind::Tls, meta: &config.meta, source: config.source, parent_refs, hostnames };
    let convert = |route: &Route<'_>, problems: &mut Vec<Problem>| {
        let rules = rules.iter().enumerate();
        rules.map(|(index, rule)| tls_rule::convert(route, rule, index, hostnames, problems)).collect()
    };
    let (parents, rules): (_, Rules<istio::TlsRoute>) = object.attach(context, listeners, convert, findings);
    let mut out: Vec<Config<VirtualService>> = Vec::new();
    for parent in &parents {
        let (hosts, routes) = if parent.is_mesh() {
            let hosts = parent_hosts(context, parent);
            let routes = tls_rule::for_mesh(&rules.mesh, parent.port, &hosts);
            (hosts, routes)
        } else if parent.hostname.is_empty() {
            (object.own_hosts(), rules.gateway.clone())
        } else {
            let hosts = hostname::intersection(&object.own_hosts(), std::slice::from_ref(&parent.hostname));
            (hosts, tls_rule::within_listener(&rules.gateway, &parent.hostname))
        };
        for host in hosts {
            let tls = if parent.is_mesh() { tls_rule::for_host(&routes, &host) } else { routes.clone() };
            let name = format!("{}~tls~{}~{GENERATED}", object.meta.name, out.len());
            let mut config = object.virtual_service(name, host, parent);
            config.spec.tls = tls;
            out.push(config);
        }
    }
    out
}

/// istiod: `route_collections.go` `TCPRouteCollection`
fn tcp_route(
    context: &Context<'_>,
    listeners: &[ConvertedListener],
    config: &Config<TcpRoute>,
    findings: &mut Diagnostics,
) -> Vec<Config<VirtualService>> {
    let TcpRoute { parent_refs, rules } = &config.spec;
    let object =
        Object { kind: RouteKind::Tcp, meta: &config.meta, source: config.source, parent_refs, hostnames: &[] };
    let convert = |route: &Route<'_>, problems: &mut Vec<Problem>| {
        rules.iter().enumerate().map(|(index, rule)| tcp_rule::convert(route, rule, index, problems)).collect()
    };
    let (parents, rules): (_, Rules<istio::TcpRoute>) = object.attach(context, listeners, convert, findings);
    let mut out: Vec<Config<VirtualService>> = Vec::new();
    for parent in &parents {
        let (hosts, routes) = if parent.is_mesh() {
            (parent_hosts(context, parent), tcp_rule::for_mesh(&rules.mesh, parent.port))
        } else {
            (object.own_hosts(), rules.gateway.clone())
        };
        for host in hosts {
            let name = format!("{}~tcp~{}~{GENERATED}", object.meta.name, out.len());
            let mut config = object.virtual_service(name, host, parent);
            config.spec.tcp.clone_from(&routes);
            out.push(config);
        }
    }
    out
}
