//! The names of the volumes that templates add, which the status lists; the volumes are not made.

use serde_json::{Map, Value};

use super::environment::Context;
use super::{Injector, Template};

/// Returns the names, in the order of the template.
///
/// istiod: `files/injection-template.yaml`, `files/gateway-injection-template.yaml`
pub(super) fn names(injector: &Injector<'_>, context: &Context<'_>) -> Vec<String> {
    let values = injector.values();
    let is_sidecar = context.template == Template::Sidecar;
    let is_gke = values.ca_name == "GkeWorkloadCertificate";
    let named = [
        (true, "workload-socket"),
        (true, "credential-socket"),
        (is_gke, "gke-workload-certificate"),
        (!is_gke, "workload-certs"),
        (context.annotation("sidecar.istio.io/bootstrapOverride").is_some(), "custom-bootstrap-volume"),
        (true, "istio-envoy"),
        (true, "istio-data"),
        (true, "istio-podinfo"),
        (true, "istio-token"),
        (values.cert_provider == "istiod", "istiod-ca-cert"),
        (is_sidecar, "istio-ca-crl"),
        (values.mount_mtls_certs, "istio-certs"),
    ];
    let mut names: Vec<String> = named.iter().filter(|(has, _)| *has).map(|(_, name)| (*name).to_owned()).collect();
    if is_sidecar {
        let own = context.annotation("sidecar.istio.io/userVolume");
        let own = own.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok()).unwrap_or_default();
        names.extend(own.into_iter().map(|(name, _)| name));
        let tracing = context.proxy_config.get("tracing");
        if values.tracer == "lightstep" && tracing.is_some_and(|tracing| tracing.get("tlsSettings").is_some()) {
            names.push("lightstep-certs".to_owned());
        }
    }
    names
}
