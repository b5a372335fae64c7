//! How many requests `explain` evaluates: `cargo bench --bench explain`.
//!
//! One core, against a virtual host with 1,000 routes of mixed kinds (prefixes, exact paths, regular expressions, headers, query
//! parameters), of which a request meets one in the middle: from the listener to the cluster. The best of five.

#![allow(clippy::cast_precision_loss, clippy::print_stdout, clippy::disallowed_methods)]

use std::time::Instant;

use meshc::evaluate::{Clusters, Direction, Proxy, Request, ResourceKind, evaluate};
use serde_json::{Value, json};

const ROUTES: usize = 1_000;
const REQUESTS: usize = 20_000;

fn main() {
    let proxy = Proxy::new([(ResourceKind::Listener, listener()), (ResourceKind::Cluster, cluster())]);
    let requests: Vec<Request> = (0..100).map(|n| request(n * ROUTES / 100)).collect();
    let mut best = f64::MAX;
    for _ in 0..5 {
        let started = Instant::now();
        for n in 0..REQUESTS {
            let answer = evaluate(&proxy, &requests[n % requests.len()], Clusters::AsConfigured);
            assert_eq!(answer.outcome.status, Some(200), "{:?}", answer.outcome);
        }
        best = best.min(started.elapsed().as_secs_f64());
    }
    println!("{ROUTES} routes: {:.0} requests a second", REQUESTS as f64 / best);
}

fn request(route: usize) -> Request {
    let mut request = Request::new(Direction::Gateway, ([127, 0, 0, 1], 80).into());
    "www.example.com".clone_into(&mut request.authority);
    request.path = format!("/service-{route}/items?id={route}");
    request.headers =
        vec![("x-route".to_owned(), route.to_string()), ("user-agent".to_owned(), "curl/8.5.0".to_owned())];
    request
}

fn route(n: usize) -> Value {
    let matching = match n % 5 {
        0 => json!({ "prefix": format!("/service-{n}/") }),
        1 => json!({ "path": format!("/service-{n}/items") }),
        2 => json!({ "safe_regex": { "regex": format!("/service-{n}/[a-z]+") } }),
        3 => {
            json!({ "path_separated_prefix": format!("/service-{n}"), "headers": [{ "name": "x-route", "string_match": { "exact": n.to_string() } }] })
        }
        _ => {
            json!({ "prefix": format!("/service-{n}"), "query_parameters": [{ "name": "id", "string_match": { "exact": n.to_string() } }] })
        }
    };
    json!({ "name": format!("r{n}"), "match": matching, "route": { "cluster": "app" } })
}

fn listener() -> Value {
    let routes: Vec<Value> = (0..ROUTES).map(route).collect();
    let router = json!({ "name": "envoy.filters.http.router", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" } });
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "normalize_path": true, "http_filters": [router],
        "route_config": { "name": "routes", "virtual_hosts": [{ "name": "host", "domains": ["www.example.com"], "routes": routes }] },
    });
    json!({
        "name": "listener", "address": { "socket_address": { "address": "0.0.0.0", "port_value": 80 } },
        "filter_chains": [{ "filters": [{ "name": "http", "typed_config": manager }] }],
    })
}

fn cluster() -> Value {
    let endpoint =
        json!({ "endpoint": { "address": { "socket_address": { "address": "10.0.0.1", "port_value": 80 } } } });
    json!({ "name": "app", "type": "STATIC", "load_assignment": { "cluster_name": "app", "endpoints": [{ "lb_endpoints": [endpoint] }] } })
}
