//! What one outbound cluster is made for.

use crate::mesh::peer_authentication::MutualTlsMode;
use crate::mesh::service::{Port, Resolution, Service};
use crate::model::Config;
use crate::model::istio::{DestinationRule, MeshConfigDefaultTrafficPolicy, Subset, TrafficPolicy};
use crate::proxy::OutboundView;
use crate::translate::name;
use crate::translate::traffic_policy::{self, EffectiveTrafficPolicy};

/// For whose connections a cluster is. istiod: `core.ClusterMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClusterMode {
    /// The proxy's own.
    Default,
    /// Those that other proxies have encrypted already, of which a gateway reads the SNI alone.
    SniDnat,
    /// Those for a waypoint's own services; `http` or `tcp`.
    InboundVip(&'static str),
}

/// A port of a service, or of one of its subsets, with the rule for it: everything that the fields of its cluster are made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Upstream<'a> {
    /// The client.
    pub(super) view: &'a OutboundView<'a>,
    /// For whose connections.
    pub(super) mode: ClusterMode,
    /// The service.
    pub(super) service: &'a Service,
    /// Its port.
    pub(super) port: &'a Port,
    /// The rule for the service.
    pub(super) rule: Option<&'a Config<DestinationRule>>,
    /// The subset, unless the cluster is for the whole service.
    pub(super) subset: Option<&'a Subset>,
    /// What rule and subset say for the port.
    pub(super) policy: EffectiveTrafficPolicy<'a>,
}

impl<'a> Upstream<'a> {
    /// A port of a whole service.
    pub(super) fn whole(view: &'a OutboundView<'a>, mode: ClusterMode, service: &'a Service, port: &'a Port) -> Self {
        let rule = view.destination_rule(&service.hostname).map(|consolidated| &consolidated.rule);
        let policy = rule.and_then(|r| r.spec.traffic_policy.as_ref());
        let policy = traffic_policy::for_port(policy, port.number);
        let policy = policy.over_default(view.mesh.config.default_traffic_policy.as_ref());
        Self { view, mode, service, port, rule, subset: None, policy }
    }

    /// A port of a whole service, whatever rules say.
    pub(super) fn without_rule(
        view: &'a OutboundView<'a>,
        mode: ClusterMode,
        service: &'a Service,
        port: &'a Port,
    ) -> Self {
        Self { view, mode, service, port, rule: None, subset: None, policy: EffectiveTrafficPolicy::default() }
    }

    /// The same port of a subset. istiod: `cluster_builder.go` `buildSubsetCluster`.
    pub(super) fn with_subset(self, subset: &'a Subset) -> Self {
        let whole = self.rule.and_then(|r| r.spec.traffic_policy.as_ref());
        let policy = traffic_policy::for_subset(
            whole,
            subset.traffic_policy.as_ref(),
            self.port.number,
            self.view.mesh.installation.behaviours,
            self.mesh_default(),
        );
        Self { subset: Some(subset), policy, ..self }
    }

    /// What the mesh says where rules say nothing, which does not hold for a waypoint's own services.
    fn mesh_default(&self) -> Option<&'a MeshConfigDefaultTrafficPolicy> {
        self.view.mesh.config.default_traffic_policy.as_ref().filter(|_| !self.is_vip())
    }

    /// The subset's name, empty for a whole service.
    pub(super) fn subset_name(&self) -> &'a str {
        self.subset.map_or("", |s| s.name.as_str())
    }

    /// The cluster's name.
    pub(super) fn name(&self) -> String {
        match self.mode {
            ClusterMode::Default => {
                name::outbound_cluster(self.port.number, self.subset_name(), &self.service.hostname)
            }
            ClusterMode::SniDnat => self.sni(),
            ClusterMode::InboundVip(_) => {
                name::inbound_vip_cluster(self.port.number, &self.vip_protocol(), &self.service.hostname)
            }
        }
    }

    /// The protocol of a waypoint's cluster, with the subset behind it; empty for others.
    pub(super) fn vip_protocol(&self) -> String {
        match (self.mode, self.subset) {
            (ClusterMode::InboundVip(protocol), None) => protocol.to_owned(),
            (ClusterMode::InboundVip(protocol), Some(subset)) => format!("{protocol}/{}", subset.name),
            (ClusterMode::Default | ClusterMode::SniDnat, _) => String::new(),
        }
    }

    /// Says whether it is a cluster for a waypoint's own service.
    pub(super) fn is_vip(&self) -> bool {
        matches!(self.mode, ClusterMode::InboundVip(_))
    }

    /// The name by which gateways know it.
    pub(super) fn sni(&self) -> String {
        name::sni_dnat_cluster(self.port.number, self.subset_name(), &self.service.hostname)
    }

    /// The policy as the rule or the subset writes it, not resolved for the port.
    pub(super) fn written_policy(&self) -> Option<&'a TrafficPolicy> {
        match self.subset {
            Some(subset) => subset.traffic_policy.as_ref(),
            None => self.rule.and_then(|r| r.spec.traffic_policy.as_ref()),
        }
    }

    /// Whether Envoy looks up the host of each request.
    pub(super) fn is_dynamic_forward_proxy(&self) -> bool {
        self.service.resolution == Resolution::DynamicDns && self.service.hostname.starts_with('*')
    }

    /// Which mode of mutual TLS the service's workloads accept, as far as the client can know.
    ///
    /// istiod: `push_context.go` `BestEffortInferServiceMTLSMode`, which looks at the policy as it is written
    pub(super) fn mutual_tls_mode(&self) -> MutualTlsMode {
        self.view.mesh.infer_service_mtls_mode(self.written_policy(), self.service, self.port)
    }
}
