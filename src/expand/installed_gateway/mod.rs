//! The gateways that Gateways and Ingresses are written for and that the input does not have, as an install lays them.
//!
//! ```text
//! Gateway, Ingress -> selectors that no workload matches -> the gateway that each means   (meaning)
//!                  -> ServiceAccount, Deployment, Service: as `istioctl install` (demo) or the Helm chart (chart) makes them
//!                  -> the Deployment's Pod
//! ```
//!
//! istio: `manifests/charts/gateways/istio-ingress`, `manifests/charts/gateways/istio-egress`, `manifests/charts/gateway`

mod chart;
mod demo;
mod meaning;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::{Value, json};

use self::meaning::Wanted;
use super::inject::{Injector, Template};
use super::workload::Workload;
use super::{Invented, Made, address, pod};
use crate::expand::Target;
use crate::ingest::Manifests;
use crate::model::{Config, ObjectMeta};

/// ServiceAccount, Deployment, Service and Pod of each gateway that is meant and is not there, as far as the input has none.
///
/// An input that has a Pod with an address shows what a cluster holds, so there the caller asks for none.
pub(super) fn make(manifests: &Manifests, target: &Target<'_>) -> Vec<Made> {
    let wanted = meaning::wanted(manifests, target);
    if wanted.is_empty() {
        return Vec::new();
    }
    let injector = Injector::new(manifests, target);
    let mut services = address::free(Ipv4Addr::new(10, 96, 0, 0), 12, manifests);
    let mut pods = address::free(Ipv4Addr::new(10, 128, 0, 0), 9, manifests);
    let pod_names = manifests.pods.iter().map(|pod| (pod.meta.namespace.as_str(), pod.meta.name.clone()));
    let pod_names: BTreeSet<(&str, String)> = pod_names.collect();
    let mut made = Vec::new();
    for gateway in &wanted {
        let Wanted { namespace, name, .. } = gateway;
        // A Deployment of this name that the selector does not match is another gateway's.
        if has(&manifests.deployments, namespace, name) {
            continue;
        }
        let meta = ObjectMeta { namespace: namespace.clone(), name: name.clone(), ..ObjectMeta::default() };
        let workload = Workload::deployment(&meta, gateway.source);
        let objects = match gateway.demo {
            Some(demo) => demo::objects(demo, &injector, &workload),
            None => chart::objects(gateway, &injector),
        };
        let mut put = |kind: &'static str, name: &str, says: &str, object: Value| {
            let invented = Invented {
                kind,
                namespace: namespace.clone(),
                name: name.to_owned(),
                field: "",
                value: format!("for {}{says}", gateway.reason),
                source: gateway.source,
            };
            made.push(Made { source: gateway.source, object, replaces: false, invented: vec![invented] });
        };
        if !has(&manifests.service_accounts, namespace, &objects.account) {
            put("ServiceAccount", &objects.account, "", objects.service_account(namespace));
        }
        if !has(&manifests.services, namespace, name)
            && let Some(address) = services.address(&format!("{namespace}/{name}"))
        {
            put("Service", name, &format!(", {address}"), objects.service(&meta, &address.to_string()));
        }
        let (Some(address), Value::Object(mut object)) =
            (pods.address(&format!("{namespace}/Deployment/{name}")), objects.template.clone())
        else {
            continue;
        };
        let pod_name = pod::name(&workload, &pod_names);
        let injected = pod::run(&mut object, manifests, &injector, &workload, &pod_name, &address.to_string());
        // The chart's own annotations are none that istiod refuses.
        let injected = injected.unwrap_or_default();
        put("Deployment", name, "", objects.deployment(&meta));
        let says = if injected.is_some() || gateway.demo.is_some() { Template::Gateway.says() } else { "" };
        put("Pod", &pod_name, &format!(", {address}{says}"), Value::Object(object));
    }
    made
}

fn has<T>(configs: &[Arc<Config<T>>], namespace: &str, name: &str) -> bool {
    configs.iter().any(|config| config.meta.namespace == namespace && config.meta.name == name)
}

type Labels = BTreeMap<String, String>;

fn labels<const N: usize>(labels: [(&str, &str); N]) -> Labels {
    labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// A port of a Service.
struct Port {
    name: String,
    number: u32,
    target: u32,
}

impl Port {
    fn new(name: &str, number: u32, target: u32) -> Self {
        Self { name: name.to_owned(), number, target }
    }
}

/// What an install makes of one gateway.
struct Objects {
    /// The name of the ServiceAccount.
    account: String,
    /// Labels of the objects.
    labels: Labels,
    /// Labels that tell the Deployment's Pods from others; the Service's too.
    selector: Labels,
    /// What the Deployment's Pods are made from.
    template: Value,
    /// Type of the Service.
    service_type: &'static str,
    ports: Vec<Port>,
}

impl Objects {
    fn service_account(&self, namespace: &str) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": self.account, "namespace": namespace, "labels": self.labels},
        })
    }

    fn deployment(&self, meta: &ObjectMeta) -> Value {
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": meta.name, "namespace": meta.namespace, "labels": self.labels},
            "spec": {"selector": {"matchLabels": self.selector}, "template": self.template},
        })
    }

    fn service(&self, meta: &ObjectMeta, address: &str) -> Value {
        let port = |Port { name, number, target }: &Port| json!({"name": name, "port": number, "protocol": "TCP", "targetPort": target});
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": meta.name, "namespace": meta.namespace, "labels": self.labels},
            "spec": {
                "type": self.service_type,
                "selector": self.selector,
                "ports": self.ports.iter().map(port).collect::<Vec<_>>(),
                "clusterIP": address,
                "clusterIPs": [address],
            },
        })
    }
}
