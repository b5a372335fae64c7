//! Keys of tokens that istiod fetches from anywhere. istiod: `analyzers/authn/blockedcidrs.go`

use std::fmt::Write as _;

use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;

const VARIABLE: &str = "BLOCKED_CIDRS_IN_JWKS_URIS";
/// Names in a message.
const SHOWN: usize = 5;

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let names: Vec<String> = context.request_authentications().map(|policy| policy.full_name()).collect();
    if names.is_empty() {
        return;
    }
    for deployment in context.deployments().filter(|deployment| deployment.label("app") == "istiod") {
        let containers = &deployment.spec.template.spec.containers;
        let mut variables = containers.iter().flat_map(|container| &container.env);
        if variables.any(|variable| variable.name == VARIABLE && !variable.value.is_empty()) {
            continue;
        }
        let mut list = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
        if names.len() > SHOWN {
            let _ = write!(list, " and {} more", names.len() - SHOWN);
        }
        let message = format!(
            "{VARIABLE} is not set, so istiod fetches keys from any address; it matters for {} RequestAuthentications ({list})",
            names.len()
        );
        out.push(
            Finding::new(&rules::IST0175, deployment.item, message)
                .point("spec.template.spec.containers")
                .help(format!("set {VARIABLE} to the networks that istiod must not call")),
        );
    }
}
