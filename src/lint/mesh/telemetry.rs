//! Telemetries that turn off what comes from elsewhere.

use super::translated::Translated;
use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;

/// istiod falls back to `accessLogFile` when no provider is left, whether or not a Telemetry says `disabled`.
///
/// istiod: `pilot/pkg/model/telemetry.go` `mergeLogs`
pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let config = &translated.mesh.config;
    let has_default = config.default_providers.as_ref().is_some_and(|providers| !providers.access_logging.is_empty());
    if has_default || config.access_log_file.is_empty() {
        return;
    }
    for telemetry in context.telemetries().filter(|telemetry| context.is_taken(telemetry.item)) {
        for (index, logging) in telemetry.spec.access_logging.iter().enumerate() {
            if logging.disabled == Some(true) && logging.providers.is_empty() {
                let message = "this turns off nothing: the log comes from `accessLogFile` of the mesh config, which is no provider";
                out.push(
                    Finding::new(&rules::MESHC0110, telemetry.item, message)
                        .point(&format!("spec.accessLogging[{index}].disabled"))
                        .help("name the provider (`providers: [{name: envoy}]`), or log by `defaultProviders.accessLogging` of the mesh config"),
                );
            }
        }
    }
}
