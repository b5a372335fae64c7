//! Objects that the API server would reject, and what it would say.

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
        format!("{}: {}", manifests.sources.slice(diagnostic.first_span().unwrap_or_default()), diagnostic.code)
    });
    found.collect()
}

#[test]
fn objects_that_pass() {
    for (kind, spec) in [
        ("VirtualService", "{hosts: [a], http: [{route: [{destination: {host: a}}], timeout: 1h30m}]}"),
        ("DestinationRule", "{host: a, trafficPolicy: {outlierDetection: {consecutive5xxErrors: null}}}"),
        (
            "DestinationRule",
            "{host: a, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 65537}}}}}",
        ),
        (
            "VirtualService",
            "{hosts: [a], gateways: null, tls: null, http: [{match: null, rewrite: {uri: null, authority: b}, route: [{weight: null, destination: {host: a}}]}]}",
        ),
        (
            "VirtualService",
            "{hosts: [a], http: [{match: [{uri: {exact: a, prefix: null}}], redirect: null, route: [{destination: {host: a}}]}]}",
        ),
        ("DestinationRule", "{host: a, trafficPolicy: {tls: {mode: null}}, workloadSelector: null}"),
        (
            "AuthorizationPolicy",
            "{selector: null, action: null, rules: [{from: null, to: [{operation: {ports: ['80'], methods: null}}]}]}",
        ),
        ("PeerAuthentication", "{selector: {matchLabels: {a: b}}, portLevelMtls: {8080: {mode: DISABLE}}}"),
        ("ServiceEntry", "{hosts: [a.b], ports: [{number: 80, name: http, protocol: HTTP}], addresses: [10.0.0.0/8]}"),
        ("WasmPlugin", "{url: 'docker.io/x:latest', pluginConfig: {any: [thing]}}"),
        ("Telemetry", "{metrics: [{overrides: [{tagOverrides: {a: {operation: REMOVE}, b: {value: x}}}]}]}"),
        ("RequestAuthentication", "{jwtRules: [{issuer: a, jwksUri: 'https://a/b'}]}"),
        ("Gateway", "{servers: [{hosts: ['*'], port: {number: 80, name: http, protocol: HTTP}}]}"),
    ] {
        assert_eq!(check(kind, spec), [] as [&str; 0], "{kind} {spec}");
    }
}

#[test]
fn objects_that_are_rejected() {
    for (kind, spec, want) in [
        ("VirtualService", "[]", "spec: wrong-type"),
        ("VirtualService", "{host: [a]}", "host: unknown-field"),
        ("VirtualService", "{hosts: a}", "a: wrong-type"),
        ("VirtualService", "{hosts: [a, 80]}", "80: wrong-type"),
        ("VirtualService", "{hosts: [a], http: [{timeout: 0.5ms}]}", "0.5ms: invalid-value"),
        ("VirtualService", "{hosts: [a], http: [{timeout: soon}]}", "soon: invalid-value"),
        (
            "VirtualService",
            "{hosts: [a], http: [{match: [{uri: {exact: a, prefix: b}}]}]}",
            "prefix: conflicting-fields",
        ),
        ("VirtualService", "{hosts: [a], http: [{route: [{weight: 1}]}]}", "{weight: 1}: missing-field"),
        ("VirtualService", "{hosts: [a, null]}", "null: wrong-type"),
        (
            "VirtualService",
            "{hosts: [a], http: [{route: [{weight: 1, destination: null}]}]}",
            "{weight: 1, destination: null}: missing-field",
        ),
        ("VirtualService", "{hosts: [a], http: [{directResponse: {status: 4294967296}}]}", "4294967296: invalid-value"),
        (
            "VirtualService",
            "{hosts: [a], http: [{directResponse: {status: 200, body: {bytes: '?'}}}]}",
            "'?': invalid-value",
        ),
        ("DestinationRule", "{host: a, trafficPolicy: {tls: {mode: MUTUEL}}}", "MUTUEL: unknown-enum-value"),
        ("DestinationRule", "{host: a, exportTo: true}", "true: wrong-type"),
        ("ServiceEntry", "{hosts: []}", "hosts: invalid-value"),
        ("ServiceEntry", "{hosts: ['*']}", "'*': invalid-value"),
        ("ServiceEntry", "{hosts: [a], ports: [{number: 80, name: a}, {number: 80, name: b}]}", "ports: invalid-value"),
        (
            "ServiceEntry",
            "{hosts: [a], ports: [{number: 80, name: a}, {number: 81, name: a}]}",
            "{number: 81, name: a}: invalid-value",
        ),
        ("ServiceEntry", "{hosts: [a], endpoints: [{address: a}]}", "spec: invalid-value"),
        ("ServiceEntry", "{hosts: [a], resolution: DNS, addresses: [10.0.0.0/8]}", "spec: invalid-value"),
        ("WorkloadEntry", "{address: 'unix://a'}", "'unix://a': invalid-value"),
        ("WorkloadEntry", "{address: a, ports: {http: 70000}}", "70000: invalid-value"),
        ("PeerAuthentication", "{portLevelMtls: {80: {}}}", "spec: invalid-value"),
        ("AuthorizationPolicy", "{selector: {}, targetRefs: []}", "targetRefs: conflicting-fields"),
        ("RequestAuthentication", "{jwtRules: [{issuer: a, jwksUri: 'ftp://a/b'}]}", "'ftp://a/b': invalid-value"),
        ("WasmPlugin", "{url: 'localhost:5000/x'}", "'localhost:5000/x': invalid-value"),
        ("TrafficExtension", "{wasm: {url: a}, lua: {inlineCode: x}}", "lua: conflicting-fields"),
        ("EnvoyFilter", "{configPatches: [{match: {context: WAYPOINT}}]}", "match: invalid-value"),
    ] {
        let found = check(kind, spec);
        assert_eq!(found, [want], "{kind} {spec}");
    }
}

/// Reads one object of the Gateway API and returns the paths and codes of its findings.
fn gateway_api(kind: &str, spec: &str) -> Vec<String> {
    let text =
        format!("{{apiVersion: gateway.networking.k8s.io/v1, kind: {kind}, metadata: {{name: a}}, spec: {spec}}}\n");
    let (_, diagnostics) = crate::ingest::ingest(vec![SourceFile::new("a.yaml", text)]);
    let path = |message: &str| message.split('`').nth(1).unwrap_or_default().to_owned();
    diagnostics.into_iter().map(|d| format!("{} {}", path(&d.message), d.code)).collect()
}

#[test]
fn rules_of_the_gateway_api() {
    let listeners = |listeners: &str| format!("{{gatewayClassName: a, listeners: [{listeners}]}}");
    let rule = |rule: &str| format!("{{rules: [{rule}]}}");
    for (kind, spec, expected) in [
        ("Gateway", listeners("{name: a, port: 80, protocol: HTTP}"), &[][..]),
        (
            "Gateway",
            listeners("{name: a, port: 80, protocol: HTTP, tls: {mode: Passthrough}}"),
            &["spec.listeners invalid-value"],
        ),
        (
            "Gateway",
            listeners("{name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: HTTP}"),
            &["spec.listeners invalid-value"],
        ),
        (
            "Gateway",
            listeners("{name: a, port: 443, protocol: HTTPS, tls: {}}"),
            &["spec.listeners[0].tls invalid-value"],
        ),
        ("Gateway", listeners("{name: a, port: 443, protocol: TLS}"), &["spec.listeners invalid-value"]),
        (
            "Gateway",
            "{gatewayClassName: a, listeners: [{name: a, port: 80, protocol: HTTP}], addresses: [{value: here}]}"
                .into(),
            &["spec.addresses[0] invalid-value"],
        ),
        (
            "Gateway",
            "{listeners: [{name: a, port: 80, protocol: HTTP}], odd: 1}".into(),
            &["spec missing-field", "spec.odd unknown-field"],
        ),
        ("HTTPRoute", rule("{backendRefs: [{name: a, port: 80}]}"), &[]),
        ("HTTPRoute", rule("{backendRefs: [{name: a}]}"), &["spec.rules[0].backendRefs[0] invalid-value"]),
        ("HTTPRoute", rule("{matches: [{path: {value: a}}]}"), &["spec.rules[0].matches[0].path invalid-value"]),
        ("HTTPRoute", rule("{filters: [{type: CORS}]}"), &["spec.rules[0].filters[0] invalid-value"]),
        ("HTTPRoute", rule("{timeouts: {request: 1s, backendRequest: 2s}}"), &["spec.rules[0].timeouts invalid-value"]),
        (
            "HTTPRoute",
            rule("{filters: [{type: RequestRedirect, requestRedirect: {statusCode: 200}}]}"),
            &["spec.rules[0].filters[0].requestRedirect.statusCode unknown-enum-value"],
        ),
        ("HTTPRoute", "{parentRefs: [{name: a}, {name: a}]}".into(), &["spec.parentRefs invalid-value"]),
        ("HTTPRoute", "{parentRefs: [{name: a}, {name: a, namespace: b}]}".into(), &[]),
        (
            "TLSRoute",
            "{hostnames: [10.0.0.1], rules: [{backendRefs: [{name: a, port: 1}]}]}".into(),
            &["spec.hostnames invalid-value"],
        ),
    ] {
        let mut found = gateway_api(kind, &spec);
        found.sort();
        found.dedup();
        assert_eq!(found, expected, "{kind} {spec}");
    }
}

#[test]
fn defaults_of_the_gateway_api() {
    let text = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, \
                spec: {parentRefs: [{name: a}], rules: [{backendRefs: [{name: a, port: 80}]}]}}\n";
    let (manifests, _) = crate::ingest::ingest(vec![SourceFile::new("a.yaml", text)]);
    let spec = &manifests.http_routes[0].spec;
    assert_eq!((spec.parent_refs[0].kind.as_str(), spec.rules[0].backend_refs[0].backend.weight), ("Gateway", 1));
    let path = &spec.rules[0].matches[0].path;
    assert_eq!((path.r#type.as_str(), path.value.as_str()), ("PathPrefix", "/"));
}
