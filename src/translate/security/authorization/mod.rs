//! AuthorizationPolicy: the filters that let requests and connections pass, or not.
//!
//! ```text
//! applicable       which policies apply to a proxy, by action
//! rule             one rule                    ─▶ RBAC policy: permissions and principals
//!   condition        an attribute, its values, and those that it must not have
//!   permission       attributes of the request and of the connection's target
//!   principal        attributes of the peer and of the token
//!   trust_domain     the mesh's trust domain and its aliases in principals
//! rules            all policies of one action  ─▶ RBAC rules, enforced and dry-run
//! custom           CUSTOM                      ─▶ RBAC in shadow mode, then ext_authz
//!   provider         an extension provider       ─▶ ext_authz
//! ```
//!
//! The filters are the same in all chains of a proxy, so they are made once. Requests and connections have filters of their own:
//! what a connection has not (a path, a header, a token) a rule for connections leaves out.
//!
//! istiod: `pilot/pkg/security/authz`, `pilot/pkg/networking/plugin/authz`

mod applicable;
mod condition;
mod custom;
mod matcher;
mod permission;
mod principal;
mod provider;
mod rule;
mod rules;
mod status_code;
mod trust_domain;

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostics;
use crate::envoy::{Filter, HttpFilter};
use crate::installation::Behaviour;
use crate::mesh::hostname;
use crate::mesh::service::{Resolution, Service};
use crate::proxy::{ProxyKind, ProxyView};
use crate::translate::listener::ListenerClass;
use crate::translate::security::authorization::applicable::Applicable;
use crate::translate::security::authorization::trust_domain::TrustDomains;

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    /// Requests.
    Http,
    /// Connections.
    Tcp,
}

/// Where Envoy finds the identity of the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Peer {
    /// The certificate of the connection.
    Connection,
    /// What the listener of the tunnel has noted.
    FilterState,
}

/// What a rule is about, and how it knows the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Subject {
    layer: Layer,
    peer: Peer,
}

/// Whose policies hold on a chain for connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChainPolicies<'a> {
    /// Nobody's.
    None,
    /// Those of the proxy's workload.
    Workload,
    /// Those of the proxy's workload and of the namespace of the service to which the chain leads.
    Service(&'a str),
}

impl ChainPolicies<'_> {
    /// Returns whose policies hold on all chains of a class: those of sidecars for connections that leave have none.
    pub(crate) fn of(class: ListenerClass) -> Self {
        match class {
            ListenerClass::SidecarInbound | ListenerClass::Gateway => Self::Workload,
            ListenerClass::SidecarOutbound => Self::None,
        }
    }
}

/// The filters of one proxy, and of its chains to services that have policies of their own.
#[derive(Debug, Default)]
pub(crate) struct Authorization {
    http: Stages<HttpFilter>,
    network: Stages<Filter>,
    services: ServiceAuthorization,
}

/// The filters for connections to services, by the services' namespace; namespaces without any are left out.
pub(crate) type ServiceAuthorization = BTreeMap<String, Stages<Filter>>;

/// Filters by their place in a chain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stages<F> {
    /// Somebody else decides: the first of all policies.
    custom: Vec<F>,
    /// The proxy decides: after tokens are verified.
    local: Vec<F>,
}

impl<F> Default for Stages<F> {
    fn default() -> Self {
        Self { custom: Vec::new(), local: Vec::new() }
    }
}

impl Authorization {
    /// Builds the filters of a proxy; of a waypoint, those of the chains to one of its services, or to workloads.
    ///
    /// istiod: `core/listener_builder.go` `NewListenerBuilder`, `plugin/authz/authorization.go` `NewBuilderForService`
    pub(crate) fn new(view: &ProxyView<'_>, service: Option<&Service>, diagnostics: &mut Diagnostics) -> Self {
        let peer = match view.outbound.client.kind {
            ProxyKind::Waypoint => Peer::FilterState,
            ProxyKind::Sidecar | ProxyKind::Router => Peer::Connection,
        };
        Self::with_peer(view, service, peer, diagnostics)
    }

    /// Builds the filters of a sidecar for what comes to it through a tunnel. Somebody else decides as elsewhere.
    ///
    /// istiod: `core/listener_inbound.go` `buildInboundHBONEListeners`
    pub(crate) fn in_tunnel(self, view: &ProxyView<'_>) -> Self {
        let inside = Self::with_peer(view, None, Peer::FilterState, &mut Diagnostics::default());
        Self {
            http: Stages { custom: self.http.custom, local: inside.http.local },
            network: Stages { custom: self.network.custom, local: inside.network.local },
            services: self.services,
        }
    }

    fn with_peer(view: &ProxyView<'_>, service: Option<&Service>, peer: Peer, diagnostics: &mut Diagnostics) -> Self {
        let mesh = view.outbound.mesh;
        if mesh.authorization_policies.is_empty() {
            return Self::default();
        }
        let trust_domains = TrustDomains::new(&mesh.config);
        let applicable = Applicable::new(view, service);
        let subject = Subject { layer: Layer::Http, peer };
        Self {
            http: Stages {
                custom: custom::http(mesh, &applicable.custom, subject, &trust_domains, diagnostics),
                local: rules::http(&applicable, subject, &trust_domains),
            },
            network: network(view, &applicable, peer, &trust_domains, diagnostics),
            services: services(view, &trust_domains, diagnostics),
        }
    }

    /// The filters by which somebody else decides about requests.
    pub(crate) fn custom_http(&self, class: ListenerClass) -> &[HttpFilter] {
        if ChainPolicies::of(class) == ChainPolicies::None { &[] } else { &self.http.custom }
    }

    /// The filters by which the proxy decides about requests.
    pub(crate) fn local_http(&self, class: ListenerClass) -> &[HttpFilter] {
        if ChainPolicies::of(class) == ChainPolicies::None { &[] } else { &self.http.local }
    }

    /// The filters by which somebody else decides about connections.
    pub(crate) fn custom_network(&self, policies: ChainPolicies<'_>) -> &[Filter] {
        self.stages(policies).map_or(&[], |stages| &stages.custom)
    }

    /// The filters by which the proxy decides about connections.
    pub(crate) fn local_network(&self, policies: ChainPolicies<'_>) -> &[Filter] {
        self.stages(policies).map_or(&[], |stages| &stages.local)
    }

    /// Everything that the chains to services depend on.
    pub(crate) fn services(&self) -> &ServiceAuthorization {
        &self.services
    }

    fn stages(&self, policies: ChainPolicies<'_>) -> Option<&Stages<Filter>> {
        match policies {
            ChainPolicies::None => None,
            ChainPolicies::Workload => Some(&self.network),
            ChainPolicies::Service(namespace) => self.services.get(namespace),
        }
    }
}

fn network(
    view: &ProxyView<'_>,
    applicable: &Applicable<'_>,
    peer: Peer,
    trust_domains: &TrustDomains,
    diagnostics: &mut Diagnostics,
) -> Stages<Filter> {
    let subject = Subject { layer: Layer::Tcp, peer };
    Stages {
        custom: custom::network(view.outbound.mesh, &applicable.custom, subject, trust_domains, diagnostics),
        local: rules::network(applicable, subject, trust_domains),
    }
}

/// Wildcard services whose hosts Envoy looks up: alone among services, their outbound chains in sidecars have policies, those of the
/// client's workload and whatever selects it in the service's namespace.
///
/// istiod: `core/networkfilter.go` `buildCompleteNetworkFilters`, with a service
fn services(view: &ProxyView<'_>, trust_domains: &TrustDomains, diagnostics: &mut Diagnostics) -> ServiceAuthorization {
    let mut services = ServiceAuthorization::new();
    let serves = view.outbound.mesh.does(Behaviour::ServesDynamicDnsToSidecars);
    if !serves || view.outbound.client.kind != ProxyKind::Sidecar {
        return services;
    }
    let all = view.outbound.scope.services.iter();
    for service in all.filter(|s| s.resolution == Resolution::DynamicDns && hostname::is_wildcard(&s.hostname)) {
        if !services.contains_key(&service.namespace) {
            let applicable = Applicable::new(view, Some(service));
            let stages = network(view, &applicable, Peer::Connection, trust_domains, diagnostics);
            services.insert(service.namespace.clone(), stages);
        }
    }
    services.retain(|_, stages| *stages != Stages::default());
    services
}

/// `ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES`: the filters of a waypoint's tunnels, by the policies that select the waypoint as any
/// other workload.
///
/// istiod: `core/listener_waypoint.go` `buildHCMConnectTerminateChain`
pub(crate) fn tunnel_filters(view: &ProxyView<'_>) -> Vec<HttpFilter> {
    let mesh = view.outbound.mesh;
    if !mesh.installation.features.layered_waypoint_authorization_policies {
        return Vec::new();
    }
    let subject = Subject { layer: Layer::Tcp, peer: Peer::Connection };
    rules::http(&Applicable::of_tunnel(view), subject, &TrustDomains::new(&mesh.config))
}
