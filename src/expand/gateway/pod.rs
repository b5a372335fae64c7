//! The Pod of a Gateway.

use serde_json::{Map, Value, json};

use super::Deployed;
use crate::expand::inject::Injector;
use crate::expand::workload::Workload;
use crate::expand::{node, pod as workload_pod};
use crate::ingest::Manifests;
use crate::model::gateway_api::GatewayController;
use crate::model::istio::label::DATAPLANE_MODE;

/// The Deployment's template of a Pod.
pub(super) fn template(deployed: &Deployed<'_>, injector: &Injector<'_>, workload: &Workload<'_>) -> Value {
    let mut labels = Map::from_iter([
        ("sidecar.istio.io/inject".to_owned(), json!("false")),
        ("service.istio.io/canonical-name".to_owned(), json!(deployed.meta.name)),
        ("service.istio.io/canonical-revision".to_owned(), json!("latest")),
    ]);
    if deployed.is_waypoint() {
        labels.insert(DATAPLANE_MODE.to_owned(), json!("none"));
    }
    labels.extend(deployed.managed_labels());
    let mut annotations: Map<String, Value> =
        deployed.annotations.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    annotations.insert("istio.io/rev".to_owned(), json!(injector.revision()));
    for (key, value) in [("path", "/stats/prometheus"), ("port", "15020"), ("scrape", "true")] {
        annotations.insert(format!("prometheus.io/{key}"), json!(value));
    }
    let meta = &deployed.gateway.meta;
    let of_gateway = meta.annotations.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let infrastructure = deployed.labels.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let container = if deployed.is_waypoint() {
        let east_west = deployed.controller == GatewayController::EastWest;
        injector.waypoint_container(
            workload,
            &meta.name,
            (&infrastructure, &of_gateway),
            &deployed.service_account,
            east_west,
        )
    } else {
        injector.gateway_container(workload, &meta.name, &infrastructure, &of_gateway)
    };
    json!({
        "metadata": {"labels": labels, "annotations": annotations},
        "spec": {"serviceAccountName": deployed.service_account, "containers": [container]},
    })
}

/// The Pod that the Deployment's controllers make of it.
pub(super) fn pod(manifests: &Manifests, template: Value, workload: &Workload<'_>, name: &str, address: &str) -> Value {
    let Value::Object(mut pod) = template else { return template };
    pod.insert("apiVersion".to_owned(), json!("v1"));
    pod.insert("kind".to_owned(), json!("Pod"));
    workload_pod::metadata(node::map(&mut pod, "metadata"), workload, name);
    pod.insert("status".to_owned(), workload_pod::status(address, &workload_pod::host(manifests, &pod)));
    Value::Object(pod)
}
