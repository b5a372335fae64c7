use super::*;
use crate::diagnostic::Diagnostics;
use crate::installation::{Behaviours, Features, Installation};
use crate::mesh::egress_hosts;

/// VirtualServices from `namespace/name` and the YAML of their `spec`.
fn configs(resources: &[(&str, &str)]) -> Vec<Arc<Config<VirtualService>>> {
    let config = |&(key, spec): &(&str, &str)| {
        let (namespace, name) = key.split_once('/').expect("a key is namespace/name");
        let mut config = Config { spec: serde_yaml::from_str(spec).expect("the spec is valid"), ..Config::default() };
        (config.meta.namespace, config.meta.name) = (namespace.to_owned(), name.to_owned());
        Arc::new(config)
    };
    resources.iter().map(config).collect()
}

fn index(resources: &[(&str, &str)]) -> VirtualServiceIndex {
    VirtualServiceIndex::new(
        &configs(resources),
        &MeshConfig::default(),
        &Installation::default(),
        &mut Diagnostics::default(),
    )
}

fn keys(configs: &[Arc<Config<VirtualService>>]) -> Vec<String> {
    configs.iter().map(|c| format!("{}/{}", c.meta.namespace, c.meta.name)).collect()
}

#[test]
fn private_comes_before_exported_before_public() {
    let index = index(&[
        ("a/public", "{hosts: [x], exportTo: ['*', '.']}"),
        ("a/private", "{hosts: [x], exportTo: ['.', a]}"),
        ("b/exported", "{hosts: [x], exportTo: [a, '.']}"),
        ("b/hidden", "{hosts: [x], exportTo: ['~', a]}"),
        ("b/gateway", "{hosts: [x], gateways: [gw, mesh]}"),
    ]);
    for (namespace, gateway, expected) in [
        ("a", "mesh", "a/private b/exported b/gateway a/public"),
        ("b", "mesh", "b/exported b/gateway a/public"),
        ("c", "mesh", "b/gateway a/public"),
        ("c", "b/gw", "b/gateway"),
        ("c", "c/gw", ""),
    ] {
        let found = keys(&index.for_gateway(namespace, gateway));
        assert_eq!(found.join(" "), expected, "{namespace} {gateway}");
    }
}

#[test]
fn a_delegate_is_narrowed_and_completed() {
    let index = index(&[
        (
            "a/root",
            "{hosts: [x.com], http: [
               {name: r, match: [{uri: {prefix: /p}}, {uri: {exact: /q}}], timeout: 5s, delegate: {name: d, namespace: b}},
               {delegate: {name: missing}},
               {delegate: {name: private, namespace: b}},
               {route: [{destination: {host: y}}]}]}",
        ),
        (
            "b/d",
            "{http: [
               {name: s, match: [{uri: {prefix: /p/s}, name: m}], route: [{destination: {host: z}}]},
               {match: [{uri: {prefix: /other}}], route: [{destination: {host: z}}]},
               {timeout: 1s, route: [{destination: {host: z.com}}]}]}",
        ),
        ("b/private", "{exportTo: ['.'], http: [{route: [{destination: {host: z}}]}]}"),
    ]);
    let found = index.for_gateway("a", MESH_GATEWAY);
    assert_eq!(keys(&found), ["a/root"]);

    let route = |r: &crate::model::istio::HttpRoute| {
        let host = r.route.first().and_then(|d| d.destination.as_ref()).map(|d| d.host.clone()).unwrap_or_default();
        let matches: Vec<_> = r.r#match.iter().filter_map(|m| m.uri.as_ref()?.match_type.clone()).collect();
        format!("{} {} {:?} {host}", r.name, r.timeout.unwrap_or_default(), matches)
    };
    assert_eq!(
        found[0].spec.http.iter().map(route).collect::<Vec<_>>(),
        [
            r#"r-s 5s [Prefix("/p/s")] z.b.svc.cluster.local"#,
            r#"r 1s [Prefix("/p"), Exact("/q")] z.com"#,
            " 0s [] y.a.svc.cluster.local",
        ]
    );
}

#[test]
fn a_sidecar_selects_by_hosts_and_namespace() {
    let index = index(&[
        ("a/own", "{hosts: [x.com]}"),
        ("b/exact", "{hosts: [y.com]}"),
        ("b/wildcard", "{hosts: ['*.com']}"),
        ("c/other", "{hosts: [z.org]}"),
    ]);
    for (hosts, expected) in [
        (vec!["*/*"], "b/exact c/other a/own b/wildcard"),
        (vec!["./*"], "a/own"),
        (vec!["b/y.com"], "b/exact b/wildcard"),
        (vec!["*/*.org"], "c/other"),
        (vec!["~/*"], ""),
    ] {
        let hosts: Vec<_> = hosts.into_iter().map(str::to_owned).collect();
        let imported = egress_hosts::by_namespace(&hosts, "a", Behaviours::default());
        let found = keys(&index.select("a", &imported, &Features::default()));
        assert_eq!(found.join(" "), expected, "{hosts:?}");
    }
}

#[test]
fn a_service_has_the_most_specific_of_its_virtual_services() {
    let all = configs(&[
        ("a/any", "{hosts: ['*.com']}"),
        ("a/narrow", "{hosts: ['*.foo.com']}"),
        ("a/exact", "{hosts: [a.foo.com]}"),
        ("a/again", "{hosts: [a.foo.com]}"),
    ]);
    let services = ["a.foo.com", "b.foo.com", "c.com", "d.org"];
    let found: Vec<_> = most_specific_by_hostname(&all, services.into_iter())
        .into_iter()
        .map(|(host, (_, name))| (host, name))
        .collect();
    let expected = [("a.foo.com", "exact"), ("b.foo.com", "narrow"), ("c.com", "any")];
    assert_eq!(found, expected.map(|(host, name)| (host.to_owned(), name.to_owned())));
}

#[test]
fn destinations_know_their_ports() {
    let all = configs(&[(
        "a/vs",
        "{hosts: [x], http: [
           {route: [{destination: {host: a, port: {number: 80}}}, {destination: {host: a}}], mirror: {host: m}},
           {match: [{sourceNamespace: n}, {}], route: [{destination: {host: other}}]}],
          tcp: [{route: [{destination: {host: t, port: {number: 1}}}]}]}",
    )]);
    for (namespace, expected) in [("", "a:{0, 80} m:{0} other:{0} t:{1}"), ("q", "a:{0, 80} m:{0} t:{1}")] {
        let found: Vec<_> = destinations(&all[0].spec, namespace)
            .into_iter()
            .map(|(host, ports)| format!("{host}:{ports:?}"))
            .collect();
        assert_eq!(found.join(" "), expected);
    }
}
