//! One line a server, `<gateway> <number> <protocol> [tls mode] [bind=..] hosts..`; what stands on each port is the answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Router, Target, merge, route_name};
use crate::installation::Features;
use crate::mesh::gateway_api::grant::ReferenceGrants;
use crate::model::istio::{Gateway, Port, Server, ServerTlsSettings, ServerTlsSettingsTlsMode};
use crate::model::{Config, ObjectMeta};
use crate::source::ResourceRef;

fn server(words: &[&str]) -> Server {
    let mut server = Server::default();
    let port = Port {
        number: words[0].parse().expect("a number"),
        protocol: words[1].into(),
        name: "p".into(),
        target_port: 0,
    };
    server.port = Some(port);
    for word in &words[2..] {
        let mode = match *word {
            "PASSTHROUGH" => Some(ServerTlsSettingsTlsMode::Passthrough),
            "AUTO_PASSTHROUGH" => Some(ServerTlsSettingsTlsMode::AutoPassthrough),
            "SIMPLE" => Some(ServerTlsSettingsTlsMode::Simple),
            "MUTUAL" => Some(ServerTlsSettingsTlsMode::Mutual),
            _ => None,
        };
        if let Some(mode) = mode {
            server.tls = Some(ServerTlsSettings { mode, ..ServerTlsSettings::default() });
        } else if let Some(bind) = word.strip_prefix("bind=") {
            server.bind = bind.into();
        } else if let (Some(name), Some(tls)) = (word.strip_prefix("cred="), server.tls.as_mut()) {
            tls.credential_name = name.into();
        } else {
            server.hosts.push((*word).into());
        }
    }
    server
}

fn gateways(text: &str) -> Vec<Arc<Config<Gateway>>> {
    let mut all: Vec<(String, Gateway)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if all.last().is_none_or(|(name, _)| name != words[0]) {
            all.push((words[0].into(), Gateway::default()));
        }
        all.last_mut().expect("just pushed").1.servers.push(server(&words[1..]));
    }
    all.into_iter()
        .map(|(name, spec)| {
            let meta = ObjectMeta { name, namespace: "ns".into(), ..ObjectMeta::default() };
            Arc::new(Config { meta, spec, source: ResourceRef::NONE })
        })
        .collect()
}

fn merged(text: &str, targets: Vec<Target<'_>>) -> super::MergedGateway {
    let labels = BTreeMap::new();
    let grants = ReferenceGrants::default();
    let features = Features::default();
    let router = Router {
        namespace: "ns",
        service_account: "sa",
        labels: &labels,
        targets,
        features: &features,
        grants: &grants,
        merges_strictly: false,
        serves_ca_secrets: false,
    };
    merge(&gateways(text), &router).expect("no selector selects all")
}

fn check(text: &str, ports: &[&str], routes: &[(&str, usize)], rejected: usize) {
    let merged = merged(text, Vec::new());
    let found: Vec<String> = merged
        .ports
        .iter()
        .map(|p| format!("{} {} {} x{}", p.number, p.protocol, p.bind, merged.servers[p].servers.len()))
        .collect();
    assert_eq!(found, ports, "ports of {text}");
    let found: Vec<_> = merged.servers_by_route_name.iter().map(|(n, s)| (n.as_str(), s.len())).collect();
    assert_eq!(found, routes, "routes of {text}");
    assert_eq!(merged.rejections.len(), rejected, "rejections of {text}: {:?}", merged.rejections);
}

#[test]
fn plain_http_servers_share_a_port() {
    check("a 80 HTTP x.com\nb 80 GRPC y.com", &["80 HTTP  x2"], &[("http.80", 2)], 0);
}

#[test]
fn other_protocols_in_the_clear_do_not() {
    check("a 80 HTTP x.com\nb 80 TCP *", &["80 HTTP  x1"], &[("http.80", 1)], 1);
    check("a 80 TCP *\nb 80 HTTP x.com", &["80 TCP  x1"], &[], 1);
    check("a 80 TCP *\nb 80 TCP *", &["80 TCP  x1"], &[], 1);
}

#[test]
fn addresses_tell_servers_apart() {
    let routes = [("http.80", 1), ("http.80.127.0.0.1", 1)];
    check("a 80 HTTP x.com\nb 80 HTTP bind=127.0.0.1 y.com", &["80 HTTP  x1", "80 HTTP 127.0.0.1 x1"], &routes, 0);
    check("a 80 TCP *\nb 80 TCP bind=127.0.0.1 *", &["80 TCP  x1", "80 TCP 127.0.0.1 x1"], &[], 0);
}

#[test]
fn hosts_tell_tls_servers_apart() {
    let text = "a 443 HTTPS SIMPLE *.x.com\nb 443 TLS PASSTHROUGH y.x.com\nc 443 TLS PASSTHROUGH z.com\nd 443 TLS SIMPLE z.com v.com";
    check(text, &["443 HTTPS  x1", "443 TLS  x2"], &[("https.443.p.a.ns", 1)], 1);
}

#[test]
fn one_port_name_is_one_route_configuration() {
    check("a 443 HTTPS SIMPLE x.com\na 443 HTTPS SIMPLE y.com", &["443 HTTPS  x1"], &[("https.443.p.a.ns", 1)], 1);
}

#[test]
fn hosts_are_qualified_by_namespace() {
    let merged = merged("a 443 TLS AUTO_PASSTHROUGH ./x.com */y.com other/z.com\nb 80 HTTP */* q.com", Vec::new());
    let hosts: Vec<_> = merged.servers.values().map(|m| m.servers[0].spec.hosts.clone()).collect();
    assert_eq!(hosts, [vec!["*"], vec!["ns/x.com", "y.com", "other/z.com"]]);
    assert_eq!(
        merged.servers.values().next_back().map(|m| m.servers[0].sni_hosts.clone()),
        Some(vec!["x.com".into(), "y.com".into(), "z.com".into()])
    );
    assert!(merged.contains_auto_passthrough);
}

#[test]
fn a_host_after_any_host_crashes_istiod() {
    check("a 80 HTTP */* ./x.com", &[], &[], 1);
    check("a 80 HTTP ./x.com */*", &["80 HTTP  x1"], &[("http.80", 1)], 0);
}

#[test]
fn certificates_of_the_routers_namespace_are_verified() {
    let text = "a 443 HTTPS SIMPLE cred=one x.com\na 444 HTTPS MUTUAL cred=kubernetes-gateway://ns/two x.com\na 445 HTTPS SIMPLE cred=kubernetes://other/three x.com";
    let verified: Vec<_> = merged(text, Vec::new()).verified_certificates.into_iter().collect();
    assert_eq!(verified, ["kubernetes-gateway://ns/two", "kubernetes-gateway://ns/two-cacert", "kubernetes://one"]);
}

#[test]
fn a_service_port_is_listened_on_at_its_target() {
    let labels = BTreeMap::new();
    let target = |port, target_port| Target { hostname: "h", namespace: "ns", labels: &labels, port, target_port };
    let merged =
        merged("a 80 HTTP x.com\nb 8080 HTTP y.com\nc 90 HTTP z.com", vec![target(80, 8080), target(80, 9999)]);
    let ports: Vec<_> = merged.ports.iter().map(|p| (p.number, merged.servers[p].servers.len())).collect();
    assert_eq!(ports, [(8080, 2), (90, 1)]);
    assert_eq!(merged.port_map[&8080].iter().copied().collect::<Vec<_>>(), [80, 8080]);
}

#[test]
fn route_names_are_read_back() {
    let parsed = route_name::parse("https.443.p.a.ns");
    assert_eq!((parsed.port, parsed.port_name, parsed.gateway), (443, "p", Some(("a", "ns"))));
    assert_eq!(route_name::parse("http.80").port, 80);
    assert_eq!(route_name::parse("http.80.10.0.0.1").port, 0);
    assert_eq!(route_name::parse("https.443.p.a.ns.10.0.0.1"), route_name::Parsed::default());
}
