//! What the steps make of small inputs.

use std::fmt::Write as _;

use serde_json::Value;

use super::*;
use crate::ingest::ingest;
use crate::source::SourceFile;

const ON: Options = Options {
    mesh_config: None,
    mesh_networks: None,
    revision: String::new(),
    jwks: std::collections::BTreeMap::new(),
    expand: true,
};

/// A Namespace with injection, a Deployment, and a Service of two ports, one of them by name.
const WEB: &str = "
kind: Namespace
apiVersion: v1
metadata: {name: shop, labels: {istio-injection: enabled}}
---
kind: Deployment
apiVersion: apps/v1
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: web, resources: {limits: {cpu: 1}}, ports: [{name: http, containerPort: 8080}]}
---
kind: Service
apiVersion: v1
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}, {name: tcp, port: 90}, {name: lost, port: 91, targetPort: lost}]
";

fn read(text: &str) -> Manifests {
    let (manifests, diagnostics) = ingest(vec![SourceFile::new("a.yaml", text)]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    manifests
}

fn expanded(text: &str) -> (Manifests, Expansion) {
    let mut manifests = read(text);
    let expansion = expand(&mut manifests, &ON);
    (manifests, expansion)
}

fn printed((manifests, expansion): &(Manifests, Expansion)) -> String {
    expansion.documents(manifests).iter().fold(String::new(), |mut text, object| {
        let yaml = serde_yaml::to_string(object).expect("JSON is printed as YAML");
        let _ = write!(text, "---\n{yaml}");
        text
    })
}

fn objects(text: &str, kind: &str) -> Vec<Value> {
    let (manifests, expansion) = expanded(text);
    expansion.documents(&manifests).into_iter().filter(|object| object["kind"] == kind).collect()
}

#[test]
fn what_is_printed_is_what_was_made() {
    let entry = "
---
kind: ServiceEntry
apiVersion: networking.istio.io/v1
metadata: {name: out}
spec: {hosts: [a.example.com, a.example.com, b.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
---
kind: Secret
apiVersion: v1
metadata: {name: s}
stringData: {a: b}
";
    let first = expanded(&format!("{WEB}{entry}"));
    let again = expanded(&printed(&first));
    assert_eq!(again.1.invented, []);
    assert_eq!(printed(&again).len(), printed(&first).len());
    let pods = |(manifests, _): &(Manifests, Expansion)| {
        manifests.pods.iter().map(|pod| (pod.meta.clone(), pod.spec.clone())).collect::<Vec<_>>()
    };
    assert_eq!(pods(&first), pods(&again));
    let slices = |(manifests, _): &(Manifests, Expansion)| {
        manifests.endpoint_slices.iter().map(|slice| (slice.meta.clone(), slice.spec.clone())).collect::<Vec<_>>()
    };
    assert_eq!(slices(&first), slices(&again));
    let addresses = &first.0.service_entries[0].spec.status_addresses;
    assert_eq!(addresses.len(), 4);
    assert_eq!(*addresses, again.0.service_entries[0].spec.status_addresses);
}

#[test]
fn nothing_is_made_when_it_is_off() {
    let mut manifests = read(WEB);
    let expansion = expand(&mut manifests, &Options { expand: false, ..ON });
    assert_eq!(expansion.invented, []);
    assert!(manifests.pods.is_empty());
}

#[test]
fn a_deployment_gives_an_injected_pod_behind_its_service() {
    let (manifests, expansion) = expanded(WEB);
    let pod = &manifests.pods[0];
    assert_eq!((pod.meta.namespace.as_str(), pod.meta.name.as_str()), ("shop", "web"));
    assert_eq!(pod.source, manifests.deployments[0].source);
    assert_eq!(pod.spec.spec.init_containers[0].name, "istio-proxy");
    assert_eq!(pod.meta.labels["service.istio.io/canonical-name"], "web");
    let slice = &manifests.endpoint_slices[0];
    let ports: Vec<_> = slice.spec.ports.iter().map(|port| (port.name.as_str(), port.port)).collect();
    assert_eq!(ports, [("http", Some(8080)), ("tcp", Some(90))]);
    assert_eq!(slice.spec.endpoints[0].addresses, std::slice::from_ref(&pod.spec.status.pod_ip));
    let kinds: Vec<_> = expansion.invented.iter().map(|invented| invented.kind).collect();
    assert_eq!(kinds, ["ConfigMap", "Pod", "Service", "EndpointSlice"]);
}

#[test]
fn another_workload_changes_no_address() {
    let more = WEB.replace("name: web, namespace", "name: api, namespace").replace("app: web", "app: api");
    let address = |text: &str| {
        let (manifests, _) = expanded(text);
        let pod = manifests.pods.iter().find(|pod| pod.meta.name == "web").map(|pod| pod.spec.status.pod_ip.clone());
        let service = manifests.services.iter().find(|s| s.meta.name == "web").map(|s| s.spec.spec.cluster_ip.clone());
        (pod, service)
    };
    let more = more.split_once("---").map_or("", |(_, rest)| rest);
    assert_eq!(address(WEB), address(&format!("{WEB}---{more}")));
}

#[test]
fn pods_with_other_ports_are_in_slices_of_their_own() {
    let pod = |name: &str, ready: &str, port: u32| {
        format!(
            "
---
kind: Pod
apiVersion: v1
metadata: {{name: {name}, namespace: shop, labels: {{app: web}}}}
spec: {{containers: [{{name: web, ports: [{{name: http, containerPort: {port}}}]}}]}}
status: {{phase: Running, podIP: 10.0.0.{port}, conditions: [{{type: Ready, status: '{ready}'}}]}}"
        )
    };
    let text =
        format!("{WEB}{}{}{}", pod("a", "True", 1), pod("b", "False", 2), pod("c", "True", 2).replace("0.2", "0.3"));
    let slices = objects(&text, "EndpointSlice");
    let ready = |slice: &Value| {
        let endpoints = slice["endpoints"].as_array().cloned().unwrap_or_default();
        endpoints.iter().map(|endpoint| endpoint["conditions"]["ready"] == true).collect::<Vec<_>>()
    };
    assert_eq!(slices.iter().map(ready).collect::<Vec<_>>(), [vec![true], vec![false, true]]);
    // The Pods are the Deployment's by its selector, so it gets none.
    assert_eq!(objects(&text, "Pod").len(), 3);
}

#[test]
fn endpoints_without_slices_are_repeated() {
    let text = "
kind: Service
apiVersion: v1
metadata: {name: db}
spec: {ports: [{port: 1}]}
---
kind: Endpoints
apiVersion: v1
metadata: {name: db}
subsets: [{addresses: [{ip: 10.0.0.1}, {ip: 'fd00::1'}], notReadyAddresses: [{ip: 10.0.0.2}], ports: [{port: 5}]}]
";
    let slices = objects(text, "EndpointSlice");
    let counts: Vec<_> =
        slices.iter().map(|s| (s["addressType"].as_str(), s["endpoints"].as_array().map(Vec::len))).collect();
    assert_eq!(counts, [(Some("IPv4"), Some(2)), (Some("IPv6"), Some(1))]);
}

#[test]
fn numbered_pods_have_names_of_their_own() {
    let text = "
kind: StatefulSet
apiVersion: apps/v1
metadata: {name: db, namespace: plain}
spec:
  serviceName: db
  ordinals: {start: 3}
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, ports: [{containerPort: 1}]}]}}
---
kind: Service
apiVersion: v1
metadata: {name: db, namespace: plain}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 1}]}
---
kind: Namespace
apiVersion: v1
metadata: {name: plain}
---
kind: Deployment
apiVersion: apps/v1
metadata: {name: none, namespace: plain}
spec: {replicas: 0, selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}, spec: {containers: []}}}
";
    let pods = objects(text, "Pod");
    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0]["metadata"]["name"], "db-3");
    assert_eq!(pods[0]["spec"]["containers"].as_array().map(Vec::len), Some(1), "the namespace asks for no sidecar");
    assert_eq!(objects(text, "EndpointSlice")[0]["endpoints"][0]["hostname"], "db-3");
    assert_eq!(objects(text, "Service")[0]["spec"]["clusterIP"], "None");
}

/// A Pod as it is written by hand, in a namespace of the revision `canary`.
const BARE: &str = "
kind: Namespace
apiVersion: v1
metadata: {name: shop, labels: {istio.io/rev: canary}}
---
kind: Pod
apiVersion: v1
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: web}]}
";

#[test]
fn a_pod_without_status_is_run() {
    let pods = objects(&BARE.replace("istio.io/rev: canary", "istio-injection: enabled"), "Pod");
    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0]["status"]["phase"], "Running");
    assert_eq!(pods[0]["spec"]["initContainers"][0]["name"], "istio-proxy");
    assert_eq!(pods[0]["metadata"]["labels"]["app"], "web");
    let environment = pods[0]["spec"]["initContainers"][0]["env"].as_array().cloned().unwrap_or_default();
    let owner = environment.iter().find(|variable| variable["name"] == "ISTIO_META_OWNER").map(|v| &v["value"]);
    assert_eq!(owner, Some(&Value::from("kubernetes://apis/v1/namespaces/shop/pods/web")));
    let pending = format!("{BARE}status: {{phase: Pending}}\n");
    assert_eq!(objects(&pending, "Pod")[0]["status"].get("podIP"), None, "the cluster has not run it yet");
}

#[test]
fn a_revision_injects_its_own() {
    let (manifests, expansion) = expanded(BARE);
    assert_eq!(expansion.other_revisions.len(), 1);
    assert_eq!(expansion.other_revisions[0].revision, "canary");
    assert!(manifests.pods[0].spec.spec.init_containers.is_empty());

    let mut manifests = read(BARE);
    let canary = Options { revision: "canary".to_owned(), ..ON };
    let expansion = expand(&mut manifests, &canary);
    assert_eq!(expansion.other_revisions, []);
    assert_eq!(manifests.pods[0].spec.spec.init_containers[0].name, "istio-proxy");
    assert_eq!(manifests.config_maps[0].meta.name, "istio-canary");
    assert!(manifests.config_maps[0].spec.data["mesh"].contains("istiod-canary.istio-system"));
}
