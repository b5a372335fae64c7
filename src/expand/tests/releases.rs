//! What releases make otherwise of the same input, and what they refuse.

use super::*;
use crate::installation::{Injector, Release, ReleaseOrigin};

fn expanded_by(release: &str, text: &str, set: impl FnOnce(&mut Installation)) -> (Manifests, Expansion) {
    let mut manifests = read(text);
    let release = Release::parse(release).expect("a release");
    let mut installation = Installation::of(release, ReleaseOrigin::default());
    set(&mut installation);
    let expansion = expand(&mut manifests, &on(), &installation);
    (manifests, expansion)
}

/// A Pod with annotations, and variables of its proxy.
fn pod(annotations: &str, variables: &str) -> String {
    format!(
        "
kind: Namespace
apiVersion: v1
metadata: {{name: shop, labels: {{istio-injection: enabled}}}}
---
kind: Pod
apiVersion: v1
metadata:
  name: web
  namespace: shop
  annotations: {{{annotations}}}
spec:
  containers:
  - {{name: web, image: web}}
  - {{name: istio-proxy, image: auto, env: [{variables}]}}
"
    )
}

#[test]
fn a_canonical_name_ends_as_a_label_may() {
    let name = "a".repeat(62);
    let text = pod("", "").replace("name: web\n", &format!("name: {name}.web\n"));
    let (manifests, _) = expanded_by("1.30", &text, |_| {});
    assert!(manifests.pods[0].spec.status.pod_ip.is_empty(), "the API server takes no label that ends in a dot");
    let (manifests, _) = expanded_by("1.31", &text, |_| {});
    assert_eq!(manifests.pods[0].meta.labels["service.istio.io/canonical-name"], name);
}

#[test]
fn prometheus_is_told_of_the_port_with_tls() {
    let variable = "{name: ENVOY_SECURE_MERGED_METRICS_PORT, value: '15091'}";
    for (release, annotations, variable, expected) in [
        ("1.30", "", variable, None),
        ("1.31", "", variable, Some("15091")),
        ("1.31", "prometheus.istio.io/secure-port: '1'", variable, Some("1")),
        ("1.31", "", "{name: ENVOY_SECURE_MERGED_METRICS_PORT, value: '0'}", None),
    ] {
        let (manifests, _) = expanded_by(release, &pod(annotations, variable), |_| {});
        let told = manifests.pods[0].meta.annotations.get("prometheus.istio.io/secure-port");
        assert_eq!(told.map(String::as_str), expected, "{release} {annotations} {variable}");
    }
}

#[test]
fn releases_refuse_pods_at_the_annotation() {
    for (release, annotation, value, is_refused) in [
        ("1.28", "sidecar.istio.io/proxyCPU", "much", true),
        ("1.28", "proxy.istio.io/config", "{drainDuration: 1.5s}", true),
        ("1.28", "proxy.istio.io/config", "{concurrency: two}", true),
        ("1.30", "proxy.istio.io/config", "{proxyMetadata: {A: '{\"b\": 1}'}}", true),
        ("1.30", "proxy.istio.io/config", r#"{proxyMetadata: {A: '{\"b\": 1}'}}"#, false),
        ("1.30", "sidecar.istio.io/userVolume", "[{name: a}]", true),
        ("1.30", "sidecar.istio.io/userVolumeMount", "{}", false),
        ("1.30", "traffic.sidecar.istio.io/includeOutboundPorts", "\"80\"", true),
        ("1.30", "traffic.sidecar.istio.io/includeOutboundPorts", "any", false),
        ("1.29", "traffic.sidecar.istio.io/excludeInterfaces", "-", false),
        ("1.30", "traffic.sidecar.istio.io/excludeInterfaces", "-", true),
        ("1.30", "prometheus.io/port", "15090", false),
        ("1.31", "prometheus.io/port", "15090", true),
        ("1.31", "prometheus.io/port", "http", true),
        ("1.31", "prometheus.io/port", "+8080", false),
        ("1.31", "prometheus.io/port", "15020", false),
        ("1.31", "prometheus-io.port", "0", true),
        ("1.30", "prometheus.istio.io/scrape-targets", "15000", false),
        ("1.31", "prometheus.istio.io/scrape-targets", "8080, 15000:/stats", true),
        ("1.31", "prometheus.istio.io/scrape-targets", "8080, :/stats", false),
        ("1.31", "prometheus.istio.io/scrape-targets", "015020", true),
    ] {
        let (manifests, expansion) =
            expanded_by(release, &pod(&format!("{annotation}: {}", Value::from(value)), ""), |_| {});
        let codes: Vec<_> = expansion.diagnostics.iter().map(|one| one.code).collect();
        let expected: &[&str] = if is_refused { &["pod-refused"] } else { &[] };
        assert_eq!(codes, expected, "{release} {annotation}: {value}");
        let is_injected = manifests.pods.iter().any(|pod| pod.meta.annotations.contains_key("sidecar.istio.io/status"));
        assert_ne!(is_injected, is_refused, "{release} {annotation}: {value}");
        for diagnostic in &expansion.diagnostics {
            assert!(diagnostic.message.contains(annotation), "{}", diagnostic.message);
        }
    }
}

#[test]
fn pods_with_templates_that_nobody_has_are_refused() {
    type Case<'c> = (&'c str, Option<&'c str>, &'c dyn Fn(&mut Injector), &'c [&'c str], bool);
    let hello = |injector: &mut Injector| {
        injector.is_stated = true;
        injector.templates.insert("hello".to_owned());
        injector.aliases.insert("both".to_owned(), vec!["sidecar".to_owned(), "hello".to_owned()]);
    };
    let stated = |injector: &mut Injector| injector.is_stated = true;
    let nothing = |_: &mut Injector| {};
    let by_default = |injector: &mut Injector| injector.template.default_templates = vec!["side-car".to_owned()];
    let cases: [Case<'_>; 14] = [
        ("1.30", Some("sidecar"), &stated, &[], true),
        ("1.30", Some("sidecar, hello"), &hello, &[], true),
        ("1.30", Some("both"), &hello, &[], true),
        ("1.30", Some("both"), &stated, &["pod-refused"], false),
        ("1.30", Some("sidecar,hello"), &stated, &["pod-refused"], false),
        ("1.30", Some("sidecar,hello"), &nothing, &["injection-template-unknown"], true),
        ("1.30", Some("side-car"), &nothing, &["pod-refused"], false),
        ("1.30", Some(""), &nothing, &["pod-refused"], false),
        ("1.30", Some("sidecar,"), &stated, &["pod-refused"], false),
        ("1.30", Some("grpc-agent"), &stated, &[], false),
        ("1.28", Some("agentgateway"), &stated, &["pod-refused"], false),
        ("1.29", Some("agentgateway"), &stated, &[], false),
        ("1.31", Some("agentgateway-waypoint"), &stated, &[], false),
        ("1.30", None, &by_default, &["pod-refused"], false),
    ];
    for (release, names, set, expected, is_injected) in cases {
        let annotation =
            names.map(|names| format!("inject.istio.io/templates: {}", Value::from(names))).unwrap_or_default();
        let (manifests, expansion) =
            expanded_by(release, &pod(&annotation, ""), |installation| set(&mut installation.injector));
        let codes: Vec<_> = expansion.diagnostics.iter().map(|one| one.code).collect();
        assert_eq!(codes, expected, "{release} {names:?}");
        let has_status = manifests.pods.iter().any(|pod| pod.meta.annotations.contains_key("sidecar.istio.io/status"));
        assert_eq!(has_status, is_injected, "{release} {names:?}");
    }
}

const GATEWAY: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: istio
  listeners:
  - {name: a.b, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}
  - {name: a-b, port: 80, protocol: HTTP}
  - {name: status-port, port: 81, protocol: HTTP}
";

fn port_names(manifests: &Manifests) -> Vec<String> {
    let ports = manifests.services.iter().flat_map(|service| &service.spec.spec.ports);
    ports.map(|port| format!("{} {} {}", port.name, port.port, port.protocol)).collect()
}

#[test]
fn ports_of_a_gateway_have_names_of_their_own() {
    let (manifests, expansion) = expanded_by("1.30", GATEWAY, |_| {});
    assert_eq!(port_names(&manifests), [""; 0], "the API server takes no Service with a name twice");
    assert_eq!(expansion.diagnostics.iter().map(|one| one.code).collect::<Vec<_>>(), ["gateway-not-deployed"]);
    let (manifests, _) = expanded_by("1.31", GATEWAY, |_| {});
    let expected = ["status-port 15021 TCP", "a-b 443 TCP", "a-b-80 80 TCP", "status-port-81 81 TCP"];
    assert_eq!(port_names(&manifests), expected);
}

#[test]
fn a_gateway_with_quic_has_ports_for_it() {
    let text = GATEWAY.replace("a.b", "tls").replace("status-port", "other");
    for (release, expected) in [
        ("1.30", &["status-port 15021 TCP", "tls 443 TCP", "a-b 80 TCP", "other 81 TCP"][..]),
        ("1.31", &["status-port 15021 TCP", "tls 443 TCP", "tls-quic 443 UDP", "a-b 80 TCP", "other 81 TCP"]),
    ] {
        let (manifests, _) = expanded_by(release, &text, |installation| installation.features.quic_listeners = true);
        assert_eq!(port_names(&manifests), expected, "{release}");
    }
}
