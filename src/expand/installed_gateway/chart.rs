//! A gateway of the Helm chart `istio/gateway`.
//!
//! istio: `manifests/charts/gateway`

use serde_json::json;

use super::meaning::Wanted;
use super::{Labels, Objects, labels};
use crate::expand::inject::Injector;
use crate::installation::GatewayPort as Port;
use crate::model::ObjectMeta;

/// Returns what the chart makes of its own values and the labels that are wanted.
pub(super) fn objects(gateway: &Wanted, injector: &Injector<'_>, meta: &ObjectMeta) -> Objects {
    let release = injector.installation().release.to_string();
    let Wanted { name, labels: wanted, .. } = gateway;
    let mut selector = labels([("app", name), ("istio", name.strip_prefix("istio-").unwrap_or(name))]);
    selector.extend(wanted.iter().filter(|(key, _)| selects(key)).map(|(key, value)| (key.clone(), value.clone())));
    let mut all = labels([
        ("app.kubernetes.io/instance", name),
        ("app.kubernetes.io/managed-by", "Helm"),
        ("app.kubernetes.io/name", name),
        ("app.kubernetes.io/part-of", "istio"),
        ("app.kubernetes.io/version", &release),
        ("helm.sh/chart", &format!("gateway-{release}")),
        ("istio.io/dataplane-mode", "none"),
    ]);
    all.extend(wanted.clone());
    all.extend(selector.clone());
    let mut of_pod = all.clone();
    of_pod.insert("sidecar.istio.io/inject".to_owned(), "true".to_owned());
    if injector.revision() != "default" {
        of_pod.insert("istio.io/rev".to_owned(), injector.revision().to_owned());
    }
    let annotations: Labels = labels([
        ("inject.istio.io/templates", "gateway"),
        ("prometheus.io/path", "/stats/prometheus"),
        ("prometheus.io/port", "15020"),
        ("prometheus.io/scrape", "true"),
        ("sidecar.istio.io/inject", "true"),
    ]);
    let container = json!({
        "name": "istio-proxy",
        "image": "auto",
        "ports": [{"containerPort": 15090, "protocol": "TCP", "name": "http-envoy-prom"}],
    });
    let template = json!({
        "metadata": {"labels": of_pod, "annotations": annotations},
        "spec": {"serviceAccountName": name, "containers": [container]},
    });
    let mut objects = Objects::new(name, meta, &all, (&selector, template));
    objects.service = Some(super::service(meta, &all, (&selector, "LoadBalancer"), &ports(gateway)));
    objects
}

/// The labels that the chart tells its Pods by.
fn selects(key: &str) -> bool {
    key == "app" || key == "istio"
}

/// The ports of the chart, then those of the Gateways.
fn ports(gateway: &Wanted) -> Vec<Port> {
    let mut ports =
        vec![Port::new("status-port", 15021, 15021), Port::new("http2", 80, 80), Port::new("https", 443, 443)];
    for (number, protocol) in &gateway.ports {
        if ports.iter().all(|port| port.port != *number) {
            ports.push(Port::new(&format!("{}-{number}", protocol.to_ascii_lowercase()), *number, *number));
        }
    }
    ports
}
