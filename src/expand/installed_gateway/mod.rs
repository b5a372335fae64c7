//! The gateways that an install lays and that the input does not have: those that an IstioOperator lists, and those that Gateways and
//! Ingresses are written for.
//!
//! ```text
//! IstioOperator    -> the gateways that it lists                                          (component)
//! Gateway, Ingress -> selectors that no workload matches -> the gateway that each means   (meaning)
//!                  -> ServiceAccount, Deployment, Service: as `istioctl install` (component) or the Helm chart (chart) makes them
//!                  -> the Deployment's Pod
//! ```
//!
//! istio: `manifests/charts/gateways/istio-ingress`, `manifests/charts/gateways/istio-egress`, `manifests/charts/gateway`

mod chart;
mod component;
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
use crate::installation::{GatewayPort, InstalledGateway};
use crate::model::{Config, ObjectMeta};
use crate::source::ResourceRef;

/// A gateway that is to be laid.
struct Gateway<'g> {
    namespace: &'g str,
    name: &'g str,
    /// Who asks for it: `Gateway default/bookinfo`.
    reason: &'g str,
    source: ResourceRef,
    kind: Kind<'g>,
}

/// Who makes a gateway.
enum Kind<'g> {
    /// `istioctl install`.
    Component(&'g InstalledGateway),
    /// The Helm chart.
    Chart(&'g Wanted),
}

/// ServiceAccount, Deployment, Service and Pod of each gateway that an IstioOperator lists and that is not there, as far as the input has none.
///
/// An input that has a Pod with an address shows what a cluster holds, so there the caller asks for none.
pub(super) fn of_operators(manifests: &Manifests, target: &Target<'_>) -> Vec<Made> {
    let listed = target.installation.gateways.iter().filter_map(|gateway| {
        let (source, reason) = gateway.stated_by.as_ref()?;
        let namespace = gateway.namespace.as_ref().unwrap_or(&target.installation.namespace);
        let runs = meaning::workloads(manifests)
            .any(|(of, labels)| of == namespace && meaning::is_subset(&gateway.labels, labels));
        let kind = Kind::Component(gateway);
        (!runs).then_some(Gateway { namespace, name: &gateway.name, reason, source: *source, kind })
    });
    lay(manifests, target, &listed.collect::<Vec<_>>())
}

/// Likewise of each gateway that a Gateway or an Ingress means.
pub(super) fn make(manifests: &Manifests, target: &Target<'_>) -> Vec<Made> {
    let wanted = meaning::wanted(manifests, target);
    let gateways = wanted.iter().map(|wanted| Gateway {
        namespace: &wanted.namespace,
        name: &wanted.name,
        reason: &wanted.reason,
        source: wanted.source,
        kind: wanted.component.as_ref().map_or(Kind::Chart(wanted), Kind::Component),
    });
    lay(manifests, target, &gateways.collect::<Vec<_>>())
}

fn lay(manifests: &Manifests, target: &Target<'_>, gateways: &[Gateway<'_>]) -> Vec<Made> {
    if gateways.is_empty() {
        return Vec::new();
    }
    let injector = Injector::new(manifests, target);
    let mut services = address::free(Ipv4Addr::new(10, 96, 0, 0), 12, manifests);
    let mut pods = address::free(Ipv4Addr::new(10, 128, 0, 0), 9, manifests);
    let pod_names = manifests.pods.iter().map(|pod| (pod.meta.namespace.as_str(), pod.meta.name.clone()));
    let pod_names: BTreeSet<(&str, String)> = pod_names.collect();
    let mut known = BTreeSet::new();
    let mut made = Vec::new();
    for Gateway { namespace, name, reason, source, kind } in gateways {
        // A Deployment of this name that the selector does not match is another gateway's.
        if has(&manifests.deployments, namespace, name) || !known.insert((namespace, name)) {
            continue;
        }
        let meta = ObjectMeta { namespace: (*namespace).to_owned(), name: (*name).to_owned(), ..ObjectMeta::default() };
        let workload = Workload::deployment(&meta, *source);
        let objects = match kind {
            Kind::Component(gateway) => component::objects(gateway, &injector, &meta, &workload),
            Kind::Chart(wanted) => chart::objects(wanted, &injector, &meta),
        };
        let mut put = |kind: &'static str, name: &str, says: &str, object: Value| {
            let invented = Invented {
                kind,
                namespace: meta.namespace.clone(),
                name: name.to_owned(),
                field: "",
                value: format!("for {reason}{says}"),
                source: *source,
            };
            made.push(Made { source: *source, object, replaces: false, invented: vec![invented] });
        };
        if !has(&manifests.service_accounts, namespace, &objects.account) {
            put("ServiceAccount", &objects.account, "", objects.service_account);
        }
        if let Some(service) = objects.service
            && !has(&manifests.services, namespace, name)
            && let Some(address) = services.address(&format!("{namespace}/{name}"))
        {
            let (service, says) = super::service::with_address(service, &address.to_string());
            put("Service", name, &says, service);
        }
        let template = objects.deployment.pointer("/spec/template").cloned().unwrap_or_default();
        let is_scaled_to_zero = objects.deployment.pointer("/spec/replicas") == Some(&json!(0));
        put("Deployment", name, "", objects.deployment);
        let (Some(address), Value::Object(mut object), false) =
            (pods.address(&format!("{namespace}/Deployment/{name}")), template, is_scaled_to_zero)
        else {
            continue;
        };
        let pod_name = pod::name(&workload, &pod_names);
        let injected = pod::run(&mut object, manifests, &injector, &workload, &pod_name, &address.to_string());
        // The chart's own annotations are none that istiod refuses.
        let injected = injected.unwrap_or_default();
        let is_gateway =
            injected.is_some() || matches!(kind, Kind::Component(gateway) if gateway.injection_template.is_empty());
        let says = if is_gateway { Template::Gateway.says() } else { "" };
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

/// What an install makes of one gateway.
struct Objects {
    /// The name of the ServiceAccount.
    account: String,
    service_account: Value,
    deployment: Value,
    service: Option<Value>,
}

impl Objects {
    /// Returns ServiceAccount and Deployment; the labels of the selector tell the Deployment's Pods from others.
    fn new(account: &str, meta: &ObjectMeta, labels: &Labels, (selector, template): (&Labels, Value)) -> Self {
        Self {
            account: account.to_owned(),
            service_account: json!({
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": account, "namespace": meta.namespace, "labels": labels},
            }),
            deployment: json!({
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": meta.name, "namespace": meta.namespace, "labels": labels},
                "spec": {"selector": {"matchLabels": selector}, "template": template},
            }),
            service: None,
        }
    }
}

/// Returns the Service without an address.
fn service(meta: &ObjectMeta, labels: &Labels, (selector, r#type): (&Labels, &str), ports: &[GatewayPort]) -> Value {
    let port = |GatewayPort { name, port, target, protocol, rest }: &GatewayPort| {
        let mut fields = rest.clone();
        let own = [
            ("name", json!(name)),
            ("port", json!(port)),
            ("protocol", json!(protocol)),
            ("targetPort", json!(target)),
        ];
        fields.extend(own.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(fields)
    };
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": meta.name, "namespace": meta.namespace, "labels": labels},
        "spec": {
            "type": r#type,
            "selector": selector,
            "ports": ports.iter().map(port).collect::<Vec<_>>(),
        },
    })
}
