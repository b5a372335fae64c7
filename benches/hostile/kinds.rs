//! Further bombs: many objects that meet, long lists inside of one, and patches that feed on each other.

use serde_json::{Value, json};

use super::{Bomb, documents, many, object, of, one};

pub(super) const BOMBS: &[Bomb] = &[
    ("services-on-one-gateway", |size| {
        let gateway = object("Gateway", "g", &json!({"selector": {"app": "a"}, "servers": [web_server()]}));
        gateway
            + "\n---\n"
            + &documents(size, |at| {
                object(
                    "VirtualService",
                    &format!("v{at}"),
                    &json!({"hosts": [format!("h{at}.com")], "gateways": ["g"], "http": [{"route": [{"destination": {"host": "a"}}]}]}),
                )
            })
    }),
    ("one-host-on-one-gateway", |size| {
        let gateway = object("Gateway", "g", &json!({"selector": {"app": "a"}, "servers": [web_server()]}));
        gateway
            + "\n---\n"
            + &documents(size, |at| {
                object(
                    "VirtualService",
                    &format!("v{at}"),
                    &json!({"hosts": ["h.com"], "gateways": ["g"], "http": [{"route": [{"destination": {"host": "a"}}]}]}),
                )
            })
    }),
    ("delegates-fan-out", |size| {
        let routes = many(size / 2, 50, |at| json!({"delegate": {"name": format!("d{}", at % 50), "namespace": "a"}}));
        let root = one("VirtualService", &json!({"hosts": ["a"], "http": routes}));
        let inner = (0..50).map(|at| {
            let routes = many(size / 100, 100, |at| json!({"match": [{"uri": {"prefix": format!("/{at}")}}], "route": [{"destination": {"host": "a"}}]}));
            object("VirtualService", &format!("d{at}"), &json!({"http": routes}))
        });
        std::iter::once(root).chain(inner).collect::<Vec<_>>().join("\n---\n")
    }),
    ("one-host-of-many-entries", |size| {
        documents(size, |at| {
            object(
                "ServiceEntry",
                &format!("s{at}"),
                &json!({"hosts": ["h.com"], "ports": [{"number": at % 60_000 + 1, "name": "http", "protocol": "HTTP"}], "resolution": "STATIC",
                    "endpoints": [{"address": format!("10.0.{}.{}", at / 250, at % 250)}]}),
            )
        })
    }),
    ("http-entries", |size| {
        documents(size, |at| {
            object(
                "ServiceEntry",
                &format!("s{at}"),
                &json!({"hosts": [format!("h{at}.com")], "ports": [{"number": at % 60_000 + 1, "name": "http", "protocol": "HTTP"}], "resolution": "DNS"}),
            )
        })
    }),
    ("tls-entries", |size| {
        documents(size, |at| {
            object(
                "ServiceEntry",
                &format!("s{at}"),
                &json!({"hosts": [format!("h{at}.com"), format!("*.h{at}.com")], "ports": [{"number": 443, "name": "tls", "protocol": "TLS"}], "resolution": "NONE"}),
            )
        })
    }),
    ("wildcard-hosts", |size| {
        documents(size / 2, |at| {
            object(
                "VirtualService",
                &format!("v{at}"),
                &json!({"hosts": [format!("*.w{at}.com")], "http": [{"route": [{"destination": {"host": "a"}}]}]}),
            )
        }) + "\n---\n"
            + &documents(size / 2, |at| {
                object(
                    "ServiceEntry",
                    &format!("s{at}"),
                    &json!({"hosts": [format!("*.x.w{at}.com"), format!("y.w{at}.com")], "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}]}),
                )
            })
    }),
    ("wildcard-everywhere", |size| {
        let hosts = |size: usize| many(size, 16, |at| json!(format!("*.{at}.x.com")));
        let entry = object(
            "ServiceEntry",
            "s",
            &json!({"hosts": hosts(size / 2), "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}]}),
        );
        let services = documents(size / 2, |at| {
            object(
                "VirtualService",
                &format!("v{at}"),
                &json!({"hosts": ["*.x.com"], "http": [{"route": [{"destination": {"host": "a"}}]}]}),
            )
        });
        format!("{entry}\n---\n{services}")
    }),
    ("ports-times-hosts", |size| {
        let hosts = many(size / 2, 12, |at| json!(format!("x{at}.com")));
        let ports = http_ports(size / 2);
        one("ServiceEntry", &json!({"hosts": hosts, "ports": ports, "resolution": "NONE"}))
    }),
    ("ports-of-a-service", |size| {
        let ports = many(size, 50, |at| json!({"port": at % 60_000 + 1, "name": format!("http-{at}")}));
        service("s", &json!({"ports": ports, "selector": {"app": "a"}}))
    }),
    ("egress-hosts-times-services", |size| {
        let hosts = many(size / 3, 20, |at| json!(format!("a/h{at}.com")));
        one("Sidecar", &json!({"egress": [{"hosts": hosts}]})) + "\n---\n" + &documents(size * 2 / 3, service_entry)
    }),
    ("egress-listeners-times-hosts", |size| {
        let hosts: Vec<Value> = (0..100).map(|at| json!(format!("a/h{at}.com"))).collect();
        let listeners = many(
            size / 2,
            1700,
            |at| json!({"port": {"number": at + 1, "name": format!("http-{at}"), "protocol": "HTTP"}, "hosts": hosts}),
        );
        one("Sidecar", &json!({"egress": listeners})) + "\n---\n" + &documents(size / 2, service_entry)
    }),
    ("sidecars", |size| {
        documents(size, |at| {
            object(
                "Sidecar",
                &format!("s{at}"),
                &json!({"workloadSelector": {"labels": {"app": "a"}}, "egress": [{"hosts": ["*/*"]}]}),
            )
        })
    }),
    ("subsets-times-ports", |size| {
        let subsets = many(size / 2, 45, |at| json!({"name": format!("s{at}"), "labels": {"v": at.to_string()}}));
        let ports = http_ports(size / 2);
        let rule = object("DestinationRule", "d", &json!({"host": "h.com", "subsets": subsets}));
        format!(
            "{rule}\n---\n{}",
            one("ServiceEntry", &json!({"hosts": ["h.com"], "ports": ports, "resolution": "DNS"}))
        )
    }),
    ("port-settings-times-ports", |size| {
        let settings = many(
            size / 2,
            60,
            |at| json!({"port": {"number": at % 60_000 + 1}, "connectionPool": {"tcp": {"maxConnections": at}}}),
        );
        let ports = http_ports(size / 2);
        let rule =
            object("DestinationRule", "d", &json!({"host": "h.com", "trafficPolicy": {"portLevelSettings": settings}}));
        format!(
            "{rule}\n---\n{}",
            one("ServiceEntry", &json!({"hosts": ["h.com"], "ports": ports, "resolution": "DNS"}))
        )
    }),
    ("rules-of-one-host", |size| {
        documents(size, |at| {
            object(
                "DestinationRule",
                &format!("d{at}"),
                &json!({"host": "a", "subsets": [{"name": format!("s{at}"), "labels": {"v": at.to_string()}}]}),
            )
        })
    }),
    ("rules", |size| {
        documents(size, |at| {
            object(
                "DestinationRule",
                &format!("d{at}"),
                &json!({"host": format!("*.h{at}.com"), "trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}}}),
            )
        })
    }),
    ("workload-entries", |size| {
        documents(size / 2, |at| {
            object(
                "WorkloadEntry",
                &format!("w{at}"),
                &json!({"address": format!("10.1.{}.{}", at / 250, at % 250), "labels": {"app": "w"}}),
            )
        }) + "\n---\n"
            + &documents(size / 2, |at| {
                object(
                    "ServiceEntry",
                    &format!("s{at}"),
                    &json!({"hosts": [format!("h{at}.com")], "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}], "resolution": "STATIC", "workloadSelector": {"labels": {"app": "w"}}}),
                )
            })
    }),
    ("endpoint-slices", |size| {
        let endpoints = slice_endpoints(size / 2);
        documents(size / 2, |at| service(&format!("s{at}"), &json!({"ports": [{"port": 80, "name": "http"}], "selector": {"app": "a"}})))
            + "\n---\n"
            + &json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "e", "namespace": "a", "labels": {"kubernetes.io/service-name": "s0"}},
                "addressType": "IPv4", "ports": [{"port": 80, "name": "http"}], "endpoints": endpoints})
            .to_string()
    }),
    ("ports-times-endpoints", |size| {
        let endpoints = slice_endpoints(size / 2);
        let ports = |key: &str| many(size / 4, 35, |at| json!({key: at % 60_000 + 1, "name": format!("http-{at}")}));
        service("s", &json!({"ports": ports("port")}))
            + "\n---\n"
            + &json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "e", "namespace": "a", "labels": {"kubernetes.io/service-name": "s"}},
                "addressType": "IPv4", "ports": ports("port"), "endpoints": endpoints})
            .to_string()
    }),
    ("services", |size| {
        documents(size, |at| service(&format!("s{at}"), &json!({"ports": [{"port": at % 60_000 + 1, "name": "http"}]})))
    }),
    ("namespaces", |size| {
        documents(size, |at| {
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("n{at}")}}).to_string()
        })
    }),
    ("pods", |size| documents(size, pod)),
    ("pods-times-policies", |size| {
        documents(size / 2, pod)
            + "\n---\n"
            + &documents(size / 2, |at| {
                of(
                    "security.istio.io/v1",
                    "AuthorizationPolicy",
                    &format!("p{at}"),
                    &json!({"rules": [{"from": [{"source": {"namespaces": [format!("n{at}")]}}]}]}),
                )
            })
    }),
    ("pods-times-entries", |size| documents(size / 2, pod) + "\n---\n" + &documents(size / 2, service_entry)),
    ("pods-times-patches", |size| {
        documents(size / 2, pod)
            + "\n---\n"
            + &documents(size / 2, |at| {
                of(
                    "networking.istio.io/v1alpha3",
                    "EnvoyFilter",
                    &format!("e{at}"),
                    &json!({"configPatches": [{"applyTo": "CLUSTER", "patch": {"operation": "MERGE", "value": {"name": "x"}}}]}),
                )
            })
    }),
    ("policy-products", |size| {
        let sources = many(size / 3, 40, |at| json!({"source": {"principals": [format!("x{at}")]}}));
        let operations = many(size / 3, 40, |at| json!({"operation": {"paths": [format!("/{at}")]}}));
        let conditions = many(size / 3, 50, |at| json!({"key": format!("request.headers[x{at}]"), "values": ["a"]}));
        of(
            "security.istio.io/v1",
            "AuthorizationPolicy",
            "p",
            &json!({"rules": [{"from": sources, "to": operations, "when": conditions}]}),
        )
    }),
    ("policy-values", |size| {
        let values = |each: usize| many(size / 4, each, |at| json!(format!("v{at}")));
        let rule = json!({"from": [{"source": {"principals": values(9), "notPrincipals": values(9)}}], "to": [{"operation": {"paths": values(9), "notPaths": values(9)}}]});
        of("security.istio.io/v1", "AuthorizationPolicy", "p", &json!({"rules": [rule]}))
    }),
    ("jwt-rules", |size| {
        let rules = many(
            size,
            120,
            |at| json!({"issuer": format!("i{at}"), "jwksUri": format!("https://x{at}.com/k"), "fromHeaders": [{"name": "x"}], "audiences": ["a"]}),
        );
        of("security.istio.io/v1", "RequestAuthentication", "r", &json!({"jwtRules": rules}))
    }),
    ("jwt-policies", |size| {
        documents(size, |at| {
            let rules = json!([{"issuer": format!("i{at}"), "jwks": "{\"keys\":[]}", "outputClaimToHeaders": [{"header": "x", "claim": "y"}]}]);
            of("security.istio.io/v1", "RequestAuthentication", &format!("r{at}"), &json!({"jwtRules": rules}))
        })
    }),
    ("peer-authentications", |size| {
        let levels: serde_json::Map<String, Value> =
            (1..=size / 2 / 25).map(|port| (port.to_string(), json!({"mode": "DISABLE"}))).collect();
        documents(size / 2, |at| {
            of(
                "security.istio.io/v1",
                "PeerAuthentication",
                &format!("p{at}"),
                &json!({"selector": {"matchLabels": {"app": "a"}}, "mtls": {"mode": "STRICT"}}),
            )
        }) + "\n---\n"
            + &of(
                "security.istio.io/v1",
                "PeerAuthentication",
                "q",
                &json!({"selector": {"matchLabels": {"app": "a"}}, "portLevelMtls": levels}),
            )
    }),
    ("patches-of-clusters", |size| {
        patches(size, "CLUSTER", "MERGE", &json!({"metadata": {"filter_metadata": {"x": {"a": ["b"]}}}}))
    }),
    ("patches-of-listeners", |size| patches(size, "LISTENER", "MERGE", &json!({"listener_filters": [{"name": "x"}]}))),
    ("patches-of-chains", |size| patches(size, "FILTER_CHAIN", "MERGE", &json!({"filters": [{"name": "x"}]}))),
    ("patches-of-routes", |size| {
        patches(
            size,
            "HTTP_ROUTE",
            "MERGE",
            &json!({"request_headers_to_add": [{"header": {"key": "x", "value": "y"}}]}),
        )
    }),
    ("patches-of-configurations", |size| {
        patches(size, "ROUTE_CONFIGURATION", "MERGE", &json!({"virtual_hosts": [{"name": "x", "domains": ["x"]}]}))
    }),
    ("patches-that-add-filters", |size| patches(size, "NETWORK_FILTER", "INSERT_BEFORE", &json!({"name": "x"}))),
    ("patches-that-add-clusters", |size| patches(size, "CLUSTER", "ADD", &json!({"name": "x", "type": "STATIC"}))),
    ("patches-that-add-listeners", |size| patches(size, "LISTENER", "ADD", &json!({"name": "x"}))),
    ("patches-that-add-hosts", |size| patches(size, "VIRTUAL_HOST", "ADD", &json!({"name": "x", "domains": ["x"]}))),
    ("patches-that-add-routes", |size| {
        patches(size, "HTTP_ROUTE", "INSERT_FIRST", &json!({"name": "x", "match": {"prefix": "/"}}))
    }),
    ("patches-of-one-list", |size| {
        let value = json!({"listener_filters": many(size / 3, 14, |_| json!({"name": "x"}))});
        let merge = |value: &Value| json!({"applyTo": "LISTENER", "patch": {"operation": "MERGE", "value": value}});
        let mut patches = vec![merge(&value)];
        patches.extend(many(size / 2, 110, |_| merge(&json!({"listener_filters": [{"name": "y"}]}))));
        of("networking.istio.io/v1alpha3", "EnvoyFilter", "e", &json!({"configPatches": patches}))
    }),
    ("patches-on-patches", |size| {
        let mut patches = many(
            size / 2,
            130,
            |at| json!({"applyTo": "HTTP_FILTER", "patch": {"operation": "INSERT_BEFORE", "value": {"name": format!("f{at}")}}}),
        );
        patches.extend(many(size / 2, 130, |_| {
            json!({"applyTo": "HTTP_FILTER", "patch": {"operation": "MERGE", "value": {"typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua", "inline_code": "x"}}}})
        }));
        of("networking.istio.io/v1alpha3", "EnvoyFilter", "e", &json!({"configPatches": patches}))
    }),
    ("long-script", |size| {
        let script = "-- x\n".repeat(size / 6);
        let value = json!({"name": "lua", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua", "inlineCode": script}});
        of(
            "networking.istio.io/v1alpha3",
            "EnvoyFilter",
            "e",
            &json!({"configPatches": [{"applyTo": "HTTP_FILTER", "patch": {"operation": "INSERT_BEFORE", "value": value}}]}),
        )
    }),
    ("anys-in-anys", |size| {
        let depth = 20;
        let value = (0..depth).fold(json!({"name": "x"}), |inner, _| {
            json!({"name": "y", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.composite.v3.ExecuteFilterAction", "typed_config": inner}})
        });
        let length = value.to_string().len() + 80;
        let patches = many(
            size,
            length,
            |_| json!({"applyTo": "HTTP_FILTER", "patch": {"operation": "INSERT_FIRST", "value": value}}),
        );
        of("networking.istio.io/v1alpha3", "EnvoyFilter", "e", &json!({"configPatches": patches}))
    }),
    ("http-routes", |size| {
        web_gateway(1, "h.com")
            + "\n---\n"
            + &documents(size, |at| {
                route(
                    &format!("r{at}"),
                    &json!([{"name": "g"}]),
                    &json!([format!("h{at}.com")]),
                    &json!([{"backendRefs": [{"name": "a", "port": 80}]}]),
                )
            })
    }),
    ("http-route-rules", |size| {
        // The API server takes 16 rules; whoever reads files may find more.
        let rules = many(
            size,
            90,
            |at| json!({"matches": [{"path": {"type": "PathPrefix", "value": format!("/{at}")}}], "backendRefs": [{"name": "a", "port": 80}]}),
        );
        web_gateway(1, "h.com")
            + "\n---\n"
            + &route("r", &json!([{"name": "g"}]), &json!(["h.com"]), &Value::Array(rules))
    }),
    ("http-route-products", |size| {
        let parents = many(size / 4, 40, |at| json!({"name": "g", "sectionName": format!("l{at}")}));
        let hosts = many(size / 4, 16, |at| json!(format!("h{at}.x.com")));
        let rules = many(
            size / 4,
            90,
            |at| json!({"matches": [{"path": {"type": "PathPrefix", "value": format!("/{at}")}}], "backendRefs": [{"name": "a", "port": 80}]}),
        );
        web_gateway(size / 4 / 100, "*.x.com")
            + "\n---\n"
            + &route("r", &Value::Array(parents), &Value::Array(hosts), &Value::Array(rules))
    }),
    ("http-route-backends", |size| {
        let backends = many(size, 35, |at| json!({"name": "a", "port": 80, "weight": at}));
        web_gateway(1, "h.com")
            + "\n---\n"
            + &route("r", &json!([{"name": "g"}]), &json!(["h.com"]), &json!([{"backendRefs": backends}]))
    }),
    ("http-route-services", |size| {
        documents(size, |at| {
            route(
                &format!("r{at}"),
                &json!([{"group": "", "kind": "Service", "name": "a", "port": 80}]),
                &json!([]),
                &json!([{"backendRefs": [{"name": "a", "port": 80}]}]),
            )
        })
    }),
    ("listeners-times-routes", |size| {
        web_gateway(size / 2 / 100, "*.com")
            + "\n---\n"
            + &documents(size / 2, |at| {
                route(
                    &format!("r{at}"),
                    &json!([{"name": "g"}]),
                    &json!([format!("h{at}.com")]),
                    &json!([{"backendRefs": [{"name": "a", "port": 80}]}]),
                )
            })
    }),
    ("gateways-of-the-api", |size| {
        documents(size, |at| web_gateway(1, "h.com").replace("\"g\"", &format!("\"g{at}\"")))
    }),
    ("listener-sets", |size| {
        web_gateway(1, "h.com")
            + "\n---\n"
            + &documents(size, |at| {
                json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "ListenerSet", "metadata": {"name": format!("l{at}"), "namespace": "a"},
                    "spec": {"parentRef": {"name": "g"}, "listeners": [{"name": format!("l{at}"), "port": at % 60_000 + 1, "protocol": "HTTP", "hostname": format!("h{at}.com")}]}})
                .to_string()
            })
    }),
    ("reference-grants", |size| {
        web_gateway(1, "h.com")
            + "\n---\n"
            + &documents(size / 2, |at| {
                json!({"apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant", "metadata": {"name": format!("g{at}"), "namespace": "b"},
                    "spec": {"from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "a"}], "to": [{"group": "", "kind": "Service", "name": format!("s{at}")}]}})
                .to_string()
            })
            + "\n---\n"
            + &documents(size / 2, |at| {
                route(
                    &format!("r{at}"),
                    &json!([{"name": "g"}]),
                    &json!(["h.com"]),
                    &json!([{"backendRefs": [{"name": format!("s{at}"), "namespace": "b", "port": 80}]}]),
                )
            })
    }),
    ("waypoints-times-services", |size| {
        documents(size / 2, |at| {
            json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": format!("w{at}"), "namespace": "a"},
                "spec": {"gatewayClassName": "istio-waypoint", "listeners": [{"name": "mesh", "port": 15008, "protocol": "HBONE"}]}})
            .to_string()
        }) + "\n---\n"
            + &documents(size / 2, |at| {
                json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("s{at}"), "namespace": "a", "labels": {"istio.io/use-waypoint": "w0"}},
                    "spec": {"clusterIP": format!("10.3.{}.{}", at / 250, at % 250), "ports": [{"port": 80, "name": "http"}], "selector": {"app": "a"}}})
                .to_string()
            })
    }),
    ("telemetries", |size| {
        documents(size, |at| {
            of(
                "telemetry.istio.io/v1",
                "Telemetry",
                &format!("t{at}"),
                &json!({"metrics": [{"overrides": [{"tagOverrides": {"x": {"value": "'a'"}}}]}]}),
            )
        })
    }),
    ("telemetry-overrides", |size| {
        let overrides = many(
            size,
            90,
            |at| json!({"match": {"metric": "ALL_METRICS"}, "tagOverrides": {format!("t{at}"): {"value": "request.host"}}}),
        );
        of(
            "telemetry.istio.io/v1",
            "Telemetry",
            "t",
            &json!({"metrics": [{"providers": [{"name": "prometheus"}], "overrides": overrides}]}),
        )
    }),
    ("ingresses", |size| {
        documents(size, |at| {
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": format!("i{at}"), "namespace": "a", "annotations": {"kubernetes.io/ingress.class": "istio"}},
                "spec": {"rules": [{"host": format!("h{at}.com"), "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "a", "port": {"number": 80}}}}]}}]}})
            .to_string()
        })
    }),
    ("ingress-paths", |size| {
        let paths = many(
            size,
            110,
            |at| json!({"path": format!("/{at}"), "pathType": "Prefix", "backend": {"service": {"name": "a", "port": {"number": 80}}}}),
        );
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": "a", "annotations": {"kubernetes.io/ingress.class": "istio"}},
            "spec": {"rules": [{"host": "h.com", "http": {"paths": paths}}]}})
        .to_string()
    }),
    ("one-long-pattern", |size| pattern(&"(a|b)*".repeat(size / 6))),
    ("nested-repetition", |size| pattern(&"((a{1000}){1000}){1000}".repeat(size / 23))),
    ("deep-pattern", |size| pattern(&("(".repeat(size / 2) + &")".repeat(size / 2)))),
    ("classes-of-patterns", |size| pattern(&"[\\pL\\d]".repeat(size / 9))),
    ("deep-expression", |size| expression(&("(".repeat(size / 2) + "a" + &")".repeat(size / 2)))),
    ("negated-expression", |size| expression(&("!".repeat(size) + "a"))),
    ("listed-expression", |size| expression(&("[".to_owned() + &"1,".repeat(size / 2) + "1].all(x, x > 0)"))),
    ("long-headers", |size| {
        let headers: serde_json::Map<String, Value> =
            (0..size / 30).map(|at| (format!("x-{at}"), json!({"exact": "a"}))).collect();
        one(
            "VirtualService",
            &json!({"hosts": ["a"], "http": [{"match": [{"headers": headers}], "route": [{"destination": {"host": "a"}}]}]}),
        )
    }),
    ("destinations", |size| {
        let routes = many(size, 45, |at| json!({"destination": {"host": format!("h{at}.com")}, "weight": 1}));
        one("VirtualService", &json!({"hosts": ["a"], "http": [{"route": routes}]}))
    }),
    ("tls-routes", |size| {
        let routes = many(
            size,
            110,
            |at| json!({"match": [{"port": 443, "sniHosts": [format!("h{at}.com")]}], "route": [{"destination": {"host": "a"}}]}),
        );
        let hosts = many(size / 10, 14, |at| json!(format!("h{at}.com")));
        one("VirtualService", &json!({"hosts": hosts, "tls": routes}))
    }),
    ("tcp-routes", |size| {
        let routes = many(
            size,
            110,
            |at| json!({"match": [{"port": at % 60_000 + 1, "destinationSubnets": ["10.0.0.0/8"]}], "route": [{"destination": {"host": "a"}}]}),
        );
        one("VirtualService", &json!({"hosts": ["a"], "tcp": routes}))
    }),
    ("servers-times-ports", |size| {
        let servers = many(
            size,
            110,
            |at| json!({"port": {"number": at % 60_000 + 1, "name": format!("http-{at}"), "protocol": "HTTP"}, "hosts": ["*"]}),
        );
        one("Gateway", &json!({"selector": {"app": "a"}, "servers": servers}))
            + "\n---\n"
            + &object(
                "VirtualService",
                "v",
                &json!({"hosts": ["*"], "gateways": ["x"], "http": [{"route": [{"destination": {"host": "a"}}]}]}),
            )
    }),
    ("servers-hosts-times-services", |size| {
        let hosts = many(size / 2, 16, |at| json!(format!("h{at}.com")));
        let server = json!({"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": hosts});
        one("Gateway", &json!({"selector": {"app": "a"}, "servers": [server]}))
            + "\n---\n"
            + &documents(size / 2, |at| {
                object(
                    "VirtualService",
                    &format!("v{at}"),
                    &json!({"hosts": [format!("h{at}.com")], "gateways": ["x"], "http": [{"route": [{"destination": {"host": "a"}}]}]}),
                )
            })
    }),
    ("labels", |size| {
        let labels: serde_json::Map<String, Value> = (0..size / 20).map(|at| (format!("l{at}"), json!("a"))).collect();
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "a", "labels": labels}, "spec": {"selector": labels, "ports": [{"port": 80}]}}).to_string()
    }),
    ("containers", |size| {
        let containers = many(
            size,
            60,
            |at| json!({"name": format!("c{at}"), "image": "x", "ports": [{"containerPort": at % 60_000 + 1}]}),
        );
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "a", "labels": {"app": "a"}},
            "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": containers}}}})
        .to_string()
    }),
    ("config-maps", |size| {
        documents(size, |at| {
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("istio-{at}"), "namespace": "istio-system"}, "data": {"mesh": "a: b"}}).to_string()
        })
    }),
    ("mesh-config", |size| {
        let providers = many(
            size,
            80,
            |at| json!({"name": format!("p{at}"), "envoyOtelAls": {"service": "a.a.svc.cluster.local", "port": 80}}),
        );
        let mesh =
            json!({"extensionProviders": providers, "discoverySelectors": [{"matchLabels": {"x": "y"}}]}).to_string();
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"}, "data": {"mesh": mesh}}).to_string()
    }),
    ("discovery-selectors", |size| {
        let selectors = many(size / 2, 40, |at| json!({"matchLabels": {format!("x{at}"): "y"}}));
        let mesh = json!({"discoverySelectors": selectors}).to_string();
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"}, "data": {"mesh": mesh}}).to_string()
            + "\n---\n"
            + &documents(size / 3, |at| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("n{at}")}}).to_string())
    }),
    ("duplicates", |size| {
        documents(size, |_| {
            object(
                "VirtualService",
                "v",
                &json!({"hosts": ["h.com"], "http": [{"route": [{"destination": {"host": "a"}}]}]}),
            )
        })
    }),
];

/// Bombs that are no objects.
pub(super) const TEXTS: &[Bomb] = &[
    ("deep-flow", |size| "a: ".to_owned() + &"{a: ".repeat(size / 5)),
    ("deep-json", |size| "[".repeat(size / 2) + &"]".repeat(size / 2)),
    ("deep-json-objects", |size| "{\"a\":".repeat(size / 6) + "1" + &"}".repeat(size / 6)),
    ("deep-block", |size| text((size * 2).isqrt(), |at| " ".repeat(at) + "a:\n")),
    ("long-line", |size| format!("a: {}", "x".repeat(size))),
    ("long-key", |size| format!("? {}\n: 1\n", "x".repeat(size))),
    ("long-implicit-key", |size| format!("{}: 1\n", "x".repeat(size))),
    ("long-words", |size| format!("a: {}", "x ".repeat(size / 2))),
    ("huge-number", |size| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: a}}\nspec: {{ports: [{{port: {}}}]}}\n",
            "9".repeat(size)
        )
    }),
    ("huge-exponents", |size| format!("a: [{}]", "1e999999999,".repeat(size / 12))),
    ("keys", |size| text(size / 10, |at| format!("k{at}: 1\n"))),
    ("same-keys", |size| "a: 1\n".repeat(size / 5)),
    ("merge-lists", |size| format!("a: &a {{x: 1}}\nb:\n  <<: [{}]\n", "*a,".repeat(size / 3))),
    ("merge-wide", |size| {
        let wide = text(size / 20, |at| format!("k{at}: 1, "));
        format!("a: &a {{{wide}}}\nb: [{}]\n", "{<<: *a},".repeat(size / 20))
    }),
    ("merge-chain", |size| {
        "a0: &a0 {x: 1}\n".to_owned()
            + &text(size / 40, |at| format!("a{}: &a{} {{<<: *a{at}, k{at}: 1}}\n", at + 1, at + 1))
    }),
    ("laughs", |size| {
        "a0: &a0 [x]\n".to_owned()
            + &text(60.min(size / 120), |at| {
                format!("a{}: &a{} [{}]\n", at + 1, at + 1, vec![format!("*a{at}"); 10].join(","))
            })
    }),
    ("many-anchors", |size| text(size / 16, |at| format!("- &a{at} x\n- *a{at}\n"))),
    ("block-scalars", |size| "- |\n  x\n".repeat(size / 8)),
    ("block-scalar", |size| "a: |\n".to_owned() + &"  x\n".repeat(size / 4)),
    ("block-scalar-blank", |size| "a: |\n".to_owned() + &"\n".repeat(size)),
    ("folded-scalar", |size| "a: >\n".to_owned() + &"  x\n\n   y\n".repeat(size / 10)),
    ("tabs", |size| "a:\t1\n".repeat(size / 5)),
    ("only-tabs", |size| "\t".repeat(size)),
    ("only-lines", |size| "\n".repeat(size)),
    ("only-markers", |size| "---\n".repeat(size / 4)),
    ("only-ends", |size| "...\n".repeat(size / 4)),
    ("comments", |size| "# x\n".repeat(size / 4)),
    ("byte-order-marks", |size| "\u{feff}---\na: 1\n".repeat(size / 12)),
    ("carriage-returns", |size| "a: 1\r".repeat(size / 5)),
    ("directives", |size| "%TAG ! x\n".repeat(size / 9) + "---\na: 1\n"),
    ("tags", |size| "- !!str x\n- !x y\n".repeat(size / 17)),
    ("question-marks", |size| "? ".repeat(size / 2)),
    ("colons", |size| "a: ".repeat(size / 3)),
    ("open-maps", |size| "{a: [".repeat(size / 5)),
    ("quotes", |size| "\"".repeat(size)),
    ("unclosed-quotes", |size| "a: \"x\nb: 'y\n".repeat(size / 13)),
    ("escapes", |size| format!("a: \"{}\"", "\\u263a".repeat(size / 6))),
    ("broken-tails", |size| {
        documents(size, |at| format!("apiVersion: v1\nkind: Service\nmetadata:\n  name: s{at}\n bad\n"))
    }),
    ("typed-wrong", |size| {
        documents(size, |at| {
            format!("apiVersion: v1\nkind: Service\nmetadata: {{name: s{at}, namespace: a}}\nspec: {{ports: x}}\n")
        })
    }),
    ("lists-of-objects", |size| {
        let items = many(
            size,
            110,
            |at| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("s{at}"), "namespace": "a"}, "spec": {"ports": [{"port": 80}]}}),
        );
        json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
    }),
    ("lists-in-lists", |size| {
        (0..size / 45)
            .fold("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[".repeat(size / 45), |out, _| out + "]}")
    }),
    ("custom-resources", |size| {
        documents(size, |at| {
            format!(
                "{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {{name: c{at}}}, spec: {{group: x.io, names: {{kind: K{at}, plural: k}}, versions: [{{name: v1}}]}}}}"
            )
        })
    }),
    ("suppressions", |size| "# meshc: ignore MESHC0101\na: 1\n---\n".repeat(size / 35)),
    ("kustomizations", |size| {
        let patches = many(
            size,
            80,
            |at| json!({"target": {"kind": "Service", "name": format!("s{at}.*")}, "patch": "- op: remove\n  path: /x"}),
        );
        json!({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": ["mesh.yaml"], "patches": patches}).to_string()
    }),
];

/// So many parts, one behind the other.
fn text(parts: usize, part: impl Fn(usize) -> String) -> String {
    (0..parts).map(part).collect::<Vec<_>>().concat()
}

fn web_server() -> Value {
    json!({"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]})
}

fn web_gateway(listeners: usize, host: &str) -> String {
    let listeners: Vec<Value> = (0..listeners)
        .map(|at| json!({"name": format!("l{at}"), "port": 80 + at, "protocol": "HTTP", "hostname": host}))
        .collect();
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "g", "namespace": "a"},
        "spec": {"gatewayClassName": "istio", "listeners": listeners}})
    .to_string()
}

fn route(name: &str, parents: &Value, hosts: &Value, rules: &Value) -> String {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": name, "namespace": "a"},
        "spec": {"parentRefs": parents, "hostnames": hosts, "rules": rules}})
    .to_string()
}

fn service(name: &str, spec: &Value) -> String {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "a"}, "spec": spec})
        .to_string()
}

fn service_entry(at: usize) -> String {
    let ports = json!([{"number": 80, "name": "http", "protocol": "HTTP"}]);
    object("ServiceEntry", &format!("s{at}"), &json!({"hosts": [format!("h{at}.com")], "ports": ports}))
}

/// Ports of a ServiceEntry.
fn http_ports(size: usize) -> Vec<Value> {
    many(size, 60, |at| json!({"number": at % 60_000 + 1, "name": format!("http-{at}"), "protocol": "HTTP"}))
}

/// Endpoints of an EndpointSlice.
fn slice_endpoints(size: usize) -> Vec<Value> {
    many(size, 50, |at| json!({"addresses": [format!("10.{}.{}.{}", at / 62_500, at / 250 % 250, at % 250)]}))
}

fn pod(at: usize) -> String {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("p{at}"), "namespace": "a", "labels": {"app": "a"}, "annotations": {"sidecar.istio.io/status": "{}"}},
        "spec": {"containers": [{"name": "istio-proxy", "image": "istio/proxyv2:1.30.3", "args": ["proxy", "sidecar"]}]},
        "status": {"phase": "Running", "podIP": format!("10.1.{}.{}", at / 250, at % 250)}})
    .to_string()
}

fn patches(size: usize, what: &str, operation: &str, value: &Value) -> String {
    let patch = json!({"applyTo": what, "patch": {"operation": operation, "value": value}});
    let length = patch.to_string().len() + 1;
    of(
        "networking.istio.io/v1alpha3",
        "EnvoyFilter",
        "e",
        &json!({"configPatches": many(size, length, |_| patch.clone())}),
    )
}

fn pattern(pattern: &str) -> String {
    one(
        "VirtualService",
        &json!({"hosts": ["a"], "http": [{"match": [{"uri": {"regex": pattern}}], "route": [{"destination": {"host": "a"}}]}]}),
    )
}

fn expression(expression: &str) -> String {
    of("telemetry.istio.io/v1", "Telemetry", "t", &json!({"accessLogging": [{"filter": {"expression": expression}}]}))
}
