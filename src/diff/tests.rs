//! What counts as a difference, and what does not.

use super::*;

const CLUSTERS: &str = "type.googleapis.com/envoy.admin.v3.ClustersConfigDump";

/// Returns a dump of one section.
fn section(message: &str, list: &str, entries: &str) -> String {
    format!(r#"{{"configs": [{{"@type": "type.googleapis.com/envoy.admin.v3.{message}", "{list}": [{entries}]}}]}}"#)
}

fn cluster(body: &str) -> String {
    section("ClustersConfigDump", "dynamic_active_clusters", &format!(r#"{{"cluster": {{"name": "a", {body}}}}}"#))
}

fn listener(body: &str) -> String {
    let entry = format!(r#"{{"name": "a", "active_state": {{"listener": {{"name": "a", {body}}}}}}}"#);
    section("ListenersConfigDump", "dynamic_listeners", &entry)
}

fn routes(routes: &[&str]) -> String {
    let routes = routes.join(",");
    let body =
        format!(r#"{{"route_config": {{"name": "80", "virtual_hosts": [{{"name": "v", "routes": [{routes}]}}]}}}}"#);
    section("RoutesConfigDump", "dynamic_route_configs", &body)
}

fn endpoints(body: &str) -> String {
    section(
        "EndpointsConfigDump",
        "dynamic_endpoint_configs",
        &format!(r#"{{"endpoint_config": {{"cluster_name": "a", {body}}}}}"#),
    )
}

fn only(text: &str) -> Dump<'_> {
    let dumps = read(text).expect("is JSON").expect("is a dump");
    dumps.into_iter().next().expect("of one proxy").1
}

/// Compares two dumps and returns a line for each difference.
fn lines(before: &str, after: &str) -> Vec<String> {
    changes(before, after, Scope::default())
}

fn changes(before: &str, after: &str, scope: Scope) -> Vec<String> {
    let mut report = Report::default();
    report.add(ProxyName::new("p.n", None), Presence::Both, compare(&only(before), &only(after), scope));
    report.finish();
    let text = anstream::adapter::strip_str(&render::summary(&report)).to_string();
    text.lines().filter_map(|line| line.strip_prefix("  ").map(str::to_owned)).collect()
}

#[test]
fn spellings_of_the_same() {
    for (a, b) in [
        // camelCase, as Go prints it.
        (r#""connect_timeout": "10s", "lb_policy": "RANDOM""#, r#""lbPolicy": "RANDOM", "connectTimeout": "10s""#),
        (r#""connect_timeout": "0.250s""#, r#""connect_timeout": "0.25s""#),
        (r#""lb_policy": "ROUND_ROBIN""#, r#""lb_policy": 0"#),
        (r#""lb_policy": "RANDOM""#, r#""lb_policy": 3"#),
        (r#""lb_policy": "ROUND_ROBIN", "alt_stat_name": "", "filters": []"#, r#""metadata": null"#),
        (r#""per_connection_buffer_limit_bytes": 5"#, r#""per_connection_buffer_limit_bytes": "5""#),
        (
            r#""filters": [{"name": "f", "typed_config": {"@type": "type.googleapis.com/udpa.type.v1.TypedStruct", "type_url": "type.googleapis.com/x.Y", "value": {"a": 1}}}]"#,
            r#""filters": [{"name": "f", "typed_config": {"@type": "type.googleapis.com/x.Y", "a": 1.0}}]"#,
        ),
        (
            r#""metadata": {"filter_metadata": {"b": {}, "a": {"x": 1, "y": 2}}}"#,
            r#""metadata": {"filter_metadata": {"a": {"y": 2, "x": 1}, "b": {}}}"#,
        ),
    ] {
        assert_eq!(lines(&cluster(a), &cluster(b)), [""; 0], "{a} {b}");
    }
}

#[test]
fn presence_means_something_where_it_does() {
    assert_eq!(
        lines(&cluster(r#""connect_timeout": "1s""#), &cluster(r#""connect_timeout": "1s", "common_lb_config": {}"#)),
        ["+ clusters[a].common_lb_config: {}"]
    );
    // A wrapped zero is not the same as none.
    let (before, after) = (r#""type": "EDS""#, r#""type": "EDS", "per_connection_buffer_limit_bytes": 0"#);
    assert_eq!(lines(&cluster(before), &cluster(after)), ["+ clusters[a].per_connection_buffer_limit_bytes: 0"]);
}

#[test]
fn fields_have_paths() {
    let before =
        r#""outlier_detection": {"interval": "10s"}, "circuit_breakers": {"thresholds": [{"max_retries": 1}]}"#;
    let after = r#""outlier_detection": {"interval": "30s"}, "circuit_breakers": {"thresholds": [{"max_retries": 2}, {"priority": "HIGH"}]}"#;
    assert_eq!(
        lines(&cluster(before), &cluster(after)),
        [
            "~ clusters[a].circuit_breakers.thresholds[DEFAULT].max_retries: 1 -> 2",
            r#"+ clusters[a].circuit_breakers.thresholds[HIGH]: {"priority":"HIGH"}"#,
            "~ clusters[a].outlier_detection.interval: 10s -> 30s",
        ]
    );
}

#[test]
fn one_route_more_is_one_addition() {
    let route = |prefix: &str, cluster: &str| {
        format!(r#"{{"name": "default", "match": {{"prefix": "{prefix}"}}, "route": {{"cluster": "{cluster}"}}}}"#)
    };
    let (a, b, c, new) = (route("/a", "x"), route("/b", "x"), route("/c", "x"), route("/new", "x"));
    let place = "routes[80].virtual_hosts[v].routes";
    let added = format!(r#"+ {place}[0]: {{"match":{{"prefix":"/new"}},"route":{{"cluster":"x"}},"name":"default"}}"#);
    assert_eq!(lines(&routes(&[&a, &b, &c]), &routes(&[&new, &a, &b, &c])), [added]);
    // The same match with another destination is the same route, changed; also where another is new before it.
    let other = route("/b", "y");
    let changed = lines(&routes(&[&a, &b, &c]), &routes(&[&new, &a, &other, &c]));
    assert_eq!(changed.len(), 2, "{changed:?}");
    assert!(changed.contains(&format!("~ {place}[2].route.cluster: x -> y")), "{changed:?}");
    // Order means something: the first match wins.
    assert_eq!(lines(&routes(&[&a, &b, &c]), &routes(&[&b, &c, &a])), [format!("~ {place}[0]: place 0 -> 2")]);
}

#[test]
fn order_counts_where_envoy_minds_it() {
    let hosts = |names: [&str; 2]| {
        let hosts = names.map(|name| format!(r#"{{"name": "{name}", "domains": ["{name}", "x"]}}"#)).join(",");
        let body = format!(r#"{{"route_config": {{"name": "80", "virtual_hosts": [{hosts}]}}}}"#);
        section("RoutesConfigDump", "dynamic_route_configs", &body)
    };
    assert_eq!(lines(&hosts(["a", "b"]), &hosts(["b", "a"])), [""; 0]);
    let domains = |domains: &str| {
        let body = format!(
            r#"{{"route_config": {{"name": "80", "virtual_hosts": [{{"name": "v", "domains": [{domains}]}}]}}}}"#
        );
        section("RoutesConfigDump", "dynamic_route_configs", &body)
    };
    assert_eq!(
        lines(&domains(r#""a", "b""#), &domains(r#""b", "c", "a""#)),
        ["+ routes[80].virtual_hosts[v].domains[c]"]
    );
    let filters = |names: [&str; 3]| {
        let filters = names.map(|name| format!(r#"{{"name": "{name}"}}"#)).join(",");
        listener(&format!(r#""filter_chains": [{{"filters": [{filters}]}}]"#))
    };
    assert_eq!(
        lines(&filters(["a", "b", "c"]), &filters(["c", "a", "b"])),
        ["~ listeners[a].filter_chains[*].filters[c]: place 2 -> 0"]
    );
    let chains = |chains: [&str; 2]| listener(&format!(r#""filter_chains": [{}]"#, chains.join(",")));
    let (one, two) =
        (r#"{"filter_chain_match": {"destination_port": 1}}"#, r#"{"filter_chain_match": {"destination_port": 2}}"#);
    assert_eq!(lines(&chains([one, two]), &chains([two, one])), [""; 0]);
}

#[test]
fn endpoints_as_an_envoy_prints_them_again() {
    let endpoint = |address: &str, more: &str| {
        format!(
            r#"{{"endpoint": {{"address": {{"socket_address": {{"address": "{address}", "port_value": 80}}}}}}{more}}}"#
        )
    };
    let again = |address: &str, health: &str| {
        format!(
            r#"{{"endpoint": {{"address": {{"socket_address": {{"address": "{address}", "port_value": 80}}}}, "health_check_config": {{}}}},
                "health_status": "{health}", "load_balancing_weight": 1, "metadata": {{}}}}"#
        )
    };
    let policy = r#""policy": {"overprovisioning_factor": 140}"#;
    let served = endpoints(&format!(
        r#""endpoints": [{{"locality": {{"region": "r"}}, "lb_endpoints": [{}, {}], "load_balancing_weight": 2}}, {{"locality": {{}}, "priority": 1}}]"#,
        endpoint("1.1.1.1", r#", "load_balancing_weight": 1"#),
        endpoint("1.1.1.2", r#", "health_status": "DRAINING""#),
    ));
    let live = |first: &str, second: &str| {
        let both = format!("{}, {}", again("1.1.1.2", second), again("1.1.1.1", first));
        endpoints(&format!(r#""endpoints": [{{"locality": {{"region": "r"}}, "lb_endpoints": [{both}]}}], {policy}"#))
    };
    assert_eq!(lines(&served, &live("HEALTHY", "UNHEALTHY")), [""; 0]);
    // What was served as healthy is found otherwise: that is no change of the configuration.
    assert_eq!(lines(&served, &live("UNHEALTHY", "UNHEALTHY")), [""; 0]);
    let place = "endpoints[a].endpoints[r].lb_endpoints";
    assert_eq!(
        lines(&served, &live("HEALTHY", "HEALTHY")),
        [format!("- {place}[1.1.1.2:80].health_status: UNHEALTHY")]
    );
    assert_eq!(lines(&live("HEALTHY", "HEALTHY"), &live("UNHEALTHY", "HEALTHY")), [""; 0]);
    let fewer = endpoints(&format!(
        r#""endpoints": [{{"locality": {{"region": "r"}}, "lb_endpoints": [{}]}}]"#,
        endpoint("1.1.1.1", "")
    ));
    let gone = lines(&fewer, &live("HEALTHY", "HEALTHY"));
    assert!(matches!(gone.as_slice(), [line] if line.starts_with(&format!("+ {place}[1.1.1.2:80]"))), "{gone:?}");
    // As served on both sides, everything counts.
    let healthy = served.replace(r#", "health_status": "DRAINING""#, "");
    assert_eq!(lines(&served, &healthy), [format!("- {place}[1.1.1.2:80].health_status: DRAINING")]);
}

#[test]
fn endpoints_of_clusters_without_discovery_are_set_apart() {
    let text = |more: &str| {
        let clusters =
            r#"{"cluster": {"name": "a", "eds_cluster_config": {"service_name": "s"}}}, {"cluster": {"name": "b"}}"#;
        let endpoints = format!(r#"{{"endpoint_config": {{"cluster_name": "s"}}}}{more}"#);
        format!(
            r#"{{"configs": [{{"@type": "{CLUSTERS}", "dynamic_active_clusters": [{clusters}]}},
                {{"@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump", "dynamic_endpoint_configs": [{endpoints}]}}]}}"#
        )
    };
    let (served, live) = (text(""), text(r#", {"endpoint_config": {"cluster_name": "b"}}"#));
    assert_eq!(lines(&served, &live), [""; 0]);
    assert_eq!(only(&live).count_apart(), 1);
    assert_eq!(changes(&served, &live, Scope { all: true }), ["+ endpoints[b]"]);
}

#[test]
fn keys_never_count_and_the_agents_certificates_are_set_apart() {
    let secret = |name: &str, key: &str, chain: &str| {
        format!(
            r#"{{"name": "{name}", "secret": {{"name": "{name}", "tls_certificate": {{"certificate_chain": {{"inline_bytes": "{chain}"}},
                "private_key": {{"inline_bytes": "{key}"}}}}}}}}"#
        )
    };
    let secrets = |entries: &str| section("SecretsConfigDump", "dynamic_active_secrets", entries);
    let (ours, live) = (secret("kubernetes://a", "a2V5", "AAA"), secret("kubernetes://a", "W3JlZGFjdGVkXQ==", "AAA"));
    assert_eq!(lines(&secrets(&ours), &secrets(&live)), [""; 0]);
    let other = secret("kubernetes://a", "a2V5", "BBB");
    let found = lines(&secrets(&ours), &secrets(&other));
    assert!(matches!(found.as_slice(), [line] if line.contains("certificate_chain.inline_bytes")), "{found:?}");
    let with_own = format!("{live}, {}, {}", secret("default", "x", "y"), secret("file-cert:a~b", "x", "y"));
    assert_eq!(lines(&secrets(&ours), &secrets(&with_own)), [""; 0]);
    // One that is asked for and has not come.
    let warming = r#"{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump",
        "dynamic_warming_secrets": [{"name": "kubernetes://b", "version_info": "uninitialized", "secret": {"name": "kubernetes://b"}}]}]}"#;
    assert_eq!(lines(&secrets(""), warming), [""; 0]);
}

#[test]
fn dumps_of_any_make_are_read() {
    let text = r#"{"configs": [
        {"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": {"node": {"id": "sidecar~1.1.1.1~p.n~n.svc.cluster.local",
            "metadata": {"WORKLOAD_NAME": "w", "OTHER": {"a": [1]}}}}},
        {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "versionInfo": "x", "staticClusters": [{"cluster": {"name": "static"}}],
            "dynamicActiveClusters": [{"versionInfo": "1", "cluster": {"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "a"}}],
            "dynamicWarmingClusters": null},
        {"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamicListeners": [
            {"name": "old", "drainingState": {"listener": {"name": "old"}}},
            {"name": "new", "activeState": {"listener": {"name": "new", "statPrefix": "1"}}, "warmingState": {"listener": {"name": "new", "statPrefix": "2"}}},
            {"name": "bad", "errorState": {"failedConfiguration": {"@type": "type.googleapis.com/no.such.Message", "x": 1}, "details": "no such filter"}}]},
        {"@type": "type.googleapis.com/envoy.admin.v2alpha.RoutesConfigDump", "dynamicRouteConfigs": []},
        {"@type": "type.googleapis.com/envoy.admin.v9.FutureConfigDump", "things": [1, 2]},
        {"@type": "type.googleapis.com/envoy.admin.v3.EcdsConfigDump", "ecds_filters": "not a list"}
    ]}"#;
    let dump = only(text);
    let node = NodeName { proxy: "p.n".to_owned(), kind: "sidecar".to_owned(), workload: Some("w".to_owned()) };
    assert_eq!((dump.node.as_ref(), node.namespace(), node.noun()), (Some(&node), "n", "sidecar"));
    let count: Vec<_> = dump.count().into_iter().collect();
    assert_eq!(count, [(Kind::Listener, 1), (Kind::Cluster, 1)]);
    assert_eq!(dump.count_apart(), 2);
    assert_eq!(dump.notes.len(), 3, "{:?}", dump.notes);
    assert!(dump.notes.iter().any(|note| note == "the proxy refused listener bad: no such filter"), "{:?}", dump.notes);
    // What was served last counts.
    let section = r#"{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [
        {"name": "new", "active_state": {"listener": {"name": "new", "stat_prefix": "2"}}}]}, {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump"}]}"#;
    assert_eq!(lines(text, section), ["- clusters[a]"]);
}

#[test]
fn texts_that_are_no_dumps() {
    for text in
        ["", "[]", "{}", "kind: Service", r#"{"kind": "List", "items": []}"#, r#"{"a": 1}"#, r#"{"a": {"b": []}}"#]
    {
        assert!(matches!(read(text), Ok(None)), "{text}");
        assert!(!may_be_dump(text.as_bytes()), "{text}");
    }
    assert!(read(r#"{"configs": [{"#).is_err());
    assert!(may_be_dump(br#"{"configs": [{"#));
    let keyed = format!(r#"{{"a.b": {}, "c.d": {{"configs": []}}}}"#, cluster(r#""type": "EDS""#));
    let names: Vec<_> = read(&keyed).expect("is JSON").expect("are dumps").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [Some("a.b".to_owned()), Some("c.d".to_owned())]);
    let json = yaml_to_json("configs:\n- '@type': x\n").expect("is a dump");
    assert!(matches!(read(&json), Ok(Some(dumps)) if dumps.len() == 1));
    assert_eq!(yaml_to_json("apiVersion: v1\nkind: ConfigMap\nconfigs: []\n"), None);
}

#[test]
fn what_a_dump_was_taken_without_is_not_missing() {
    let without = cluster(r#""type": "EDS""#);
    let section = r#"{"@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump", "dynamic_endpoint_configs": [
        {"endpoint_config": {"cluster_name": "a"}}]}, "#;
    let with_clusters = without.replacen('[', &format!("[{section}"), 1);
    assert_eq!(missing_kinds(&only(&with_clusters), &only(&without)), [Kind::Endpoint, Kind::Secret]);
    assert_eq!(lines(&with_clusters, &without), [""; 0]);
}

#[test]
fn proxies_with_the_same_change_are_grouped() {
    let (before, after) = (cluster(r#""connect_timeout": "1s""#), cluster(r#""connect_timeout": "2s""#));
    let mut report = Report::default();
    let node = |kind: &str| NodeName { proxy: String::new(), kind: kind.to_owned(), workload: None };
    for (name, kind) in [("b.n", "sidecar"), ("a.n", "sidecar"), ("g.n", "router")] {
        let changes = compare(&only(&before), &only(&after), Scope::default());
        report.add(ProxyName::new(name, Some(&node(kind))), Presence::Both, changes);
    }
    report.add(ProxyName::new("same.n", None), Presence::Both, Vec::new());
    report.add(ProxyName::new("new.n", None), Presence::Added([(Kind::Cluster, 2)].into()), Vec::new());
    report.finish();
    let text = anstream::adapter::strip_str(&render::stat(&report)).to_string();
    let want = "2 sidecars (a.n, b.n)  ~1 cluster\n1 gateway (g.n)        ~1 cluster\n1 proxy added (new.n)  +2 clusters\n4 of 5 proxies differ\n";
    assert_eq!(text, want);
    let json: serde_json::Value = serde_json::from_str(&render::json(&report)).expect("is JSON");
    assert_eq!(json["groups"][0]["resources"][0]["fields"][0]["before"], "1s");
    assert_eq!((&json["proxies"]["differing"], &json["same"]), (&4.into(), &false.into()));
}

#[test]
fn pods_that_were_replaced_are_paired_by_workload() {
    let dump = |pod: &str, workload: &str| {
        format!(
            r#"{{"configs": [{{"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": {{"node":
                {{"id": "sidecar~1.1.1.1~{pod}.n~x", "metadata": {{"WORKLOAD_NAME": "{workload}"}}}}}}}}]}}"#
        )
    };
    let texts = [dump("a-1", "a"), dump("b-1", "b"), dump("c", "c"), dump("a-2", "a"), dump("c", "c"), dump("d", "d")];
    let named: Vec<Named<'_>> = texts
        .iter()
        .map(|text| {
            let dump = only(text);
            (dump.node.as_ref().map(|node| node.proxy.clone()), dump)
        })
        .collect();
    let pairs = pair(&named[..3], &named[3..]);
    assert_eq!(pairs, [(Some(0), Some(0)), (Some(1), None), (Some(2), Some(1)), (None, Some(2))]);
    assert_eq!(pair(&named[..1], &named[5..]), [(Some(0), Some(0))]);
}
