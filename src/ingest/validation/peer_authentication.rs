//! `PeerAuthentication`. istiod: `ValidatePeerAuthentication`

use crate::model::Config;
use crate::model::istio::PeerAuthentication;

use super::finding::{At, Findings};
use super::{name, selector};

pub(super) fn check(config: &Config<PeerAuthentication>, findings: &mut Findings<'_>) {
    let PeerAuthentication { selector, mtls: _, port_level_mtls } = &config.spec;
    let at = At::SPEC.field("portLevelMtls");
    if !port_level_mtls.is_empty() && selector.as_ref().is_none_or(|selector| selector.match_labels.is_empty()) {
        findings.error(&at, "settings of ports are for workloads that a `selector` names");
    }
    for port in port_level_mtls.keys() {
        findings.check(&at.field(&port.to_string()), name::port(*port));
    }
    selector::check(selector.as_ref(), &At::SPEC.field("selector"), findings);
}
