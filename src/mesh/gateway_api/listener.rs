//! Listeners of Gateways and ListenerSets -> Gateways with one server each.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostics;
use crate::installation::Behaviour;
use crate::mesh::gateway::LISTENER_ANNOTATION;
use crate::mesh::gateway_api::context::ServedGateway;
use crate::mesh::gateway_api::finding::{Problem, Reason, ignored};
use crate::mesh::gateway_api::listener_conflict::{Conflicts, Owner};
use crate::mesh::gateway_api::parent::{ParentInfo, ParentKey, ParentKind, RouteKind};
use crate::mesh::gateway_api::tls;
use crate::mesh::gateway_api::{Context, GENERATED, PARENT_NAMES_ANNOTATION, address, hosts};
use crate::model::gateway_api::{
    GROUP, GatewayController, KubernetesGateway, Listener, ListenerSet, RouteGroupKind, TlsMode,
};
use crate::model::istio::{Gateway, Port, Server};
use crate::model::{Config, ObjectMeta};

/// A listener as Istio's own kind, and as what routes attach to.
pub(super) struct ConvertedListener {
    /// The Gateway that it becomes.
    pub(super) gateway: Config<Gateway>,
    /// Whether it can be served. Routes attach to it even if not.
    pub(super) valid: bool,
    /// Whose it is.
    pub(super) parent: ParentKey,
    /// What routes see of it.
    pub(super) info: ParentInfo,
}

/// Converts the listeners of all Gateways, and those that ListenerSets add to them.
///
/// istiod: `gateway_collection.go` `GatewayCollection`, `ListenerSetCollection`
pub(super) fn all(context: &Context<'_>, findings: &mut Diagnostics) -> Vec<ConvertedListener> {
    let mut out = Vec::new();
    let sets = context.manifests.listener_sets.iter().filter(|set| context.reads(&set.meta));
    let sets: Vec<_> = sets.filter_map(|set| Some((&**set, gateway_of(context, set, findings)?))).collect();
    for served in context.gateways() {
        let gateway = served.gateway;
        check_ignored(context, gateway, findings);
        let of_gateway = Set {
            kind: ParentKind::Gateway,
            meta: &gateway.meta,
            source: gateway.source,
            served,
            services: address::services(context, served),
        };
        if !of_gateway.services.is_empty() {
            let conflicts = conflicts(context, gateway, &sets);
            out.extend(of_gateway.convert(context, &gateway.spec.listeners, &conflicts, findings));
        }
    }
    for &(set, served) in &sets {
        let of_set = Set {
            kind: ParentKind::ListenerSet,
            meta: &set.meta,
            source: set.source,
            served,
            services: address::services(context, served),
        };
        if !of_set.services.is_empty() {
            let conflicts = conflicts(context, served.gateway, &sets);
            out.extend(of_set.convert(context, &set.spec.listeners, &conflicts, findings));
        }
    }
    out
}

/// Returns the listeners of a Gateway and its ListenerSets that clash with others, where istiod leaves them out.
fn conflicts(
    context: &Context<'_>,
    gateway: &Config<KubernetesGateway>,
    sets: &[(&Config<ListenerSet>, ServedGateway<'_>)],
) -> Conflicts {
    if !context.does(Behaviour::RefusesConflictingListeners) {
        return Conflicts::default();
    }
    let is_same = |meta: &ObjectMeta| meta.namespace == gateway.meta.namespace && meta.name == gateway.meta.name;
    let mut attached: Vec<_> = sets.iter().filter(|(_, of)| is_same(&of.gateway.meta)).map(|(set, _)| *set).collect();
    attached.sort_by_key(|set| (set.meta.creation_timestamp, format!("{}/{}", set.meta.namespace, set.meta.name)));
    let own = Owner { kind: ParentKind::Gateway, meta: &gateway.meta, listeners: &gateway.spec.listeners };
    let of_sets = attached.iter().map(|set| Owner {
        kind: ParentKind::ListenerSet,
        meta: &set.meta,
        listeners: &set.spec.listeners,
    });
    let owners: Vec<Owner<'_>> = std::iter::once(own).chain(of_sets).collect();
    Conflicts::new(&owners, context.does(Behaviour::TellsListenerSetsFromGateways))
}

/// Returns the Gateway to which a ListenerSet may add listeners.
fn gateway_of<'m>(
    context: &Context<'m>,
    set: &Config<ListenerSet>,
    findings: &mut Diagnostics,
) -> Option<ServedGateway<'m>> {
    let parent = &set.spec.parent_ref;
    if parent.group != GROUP || parent.kind != "Gateway" {
        return None;
    }
    let namespace = parent.namespace.as_ref().unwrap_or(&set.meta.namespace);
    let Some(gateway) = context.gateway(namespace, &parent.name) else {
        let message = format!("Gateway `{namespace}/{}` not found", parent.name);
        findings.push(Reason::NoMatchingParent.at(set.source, "spec.parentRef.name", &message));
        return None;
    };
    let class = &gateway.spec.gateway_class_name;
    if context.controller(class)? != GatewayController::Gateway {
        let message = format!("Gateways of the class `{class}` have no ListenerSets");
        findings.push(Reason::NotAllowed.at(set.source, "spec.parentRef", &message));
        return None;
    }
    let labels = context.namespace_labels(&set.meta.namespace);
    if !gateway.spec.accepts_listener_set(namespace, &set.meta.namespace, labels.as_ref()) {
        let message = "the Gateway's `allowedListeners` does not have the namespace of this ListenerSet";
        findings.push(Reason::NotAllowed.at(set.source, "spec.parentRef", message));
        return None;
    }
    context.served(gateway)
}

/// The listeners of one object.
struct Set<'m> {
    kind: ParentKind,
    meta: &'m ObjectMeta,
    source: crate::source::ResourceRef,
    /// The Gateway: the object itself, or the one that it adds to.
    served: ServedGateway<'m>,
    /// The hostnames of its Services.
    services: Vec<String>,
}

impl Set<'_> {
    fn convert(
        &self,
        context: &Context<'_>,
        listeners: &[Listener],
        conflicts: &Conflicts,
        findings: &mut Diagnostics,
    ) -> Vec<ConvertedListener> {
        let kinds_count = context.does(Behaviour::TellsListenerSetsFromGateways);
        let convert = |(index, listener): (usize, &Listener)| {
            if conflicts.contain(self.kind, kinds_count, self.meta, &listener.name) {
                let path = format!("spec.listeners[{index}]");
                findings.push(Reason::Conflicted.at(
                    self.source,
                    &path,
                    "an earlier listener has this port and hostname",
                ));
                return None;
            }
            let mut problems = Vec::new();
            problems.extend(unexpected(self.served.controller, listener, &format!("spec.listeners[{index}]")));
            let converted = is_converted(context, self.served.controller, listener)
                .then(|| self.listener(context, index, listener, &mut problems));
            findings.extend(problems.iter().map(|problem| problem.diagnostic(self.source)).collect());
            converted
        };
        listeners.iter().enumerate().filter_map(convert).collect()
    }

    /// istiod: `conversion.go` `buildListener`
    fn listener(
        &self,
        context: &Context<'_>,
        index: usize,
        listener: &Listener,
        problems: &mut Vec<Problem>,
    ) -> ConvertedListener {
        let path = format!("spec.listeners[{index}]");
        let port = port(listener);
        let protocol = protocol(context, self.served.controller, listener, &path, problems);
        if port.is_none() {
            let message = format!("a listener of the protocol {} needs a port", listener.protocol);
            problems.push(Problem::new(Reason::UnsupportedProtocol, &path, message));
        }
        let (kinds, are_known) = allowed_kinds(context, listener);
        let owner = tls::Owner { kind: self.kind.name(), meta: self.meta, gateway: &self.served.gateway.spec };
        let number = port.unwrap_or_default();
        let tls = tls::server_tls(context, &owner, number, listener, &path);
        let valid = tls.valid && port.is_some() && protocol.is_some();
        problems.extend(tls.problems);
        if !are_known {
            let message = "some of these kinds do not fit the protocol, or are not served";
            problems.push(Problem::new(Reason::InvalidRouteKinds, format!("{path}.allowedRoutes.kinds"), message));
        }
        let server = Server {
            port: Some(Port {
                number,
                protocol: protocol.unwrap_or_default(),
                name: "default".to_owned(),
                ..Port::default()
            }),
            hosts: hosts::hosts(context, &self.meta.namespace, listener),
            tls: tls.settings,
            ..Server::default()
        };
        let name = format!("{}~{GENERATED}~{}", self.meta.name, listener.name);
        let info = ParentInfo {
            internal_name: format!("{}/{name}", self.meta.namespace),
            allowed_kinds: kinds,
            hostnames: server.hosts.clone(),
            original_hostname: listener.hostname.clone().unwrap_or_default(),
            section_name: listener.name.clone(),
            port: number,
            protocol: listener.protocol.clone(),
        };
        ConvertedListener {
            gateway: Config {
                meta: ObjectMeta {
                    name,
                    namespace: self.meta.namespace.clone(),
                    creation_timestamp: self.meta.creation_timestamp,
                    annotations: self.annotations(context, index, listener),
                    ..ObjectMeta::default()
                },
                spec: Gateway { servers: vec![server], ..Gateway::default() },
                source: self.source,
            },
            valid,
            parent: ParentKey::new(self.kind, &self.meta.namespace, &self.meta.name),
            info,
        }
    }

    fn annotations(&self, context: &Context<'_>, index: usize, listener: &Listener) -> BTreeMap<String, String> {
        let ObjectMeta { name, namespace, .. } = self.meta;
        let mut out = BTreeMap::from([
            (PARENT_NAMES_ANNOTATION, format!("{}/{name}/{}.{namespace}", self.kind.name(), listener.name)),
            ("internal.istio.io/gateway-semantics", "gateway".to_owned()),
            ("internal.istio.io/gateway-service", self.services.join(",")),
            ("internal.istio.io/service-account-name", address::service_account(context, self.served)),
            (LISTENER_ANNOTATION, index.to_string()),
        ]);
        if self.kind == ParentKind::ListenerSet {
            out.insert("internal.istio.io/parent-namespace", self.served.gateway.meta.namespace.clone());
        }
        out.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Says whether a listener becomes a server that routes attach to: not one of a waypoint, nor the tunnel of an east-west gateway.
///
/// istiod: `gateway_collection.go` `GatewayCollection`
fn is_converted(context: &Context<'_>, controller: GatewayController, listener: &Listener) -> bool {
    match controller {
        GatewayController::Gateway => true,
        GatewayController::EastWest => {
            listener.port != HBONE_PORT && context.does(Behaviour::PassesTlsThroughEastWestGateways)
        }
        GatewayController::Waypoint | GatewayController::Remote => false,
    }
}

/// Says that a waypoint or an east-west gateway does not expect such a listener. It serves all the same.
///
/// istiod: `conversion.go` `unexpectedWaypointListener`, `unexpectedEastWestWaypointListener`
fn unexpected(controller: GatewayController, listener: &Listener, path: &str) -> Option<Problem> {
    let is_hbone = listener.port == HBONE_PORT && listener.protocol == "HBONE";
    let has_mode = |mode: TlsMode| listener.tls.as_ref().is_some_and(|tls| tls.mode == mode);
    let message = match controller {
        GatewayController::Waypoint if !is_hbone => {
            "a waypoint has one listener, with port 15008 and protocol HBONE; this one is ignored"
        }
        GatewayController::EastWest if listener.port == HBONE_PORT && !(is_hbone && has_mode(TlsMode::Terminate)) => {
            "the listener on port 15008 of an east-west gateway has protocol HBONE and `tls.mode: Terminate`"
        }
        GatewayController::EastWest
            if listener.port != HBONE_PORT && !(listener.protocol == "TLS" && has_mode(TlsMode::Passthrough)) =>
        {
            "beside port 15008, the listeners of an east-west gateway have protocol TLS and `tls.mode: Passthrough`"
        }
        _ => return None,
    };
    Some(Problem::new(Reason::UnsupportedProtocol, format!("{path}.protocol"), message.to_owned()))
}

/// The port of tunnels.
const HBONE_PORT: u32 = 15008;

/// istiod: `gateway_collection.go` `detectListenerPortNumber`
fn port(listener: &Listener) -> Option<u32> {
    match (listener.port, listener.protocol.as_str()) {
        (0, "HTTP") => Some(80),
        (0, "HTTPS") => Some(443),
        (0, _) => None,
        (port, _) => Some(port),
    }
}

/// Returns the protocol of the server, spelled exactly so.
///
/// istiod: `conversion.go` `listenerProtocolToIstio`
fn protocol(
    context: &Context<'_>,
    controller: GatewayController,
    listener: &Listener,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let written = &listener.protocol;
    let upper = written.to_ascii_uppercase();
    let alpha = context.installation.features.alpha_gateway_api;
    let message = match written.as_str() {
        "HTTP" | "HTTPS" => return Some(written.clone()),
        "TLS" if alpha || context.does(Behaviour::ReadsStableTlsRoutes) => return Some(written.clone()),
        "TCP" if alpha || context.does(Behaviour::ReadsStableTcpRoutes) => return Some(written.clone()),
        "TLS" => "this release serves TLS listeners only with PILOT_ENABLE_ALPHA_GATEWAY_API".to_owned(),
        "TCP" => "istiod serves TCP listeners only with PILOT_ENABLE_ALPHA_GATEWAY_API".to_owned(),
        "HBONE" if controller == GatewayController::EastWest => return Some(written.clone()),
        "HBONE" => "only waypoints serve HBONE".to_owned(),
        _ if ["HTTP", "HTTPS", "TLS", "TCP", "HBONE"].contains(&upper.as_str()) => {
            format!("the protocol `{written}` is not served; `{upper}` may be")
        }
        _ => format!("the protocol `{written}` is not served"),
    };
    problems.push(Problem::new(Reason::UnsupportedProtocol, format!("{path}.protocol"), message));
    None
}

/// Returns the kinds of route that may attach, and whether all that the listener names are among those that fit.
///
/// istiod: `conditions.go` `generateSupportedKinds`
fn allowed_kinds(context: &Context<'_>, listener: &Listener) -> (Vec<RouteKind>, bool) {
    let terminates = listener.tls.as_ref().is_some_and(|tls| tls.mode == TlsMode::Terminate);
    let supported: &[RouteKind] = match listener.protocol.as_str() {
        "HTTP" | "HTTPS" => &[RouteKind::Http, RouteKind::Grpc],
        "TCP" => &[RouteKind::Tcp],
        "TLS" if terminates && !context.does(Behaviour::TakesTlsRoutesOnTerminatingListeners) => &[RouteKind::Tcp],
        "TLS" if terminates => &[RouteKind::Tls, RouteKind::Tcp],
        "TLS" => &[RouteKind::Tls],
        _ => &[],
    };
    let named = &listener.allowed_routes.kinds;
    if named.is_empty() {
        return (supported.to_vec(), true);
    }
    let is_named = |kind: &&RouteKind| {
        named.iter().any(|RouteGroupKind { group, kind: name }| group == GROUP && name == kind.name())
    };
    let kinds: Vec<RouteKind> = supported.iter().filter(is_named).copied().collect();
    let all = kinds.len() == named.len();
    (kinds, all)
}

/// Says which settings of a Gateway do nothing.
fn check_ignored(context: &Context<'_>, gateway: &Config<KubernetesGateway>, findings: &mut Diagnostics) {
    let Some(tls) = &gateway.spec.tls else { return };
    if tls.backend.is_some() {
        findings.push(ignored(gateway.source, "spec.tls.backend"));
    }
    let Some(frontend) = &tls.frontend else { return };
    let per_port = frontend.per_port.iter().enumerate();
    let all = per_port.map(|(index, port)| (format!("spec.tls.frontend.perPort[{index}].tls"), &port.tls));
    for (path, tls) in all.chain([("spec.tls.frontend.default".to_owned(), &frontend.default)]) {
        let ignores = !context.does(Behaviour::AllowsInsecureFallback);
        if ignores && tls.validation.as_ref().is_some_and(|validation| validation.mode == "AllowInsecureFallback") {
            findings.push(ignored(gateway.source, &format!("{path}.validation.mode")));
        }
    }
}
