//! Objects that the API server lets pass and istiod's webhook does not, and what it would say.

use crate::source::{FieldPath, SourceFile};

/// Reads one object and returns its findings: the text shown and the code.
fn check(kind: &str, spec: &str) -> Vec<String> {
    let group = match kind {
        "AuthorizationPolicy" | "PeerAuthentication" | "RequestAuthentication" => "security.istio.io/v1",
        "Telemetry" => "telemetry.istio.io/v1",
        "WasmPlugin" | "TrafficExtension" => "extensions.istio.io/v1alpha1",
        "EnvoyFilter" => "networking.istio.io/v1alpha3",
        _ => "networking.istio.io/v1",
    };
    let text = format!("{{apiVersion: {group}, kind: {kind}, metadata: {{name: a}}, spec:\n{spec}}}\n");
    let (manifests, diagnostics) = crate::ingest::ingest(vec![SourceFile::new("a.yaml", text)]);
    let locate = |resource, path: &FieldPath| manifests.locate(resource, path);
    let found = diagnostics.finish(&manifests.sources, locate).into_iter().map(|diagnostic| {
        let span = diagnostic.first_span().unwrap_or_default();
        format!("{}: {}", manifests.sources.slice(span), diagnostic.code)
    });
    found.collect()
}

fn check_all(cases: &[(&str, &str, &str)]) {
    for (kind, spec, want) in cases {
        let want: Vec<&str> = if want.is_empty() { Vec::new() } else { vec![want] };
        assert_eq!(check(kind, spec), want, "{kind} {spec}");
    }
}

#[test]
fn virtual_services() {
    let to = "route: [{destination: {host: a}}]";
    for (spec, want) in [
        (format!("{{hosts: [a], http: [{{{to}}}]}}"), ""),
        (format!("{{hosts: ['*'], gateways: [gw], http: [{{{to}}}]}}"), ""),
        (format!("{{hosts: ['*'], http: [{{{to}}}]}}"), "'*': invalid-virtual-service"),
        (format!("{{hosts: [a_b], http: [{{{to}}}]}}"), "a_b: invalid-virtual-service"),
        (format!("{{hosts: ['*.b', a.b], http: [{{{to}}}]}}"), "a.b: invalid-virtual-service"),
        (format!("{{gateways: [gw], http: [{{{to}}}]}}"), "gateways: invalid-virtual-service"),
        ("{hosts: [a]}".into(), "spec: invalid-virtual-service"),
        ("{hosts: [a], http: [{}]}".into(), "{}: invalid-virtual-service"),
        (format!("{{hosts: [a], http: [{{{to}, redirect: {{uri: /}}}}]}}"), "route: invalid-virtual-service"),
        ("{hosts: [a], http: [{redirect: {}}]}".into(), "redirect: invalid-virtual-service"),
        ("{hosts: [a], http: [{redirect: {uri: /, redirectCode: 200}}]}".into(), "200: invalid-virtual-service"),
        ("{hosts: [a], http: [{directResponse: {status: 99}}]}".into(), "99: invalid-virtual-service"),
        (format!("{{hosts: [a], http: [{{{to}, timeout: 1500us}}]}}"), "1500us: invalid-virtual-service"),
        (
            format!("{{hosts: [a], http: [{{{to}, retries: {{attempts: 0, retryOn: reset}}}}]}}"),
            "retries: invalid-virtual-service",
        ),
        (
            format!("{{hosts: [a], http: [{{{to}, retries: {{attempts: 1, retryOn: 'reset,503,no'}}}}]}}"),
            "'reset,503,no': invalid-virtual-service",
        ),
        (format!("{{hosts: [a], http: [{{{to}, rewrite: {{}}}}]}}"), "rewrite: invalid-virtual-service"),
        (
            format!("{{hosts: [a], http: [{{{to}, corsPolicy: {{allowMethods: [get]}}}}]}}"),
            "get: invalid-virtual-service",
        ),
        (format!("{{hosts: [a], http: [{{{to}, fault: {{}}}}]}}"), "fault: invalid-virtual-service"),
        (format!("{{hosts: [a], http: [{{{to}, fault: {{abort: {{}}}}}}]}}"), "abort: abort-without-status"),
        (format!("{{hosts: [a], http: [{{{to}, mirrorPercent: 5}}]}}"), "5: deprecated-field"),
        (
            format!("{{hosts: [a], http: [{{{to}, headers: {{request: {{set: {{x: '%'}}}}}}}}]}}"),
            "'%': invalid-virtual-service",
        ),
        (format!("{{hosts: [a], http: [{{match: [{{uri: {{regex: '('}}}}], {to}}}]}}"), "uri: invalid-virtual-service"),
        (
            format!(
                "{{hosts: [a], http: [{{match: [{{headers: {{'@request.auth.claims.x': {{exact: a}}}}}}], {to}}}]}}"
            ),
            "'@request.auth.claims.x': invalid-virtual-service",
        ),
        (
            "{hosts: [a], http: [{route: [{destination: {host: a}}, {destination: {host: b}}]}]}".into(),
            "route: invalid-virtual-service",
        ),
        (
            format!("{{hosts: [a], http: [{{{to}}}, {{name: b, {to}}}]}}"),
            "{name: b, route: [{destination: {host: a}}]}: unreachable-route",
        ),
        (
            "{hosts: [a], tls: [{match: [{sniHosts: [b]}], route: [{destination: {host: a}}]}]}".into(),
            "b: invalid-virtual-service",
        ),
        (
            "{hosts: [a], tcp: [{match: [{destinationSubnets: [x]}], route: [{destination: {host: a}}]}]}".into(),
            "x: invalid-virtual-service",
        ),
        (format!("{{hosts: [a], exportTo: [., '*'], http: [{{{to}}}]}}"), "exportTo: invalid-virtual-service"),
    ] {
        check_all(&[("VirtualService", &spec, want)]);
    }
}

#[test]
fn destination_rules() {
    let check = |policy: &str, want: &str| check_all(&[("DestinationRule", &format!("{{host: a, {policy}}}"), want)]);
    check("trafficPolicy: {tls: {mode: SIMPLE}}", "");
    check("trafficPolicy: {}", "trafficPolicy: invalid-destination-rule");
    check("trafficPolicy: {tls: {mode: MUTUAL, privateKey: x}}", "tls: invalid-destination-rule");
    check(
        "trafficPolicy: {tls: {mode: SIMPLE, credentialName: 'configmap://b/c'}}",
        "'configmap://b/c': invalid-destination-rule",
    );
    check("trafficPolicy: {connectionPool: {}}", "connectionPool: invalid-destination-rule");
    check("trafficPolicy: {outlierDetection: {maxEjectionPercent: 101}}", "101: invalid-destination-rule");
    check("trafficPolicy: {outlierDetection: {consecutiveErrors: 1}}", "1: deprecated-field");
    check("trafficPolicy: {loadBalancer: {consistentHash: {maglev: {tableSize: 4}}}}", "4: invalid-destination-rule");
    check(
        "trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: a, to: {b: 99}}]}}}",
        "to: invalid-destination-rule",
    );
    check(
        "trafficPolicy: {portLevelSettings: [{port: {number: 80}}]}",
        "{port: {number: 80}}: invalid-destination-rule",
    );
    check("subsets: [{name: v1}, {name: v1}]", "v1: invalid-destination-rule");
    check("subsets: [{name: v1, labels: {a: 'b c'}}]", "'b c': invalid-destination-rule");
    check("workloadSelector: {matchLabels: {a: b}}, exportTo: [other]", "exportTo: invalid-destination-rule");
}

#[test]
fn gateways() {
    let check = |server: &str, want: &str| check_all(&[("Gateway", &format!("{{servers: [{{{server}}}]}}"), want)]);
    check("hosts: ['*'], port: {number: 80, name: a, protocol: HTTP}", "");
    check("hosts: [a/b.c, 10.0.0.1], port: {number: 80, name: a, protocol: HTTP}", "");
    check("hosts: [short], port: {number: 80, name: a, protocol: HTTP}", "short: invalid-gateway");
    check("hosts: ['*a.b'], port: {number: 80, name: a, protocol: HTTP}", "'*a.b': invalid-gateway");
    check("hosts: ['*'], port: {number: 80, name: a, protocol: FTP}", "FTP: invalid-gateway");
    check("hosts: ['*'], port: {number: 0, name: a, protocol: HTTP}", "0: invalid-gateway");
    check("hosts: ['*'], bind: x, port: {number: 80, name: a, protocol: HTTP}", "x: invalid-gateway");
    check(
        "hosts: ['*'], port: {number: 80, name: a, protocol: HTTP}, tls: {mode: SIMPLE, credentialName: a}",
        "tls: invalid-gateway",
    );
    check("hosts: ['*'], port: {number: 80, name: a, protocol: HTTP}, tls: {httpsRedirect: true}", "");
    check(
        "hosts: ['*'], port: {number: 443, name: a, protocol: HTTPS}, tls: {mode: ISTIO_MUTUAL, privateKey: x}",
        "x: invalid-gateway",
    );
    let secure = "hosts: ['*'], port: {number: 443, name: a, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: a";
    check(&format!("{secure}, cipherSuites: [BOGUS]}}"), "BOGUS: unknown-cipher");
    check(&format!("{secure}, minProtocolVersion: TLSV1_0}}"), "TLSV1_0: tls-version-without-ciphers");
    check_all(&[("Gateway", "{servers: []}", "spec: invalid-gateway")]);
}

#[test]
fn service_entries_and_workloads() {
    check_all(&[
        ("ServiceEntry", "{hosts: [a.b], ports: [{number: 80, name: a, protocol: HTTP}]}", ""),
        (
            "ServiceEntry",
            "{hosts: [a.b], ports: [{number: 80, name: a, protocol: TCP}]}",
            "{number: 80, name: a, protocol: TCP}: tcp-without-addresses",
        ),
        (
            "ServiceEntry",
            "{hosts: [a.b], ports: [{number: 80, name: a_b, protocol: HTTP}]}",
            "a_b: invalid-service-entry",
        ),
        ("ServiceEntry", "{hosts: ['*a.b']}", "'*a.b': partial-wildcard"),
        ("ServiceEntry", "{hosts: [a.b], addresses: [x]}", "x: invalid-service-entry"),
        ("ServiceEntry", "{hosts: ['*.b'], resolution: DNS}", "'*.b': invalid-service-entry"),
        ("ServiceEntry", "{hosts: [a.b], resolution: DYNAMIC_DNS}", "a.b: invalid-service-entry"),
        (
            "ServiceEntry",
            "{hosts: [a.b], resolution: STATIC, endpoints: [{address: a.c}]}",
            "a.c: invalid-service-entry",
        ),
        (
            "ServiceEntry",
            "{hosts: [a.b], resolution: STATIC, endpoints: [{address: 1.1.1.1, ports: {x: 1}}]}",
            "1: invalid-service-entry",
        ),
        ("ServiceEntry", "{hosts: [a.b], exportTo: ['~']}", ""),
        ("WorkloadEntry", "{address: a.b}", ""),
        ("WorkloadEntry", "{address: a_b}", "a_b: invalid-workload-entry"),
        ("WorkloadEntry", "{network: net}", "spec: workload-without-address"),
        ("WorkloadGroup", "{template: {}, probe: {exec: {command: []}}}", "exec: invalid-workload-group"),
    ]);
}

#[test]
fn sidecars() {
    check_all(&[
        ("Sidecar", "{egress: [{hosts: [./*]}]}", ""),
        ("Sidecar", "{workloadSelector: {labels: {a: b}}}", "spec: invalid-sidecar"),
        ("Sidecar", "{egress: [{hosts: [./short]}]}", "./short: invalid-sidecar"),
        ("Sidecar", "{egress: [{hosts: ['*/*', ./a.b]}]}", "hosts: duplicate-egress-host"),
        ("Sidecar", "{egress: [{hosts: [./*]}, {hosts: [./*]}]}", "{hosts: [./*]}: invalid-sidecar"),
        (
            "Sidecar",
            "{ingress: [{port: {number: 80, protocol: HTTP, name: a}, defaultEndpoint: '10.0.0.1:80'}]}",
            "'10.0.0.1:80': invalid-sidecar",
        ),
        ("Sidecar", "{outboundTrafficPolicy: {egressProxy: {host: a}}}", "egressProxy: invalid-sidecar"),
    ]);
}

#[test]
fn policies() {
    check_all(&[
        ("AuthorizationPolicy", "{rules: [{to: [{operation: {paths: [/a]}}]}]}", ""),
        ("AuthorizationPolicy", "{action: DENY}", "spec: invalid-authorization-policy"),
        ("AuthorizationPolicy", "{action: CUSTOM, rules: [{}]}", "spec: invalid-authorization-policy"),
        ("AuthorizationPolicy", "{provider: {name: a}}", "provider: invalid-authorization-policy"),
        (
            "AuthorizationPolicy",
            "{action: DENY, rules: [{to: [{operation: {paths: [/a]}}]}]}",
            "{to: [{operation: {paths: [/a]}}]}: deny-all-tcp",
        ),
        (
            "AuthorizationPolicy",
            "{rules: [{when: [{key: nothing, values: [a]}]}]}",
            "nothing: invalid-authorization-policy",
        ),
        (
            "AuthorizationPolicy",
            "{rules: [{to: [{operation: {paths: ['/{a}']}}]}]}",
            "paths: invalid-authorization-policy",
        ),
        ("AuthorizationPolicy", "{targetRefs: [{kind: Pod, name: a}]}", "Pod: invalid-authorization-policy"),
        ("PeerAuthentication", "{selector: {}}", "selector: empty-selector"),
        ("RequestAuthentication", "{jwtRules: [{issuer: a, jwks: '{}'}]}", "'{}': invalid-request-authentication"),
        (
            "RequestAuthentication",
            "{jwtRules: [{issuer: a, timeout: 1500us}]}",
            "1500us: invalid-request-authentication",
        ),
        ("Telemetry", "{tracing: [{}, {}]}", "tracing: multiple-tracing"),
        (
            "Telemetry",
            "{accessLogging: [{filter: {expression: 'response.code >='}}]}",
            "'response.code >=': invalid-telemetry",
        ),
        (
            "EnvoyFilter",
            "{configPatches: [{patch: {operation: ADD, value: {}}}]}",
            "{patch: {operation: ADD, value: {}}}: invalid-envoy-filter",
        ),
        (
            "EnvoyFilter",
            "{configPatches: [{applyTo: CLUSTER, match: {listener: {}}, patch: {operation: REMOVE}}]}",
            "listener: invalid-envoy-filter",
        ),
    ]);
}
