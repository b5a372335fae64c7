//! What istiod would translate and meshc does not yet: said once for each resource, at its line, so that nothing is silently wrong.

use crate::diagnostic::Diagnostic;
use crate::ingest::Manifests;
use crate::model::Config;

const CODE: &str = "unsupported-kind";

/// API group of kinds that istiod translates too.
const GATEWAY_API: &str = "gateway.networking.k8s.io";

/// Returns a finding for each resource of a kind that is read and has no effect.
pub fn unsupported(manifests: &Manifests) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    of_kind("AuthorizationPolicy", "requests are let through that it denies", &manifests.authorization_policies, &mut out);
    of_kind("RequestAuthentication", "no token is checked", &manifests.request_authentications, &mut out);
    of_kind("EnvoyFilter", "its patches are missing", &manifests.envoy_filters, &mut out);
    of_kind("WasmPlugin", "its filter is missing", &manifests.wasm_plugins, &mut out);
    of_kind("TrafficExtension", "its filter is missing", &manifests.traffic_extensions, &mut out);
    of_kind("Ingress", "its Gateway and routes are missing", &manifests.ingresses, &mut out);
    for (kind, count) in &manifests.ignored {
        if let Some(name) = kind.strip_suffix(GATEWAY_API).and_then(|k| k.strip_suffix('.')) {
            let message = format!("{count} of kind {name} ({GATEWAY_API}) are not translated yet; what they ask for is missing");
            out.push(Diagnostic::warning(CODE, message));
        }
    }
    out
}

fn of_kind<T>(kind: &str, effect: &str, configs: &[Config<T>], out: &mut Vec<Diagnostic>) {
    out.extend(configs.iter().map(|config| {
        let meta = &config.meta;
        let message = format!("{kind} `{}/{}` is not translated yet; {effect}", meta.namespace, meta.name);
        Diagnostic::warning(CODE, message).at(config.source, "kind")
    }));
}
