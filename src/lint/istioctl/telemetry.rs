//! Access logs for nobody. istiod: `analyzers/telemetry/providers.go`

use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let defaults = context.mesh_config.default_providers.as_ref();
    if defaults.is_some_and(|providers| !providers.access_logging.is_empty()) {
        return;
    }
    for telemetry in context.telemetries() {
        for (i, logging) in telemetry.spec.access_logging.iter().enumerate() {
            if logging.disabled != Some(true) && logging.providers.is_empty() {
                let message = format!(
                    "the access log settings of {} in namespace `{}` are ignored: they name no provider, and the mesh config has no default",
                    telemetry.name(),
                    telemetry.namespace
                );
                let finding = Finding::new(&rules::IST0157, telemetry.item, message);
                out.push(finding.point(&format!("spec.accessLogging[{i}]")).help("name a provider of the mesh config"));
            }
        }
    }
}
