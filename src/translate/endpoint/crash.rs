//! Inputs on which istiod itself crashes.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::installation::Behaviour;
use crate::proxy::OutboundView;
use crate::translate::endpoint::{Placement, Request, RequestKind, Target, is_dns};
use crate::translate::traffic_policy;

/// Finds services for which failover by labels goes past the end of a list: those whose endpoints Envoy asks DNS for, in more than one
/// place.
///
/// istiod takes the endpoints of such a cluster to be of one place, the first, and looks there for all of them.
/// istiod: `core/cluster.go` `buildOutboundClusters`, `loadbalancer.go` `applyFailoverPriorityPerLocality`
pub(crate) fn crashes(view: &OutboundView<'_>) -> Diagnostics {
    let mut found = Diagnostics::default();
    if !view.mesh.does(Behaviour::AppliesFailoverPriorityToDns) {
        return found;
    }
    for service in view.scope.services.iter().filter(|service| is_dns(service)) {
        let consolidated = view.destination_rule(&service.hostname);
        let rule = consolidated.map(|consolidated| &consolidated.rule.spec);
        let crashes = service.ports.iter().any(|port| {
            let policy = traffic_policy::for_subset_name(rule, "", port.number, view.mesh.installation.behaviours);
            let policy = policy.over_default(view.mesh.config.default_traffic_policy.as_ref());
            let placement = Placement::new(view.mesh, service, &policy);
            if placement.is_none_or(|placement| placement.failover_labels().is_empty()) {
                return false;
            }
            let kind = RequestKind::Outbound;
            let request = Request { view: *view, service, rule, port: port.number, subset: "", kind };
            let endpoints = view.mesh.service_endpoints_by_port(service, port.number, &BTreeMap::new());
            request.generate(endpoints.into_iter(), Target::Workload).len() > 1
        });
        if crashes {
            let message = format!(
                "istiod crashes on failover by labels for `{}`, whose DNS endpoints are in several localities",
                service.hostname
            );
            let mut diagnostic = Diagnostic::error("failover-priority-crashes-istiod", message)
                .at(service.source, "spec.endpoints")
                .help("give all endpoints one locality, or use `failover` or `distribute`; here the first locality is used");
            if let Some(consolidated) = consolidated {
                let text = "the policy of the host";
                diagnostic = diagnostic.label_at(consolidated.rule.source, "spec.trafficPolicy", text);
            }
            found.push(diagnostic);
        }
    }
    found
}
