//! Whether a client uses mutual TLS to an endpoint.

use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::mesh::endpoint::Endpoint;
use crate::mesh::peer_authentication::MutualTlsMode;
use crate::model::istio::{ClientTlsSettingsTlsMode, DestinationRule, TrafficPolicy};
use crate::translate::endpoint::lb_endpoint;
use crate::translate::endpoint::locality::{self, LocalityEndpoints};

/// What decides it. istiod: `mtls_checker.go` `mtlsChecker`.
pub(super) struct MutualTls<'m> {
    mesh: &'m Mesh,
    by_rule: Option<ClientTlsSettingsTlsMode>,
}

impl<'m> MutualTls<'m> {
    /// Reads what the rule says for the port. A subset without TLS settings of its own looks at those of the rule since
    /// [`Behaviour::FallsBackToTlsOfRule`]; a name that is none of its subsets has no TLS settings.
    ///
    /// istiod: `mtls_checker.go` `tlsModeForDestinationRule`
    pub(super) fn new(mesh: &'m Mesh, rule: Option<&DestinationRule>, subset: &str, port: u32) -> Self {
        let of_rule = || tls_mode(rule?.traffic_policy.as_ref()?, port);
        let of_subset = || {
            let subset = rule?.subsets.iter().find(|s| s.name == subset)?;
            let own = subset.traffic_policy.as_ref().and_then(|policy| tls_mode(policy, port));
            let falls_back = mesh.does(Behaviour::FallsBackToTlsOfRule);
            own.or_else(|| of_rule().filter(|_| falls_back))
        };
        let by_rule = if subset.is_empty() { of_rule() } else { of_subset() };
        Self { mesh, by_rule }
    }

    /// `DestinationRule.trafficPolicy.tls.mode`, else label `security.istio.io/tlsMode` and PeerAuthentication
    ///
    /// istiod: `mtls_checker.go` `checkMtlsEnabled`
    pub(super) fn is_enabled(&self, endpoint: &Endpoint) -> bool {
        if let Some(mode) = self.by_rule {
            return mode == ClientTlsSettingsTlsMode::IstioMutual;
        }
        if endpoint.tls_mode != lb_endpoint::ISTIO {
            return false;
        }
        let policy = self.mesh.peer_authentication.for_workload(&endpoint.namespace, &endpoint.labels);
        policy.port_level.get(&endpoint.port).copied().unwrap_or(policy.mode) != MutualTlsMode::Disable
    }
}

/// Keeps the endpoints to which mutual TLS is used: what a gateway passes on by SNI is encrypted.
///
/// istiod: `ep_filters.go` `EndpointsWithMTLSFilter`
pub(super) fn only_mutual_tls(group: LocalityEndpoints<'_>) -> LocalityEndpoints<'_> {
    let accepts = |e: &locality::LocalityEndpoint<'_>| lb_endpoint::accepts_mutual_tls(&e.lb_endpoint);
    let endpoints: Vec<_> = group.endpoints.into_iter().filter(accepts).collect();
    LocalityEndpoints { weight: locality::refreshed_weight(&endpoints), endpoints, ..group }
}

/// The mode for a port; settings for the port count only if they have TLS settings.
///
/// istiod: `mtls_checker.go` `trafficPolicyTLSModeForPort`
fn tls_mode(policy: &TrafficPolicy, port: u32) -> Option<ClientTlsSettingsTlsMode> {
    let for_port = policy.port_level_settings.iter().find_map(|level| {
        let same_port = level.port.as_ref().map_or(0, |p| p.number) == port;
        level.tls.as_ref().filter(|_| same_port)
    });
    for_port.or(policy.tls.as_ref()).map(|tls| tls.mode)
}
