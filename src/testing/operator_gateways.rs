//! The gateways that IstioOperators install, as `expand` completes them. Expected is what `istioctl manifest generate` prints
//! (`operator/cmd/mesh/testdata/manifest-generate`: `ingressgateway_k8s_settings`, `gateways`, `flag_values_enable_egressgateway`).

use meshc::input::Input;
use meshc::options::Options;
use meshc::source::SourceFile;
use serde_json::{Value, json};

/// Returns what `expand` makes of an input that holds an IstioOperator of this spec, and more.
fn expanded(spec: &Value, more: &str) -> Vec<Value> {
    let operator = json!({
        "apiVersion": "install.istio.io/v1alpha1",
        "kind": "IstioOperator",
        "metadata": {"name": "main", "namespace": "istio-system"},
        "spec": spec,
    });
    let text = format!("{operator}\n---\n{more}");
    let options = Options { expand: true, ..Options::default() };
    let input = Input::new(vec![SourceFile::new("operator.yaml", text)], &options);
    input.expansion.documents(&input.manifests)
}

fn all<'o>(objects: &'o [Value], kind: &str) -> Vec<&'o Value> {
    objects.iter().filter(|object| object["kind"] == *kind).collect()
}

fn one<'o>(objects: &'o [Value], kind: &str, name: &str) -> &'o Value {
    let found = objects.iter().find(|object| object["kind"] == *kind && object["metadata"]["name"] == *name);
    found.unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

/// The gateways, with their namespaces, and the ports of their Services.
fn gateways(objects: &[Value]) -> Vec<String> {
    let line = |service: &&Value| {
        let list = service["spec"]["ports"].as_array().expect("a list").iter();
        let ports: Vec<String> = list.map(|port| format!("{}>{}", port["port"], port["targetPort"])).collect();
        let text = |field: &str| service["metadata"][field].as_str().unwrap_or_default();
        format!("{}/{} {}", text("namespace"), text("name"), ports.join(","))
    };
    let mut lines: Vec<String> = all(objects, "Service").iter().map(line).collect();
    lines.sort();
    lines
}

const DEFAULT_PORTS: &str = "15021>15021,80>8080,443>8443";

#[test]
fn listed_gateways_are_those_of_istioctl() {
    let spec = json!({
        "components": {
            "ingressGateways": [
                {
                    "namespace": "istio-system", "name": "istio-ingressgateway", "enabled": true,
                    "k8s": {
                        "service": {"externalTrafficPolicy": "Local"},
                        "serviceAnnotations": {"manifest-generate": "testserviceAnnotation"},
                        "securityContext": {"sysctls": [{"name": "net.ipv4.ip_local_port_range", "value": "80 65535"}]},
                    },
                },
                {
                    "namespace": "istio-system", "name": "istio-ingressgateway-custom",
                    "k8s": {"service": {"externalTrafficPolicy": "Local"}},
                },
            ],
        },
    });
    let objects = expanded(&spec, "");
    let labels = json!({
        "app": "istio-ingressgateway",
        "app.kubernetes.io/instance": "istio",
        "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/name": "istio-ingressgateway",
        "app.kubernetes.io/part-of": "istio",
        "app.kubernetes.io/version": "1.30.3",
        "helm.sh/chart": "istio-ingress-1.30.3",
        "install.operator.istio.io/owning-resource": "unknown",
        "istio": "ingressgateway",
        "istio.io/rev": "default",
        "operator.istio.io/component": "IngressGateways",
        "release": "istio",
    });
    let mut service = one(&objects, "Service", "istio-ingressgateway").clone();
    for field in ["clusterIP", "clusterIPs"] {
        assert!(service["spec"].as_object_mut().is_some_and(|spec| spec.remove(field).is_some()));
    }
    let expected = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "istio-ingressgateway",
            "namespace": "istio-system",
            "labels": labels,
            "annotations": {"manifest-generate": "testserviceAnnotation"},
        },
        "spec": {
            "externalTrafficPolicy": "Local",
            "ports": [
                {"name": "status-port", "port": 15021, "protocol": "TCP", "targetPort": 15021},
                {"name": "http2", "port": 80, "protocol": "TCP", "targetPort": 8080},
                {"name": "https", "port": 443, "protocol": "TCP", "targetPort": 8443},
            ],
            "selector": {"app": "istio-ingressgateway", "istio": "ingressgateway"},
            "type": "LoadBalancer",
        },
    });
    assert_eq!(service, expected);

    let deployment = one(&objects, "Deployment", "istio-ingressgateway-custom");
    let mut of_deployment = labels.clone();
    of_deployment["istio.io/dataplane-mode"] = json!("none");
    assert_eq!(deployment["metadata"]["labels"], of_deployment);
    let template = &deployment["spec"]["template"];
    let mut of_pod = of_deployment;
    for (key, value) in [
        ("chart", "gateways"),
        ("heritage", "Tiller"),
        ("service.istio.io/canonical-name", "istio-ingressgateway-custom"),
        ("service.istio.io/canonical-revision", "latest"),
        ("sidecar.istio.io/inject", "false"),
    ] {
        of_pod[key] = json!(value);
    }
    let annotations = json!({
        "istio.io/rev": "default",
        "prometheus.io/path": "/stats/prometheus",
        "prometheus.io/port": "15020",
        "prometheus.io/scrape": "true",
        "sidecar.istio.io/inject": "false",
    });
    assert_eq!(template["metadata"], json!({"labels": of_pod, "annotations": annotations}));
    let container = &template["spec"]["containers"][0];
    let variables: Vec<&Value> = container["env"].as_array().expect("a list").iter().map(|v| &v["name"]).collect();
    let expected = json!([
        "PILOT_CERT_PROVIDER",
        "CA_ADDR",
        "NODE_NAME",
        "POD_NAME",
        "POD_NAMESPACE",
        "INSTANCE_IP",
        "SERVICE_ACCOUNT",
        "HOST_IP",
        "ISTIO_CPU_LIMIT",
        "ISTIO_META_WORKLOAD_NAME",
        "ISTIO_META_OWNER",
        "ISTIO_META_MESH_ID",
        "TRUST_DOMAIN",
        "ISTIO_META_UNPRIVILEGED_POD",
        "ISTIO_META_CLUSTER_ID",
        "ISTIO_META_NODE_NAME",
    ]);
    assert_eq!(json!(variables), expected);
    assert_eq!(all(&objects, "Pod").len(), 2);
    let pod = one(&objects, "Pod", "istio-ingressgateway");
    assert_eq!(pod["spec"]["securityContext"]["sysctls"][0]["value"], "80 65535");
    assert_eq!(pod["spec"]["serviceAccountName"], "istio-ingressgateway-service-account");
}

#[test]
fn names_namespaces_labels_and_ports_are_the_components() {
    let spec = json!({
        "profile": "empty",
        "components": {
            "ingressGateways": [
                {"name": "istio-ingressgateway", "label": {"aaa": "aaa-val", "version": "21"}},
                {"name": "user-ingressgateway", "label": {"istio": "user"}},
                {
                    "namespace": "user-ingressgateway-ns", "name": "ilb-gateway",
                    "k8s": {"service": {"type": "ClusterIP", "ports": [
                        {"port": 15011, "name": "grpc-pilot-mtls"},
                        {"port": 8060, "targetPort": 8061, "name": "tcp-citadel-grpc-tls", "nodePort": 30060},
                    ]}},
                },
                {"name": "off", "enabled": false},
            ],
        },
    });
    let objects = expanded(&spec, "");
    let expected = [
        format!("istio-system/istio-ingressgateway {DEFAULT_PORTS}"),
        format!("istio-system/user-ingressgateway {DEFAULT_PORTS}"),
        "user-ingressgateway-ns/ilb-gateway 15011>15011,8060>8061".to_owned(),
    ];
    assert_eq!(gateways(&objects), expected);
    let labels = |name: &str| one(&objects, "Pod", name)["metadata"]["labels"].clone();
    assert_eq!(labels("istio-ingressgateway")["service.istio.io/canonical-revision"], "21");
    assert_eq!(labels("istio-ingressgateway")["aaa"], "aaa-val");
    assert_eq!(labels("user-ingressgateway")["istio"], "user");
    assert_eq!(labels("user-ingressgateway")["app"], "istio-ingressgateway");
    assert_eq!(labels("ilb-gateway").get("release"), None, "the chart has these labels in istio-system only");
    let selector = &one(&objects, "Service", "user-ingressgateway")["spec"]["selector"];
    assert_eq!(*selector, json!({"app": "istio-ingressgateway", "istio": "user"}));
    let service = &one(&objects, "Service", "ilb-gateway")["spec"];
    assert_eq!((&service["type"], &service["ports"][1]["nodePort"]), (&json!("ClusterIP"), &json!(30060)));
    let container = &one(&objects, "Pod", "ilb-gateway")["spec"]["containers"][0];
    let ports: Vec<&Value> =
        container["ports"].as_array().expect("a list").iter().map(|p| &p["containerPort"]).collect();
    assert_eq!(json!(ports), json!([15011, 8061, 15090]));
}

#[test]
fn values_set_up_the_gateways_of_a_kind() {
    let spec = json!({
        "profile": "minimal",
        "values": {"gateways": {"istio-egressgateway": {
            "enabled": true, "type": "NodePort", "env": {"ISTIO_META_HTTP10": 1}, "podAnnotations": {"a": "b"},
            "serviceAnnotations": {"c": "d"}, "ports": [{"port": 8443, "name": "tls", "targetPort": 9443}],
            "ipFamilyPolicy": "PreferDualStack", "runAsRoot": true,
        }}},
    });
    let objects = expanded(&spec, "");
    assert_eq!(gateways(&objects), ["istio-system/istio-egressgateway 8443>9443"]);
    let service = one(&objects, "Service", "istio-egressgateway");
    assert_eq!((&service["spec"]["type"], &service["metadata"]["annotations"]["c"]), (&json!("NodePort"), &json!("d")));
    assert_eq!(service["spec"]["ipFamilyPolicy"], "PreferDualStack");
    let pod = one(&objects, "Pod", "istio-egressgateway");
    assert_eq!(pod["metadata"]["annotations"]["a"], "b");
    let variables = pod["spec"]["containers"][0]["env"].to_string();
    assert!(variables.contains(r#"{"name":"ISTIO_META_HTTP10","value":"1"}"#), "{variables}");
    assert!(!variables.contains("ISTIO_META_UNPRIVILEGED_POD"), "{variables}");
}

#[test]
fn patches_change_the_proxy() {
    let gateway = |k8s: &Value| {
        let list = json!([{"name": "edge", "tag": "1.29.6", "k8s": k8s}]);
        expanded(&json!({"profile": "empty", "components": {"egressGateways": list}}), "")
    };
    let patches = json!({
        "env": [{"name": "TRUST_DOMAIN", "value": "other"}, {"name": "ISTIO_META_ROUTER_MODE", "value": "sni-dnat"}],
        "podAnnotations": {"proxy.istio.io/config": "concurrency: 2"},
    });
    let objects = gateway(&patches);
    let pod = one(&objects, "Pod", "edge");
    assert_eq!(pod["metadata"]["annotations"]["proxy.istio.io/config"], "concurrency: 2");
    let container = &pod["spec"]["containers"][0];
    assert_eq!(container["image"], "registry.istio.io/release/proxyv2:1.29.6");
    let value = |name: &str| {
        let variables = container["env"].as_array().expect("a list");
        let all: Vec<&Value> = variables.iter().filter(|v| v["name"] == *name).map(|v| &v["value"]).collect();
        json!(all)
    };
    assert_eq!(value("TRUST_DOMAIN"), json!(["other"]));
    assert_eq!(value("ISTIO_META_ROUTER_MODE"), json!(["sni-dnat"]));

    let objects = gateway(&json!({"replicaCount": 0}));
    assert_eq!((all(&objects, "Deployment").len(), all(&objects, "Pod").len()), (1, 0));
}

#[test]
fn a_template_makes_the_injector_complete_the_proxy() {
    let values = json!({"gateways": {"istio-ingressgateway": {"injectionTemplate": "gateway", "enabled": true}}});
    let objects = expanded(&json!({"values": values}), "");
    let pod = one(&objects, "Pod", "istio-ingressgateway");
    assert_eq!(pod["metadata"]["labels"]["sidecar.istio.io/inject"], "true");
    let container = &pod["spec"]["containers"][0];
    assert_eq!(container["image"], "registry.istio.io/release/proxyv2:1.30.3");
    let variables = container["env"].to_string();
    assert!(variables.contains("ISTIO_META_UNPRIVILEGED_POD") && variables.contains("PROXY_CONFIG"), "{variables}");
}

/// A Gateway for the ingress gateway.
const ASKS: &str = "
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ['*']}]
";

#[test]
fn gateways_of_the_profile_are_made_where_somebody_asks_for_them() {
    let default = format!("istio-system/istio-ingressgateway {DEFAULT_PORTS}");
    let demo = format!("{default},31400>31400,15443>15443");
    let custom = "istio-system/istio-ingressgateway 8080>8080".to_owned();
    let values = json!({"gateways": {"istio-ingressgateway": {"ports": [{"port": 8080, "name": "http"}]}}});
    for (spec, more, expected) in [
        (json!({}), "", vec![]),
        (json!({}), ASKS, vec![default.clone()]),
        (json!({"profile": "demo"}), ASKS, vec![demo.clone()]),
        (json!({"values": values}), ASKS, vec![custom]),
        // It may be installed otherwise, as if there were no IstioOperator.
        (json!({"profile": "minimal"}), ASKS, vec![demo]),
        (json!({"components": {"ingressGateways": [{"name": "istio-ingressgateway"}]}}), ASKS, vec![default]),
    ] {
        assert_eq!(gateways(&expanded(&spec, more)), expected, "{spec}");
    }
}

#[test]
fn a_gateway_that_is_there_is_not_made() {
    let spec = json!({"components": {"ingressGateways": [{"name": "istio-ingressgateway"}]}});
    let workload = |name: &str, label: &str| {
        format!(
            "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: istio-system}}
spec:
  selector: {{matchLabels: {{istio: {label}}}}}
  template:
    metadata: {{labels: {{istio: {label}, app: istio-ingressgateway, sidecar.istio.io/inject: 'false'}}}}
    spec: {{containers: [{{name: istio-proxy, image: own}}]}}
"
        )
    };
    let none: [String; 0] = [];
    assert_eq!(gateways(&expanded(&spec, &workload("istio-ingressgateway", "other"))), none);
    assert_eq!(gateways(&expanded(&spec, &workload("own", "ingressgateway"))), none);
    assert_eq!(gateways(&expanded(&spec, &workload("own", "other"))).len(), 1);
}
