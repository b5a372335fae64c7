//! Where traffic goes: `backendRefs`.

use crate::mesh::gateway_api::Context;
use crate::mesh::gateway_api::filter;
use crate::mesh::gateway_api::finding::{Problem, Reason};
use crate::mesh::gateway_api::parent::RouteKind;
use crate::model::gateway_api::{BackendObjectReference, BackendRef, HttpBackendRef};
use crate::model::istio::{Destination, HttpRouteDestination, PortSelector, RouteDestination};

/// The route whose rules are converted.
pub(super) struct Route<'m> {
    pub(super) context: &'m Context<'m>,
    pub(super) kind: RouteKind,
    pub(super) namespace: &'m str,
    pub(super) name: &'m str,
    /// Whether it is for sidecars. Then it needs no ReferenceGrant.
    pub(super) for_mesh: bool,
}

/// `backendRefs` -> `HTTPRoute.route`: those with a share; a single one has no need of it
///
/// A backend that cannot be had stays, and answers with an error; it is said in `problems`.
///
/// istiod: `conversion.go` `buildHTTPDestination`, `buildGRPCDestination`
pub(super) fn http_destinations(
    route: &Route<'_>,
    backends: &[HttpBackendRef],
    path: &str,
    problems: &mut Vec<Problem>,
) -> Result<Vec<HttpRouteDestination>, Problem> {
    let weights = weights(backends.iter().map(|b| b.backend.weight));
    let mut out = Vec::new();
    for (index, weight) in weights {
        let HttpBackendRef { backend, filters } = &backends[index];
        let path = format!("{path}.backendRefs[{index}]");
        out.push(HttpRouteDestination {
            destination: Some(destination(route, &backend.backend, &path, problems)?),
            weight,
            headers: filter::headers(filters, &path)?,
        });
    }
    Ok(out)
}

/// `backendRefs` -> `TLSRoute.route`
///
/// istiod: `conversion.go` `buildTCPDestination`
pub(super) fn destinations(
    route: &Route<'_>,
    backends: &[BackendRef],
    path: &str,
    problems: &mut Vec<Problem>,
) -> Result<Vec<RouteDestination>, Problem> {
    let mut out = Vec::new();
    for (index, weight) in weights(backends.iter().map(|b| b.weight)) {
        let path = format!("{path}.backendRefs[{index}]");
        let destination = destination(route, &backends[index].backend, &path, problems)?;
        out.push(RouteDestination { destination: Some(destination), weight });
    }
    Ok(out)
}

/// The backends with a share, by position. A single one gets everything.
fn weights(all: impl Iterator<Item = i32>) -> Vec<(usize, i32)> {
    let mut weights: Vec<(usize, i32)> = all.enumerate().filter(|(_, weight)| *weight != 0).collect();
    if let [(_, weight)] = weights.as_mut_slice() {
        *weight = 0;
    }
    weights
}

/// Returns where one backend leads: to nowhere, if it may not be used or is of no known kind. Fails if the reference makes no
/// sense.
///
/// istiod: `conversion.go` `buildDestination`
pub(super) fn destination(
    route: &Route<'_>,
    backend: &BackendObjectReference,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Result<Destination, Problem> {
    let context = route.context;
    let BackendObjectReference { group, kind, name, namespace, port } = backend;
    let other = namespace.as_deref().filter(|namespace| *namespace != route.namespace);
    if let Some(other) = other.filter(|_| !route.for_mesh)
        && !context.grants.backend_allowed(route.kind.name(), route.namespace, (granted(group, kind), other, name))
    {
        let message = format!(
            "no ReferenceGrant of the namespace `{other}` lets the {}s of the namespace `{}` refer to this: requests get status 500",
            route.kind.name(),
            route.namespace
        );
        problems.push(Problem::new(Reason::RefNotPermitted, path, message));
        return Ok(Destination::default());
    }
    let own = namespace.as_deref().unwrap_or(route.namespace);
    let invalid =
        |field: &str, message: &str| Problem::new(Reason::InvalidDestination, format!("{path}{field}"), message);
    let (hostname, is_found) = match (group.as_str(), kind.as_str()) {
        ("", "Service") if name.contains('.') => {
            return Err(invalid(".name", "this is the name of a Service, and not its hostname"));
        }
        // Without the feature for it, an imported Service is like one of the cluster.
        ("", "Service") | ("multicluster.x-k8s.io", "ServiceImport") => {
            (context.hostname(name, own), context.service(own, name).is_some())
        }
        ("networking.istio.io", "Hostname") => {
            if namespace.is_some() {
                return Err(invalid(".namespace", "a Hostname has no namespace"));
            }
            let of_hostname = context.services_by_hostname.get(name);
            (name.clone(), of_hostname.is_some_and(|services| services.contains_key(own)))
        }
        _ => {
            let message = format!("istiod sends no requests to a {kind}: they get status 500");
            problems.push(Problem::new(Reason::InvalidKind, format!("{path}.kind"), message));
            return Ok(Destination::default());
        }
    };
    if !is_found {
        let message = format!("Service `{hostname}` not found: requests get status 500");
        problems.push(Problem::new(Reason::BackendNotFound, format!("{path}.name"), message));
    }
    let Some(number) = *port else { return Err(invalid("", "a backend has a port")) };
    Ok(Destination { host: hostname, subset: String::new(), port: Some(PortSelector { number }) })
}

/// The kind of backend as grants have it.
fn granted<'k>(group: &str, kind: &'k str) -> &'k str {
    if group.is_empty() { kind } else { "" }
}
