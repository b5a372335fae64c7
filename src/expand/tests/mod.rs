//! What the steps make of small inputs.

use std::fmt::Write as _;

use serde_json::Value;

mod releases;

use super::*;
use crate::ingest::ingest;
use crate::installation::Installation;
use crate::source::SourceFile;

fn on() -> Options {
    Options { expand: true, ..Options::default() }
}

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
    let expansion = expand(&mut manifests, &on(), &Installation::default());
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
    let expansion = expand(&mut manifests, &Options { expand: false, ..on() }, &Installation::default());
    assert_eq!(expansion.invented, []);
    assert!(manifests.pods.is_empty());
}

#[test]
fn a_deployment_gives_an_injected_pod_behind_its_service() {
    let (manifests, expansion) = expanded(WEB);
    let pod = &manifests.pods[0];
    assert_eq!((pod.meta.namespace.as_str(), pod.meta.name.as_str()), ("shop", "web"));
    assert_eq!(pod.source, manifests.deployments[0].source);
    assert_eq!(pod.spec.spec.init_containers[1].name, "istio-proxy");
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
    assert_eq!(pods[0]["spec"]["initContainers"][1]["name"], "istio-proxy");
    assert_eq!(pods[0]["metadata"]["labels"]["app"], "web");
    let environment = pods[0]["spec"]["initContainers"][1]["env"].as_array().cloned().unwrap_or_default();
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
    let canary = Options { revision: "canary".to_owned(), ..on() };
    let expansion = expand(&mut manifests, &canary, &Installation::default());
    assert_eq!(expansion.other_revisions, []);
    assert_eq!(manifests.pods[0].spec.spec.init_containers[1].name, "istio-proxy");
    assert_eq!(manifests.config_maps[0].meta.name, "istio-canary");
    assert!(manifests.config_maps[0].spec.data["mesh"].contains("istiod-canary.istio-system"));
}

/// A Gateway with a ConfigMap of its class and one of its own.
const CHANGED_GATEWAY: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: istio}
spec: {controllerName: istio.io/gateway-controller}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: class, namespace: istio-system, labels: {gateway.istio.io/defaults-for-class: istio}}
data:
  horizontalPodAutoscaler: "spec: {maxReplicas: 3}"
  service: "spec: {type: ClusterIP}"
  deployment: |
    spec:
      template:
        metadata:
          labels: {topology.istio.io/network: west}
          annotations: {prometheus.io/port: null}
        spec:
          containers:
          - name: istio-proxy
            env: [{name: ISTIO_META_NETWORK, value: west}, {name: ISTIO_META_HTTP10, value: "1"}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: own, namespace: shop}
data:
  service: |
    spec: {ports: [{port: 80, targetPort: 8080}, {port: 15021, $patch: delete}]}
  deployment: |
    spec: {template: {spec: {containers: [{name: istio-proxy, env: [{name: ISTIO_META_NETWORK, value: east}]}]}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: istio
  infrastructure: {parametersRef: {group: "", kind: ConfigMap, name: own}}
  listeners:
  - {name: http, port: 80, protocol: HTTP}
"#;

#[test]
fn config_maps_change_what_is_deployed_for_a_gateway() {
    let (manifests, expansion) = expanded(CHANGED_GATEWAY);
    assert!(expansion.diagnostics.is_empty(), "{:?}", expansion.diagnostics);
    let [service] = manifests.services.as_slice() else { panic!("there is one Service") };
    assert_eq!(service.spec.spec.r#type, "ClusterIP");
    let ports: Vec<_> = service.spec.spec.ports.iter().map(|port| (port.port, port.target_port.clone())).collect();
    assert_eq!(ports.len(), 1, "{ports:?}");
    assert_eq!(ports[0].0, 80);
    let [pod] = manifests.pods.as_slice() else { panic!("there is one Pod") };
    assert_eq!(pod.meta.labels.get("topology.istio.io/network").map(String::as_str), Some("west"));
    assert_eq!(pod.meta.annotations.get("prometheus.io/port"), None);
    let [container] = pod.spec.spec.containers.as_slice() else { panic!("there is one container") };
    let value = |name: &str| container.env.iter().find(|one| one.name == name).map(|one| one.value.clone());
    assert_eq!(value("ISTIO_META_NETWORK").as_deref(), Some("east"));
    assert_eq!(value("ISTIO_META_HTTP10").as_deref(), Some("1"));
    assert!(value("PROXY_CONFIG").is_some());
}

#[test]
fn a_gateway_whose_config_map_is_refused_is_not_deployed() {
    for (from, to) in [
        ("name: own}}", "name: nowhere}}"),
        ("  service: |", "  daemonSet: |"),
        ("spec: {ports: [{port: 80", "spec: {ports: [{name: x"),
        ("spec: {ports", "metadata: {name: x, labels"),
    ] {
        let text = CHANGED_GATEWAY.replace(from, to);
        assert_ne!(text, CHANGED_GATEWAY);
        let (manifests, expansion) = expanded(&text);
        assert_eq!((manifests.services.len(), manifests.pods.len()), (0, 0), "{to}");
        assert_eq!(
            expansion.diagnostics.iter().map(|one| one.code).collect::<Vec<_>>(),
            ["gateway-not-deployed"],
            "{to}"
        );
    }
}

/// Gateways and an Ingress for gateways that are not in the input.
const NOBODYS: &str = r#"
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: shop, namespace: shop}
spec:
  selector: {SELECTOR}
  servers:
  - {port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}
  - {port: {number: 9443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}}
"#;

/// What is made for a selector: Deployment, the Service's ports, the Pod's service account.
fn installed(text: &str) -> Vec<String> {
    let (manifests, _) = expanded(text);
    let pods = manifests.pods.iter().filter(|pod| pod.spec.spec.containers.iter().any(|c| c.name == "istio-proxy"));
    let line = |pod: &std::sync::Arc<crate::model::Config<crate::model::kubernetes::Pod>>| {
        let (namespace, name) = (&pod.meta.namespace, &pod.meta.name);
        let service = manifests.services.iter().find(|s| (&s.meta.namespace, &s.meta.name) == (namespace, name));
        let ports =
            service.map(|service| service.spec.spec.ports.iter().map(|port| port.port.to_string()).collect::<Vec<_>>());
        format!("{namespace}/{name} {} {}", ports.unwrap_or_default().join(","), pod.spec.spec.service_account_name)
    };
    pods.map(line).collect()
}

#[test]
fn a_selector_that_nothing_matches_gets_the_gateway_that_it_means() {
    const DEMO_INGRESS: &str =
        "istio-system/istio-ingressgateway 15021,80,443,31400,15443 istio-ingressgateway-service-account";
    const DEMO_EGRESS: &str = "istio-system/istio-egressgateway 80,443 istio-egressgateway-service-account";
    for (selector, expected) in [
        ("istio: ingressgateway", vec![DEMO_INGRESS]),
        ("app: istio-ingressgateway", vec![DEMO_INGRESS]),
        ("app: istio-ingressgateway, istio: ingressgateway", vec![DEMO_INGRESS]),
        ("istio: egressgateway", vec![DEMO_EGRESS]),
        ("istio: ingress", vec!["shop/ingress 15021,80,443,8080,9443 ingress"]),
        ("app: edge, tier: public", vec!["shop/edge 15021,80,443,8080,9443 edge"]),
        ("app: istio-ingress, istio: ingress", vec!["shop/istio-ingress 15021,80,443,8080,9443 istio-ingress"]),
        ("istio: ingressgateway, tier: x", vec!["shop/ingressgateway 15021,80,443,8080,9443 ingressgateway"]),
        ("istio: edge.gateways", vec!["gateways/edge 15021,80,443,8080,9443 edge"]),
        ("tier: public", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(installed(&NOBODYS.replace("SELECTOR", selector)), expected, "{selector}");
    }
}

#[test]
fn the_gateway_that_is_made_is_one_that_the_selector_matches() {
    for selector in ["istio: ingressgateway", "app: edge, istio: other, tier: public", "istio: istio-edge"] {
        let (manifests, _) = expanded(&NOBODYS.replace("SELECTOR", selector));
        let (gateway, [pod]) = (&manifests.gateways[0], manifests.pods.as_slice()) else { panic!("{selector}") };
        let matches = |selector: &std::collections::BTreeMap<String, String>| {
            selector.iter().all(|(key, value)| pod.meta.labels.get(key) == Some(value))
        };
        assert!(matches(&gateway.spec.selector), "{selector}: {:?}", pod.meta.labels);
        assert!(matches(&manifests.services[0].spec.spec.selector), "{selector}: {:?}", pod.meta.labels);
        assert_eq!(manifests.endpoint_slices.len(), 1, "{selector}");
    }
}

#[test]
fn a_workload_of_any_kind_keeps_its_gateway() {
    let gateway = NOBODYS.replace("SELECTOR", "istio: edge");
    let workload = "
---
kind: DaemonSet
apiVersion: apps/v1
metadata: {name: own, namespace: infra}
spec:
  selector: {matchLabels: {istio: edge}}
  template: {metadata: {labels: {istio: edge}}, spec: {containers: [{name: own, image: own}]}}
";
    assert_eq!(installed(&format!("{gateway}{workload}")), Vec::<String>::new());
    let scaled =
        workload.replace("DaemonSet", "Deployment").replace("spec:\n  selector", "spec:\n  replicas: 0\n  selector");
    assert!(scaled.contains("replicas: 0"));
    assert_eq!(installed(&format!("{gateway}{scaled}")), Vec::<String>::new());
    // Its labels are others', so it is not taken over.
    let named = workload
        .replace("DaemonSet", "Deployment")
        .replace("istio: edge", "a: b")
        .replace("name: own, namespace: infra", "name: edge, namespace: shop");
    assert_eq!(installed(&format!("{gateway}{named}")), Vec::<String>::new());
}

#[test]
fn gateways_share_the_gateway_that_the_first_one_means() {
    let first = NOBODYS.replace("SELECTOR", "istio: edge");
    let second = first.replace("namespace: shop", "namespace: web").replace("8080", "7070");
    assert_eq!(installed(&format!("{first}---{second}")), ["shop/edge 15021,80,443,7070,8080,9443 edge"]);
}

#[test]
fn ingresses_mean_the_gateway_of_the_mesh_config() {
    let ingress = "
kind: Ingress
apiVersion: networking.k8s.io/v1
metadata: {name: web, annotations: {kubernetes.io/ingress.class: CLASS}}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
";
    let mesh = "
---
kind: ConfigMap
apiVersion: v1
metadata: {name: istio, namespace: istio-system}
data: {mesh: 'ingressSelector: edge'}
";
    let of_istio = ingress.replace("CLASS", "istio");
    assert_eq!(installed(&of_istio).len(), 1);
    assert_eq!(installed(&format!("{of_istio}{mesh}")), ["istio-system/edge 15021,80,443 edge"]);
    assert_eq!(installed(&ingress.replace("CLASS", "nginx")), Vec::<String>::new());
}

#[test]
fn what_a_cluster_holds_is_not_completed_by_gateways() {
    let pod = "
---
kind: Pod
apiVersion: v1
metadata: {name: web}
spec: {containers: [{name: web}]}
status: {phase: Running, podIP: 10.0.0.1}
";
    let gateway = NOBODYS.replace("SELECTOR", "istio: ingressgateway");
    assert_eq!(installed(&format!("{gateway}{pod}")), Vec::<String>::new());
    // What was made is such a cluster.
    let first = expanded(&gateway);
    let again = expanded(&printed(&first));
    assert_eq!(again.1.invented, []);
}
