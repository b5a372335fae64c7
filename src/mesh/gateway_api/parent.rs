//! What routes attach to, and whether they may.

use std::collections::BTreeSet;

use crate::installation::Behaviour;
use crate::mesh::gateway_api::Context;
use crate::mesh::gateway_api::finding::{Problem, Reason};
use crate::mesh::gateway_api::listener::ConvertedListener;
use crate::mesh::hostname;
use crate::mesh::virtual_service::MESH_GATEWAY;
use crate::model::gateway_api::{GROUP, ParentReference};
use crate::model::istio::label::USE_WAYPOINT;

/// A kind of route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RouteKind {
    Http,
    Grpc,
    Tls,
    Tcp,
}

impl RouteKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTPRoute",
            Self::Grpc => "GRPCRoute",
            Self::Tls => "TLSRoute",
            Self::Tcp => "TCPRoute",
        }
    }
}

/// A kind of parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParentKind {
    Gateway,
    ListenerSet,
    Service,
    ServiceEntry,
}

impl ParentKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gateway => "Gateway",
            Self::ListenerSet => "ListenerSet",
            Self::Service => "Service",
            Self::ServiceEntry => "ServiceEntry",
        }
    }

    /// The kind that a reference means; none for one of another controller.
    fn of(reference: &ParentReference) -> Option<Self> {
        match (reference.group.as_str(), reference.kind.as_str()) {
            (GROUP, "Gateway") => Some(Self::Gateway),
            (GROUP, "ListenerSet") => Some(Self::ListenerSet),
            ("", "Service") => Some(Self::Service),
            ("networking.istio.io", "ServiceEntry") => Some(Self::ServiceEntry),
            _ => None,
        }
    }
}

/// The object that is a parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParentKey {
    pub(super) kind: ParentKind,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl ParentKey {
    pub(super) fn new(kind: ParentKind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// What routes see of a listener.
///
/// istiod: `conversion.go` `parentInfo`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParentInfo {
    /// The Gateway that the listener became, as VirtualServices name it.
    pub(super) internal_name: String,
    /// Which routes may attach.
    pub(super) allowed_kinds: Vec<RouteKind>,
    /// The hosts, each with the namespace whose routes may have it.
    pub(super) hostnames: Vec<String>,
    /// The host as it is written; empty means all.
    pub(super) original_hostname: String,
    pub(super) section_name: String,
    pub(super) port: u32,
    pub(super) protocol: String,
}

/// A listener, or the mesh, to which a route attaches.
///
/// istiod: `conversion.go` `routeParentReference`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RouteParent {
    pub(super) key: ParentKey,
    /// What VirtualServices call it: `mesh`, or a Gateway.
    pub(super) internal_name: String,
    /// The port that the route names.
    pub(super) port: Option<u32>,
    /// The listener's host; empty means all.
    pub(super) hostname: String,
    /// Hosts of other listeners with the same port and protocol: what they cover more exactly is theirs.
    banned_hostnames: BTreeSet<String>,
}

impl RouteParent {
    /// Says whether the parent is a Service or ServiceEntry, so that the route is for sidecars.
    pub(super) fn is_mesh(&self) -> bool {
        self.internal_name == MESH_GATEWAY
    }

    /// Says whether a host of the route belongs to this listener, and to no more exact one beside it.
    ///
    /// istiod: `conversion.go` `hostnameAllowedByIsolation`
    pub(super) fn allows_by_isolation(&self, host: &str) -> bool {
        let own = self.hostname.as_str();
        if !own.is_empty() && !hostname::is_wildcard(own) {
            return true;
        }
        if !own.is_empty() && !hostname::matches(host, own) {
            return false;
        }
        let mut longer = self.banned_hostnames.iter().filter(|other| own.len() <= other.len());
        !longer.any(|other| hostname::subset_of(host, other))
    }
}

/// A route, as far as parents look at it.
pub(super) struct Attaching<'r> {
    pub(super) kind: RouteKind,
    pub(super) namespace: &'r str,
    pub(super) parent_refs: &'r [ParentReference],
    pub(super) hostnames: &'r [String],
}

/// Finds the parents to which a route attaches, by their names; and what keeps it from others.
///
/// istiod: `conversion.go` `extractParentReferenceInfo`, `filteredReferences`
pub(super) fn parents(
    context: &Context<'_>,
    listeners: &[ConvertedListener],
    route: &Attaching<'_>,
) -> (Vec<RouteParent>, Vec<Problem>) {
    let mut parents: Vec<(String, RouteParent)> = Vec::new();
    let mut problems = Vec::new();
    for (index, reference) in route.parent_refs.iter().enumerate() {
        let Some(kind) = ParentKind::of(reference) else { continue };
        let namespace = reference.namespace.as_deref().unwrap_or(route.namespace);
        let key = ParentKey::new(kind, namespace, &reference.name);
        let path = format!("spec.parentRefs[{index}]");
        match kind {
            ParentKind::Service | ParentKind::ServiceEntry if has_foreign_waypoint(context, &key) => {}
            ParentKind::Service | ParentKind::ServiceEntry => match mesh_parent(context, reference, key, &path) {
                Ok(parent) => parents.push((text(reference, route.namespace), parent)),
                Err(problem) => problems.push(problem),
            },
            ParentKind::Gateway | ParentKind::ListenerSet => {
                let of_parent: Vec<&ParentInfo> =
                    listeners.iter().filter(|listener| listener.parent == key).map(|listener| &listener.info).collect();
                let mut denied = Vec::new();
                let before = parents.len();
                for info in &of_parent {
                    match denial(info, reference, route, &path) {
                        None => parents.push((
                            text(reference, route.namespace),
                            gateway_parent(info, &of_parent, reference, &key),
                        )),
                        Some(denial) => denied.push(denial),
                    }
                }
                if parents.len() == before {
                    problems.extend(missing(context, &key, &path, &denied));
                }
            }
        }
    }
    parents.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut parents: Vec<RouteParent> = parents.into_iter().map(|(_, parent)| parent).collect();
    parents.sort_by(|a, b| a.internal_name.cmp(&b.internal_name));
    (parents, problems)
}

/// Says whether the waypoint of a service is another controller's, to whom its routes are left.
///
/// istiod: `conversion.go` `waypointManagedByAnotherController`
fn has_foreign_waypoint(context: &Context<'_>, key: &ParentKey) -> bool {
    if !context.does(Behaviour::IgnoresRoutesOfForeignWaypoints) {
        return false;
    }
    let own = match key.kind {
        ParentKind::Service => context.service(&key.namespace, &key.name).map(|service| &service.meta.labels),
        _ => context.service_entry(&key.namespace, &key.name).map(|entry| &entry.meta.labels),
    };
    let Some(own) = own else { return false };
    let of_namespace = context.namespace_labels(&key.namespace).unwrap_or_default();
    let labels = if own.contains_key(USE_WAYPOINT) { own } else { &of_namespace };
    let Some(name) = labels.get(USE_WAYPOINT).filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("none"))
    else {
        return false;
    };
    let stated = labels.get("istio.io/use-waypoint-namespace").filter(|namespace| !namespace.is_empty());
    let gateway = context.gateway(stated.unwrap_or(&key.namespace), name);
    gateway.is_some_and(|gateway| context.is_foreign_class(&gateway.spec.gateway_class_name))
}

/// Why a route does not attach to a listener.
type Denial = (Rank, Problem);

/// Of several listeners that refuse a route, the one that came closest to taking it says why.
///
/// istiod: `conditions.go` `createRouteStatus`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    NotAllowed,
    NoHostname,
    NoListener,
}

/// istiod: `conversion.go` `referenceAllowed`
fn denial(info: &ParentInfo, reference: &ParentReference, route: &Attaching<'_>, path: &str) -> Option<Denial> {
    let no_listener = |field: &str, message: String| {
        Some((Rank::NoListener, Problem::new(Reason::NoMatchingParent, format!("{path}.{field}"), message)))
    };
    if let Some(port) = reference.port.filter(|port| *port != 0 && *port != info.port) {
        return no_listener("port", format!("no listener has the port {port}"));
    }
    if let Some(name) = reference.section_name.as_ref().filter(|name| !name.is_empty() && **name != info.section_name) {
        return no_listener("sectionName", format!("no listener is named `{name}`"));
    }
    let everything = ["*".to_owned()];
    let hostnames = if route.hostnames.is_empty() { &everything } else { route.hostnames };
    let split = |host: &'_ String| match host.split_once('/') {
        Some((namespace, host)) => (namespace.to_owned(), host.to_owned()),
        None => ("*".to_owned(), host.clone()),
    };
    let pairs = hostnames.iter().flat_map(|host| info.hostnames.iter().map(move |parent| (host, split(parent))));
    let (mut host_matches, mut admitted) = (false, false);
    for (host, (namespace, parent)) in pairs {
        let matches = hostname::matches(&parent, host);
        host_matches |= matches;
        admitted |= matches && (namespace == "*" || namespace == route.namespace);
    }
    if !admitted && host_matches {
        let message =
            format!("listener `{}` does not allow routes from namespace `{}`", info.section_name, route.namespace);
        return Some((Rank::NotAllowed, Problem::new(Reason::NotAllowedByListeners, path, message)));
    }
    if !admitted {
        let message = format!("no host of the route is one of the listener `{}`", info.section_name);
        return Some((Rank::NoHostname, Problem::new(Reason::NoMatchingListenerHostname, path, message)));
    }
    if !info.allowed_kinds.contains(&route.kind) {
        let message = format!("listener `{}` does not accept {}", info.section_name, route.kind.name());
        return Some((Rank::NotAllowed, Problem::new(Reason::NotAllowedByListeners, path, message)));
    }
    None
}

/// What there is to say about a parent none of whose listeners takes the route. Nothing for a Gateway of another controller.
fn missing(context: &Context<'_>, key: &ParentKey, path: &str, denied: &[Denial]) -> Option<Problem> {
    if let Some((_, problem)) = denied.iter().min_by_key(|(rank, _)| *rank) {
        return Some(problem.clone());
    }
    let ParentKey { kind, namespace, name } = key;
    let exists = match kind {
        ParentKind::Gateway => context.gateway(namespace, name).is_some(),
        _ => context.manifests.listener_sets.iter().any(|s| s.meta.namespace == *namespace && s.meta.name == *name),
    };
    let message = format!("{} `{namespace}/{name}` not found", kind.name());
    (!exists).then(|| Problem::new(Reason::NoMatchingParent, format!("{path}.name"), message))
}

fn gateway_parent(info: &ParentInfo, all: &[&ParentInfo], reference: &ParentReference, key: &ParentKey) -> RouteParent {
    let rivals = all.iter().filter(|other| other.port == info.port && other.protocol == info.protocol);
    let mut banned: BTreeSet<String> = rivals.map(|other| other.original_hostname.clone()).collect();
    banned.remove(&info.original_hostname);
    RouteParent {
        key: key.clone(),
        internal_name: info.internal_name.clone(),
        port: reference.port,
        hostname: info.original_hostname.clone(),
        banned_hostnames: banned,
    }
}

fn mesh_parent(
    context: &Context<'_>,
    reference: &ParentReference,
    key: ParentKey,
    path: &str,
) -> Result<RouteParent, Problem> {
    let ParentKey { kind, namespace, name } = &key;
    let exists = match kind {
        ParentKind::Service => context.service(namespace, name).is_some(),
        _ => context.service_entry(namespace, name).is_some(),
    };
    if !exists {
        let message = format!("{} `{namespace}/{name}` not found", kind.name());
        return Err(Problem::new(Reason::NoMatchingParent, format!("{path}.name"), message));
    }
    Ok(RouteParent {
        key,
        internal_name: MESH_GATEWAY.to_owned(),
        port: reference.port,
        hostname: String::new(),
        banned_hostnames: BTreeSet::new(),
    })
}

/// A reference as a text by which references are ordered. istiod: `conversion.go` `parentRefString`.
fn text(reference: &ParentReference, namespace: &str) -> String {
    let ParentReference { group, kind, namespace: other, name, section_name, port } = reference;
    format!(
        "{group}/{kind}/{name}/{}/{}.{}",
        section_name.as_deref().unwrap_or_default(),
        port.unwrap_or_default(),
        other.as_deref().unwrap_or(namespace)
    )
}
