//! Requests through a mesh of real Envoys on loopback, by what meshc wrote for `traffic.yaml`: in through the ingress gateway, from
//! service to service, and out through the egress gateway, to servers of this process and back.
//!
//! What iptables do for a Pod is done to the listeners: the inbound one listens at the Pod's address and application port, an outbound
//! one at the Pod's address with [`OUTBOUND`] added to its port; and the inbound cluster, which sends to where a connection was meant
//! to go, sends to the server instead. The rest is as meshc wrote it, mutual TLS included.

use std::path::Path;
use std::time::{Duration, Instant};

use meshc::source::SourceFile;
use serde_json::{Value, json};

use crate::adapt::{self, Prepared};
use crate::certificate::Authority;
use crate::envoy::{self, Envoy};
use crate::{mesh, server};

/// A Pod of `traffic.yaml`.
struct Pod {
    name: &'static str,
    address: &'static str,
    service_account: &'static str,
}

const PODS: &[Pod] = &[
    Pod { name: "egressgateway.istio-system", address: "127.0.10.5", service_account: "egressgateway" },
    Pod { name: "ingressgateway.istio-system", address: "127.0.10.1", service_account: "ingressgateway" },
    Pod { name: "frontend.shop", address: "127.0.10.2", service_account: "frontend" },
    Pod { name: "reviews-v1.shop", address: "127.0.10.3", service_account: "reviews" },
    Pod { name: "reviews-v2.shop", address: "127.0.10.4", service_account: "reviews" },
];

/// The endpoint of the ServiceEntry.
const EXTERNAL: (&str, u16) = ("127.0.10.9", 18081);

const APPLICATION_PORT: u16 = 9080;
const OUTBOUND: u16 = 10_000;
const FIRST_ADMIN_PORT: u16 = 25_020;

const INGRESS: (&str, u16) = ("127.0.10.1", 8080);
/// Where the application of frontend asks for `reviews:9080`, and for `rates.example:80`.
const FROM_FRONTEND: (&str, u16) = ("127.0.10.2", APPLICATION_PORT + OUTBOUND);
const FROM_FRONTEND_80: (&str, u16) = ("127.0.10.2", 80 + OUTBOUND);

/// A token of the issuer `traffic` for `jason`, who is of the group `members`, until the year 2100. Nobody has the private key.
const TOKEN: &str = concat!(
    "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6InRyYWZmaWMiLCJ0eXAiOiJKV1QifQ.",
    "eyJpc3MiOiJ0cmFmZmljIiwic3ViIjoiamFzb24iLCJleHAiOjQxMDI0NDQ4MDAsImdyb3VwcyI6WyJtZW1iZXJzIl19.",
    "RbFYHN8PKhQI5fE2dtIEPKgM1is2nEa5G_HqImin-1Bd9kv_5ZedNfOuR4MOkIeASuJHPy7gRNHSO6Vu2zj4njVJWYJ_UdPtfw2yStV-m3u9XM",
    "7SVR-9pliiktVdLpQxcaXqEkmPgQhxovHPMYKyjN2Qe4Jzp3-2IP64K1b5KldwooS4FOxQ7ERX0wzeGLfHiIHZ8Xrw6RMbkn2Az2h2Pohdccms",
    "biDbCaDAnFC4SnALXCmAhrA7snnihVzrDhLqhxPGyK-6u565ujU9wdDZmmdIfICVjuXdN7gvW1yQwwqsm-IxhFJzjkuGdhsaZxUYSVjyrLoVhnYBM3DnusSg0A",
);

/// A request and what must come of it.
struct Case {
    title: &'static str,
    to: (&'static str, u16),
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    status: u16,
    /// Parts of the answer, head or body; the body begins with the server's name and the request as it arrived.
    answer: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        title: "ingress: rewritten, with a header, to frontend by mutual TLS",
        to: INGRESS,
        path: "/front/hello?a=b",
        headers: &[("host", "shop.example")],
        status: 200,
        answer: &[
            "\nfrontend.shop\nget /hello?a=b http/1.1\n",
            "\nx-by: ingress\n",
            "by=spiffe://cluster.local/ns/shop/sa/frontend;",
            "uri=spiffe://cluster.local/ns/istio-system/sa/ingressgateway",
        ],
    },
    Case {
        title: "ingress: an unknown host",
        to: INGRESS,
        path: "/front/hello",
        headers: &[("host", "other.example")],
        status: 404,
        answer: &[],
    },
    Case {
        title: "ingress: an unknown path",
        to: INGRESS,
        path: "/nothing",
        headers: &[("host", "shop.example")],
        status: 404,
        answer: &[],
    },
    Case {
        title: "ingress: a redirect",
        to: INGRESS,
        path: "/moved",
        headers: &[("host", "shop.example")],
        status: 308,
        answer: &["\nlocation: http://shop.example/front/"],
    },
    Case {
        title: "service to service: a header chooses the subset",
        to: FROM_FRONTEND,
        path: "/reviews/1",
        headers: &[("host", "reviews:9080"), ("end-user", "jason")],
        status: 200,
        answer: &["\nreviews-v2.shop\nget /reviews/1 ", "uri=spiffe://cluster.local/ns/shop/sa/frontend"],
    },
    Case {
        title: "service to service: the default subset",
        to: FROM_FRONTEND,
        path: "/reviews/1",
        headers: &[("host", "reviews.shop.svc.cluster.local:9080"), ("end-user", "other")],
        status: 200,
        answer: &["\nreviews-v1.shop\nget /reviews/1 "],
    },
    Case {
        title: "service to service: a host that the registry lacks",
        to: FROM_FRONTEND,
        path: "/",
        headers: &[("host", "unknown.example:9080")],
        status: 502,
        answer: &[],
    },
    Case {
        title: "egress: through the gateway to the ServiceEntry",
        to: FROM_FRONTEND_80,
        path: "/eur",
        headers: &[("host", "rates.example")],
        status: 200,
        answer: &["\nexternal\nget /eur ", "\nhost: rates.example\n", "\nx-by: egress\n"],
    },
    Case {
        title: "authorization: a peer that is not allowed",
        to: INGRESS,
        path: "/reviews",
        headers: &[("host", "shop.example")],
        status: 403,
        answer: &["RBAC: access denied"],
    },
    Case {
        title: "authorization: a path that is denied by its template",
        to: FROM_FRONTEND,
        path: "/reviews/1/drafts",
        headers: &[("host", "reviews:9080")],
        status: 403,
        answer: &["RBAC: access denied"],
    },
    Case {
        title: "authorization: somebody else allows it",
        to: INGRESS,
        path: "/front/guarded",
        headers: &[("host", "shop.example")],
        status: 200,
        answer: &["\nfrontend.shop\nget /guarded "],
    },
    Case {
        title: "authorization: somebody else refuses it",
        to: INGRESS,
        path: "/front/guarded",
        headers: &[("host", "shop.example"), ("x-refuse", "yes")],
        status: 403,
        answer: &["\nexternal\nget /guarded "],
    },
    Case {
        title: "token: none, where a claim is needed",
        to: INGRESS,
        path: "/front/members",
        headers: &[("host", "shop.example")],
        status: 403,
        answer: &["RBAC: access denied"],
    },
    Case {
        title: "token: an invalid one",
        to: INGRESS,
        path: "/front/hello",
        headers: &[("host", "shop.example"), ("authorization", "Bearer none")],
        status: 401,
        answer: &["Jwt is not in the form"],
    },
    Case {
        title: "token: a valid one, its claim in a header",
        to: INGRESS,
        path: "/front/members",
        headers: &[("host", "shop.example"), ("authorization", TOKEN)],
        status: 200,
        answer: &["\nfrontend.shop\nget /members ", "\nx-who: jason\n"],
    },
];

/// Runs the cases, after starting all Envoys and servers.
pub(crate) fn run(binary: &Path, work: &Path, authority: &Authority) -> Vec<(String, Result<String, String>)> {
    let started = match start(binary, work, authority) {
        Ok(started) => started,
        Err(problem) => return vec![("traffic".to_owned(), Err(problem))],
    };
    let mut results: Vec<_> =
        CASES.iter().map(|case| (format!("traffic, {}", case.title), ask(case, &started))).collect();
    let plain = envoy::get(("127.0.10.3", APPLICATION_PORT), "/", &[("host", "reviews")]);
    let refused = match plain {
        Ok(answer) => Err(format!("plain text got {answer:?}")),
        Err(_) => Ok("the connection is closed".to_owned()),
    };
    results.push(("traffic, plain text to a Pod under STRICT".to_owned(), refused));
    results
}

/// Asks once, and compares.
fn ask(case: &Case, envoys: &[Envoy]) -> Result<String, String> {
    let answer = envoy::get(case.to, case.path, case.headers)?;
    let text = format!("{}\n\n{}", answer.head.replace("\r\n", "\n"), answer.body);
    let missing: Vec<_> = case.answer.iter().filter(|part| !text.contains(**part)).collect();
    if answer.status != case.status || !missing.is_empty() {
        let problems: Vec<String> = envoys.iter().map(Envoy::problems).collect();
        return Err(format!("wanted {} and {missing:?}: {text} {}", case.status, problems.join("")));
    }
    Ok(format!("answered {}", answer.status))
}

/// Starts the servers and an Envoy for each Pod, and waits until all are live.
fn start(binary: &Path, work: &Path, authority: &Authority) -> Result<Vec<Envoy>, String> {
    server::start("external", EXTERNAL)?;
    let file = SourceFile::new("traffic.yaml", include_bytes!("traffic.yaml").to_vec());
    let translations = mesh::translate(vec![file]);
    let names: Vec<&str> = translations.iter().map(|(name, _)| name.as_str()).collect();
    if names != PODS.iter().map(|pod| pod.name).collect::<Vec<_>>() {
        return Err(format!("the proxies are {names:?}"));
    }
    let mut envoys = Vec::new();
    for ((pod, (_, translation)), admin) in PODS.iter().zip(&translations).zip(FIRST_ADMIN_PORT..) {
        let work = work.join(pod.name);
        std::fs::create_dir_all(&work).map_err(|e| e.to_string())?;
        let namespace = pod.name.split_once('.').map_or("", |(_, namespace)| namespace);
        let spiffe = format!("spiffe://cluster.local/ns/{namespace}/sa/{}", pod.service_account);
        let prepared = Prepared::new(translation, &authority.certificate(&spiffe), authority, &work);
        prepared.write(&work);
        let server = server::start(pod.name, ("127.0.0.1", 0))?;
        let value = |any| serde_json::to_value(any).map_err(|e| e.to_string());
        let clusters: Vec<Value> = prepared.clusters.iter().map(value).collect::<Result<_, _>>()?;
        let listeners: Vec<Value> = prepared.listeners.iter().map(value).collect::<Result<_, _>>()?;
        adapt::write(&work, "cds.json", &clusters.into_iter().map(|c| cluster(c, server)).collect::<Vec<_>>());
        adapt::write(
            &work,
            "lds.json",
            &listeners.into_iter().filter_map(|l| listener(l, pod.address)).collect::<Vec<_>>(),
        );
        envoys.push(Envoy::start(binary, &work, admin)?);
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    while !envoys.iter().all(|envoy| envoy.admin("/ready").is_some()) {
        if Instant::now() > deadline {
            return Err(envoys.iter().map(Envoy::problems).collect::<Vec<_>>().join(" "));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(envoys)
}

/// Sends what an inbound cluster is asked to the server.
pub(crate) fn cluster(mut cluster: Value, server: u16) -> Value {
    let name = cluster["name"].as_str().unwrap_or_default().to_owned();
    if name.starts_with("inbound|")
        && let Some(fields) = cluster.as_object_mut()
    {
        fields.remove("upstream_bind_config");
        fields.remove("lb_policy");
        let address = json!({ "socket_address": { "address": "127.0.0.1", "port_value": server } });
        fields.insert("type".to_owned(), json!("STATIC"));
        fields.insert(
            "load_assignment".to_owned(),
            json!({ "cluster_name": name, "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address } }] }] }),
        );
    }
    cluster
}

/// Puts a listener at the Pod's address; none for what catches connections to unknown places, or to an address of its own.
fn listener(mut listener: Value, pod: &str) -> Option<Value> {
    let socket = &listener["address"]["socket_address"];
    let (address, port) = (socket["address"].as_str()?, u16::try_from(socket["port_value"].as_u64()?).ok()?);
    let port = match (listener["name"].as_str()?, address) {
        ("virtualOutbound", _) => return None,
        ("virtualInbound", _) => APPLICATION_PORT,
        // A gateway's, which binds.
        (_, "127.0.0.1") if listener["bind_to_port"].is_null() => port,
        (_, "127.0.0.1") => port + OUTBOUND,
        _ => return None,
    };
    let fields = listener.as_object_mut()?;
    fields.insert("address".to_owned(), json!({ "socket_address": { "address": pod, "port_value": port } }));
    fields.remove("use_original_dst");
    fields.remove("bind_to_port");
    if let Some(filters) = fields.get_mut("listener_filters").and_then(Value::as_array_mut) {
        filters.retain(|filter| filter["name"] != "envoy.filters.listener.original_dst");
    }
    Some(listener)
}
