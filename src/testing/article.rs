//! The tables of the article that the project began with, which kinds shape which part, held against what leaving out shows.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cli::output;

/// Chain, side, row, and the kinds that the article marks. Its two VirtualServices and DestinationRules of the way outside are one
/// column here, as the rows tell them apart.
const ARTICLE: [(&str, &str, &str, &[&str]); 24] = [
    ("ingress", "source", "listener", &["Service", "Gateway", "VirtualService", "PeerAuthentication"]),
    ("ingress", "source", "route", &["Service", "VirtualService"]),
    ("ingress", "source", "cluster", &["Service", "DestinationRule", "PeerAuthentication"]),
    ("ingress", "source", "endpoint", &["Endpoints", "DestinationRule"]),
    ("ingress", "destination", "listener", &["Service", "VirtualService", "PeerAuthentication"]),
    ("ingress", "destination", "route", &["Service", "VirtualService"]),
    ("ingress", "destination", "cluster", &["Service", "DestinationRule", "PeerAuthentication"]),
    ("ingress", "destination", "endpoint", &["Endpoints", "DestinationRule"]),
    ("service", "source", "listener", &["Service", "VirtualService", "PeerAuthentication"]),
    ("service", "source", "route", &["Service", "VirtualService"]),
    ("service", "source", "cluster", &["Service", "DestinationRule", "PeerAuthentication"]),
    ("service", "source", "endpoint", &["Endpoints", "DestinationRule"]),
    ("service", "destination", "listener", &["Service", "VirtualService", "PeerAuthentication"]),
    ("service", "destination", "route", &["Service", "VirtualService"]),
    ("service", "destination", "cluster", &["Service", "DestinationRule", "PeerAuthentication"]),
    ("service", "destination", "endpoint", &["Endpoints", "DestinationRule"]),
    ("egress", "source", "listener", &["Service", "VirtualService", "PeerAuthentication"]),
    ("egress", "source", "route", &["Service", "VirtualService"]),
    ("egress", "source", "cluster", &["Service", "DestinationRule", "PeerAuthentication"]),
    ("egress", "source", "endpoint", &["Endpoints", "DestinationRule"]),
    ("egress", "destination", "listener", &["Gateway", "VirtualService", "PeerAuthentication"]),
    ("egress", "destination", "route", &["VirtualService"]),
    ("egress", "destination", "cluster", &["DestinationRule", "ServiceEntry", "PeerAuthentication"]),
    ("egress", "destination", "endpoint", &["DestinationRule", "ServiceEntry"]),
];

/// Why the truth differs.
const HTTP_ROUTES_ARE_SERVED: &str = "routes of HTTP are served apart from the listener, which only names them";
const INBOUND_IS_OTHER: &str = "PeerAuthentication shapes the inbound listener, not the one on the way out";
const NO_INBOUND_ROUTES: &str = "a VirtualService is for clients and gateways; inbound listeners know none";
const INBOUND_IS_LOCAL: &str =
    "the inbound cluster leads to the workload itself: no endpoints, no mutual TLS of its own";
const NO_RULE_HERE: &str = "Bookinfo has no DestinationRule for this host";
const NO_SUBSETS_HERE: &str = "Bookinfo's DestinationRule for this host has TLS only, which is the cluster's";
const GATEWAY_IS_NO_SERVER: &str = "the port of a gateway is as its Gateway says, whatever PeerAuthentication asks for";
const OTHER_NAMESPACE: &str = "Bookinfo's PeerAuthentication is not for the namespace of the gateways";
const EXTERNAL: &str = "a host outside of the mesh has no PeerAuthentication";
const GATEWAY_NAMES_ROUTES: &str = "the hosts of a Gateway's server are those of its routes";
const PORT_OF_GATEWAY: &str = "the Service of a gateway says on which port the gateway listens";
const IDENTITIES: &str = "the identities that a cluster expects are those of its endpoints";
const PORT_OF_ENDPOINT: &str = "the ports of endpoints are found by the ports of the Service";
const TLS_OF_ENDPOINT: &str = "endpoints are marked for mutual TLS, as PeerAuthentication allows";
const HEADLESS: &str = "a headless Service has listeners for each endpoint";
const STRICT_ROUTES: &str =
    "PeerAuthentication says whether the port takes plain text, by a filter chain with routes of its own";
const HOST_OF_ENTRY: &str = "the host, its ports and addresses are those of the ServiceEntry";
const DESTINATION_BY_NAME: &str = "the route leads to the gateway's host by its name, whatever its Service says";

/// What the article marks and the truth does not (`-`), and the other way round (`+`), with the reason.
const DIFFERENCES: [(&str, &str, &str, &str, &str); 46] = [
    ("ingress", "source", "listener", "-VirtualService", HTTP_ROUTES_ARE_SERVED),
    ("ingress", "source", "listener", "-PeerAuthentication", GATEWAY_IS_NO_SERVER),
    ("ingress", "source", "route", "+Gateway", GATEWAY_NAMES_ROUTES),
    ("ingress", "source", "cluster", "-DestinationRule", NO_RULE_HERE),
    ("ingress", "source", "cluster", "+Endpoints", IDENTITIES),
    ("ingress", "source", "endpoint", "-DestinationRule", NO_RULE_HERE),
    ("ingress", "source", "endpoint", "+Service", PORT_OF_ENDPOINT),
    ("ingress", "source", "endpoint", "+PeerAuthentication", TLS_OF_ENDPOINT),
    ("ingress", "destination", "listener", "-VirtualService", NO_INBOUND_ROUTES),
    ("ingress", "destination", "route", "-VirtualService", NO_INBOUND_ROUTES),
    ("ingress", "destination", "route", "+PeerAuthentication", STRICT_ROUTES),
    ("ingress", "destination", "cluster", "-DestinationRule", NO_RULE_HERE),
    ("ingress", "destination", "cluster", "-PeerAuthentication", INBOUND_IS_LOCAL),
    ("ingress", "destination", "endpoint", "-Endpoints", INBOUND_IS_LOCAL),
    ("ingress", "destination", "endpoint", "-DestinationRule", INBOUND_IS_LOCAL),
    ("service", "source", "listener", "-VirtualService", HTTP_ROUTES_ARE_SERVED),
    ("service", "source", "listener", "-PeerAuthentication", INBOUND_IS_OTHER),
    ("service", "source", "listener", "+Endpoints", HEADLESS),
    ("service", "source", "cluster", "+Endpoints", IDENTITIES),
    ("service", "source", "endpoint", "+Service", PORT_OF_ENDPOINT),
    ("service", "source", "endpoint", "+PeerAuthentication", TLS_OF_ENDPOINT),
    ("service", "destination", "listener", "-VirtualService", NO_INBOUND_ROUTES),
    ("service", "destination", "route", "-VirtualService", NO_INBOUND_ROUTES),
    ("service", "destination", "route", "+PeerAuthentication", STRICT_ROUTES),
    ("service", "destination", "cluster", "-PeerAuthentication", INBOUND_IS_LOCAL),
    ("service", "destination", "endpoint", "-Endpoints", INBOUND_IS_LOCAL),
    ("service", "destination", "endpoint", "-DestinationRule", INBOUND_IS_LOCAL),
    ("egress", "source", "listener", "-VirtualService", HTTP_ROUTES_ARE_SERVED),
    ("egress", "source", "listener", "-PeerAuthentication", INBOUND_IS_OTHER),
    ("egress", "source", "listener", "+ServiceEntry", HOST_OF_ENTRY),
    ("egress", "source", "route", "-Service", DESTINATION_BY_NAME),
    ("egress", "source", "route", "+ServiceEntry", HOST_OF_ENTRY),
    ("egress", "source", "cluster", "-PeerAuthentication", OTHER_NAMESPACE),
    ("egress", "source", "cluster", "+Endpoints", IDENTITIES),
    ("egress", "source", "cluster", "+ServiceEntry", HOST_OF_ENTRY),
    ("egress", "source", "endpoint", "-DestinationRule", NO_RULE_HERE),
    ("egress", "source", "endpoint", "+Service", PORT_OF_ENDPOINT),
    ("egress", "source", "endpoint", "+ServiceEntry", HOST_OF_ENTRY),
    ("egress", "destination", "listener", "-VirtualService", HTTP_ROUTES_ARE_SERVED),
    ("egress", "destination", "listener", "-PeerAuthentication", GATEWAY_IS_NO_SERVER),
    ("egress", "destination", "listener", "+Service", PORT_OF_GATEWAY),
    ("egress", "destination", "route", "+Gateway", GATEWAY_NAMES_ROUTES),
    ("egress", "destination", "route", "+Service", PORT_OF_GATEWAY),
    ("egress", "destination", "cluster", "-PeerAuthentication", EXTERNAL),
    ("egress", "destination", "endpoint", "-DestinationRule", NO_SUBSETS_HERE),
    // Kinds that the article's table of a chain has no column for.
    (
        "service",
        "source",
        "listener",
        "+ServiceEntry",
        "the headless Service's and the ServiceEntry's listeners share a port",
    ),
];

/// Kinds with a column in one of the article's tables.
const COLUMNS: [&str; 7] =
    ["Service", "Endpoints", "Gateway", "VirtualService", "DestinationRule", "ServiceEntry", "PeerAuthentication"];

#[test]
fn the_tables_of_the_article() {
    let text = output(&["why", "--table", "examples/bookinfo", "-o", "json"]);
    let tables: Value = serde_json::from_str(&text).expect("is JSON");
    let tables = tables["tables"].as_array().expect("is a list");
    let mut wrong = Vec::new();
    for (chain, side, row, article) in ARTICLE {
        let table = tables.iter().find(|table| table["chain"] == chain).expect("Bookinfo has all chains");
        let marked = table[side]["rows"][row].as_array().expect("is a list").iter().filter_map(Value::as_str);
        let truth: BTreeSet<String> = marked.filter(|kind| COLUMNS.contains(kind)).map(str::to_owned).collect();
        let mut expected: BTreeSet<String> = article.iter().map(|kind| (*kind).to_owned()).collect();
        for (.., change, _) in DIFFERENCES.iter().filter(|(c, s, r, ..)| (*c, *s, *r) == (chain, side, row)) {
            let changes = match change.split_at(1) {
                ("-", kind) => expected.remove(kind),
                (_, kind) => expected.insert(kind.to_owned()),
            };
            assert!(changes, "{chain} {side} {row}: {change} is no difference");
        }
        if truth != expected {
            wrong.push(format!("{chain} {side} {row}: {truth:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
