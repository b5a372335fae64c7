//! The objects of the input, and how they name each other: which may have to do with a host, and the chain that they form.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::mesh::short_name::fqdn;
use crate::provenance::{ObjectName, World};
use crate::proxy::Proxy;
use crate::source::ResourceRef;

/// An object of the input.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) reference: ResourceRef,
    pub(super) name: ObjectName,
    pub(super) group: String,
    pub(super) value: Value,
    /// `routing.yaml:3`
    pub(super) place: String,
}

/// What binds routes: gateways by `namespace/name`, and `mesh`; and where they lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) gateways: BTreeSet<String>,
    pub(super) destinations: BTreeSet<String>,
}

/// The gateway of a VirtualService that stands for all sidecars.
pub(super) const MESH: &str = "mesh";

/// Kinds whose objects run Pods.
const WORKLOADS: [&str; 8] =
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Job", "CronJob", "WorkloadEntry"];

/// Returns all objects.
pub(super) fn objects(world: &World) -> Vec<Object> {
    let all = world.objects().into_iter().filter_map(|reference| {
        let value = world.manifests.object(reference)?;
        let place = world.place(reference);
        let group = world.manifests.document(reference).map(|document| document.group.clone()).unwrap_or_default();
        let text = format!("{}:{}", place.file, place.position.line);
        Some(Object { reference, name: place.object, group, value, place: text })
    });
    all.collect()
}

impl Object {
    pub(super) fn kind(&self) -> &str {
        &self.name.kind
    }

    fn spec(&self) -> &Value {
        &self.value["spec"]
    }

    fn namespace(&self) -> &str {
        &self.name.namespace
    }

    pub(super) fn is_route(&self) -> bool {
        matches!(self.kind(), "VirtualService" | "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" | "Ingress")
    }

    pub(super) fn is_workload(&self) -> bool {
        WORKLOADS.contains(&self.kind())
    }

    /// Returns the hosts that the object is for, in full.
    pub(super) fn hosts(&self, domain: &str) -> Vec<String> {
        let full = |host: &str| fqdn(host, self.namespace(), domain);
        match self.kind() {
            "Service" => vec![full(&self.name.name)],
            "VirtualService" | "ServiceEntry" => texts(&self.spec()["hosts"]).into_iter().map(full).collect(),
            "DestinationRule" => self.spec()["host"].as_str().into_iter().map(full).collect(),
            "HTTPRoute" | "GRPCRoute" | "TLSRoute" => {
                texts(&self.spec()["hostnames"]).into_iter().map(str::to_owned).collect()
            }
            "Ingress" => {
                list(&self.spec()["rules"]).iter().filter_map(|rule| rule["host"].as_str()).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns what binds the object's routes, and where they lead; bindings that lead to the same are one.
    pub(super) fn bindings(&self, domain: &str) -> Vec<Binding> {
        let mut by_gateway: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        match self.kind() {
            "VirtualService" => {
                let full = |gateway: &str| match gateway {
                    MESH => MESH.to_owned(),
                    _ if gateway.contains('/') => gateway.to_owned(),
                    _ => format!("{}/{gateway}", self.namespace()),
                };
                let mut gateways: Vec<String> = texts(&self.spec()["gateways"]).into_iter().map(full).collect();
                if gateways.is_empty() {
                    gateways.push(MESH.to_owned());
                }
                let routes = ["http", "tls", "tcp"].iter().flat_map(|kind| list(&self.spec()[*kind]));
                let routes: Vec<&Value> = routes.collect();
                for gateway in gateways {
                    let is_for = |route: &&&Value| {
                        let matches = list(&route["match"]);
                        let takes = |one: &Value| {
                            let own = texts(&one["gateways"]);
                            own.is_empty() || own.into_iter().any(|own| full(own) == gateway)
                        };
                        matches.is_empty() || matches.iter().any(takes)
                    };
                    let hosts = routes.iter().filter(is_for).flat_map(|route| destinations(route));
                    let hosts = hosts.map(|host| fqdn(host, self.namespace(), domain)).collect();
                    by_gateway.insert(gateway, hosts);
                }
            }
            "Ingress" => {
                let mut names = BTreeSet::new();
                services_of_ingress(self.spec(), &mut names);
                let hosts = names.into_iter().map(|name| fqdn(&name, self.namespace(), domain)).collect();
                by_gateway.insert(String::new(), hosts);
            }
            _ if self.is_route() => {
                let rules = list(&self.spec()["rules"]).iter().flat_map(|rule| list(&rule["backendRefs"]));
                let hosts: BTreeSet<String> = rules
                    .filter_map(|backend| {
                        let namespace = backend["namespace"].as_str().unwrap_or(self.namespace());
                        Some(fqdn(backend["name"].as_str()?, namespace, domain))
                    })
                    .collect();
                for parent in list(&self.spec()["parentRefs"]) {
                    let namespace = parent["namespace"].as_str().unwrap_or(self.namespace());
                    let Some(name) = parent["name"].as_str() else { continue };
                    let gateway =
                        if parent["kind"] == "Service" { MESH.to_owned() } else { format!("{namespace}/{name}") };
                    by_gateway.insert(gateway, hosts.clone());
                }
            }
            _ => {}
        }
        let mut out: Vec<Binding> = Vec::new();
        for (gateway, destinations) in by_gateway {
            let is_mesh = gateway == MESH;
            let same =
                |known: &&mut Binding| known.destinations == destinations && known.gateways.contains(MESH) == is_mesh;
            match out.iter_mut().find(same) {
                Some(known) => {
                    known.gateways.insert(gateway);
                }
                None => out.push(Binding { gateways: [gateway].into(), destinations }),
            }
        }
        out
    }

    /// Says whether the labels of the object's Pods are those that a selector asks for.
    pub(super) fn is_selected(&self, selector: &Value) -> bool {
        let labels = match self.kind() {
            "Pod" => &self.value["metadata"]["labels"],
            "WorkloadEntry" => &self.spec()["labels"],
            "CronJob" => &self.spec()["jobTemplate"]["spec"]["template"]["metadata"]["labels"],
            _ => &self.spec()["template"]["metadata"]["labels"],
        };
        let Some(wanted) = selector.as_object().filter(|wanted| !wanted.is_empty()) else { return false };
        self.is_workload() && wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
    }

    /// Returns the labels by which the object finds workloads in its namespace.
    pub(super) fn selector(&self) -> &Value {
        match self.kind() {
            "ServiceEntry" => &self.spec()["workloadSelector"]["labels"],
            _ => &self.spec()["selector"],
        }
    }

    /// Returns the Service whose endpoints the object lists.
    pub(super) fn service_of_endpoints(&self) -> Option<String> {
        match self.kind() {
            "Endpoints" => Some(self.name.name.clone()),
            "EndpointSlice" => {
                self.value["metadata"]["labels"]["kubernetes.io/service-name"].as_str().map(str::to_owned)
            }
            _ => None,
        }
    }

    fn says(&self, word: &str) -> bool {
        says(&self.value, word)
    }
}

/// What a question is about.
pub(super) struct Around<'a> {
    pub(super) host: &'a str,
    pub(super) domain: &'a str,
    pub(super) root_namespace: &'a str,
    /// Hosts of the Services of gateways that are looked at.
    pub(super) gateways: &'a BTreeSet<String>,
    /// The proxies that are looked at.
    pub(super) proxies: &'a [&'a Proxy],
}

/// Chooses the objects that may have to do with requests to a host; what they do is found out by leaving them out.
pub(super) fn around<'o>(objects: &'o [Object], about: &Around<'_>) -> Vec<&'o Object> {
    let domain = about.domain;
    let mut hosts: BTreeSet<String> = [about.host.to_owned()].into();
    let covers = |own: &str, host: &str| {
        own == host || own == "*" || own.strip_prefix("*.").is_some_and(|end| host.ends_with(end)) || {
            host.strip_prefix("*.").is_some_and(|end| own.ends_with(end))
        }
    };
    let is_for = |object: &Object, hosts: &BTreeSet<String>| {
        object.hosts(domain).iter().any(|own| hosts.iter().any(|host| covers(own, host)))
    };
    // Where its routes lead belongs to it, such as the gateway on the way outside.
    for route in objects.iter().filter(|object| object.is_route()) {
        if is_for(route, &[about.host.to_owned()].into()) {
            hosts.extend(route.bindings(domain).into_iter().flat_map(|binding| binding.destinations));
        }
    }
    hosts.extend(about.gateways.iter().cloned());
    let namespaces: BTreeSet<&str> = about.proxies.iter().map(|proxy| proxy.namespace.as_str()).collect();
    let mut chosen: BTreeSet<usize> = BTreeSet::new();
    let mut selectors: Vec<(&str, &Value)> = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        let leads = || object.bindings(domain).iter().any(|binding| !binding.destinations.is_disjoint(&hosts));
        let is_chosen = match object.kind() {
            "Service" | "ServiceEntry" | "DestinationRule" => is_for(object, &hosts),
            _ if object.is_route() => is_for(object, &hosts) || leads(),
            _ => false,
        };
        if is_chosen {
            chosen.insert(at);
            selectors.push((object.namespace(), object.selector()));
        }
    }
    for (at, object) in objects.iter().enumerate() {
        let service = |name: &str| hosts.contains(&fqdn(name, object.namespace(), domain));
        let is_near = namespaces.contains(object.namespace()) || object.namespace() == about.root_namespace;
        let is_chosen = match object.kind() {
            "Namespace" => namespaces.contains(object.name.name.as_str()) || object.name.name == about.root_namespace,
            "Gateway" | "GatewayClass" | "Node" | "IngressClass" | "ReferenceGrant" => true,
            "Service" | "ServiceEntry" | "DestinationRule" | "Secret" => false,
            "Endpoints" | "EndpointSlice" => object.service_of_endpoints().is_some_and(|name| service(&name)),
            _ if object.is_route() => false,
            _ if object.is_workload() => {
                // The workload, or the Pod where that is written itself.
                let is_proxy = about.proxies.iter().any(|proxy| {
                    let (workload, own) = (&proxy.workload_name, &object.name.name);
                    proxy.namespace == object.namespace()
                        && (workload == own || proxy.name == *own || starts(workload, own))
                });
                let is_selected = |(namespace, selector): &(&str, &Value)| {
                    *namespace == object.namespace() && object.is_selected(selector)
                };
                is_proxy || selectors.iter().any(is_selected) || object.namespace() == about.root_namespace
            }
            "ServiceAccount" => is_near,
            _ if object.group.ends_with("istio.io") || object.group == "gateway.networking.k8s.io" => is_near,
            _ => object.namespace() == about.root_namespace,
        };
        if is_chosen {
            chosen.insert(at);
        }
    }
    let secrets = objects.iter().enumerate().filter(|(_, object)| matches!(object.kind(), "Secret" | "ConfigMap"));
    let named = secrets.filter(|(_, secret)| {
        chosen.iter().any(|at| {
            let object = &objects[*at];
            matches!(object.kind(), "Gateway" | "DestinationRule") && object.says(&secret.name.name)
        })
    });
    let named: Vec<usize> = named.map(|(at, _)| at).collect();
    chosen.extend(named);
    chosen.into_iter().map(|at| &objects[at]).collect()
}

/// Says whether the name of a Pod begins with that of what made it.
fn starts(pod: &str, name: &str) -> bool {
    pod.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
}

/// Says whether a text of the value is a word, its last part, or a name of a Secret of Istio.
fn says(value: &Value, word: &str) -> bool {
    match value {
        Value::String(text) => {
            text == word || text.rsplit('/').next() == Some(word) || text.strip_suffix("-cacert") == Some(word)
        }
        Value::Array(items) => items.iter().any(|item| says(item, word)),
        Value::Object(fields) => fields.values().any(|value| says(value, word)),
        _ => false,
    }
}

fn destinations(route: &Value) -> Vec<&str> {
    let several = ["route", "mirrors"].iter().flat_map(|field| list(&route[*field]));
    let several = several.filter_map(|one| one["destination"]["host"].as_str());
    several.chain(route["mirror"]["host"].as_str()).collect()
}

fn services_of_ingress(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let service = fields.get("service").and_then(|service| service["name"].as_str());
            out.extend(service.map(str::to_owned));
            fields.values().for_each(|inner| services_of_ingress(inner, out));
        }
        Value::Array(items) => items.iter().for_each(|inner| services_of_ingress(inner, out)),
        _ => {}
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn texts(value: &Value) -> Vec<&str> {
    list(value).iter().filter_map(Value::as_str).collect()
}
