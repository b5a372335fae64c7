//! Whole chains: requests through the real Envoys of an example in a row, each with what meshc wrote for its proxy, and at each of them
//! what `meshc explain` says.
//!
//! A request begins at the application's side of the client's proxy, or outside of the mesh, and takes what the listeners, routes,
//! clusters and policies on its way make of it, handshakes of TLS included: each proxy has a certificate with its own identity. The
//! access logs tell what each proxy did: listener, filter chain, route, cluster, endpoint, the peer's identity, status, flags and
//! details. See [`network`] for how connections find their way.

mod network;
mod pod;
mod ztunnel;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use meshc::diagnostic::Diagnostics;
use meshc::explain::{self, AskedRequest, From, Hop, Report, Style, Wanted, World};
use meshc::input::Input;
use meshc::mesh::Mesh;
use meshc::options::Options;
use meshc::proxy::{self, Proxy, ProxyKind};
use meshc::source::SourceFile;
use meshc::translate::Translation;
use meshc::{evaluate, pipeline};
use serde_json::{Value, json};

use crate::certificate::Authority;
use crate::envoy::{self, Answer, Envoy};
use crate::server;
use network::{Door, Network, application_wire, wire};
use pod::{HBONE_PORT, Pod, identity};
use ztunnel::{Workload, Ztunnel};

/// How long Envoys may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long an access log may take.
const TOLD: Duration = Duration::from_secs(5);

/// The address of what is outside of the mesh, clients and servers.
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 100));

/// The address of clients in ambient mode.
const AMBIENT_CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 244, 0, 200));

/// The host outside of the mesh that the examples ask for, which has a certificate.
const CATALOGUE: &str = "catalogue.example.org";

/// An example, and requests to it.
struct Chain {
    title: &'static str,
    folder: &'static str,
    /// Manifests besides those of the folder.
    more: Option<&'static str>,
    /// A proxy with the certificate of somebody else.
    impostor: Option<&'static str>,
    /// The workloads in ambient mode, each with its service account.
    ambient: &'static [(&'static str, &'static str)],
    cases: &'static [Case],
}

/// A request, and what must come of it, with Envoy and with `explain`.
struct Case {
    title: &'static str,
    /// As `meshc explain --from` has it.
    from: &'static str,
    url: &'static str,
    headers: &'static [(&'static str, &'static str)],
    /// The status; none for bytes that are no HTTP.
    status: Option<u16>,
    /// How many proxies it meets.
    hops: usize,
    /// The last of them.
    last: &'static str,
}

const PAGE: &str = "productpage-v1.bookstore";
const DETAILS: &str = "details-v1.bookstore";
const WAYPOINT: &str = "waypoint.shop";

/// A request without further headers.
const fn case(
    title: &'static str,
    from: &'static str,
    url: &'static str,
    status: Option<u16>,
    hops: usize,
    last: &'static str,
) -> Case {
    Case { title, from, url, headers: &[], status, hops, last }
}

const CHAINS: &[Chain] = &[
    Chain {
        title: "bookinfo",
        folder: "examples/bookinfo",
        more: None,
        impostor: Some("ratings-v1.bookstore"),
        ambient: &[],
        cases: &[
            case(
                "in through the gateway by HTTPS, on by mutual TLS",
                "outside",
                "https://books.example.com/productpage",
                Some(200),
                2,
                PAGE,
            ),
            case(
                "in through the gateway, rewritten",
                "outside",
                "https://books.example.com/api/v1/books?a=b",
                Some(200),
                2,
                PAGE,
            ),
            case(
                "HTTP at the gateway",
                "outside",
                "http://books.example.com/productpage",
                Some(301),
                1,
                "ingress.istio-gateways",
            ),
            case(
                "a path that the gateway does not have",
                "outside",
                "https://books.example.com/nothing",
                Some(404),
                1,
                "ingress.istio-gateways",
            ),
            Case {
                headers: &[("end-user", "tester")],
                ..case(
                    "a tester, by a header",
                    PAGE,
                    "http://reviews:9080/reviews/1",
                    Some(200),
                    2,
                    "reviews-v3.bookstore",
                )
            },
            case(
                "one of two versions, by weight",
                PAGE,
                "http://reviews:9080/reviews/1",
                Some(200),
                2,
                "reviews-v1.bookstore",
            ),
            case(
                "bytes to the Pod of a headless Service, by mutual TLS",
                PAGE,
                "tcp://mysql:3306",
                None,
                2,
                "mysql-0.bookstore",
            ),
            case(
                "out through the egress gateway, which encrypts",
                DETAILS,
                "http://catalogue.example.org/v1",
                Some(200),
                2,
                "egress.istio-gateways",
            ),
        ],
    },
    Chain {
        title: "bookinfo with policies",
        folder: "examples/bookinfo",
        more: Some(include_str!("policies.yaml")),
        impostor: None,
        ambient: &[],
        cases: &[
            case("a principal that is allowed", PAGE, "http://details:9080/details/1", Some(200), 2, DETAILS),
            case(
                "a principal that is not allowed",
                "reviews-v1.bookstore",
                "http://details:9080/details/1",
                Some(403),
                2,
                DETAILS,
            ),
            case(
                "in through the gateway, to whom it may go",
                "outside",
                "https://books.example.com/productpage",
                Some(200),
                2,
                PAGE,
            ),
            case(
                "a path that is denied to a principal",
                "reviews-v1.bookstore",
                "http://ratings:9080/admin/1",
                Some(403),
                2,
                "ratings-v1.bookstore",
            ),
            case(
                "the same path for another principal",
                PAGE,
                "http://ratings:9080/admin/1",
                Some(200),
                2,
                "ratings-v1.bookstore",
            ),
            case(
                "bytes of a principal that is allowed",
                "ratings-v1.bookstore",
                "tcp://mysql:3306",
                None,
                2,
                "mysql-0.bookstore",
            ),
            case("bytes of a principal that is not allowed", PAGE, "tcp://mysql:3306", None, 2, "mysql-0.bookstore"),
            case(
                "out by mutual TLS to the egress gateway, and on by TLS",
                DETAILS,
                "http://catalogue.example.org/v1",
                Some(200),
                2,
                "egress.istio-gateways",
            ),
            case(
                "a principal that the egress gateway does not allow",
                PAGE,
                "http://catalogue.example.org/v1",
                Some(403),
                2,
                "egress.istio-gateways",
            ),
        ],
    },
    Chain {
        title: "bookinfo by the Gateway API",
        folder: "examples/bookinfo-gateway-api",
        more: None,
        impostor: None,
        ambient: &[],
        cases: &[
            case(
                "in through the gateway by HTTPS, rewritten, on by mutual TLS",
                "outside",
                "https://books.example.com/api/v1/books",
                Some(200),
                2,
                PAGE,
            ),
            case(
                "HTTP at the gateway",
                "outside",
                "http://books.example.com/productpage",
                Some(301),
                1,
                "bookstore-istio.gateways",
            ),
            Case {
                headers: &[("end-user", "tester")],
                ..case(
                    "a tester, by a header",
                    PAGE,
                    "http://reviews:9080/reviews/1",
                    Some(200),
                    2,
                    "reviews-v3.bookstore",
                )
            },
            case(
                "out, encrypted by the sidecar for a host that it checks",
                DETAILS,
                "http://catalogue.example.org/v1",
                Some(200),
                1,
                DETAILS,
            ),
        ],
    },
    Chain {
        title: "a waypoint",
        folder: "src/testing/real_envoy/chains/ambient",
        more: None,
        impostor: None,
        ambient: &[
            ("buyer.shop", "buyer"),
            ("guest.shop", "guest"),
            ("web-v1.shop", "default"),
            ("web-v2.shop", "default"),
        ],
        cases: &[
            case("a principal that is allowed", "buyer.shop", "http://web.shop/items/1", Some(200), 1, WAYPOINT),
            case("a principal that is not allowed", "guest.shop", "http://web.shop/items/1", Some(403), 1, WAYPOINT),
            Case {
                headers: &[("x-version", "v2")],
                ..case("by a header", "buyer.shop", "http://web.shop/items/1", Some(200), 1, WAYPOINT)
            },
            case("rewritten", "buyer.shop", "http://web.shop/new/1?a=b", Some(200), 1, WAYPOINT),
            case("redirected", "buyer.shop", "http://web.shop/old/1", Some(302), 1, WAYPOINT),
            case("a path without a route", "buyer.shop", "http://web.shop/nothing", Some(404), 1, WAYPOINT),
            case(
                "through the gateway, which tunnels to the waypoint",
                "outside",
                "http://shop.example.com/items/1",
                Some(200),
                2,
                WAYPOINT,
            ),
            case(
                "through the gateway, to a path that is not for its principal",
                "outside",
                "http://shop.example.com/admin/1",
                Some(403),
                2,
                WAYPOINT,
            ),
            case(
                "the same path for another principal",
                "buyer.shop",
                "http://web.shop/admin/1",
                Some(200),
                1,
                WAYPOINT,
            ),
        ],
    },
];

/// Runs all chains, one after the other.
pub(crate) fn run(binary: &Path, work: &Path, root: &Path) -> Vec<(String, Result<String, String>)> {
    let mut results = Vec::new();
    for (index, chain) in CHAINS.iter().enumerate() {
        let work = work.join(format!("chain-{index}"));
        match chain.run(binary, &work, root) {
            Ok(of_cases) => results.extend(of_cases),
            Err(problem) => results.push((format!("chain, {}", chain.title), Err(problem))),
        }
    }
    results
}

impl Chain {
    fn run(&self, binary: &Path, work: &Path, root: &Path) -> Result<Vec<(String, Result<String, String>)>, String> {
        std::fs::create_dir_all(work).map_err(|e| e.to_string())?;
        let mesh = self.mesh(root)?;
        let proxies = proxy::proxies(&mesh);
        let translate = |proxy: &Proxy| pipeline::translate_one(&mesh, proxy, &mut Diagnostics::default()).translation;
        let load = |proxy: &Proxy| -> evaluate::Proxy { explain::of_translation(&translate(proxy)) };
        let mut world = World::new(&mesh, &proxies, &load);
        let mut reports = Vec::new();
        for case in self.cases {
            reports.push(world.explain(&case.wanted())?);
        }
        let started = self.start(binary, work, &mesh, &proxies, &translate, &reports)?;
        let mut results: Vec<_> = self
            .cases
            .iter()
            .zip(&reports)
            .enumerate()
            .map(|(index, (case, report))| {
                (format!("chain, {}: {}", self.title, case.title), started.check(index, case, report))
            })
            .collect();
        if let Some(impostor) = self.impostor {
            results.push((format!("chain, {}: an impostor", self.title), started.check_impostor(impostor)));
        }
        Ok(results)
    }

    fn mesh(&self, root: &Path) -> Result<Mesh, String> {
        let folder = root.join(self.folder);
        let listed = std::fs::read_dir(&folder).map_err(|e| e.to_string())?;
        let mut paths: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            files.push(SourceFile::new(path.display().to_string(), std::fs::read(&path).map_err(|e| e.to_string())?));
        }
        files.extend(self.more.map(|text| SourceFile::new("policies.yaml", text.as_bytes().to_vec())));
        Ok(Input::new(files, &Options { expand: true, ..Options::default() }).mesh())
    }

    /// Starts the proxies that requests can meet, and what is outside.
    fn start<'m>(
        &self,
        binary: &Path,
        work: &Path,
        mesh: &'m Mesh,
        proxies: &[Proxy],
        translate: &dyn Fn(&Proxy) -> Translation,
        reports: &[Report],
    ) -> Result<Started<'m>, String> {
        let authority = Authority::new(work);
        let network = Arc::new(Network::default());
        let resolve = |host: &str| address_of(mesh, host);
        let met = |proxy: &Proxy| {
            let hops = || reports.iter().flat_map(|report| &report.hops);
            let mut endpoints = hops().flat_map(|hop| &hop.clusters).flat_map(|cluster| &cluster.endpoints);
            let has =
                |address: &str| place(address).is_some_and(|at| proxy.ip_addresses.contains(&at.ip().to_string()));
            let name = proxy.full_name();
            self.impostor == Some(name.as_str())
                || hops().any(|hop| hop.proxy == name)
                || endpoints.any(|endpoint| has(&endpoint.address))
        };
        let outside = outside(binary, work, &authority)?;
        let mut pods = Vec::new();
        for proxy in proxies.iter().filter(|proxy| met(proxy)) {
            let is_impostor = self.impostor == Some(proxy.full_name().as_str());
            let own = if is_impostor { format!("{}-not", identity(proxy)) } else { identity(proxy) };
            let own = authority.certificate(&own);
            let (trust, ways) = ((&own, &authority), (&network, &resolve as &dyn Fn(&str) -> String));
            pods.push(Pod::start(binary, work, proxy, &translate(proxy), trust, ways)?);
        }
        let ztunnels = self.ztunnels(binary, work, reports, &pods, &authority)?;
        let clients = self.clients(binary, work, mesh, &pods, (&authority, &network))?;
        let deadline = Instant::now() + PATIENCE;
        let is_open = |outside: &Envoy| {
            let port = envoy::port_of(outside, "outside").filter(|port| *port != 0);
            port.map(|port| network.open(Door::Outside(443), SocketAddr::from(([127, 0, 0, 1], port)))).is_some()
        };
        let are_live = || {
            let of_workloads = ztunnels.iter().all(|ztunnel| ztunnel.is_live(&network));
            let of_clients = clients.values().all(|ztunnel| ztunnel.port().is_some());
            of_workloads && of_clients && pods.iter().all(|pod| pod.is_live(&network))
        };
        while !is_open(&outside) || !are_live() {
            if Instant::now() > deadline {
                return Err(pods.iter().map(|pod| pod.envoy.problems()).collect::<Vec<_>>().join(" "));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Started { mesh, network, pods, ztunnels, clients, _outside: outside })
    }

    /// Starts what hands requests to the workloads in ambient mode that were explained.
    fn ztunnels(
        &self,
        binary: &Path,
        work: &Path,
        reports: &[Report],
        pods: &[Pod],
        authority: &Authority,
    ) -> Result<Vec<Ztunnel>, String> {
        let clusters = reports.iter().flat_map(|report| &report.hops).flat_map(|hop| &hop.clusters);
        let mut out: BTreeMap<IpAddr, Ztunnel> = BTreeMap::new();
        for endpoint in clusters.flat_map(|cluster| &cluster.endpoints) {
            let (Some(at), Some(name)) = (place(&endpoint.address), &endpoint.workload) else { continue };
            let account = self.ambient.iter().find(|(known, _)| known == name);
            let is_known = pods.iter().any(|pod| pod.address == at.ip()) || out.contains_key(&at.ip());
            if let (Some((_, account)), false) = (account, is_known) {
                let workload = Workload { name, address: at.ip(), account };
                out.insert(at.ip(), Ztunnel::inbound(binary, work, &workload, authority)?);
            }
        }
        Ok(out.into_values().collect())
    }

    /// Starts what tunnels the requests of clients in ambient mode, by their cases.
    fn clients(
        &self,
        binary: &Path,
        work: &Path,
        mesh: &Mesh,
        pods: &[Pod],
        (authority, network): (&Authority, &Arc<Network>),
    ) -> Result<BTreeMap<usize, Ztunnel>, String> {
        let mut out = BTreeMap::new();
        for (index, case) in self.cases.iter().enumerate() {
            let Some((name, account)) = self.ambient.iter().find(|(name, _)| *name == case.from) else { continue };
            let waypoint = pods.iter().find(|pod| pod.kind == ProxyKind::Waypoint).ok_or("no waypoint")?;
            let wanted = case.wanted();
            let destination = format!("{}:{}", address_of(mesh, &wanted.host), wanted.port);
            let workload = Workload { name, address: AMBIENT_CLIENT, account };
            let way = wire(network, AMBIENT_CLIENT, (waypoint.address.to_string(), HBONE_PORT))?;
            let work = work.join(format!("case-{index}"));
            out.insert(index, Ztunnel::outbound(binary, &work, &workload, authority, (&destination, way))?);
        }
        Ok(out)
    }
}

impl Case {
    fn wanted(&self) -> Wanted {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("http", self.url));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, port.parse().unwrap_or_default()),
            None => (authority, if scheme == "https" { 443 } else { 80 }),
        };
        let is_tls = scheme == "https";
        Wanted {
            from: if self.from == "outside" { From::Outside } else { From::Workload(self.from.to_owned()) },
            request: AskedRequest {
                scheme: scheme.to_owned(),
                sni: is_tls.then(|| host.to_owned()),
                alpn: if is_tls { vec!["http/1.1".to_owned()] } else { Vec::new() },
                method: "GET".to_owned(),
                authority: authority.to_owned(),
                path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
                headers: self.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect(),
                ..AskedRequest::default()
            },
            host: host.to_owned(),
            port,
            resolve: Vec::new(),
        }
    }
}

/// The address of an endpoint, be it at the end of a tunnel.
fn place(endpoint: &str) -> Option<SocketAddr> {
    endpoint.rsplit('/').next()?.parse().ok()
}

/// The address that a Pod's DNS has for a host: the Service's own, or that of its first endpoint.
fn address_of(mesh: &Mesh, host: &str) -> String {
    let domain = &mesh.installation.cluster_domain;
    let names = [host.to_owned(), format!("{host}.bookstore.svc.{domain}"), format!("{host}.svc.{domain}")];
    let found = names.iter().find_map(|name| mesh.services_by_hostname.get(name)?.values().next());
    let endpoints = found.and_then(|service| mesh.endpoints.get(&service.hostname)).into_iter().flatten();
    let first = endpoints.flat_map(|(_, list)| list).flat_map(|endpoint| &endpoint.addresses).next();
    let usable = |address: &&String| address.parse().is_ok_and(|ip: IpAddr| !ip.is_unspecified());
    let own = found.map(|service| &service.default_address).filter(usable);
    own.or(first.filter(usable)).cloned().unwrap_or_else(|| OUTSIDE.to_string())
}

/// Starts the server outside: an Envoy that takes TLS with the host's certificate, in front of an application.
fn outside(binary: &Path, work: &Path, authority: &Authority) -> Result<Envoy, String> {
    let work = work.join("outside");
    std::fs::create_dir_all(&work).map_err(|e| e.to_string())?;
    let own = authority.server_certificate(CATALOGUE);
    let application = server::start("outside", ("127.0.0.1", 0))?;
    let address = |port: u16| json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } });
    let kind = |name: &str| format!("type.googleapis.com/envoy.{name}");
    let endpoint = json!({ "endpoint": { "address": address(application) } });
    let cluster = json!({
        "name": "application", "type": "STATIC", "connect_timeout": "5s",
        "load_assignment": { "cluster_name": "application", "endpoints": [{ "lb_endpoints": [endpoint] }] },
    });
    let inline = |text: &str| json!({ "inline_string": text });
    let socket = json!({ "name": "tls", "typed_config": {
        "@type": kind("extensions.transport_sockets.tls.v3.DownstreamTlsContext"),
        "common_tls_context": {
            "tls_certificates": [{ "certificate_chain": inline(&own.chain), "private_key": inline(&own.key) }],
        },
    } });
    let proxy = json!({ "name": "tcp", "typed_config": {
        "@type": kind("extensions.filters.network.tcp_proxy.v3.TcpProxy"), "stat_prefix": "x", "cluster": "application",
    } });
    let listener = json!({
        "name": "outside", "address": address(0),
        "filter_chains": [{ "filters": [proxy], "transport_socket": socket }],
    });
    Envoy::start_static(binary, &work, &json!({ "clusters": [cluster], "listeners": [listener] }))
}

/// Running proxies.
struct Started<'m> {
    mesh: &'m Mesh,
    network: Arc<Network>,
    pods: Vec<Pod>,
    /// In front of workloads in ambient mode.
    ztunnels: Vec<Ztunnel>,
    /// Those of clients in ambient mode, by their cases.
    clients: BTreeMap<usize, Ztunnel>,
    _outside: Envoy,
}

impl Started<'_> {
    /// Asks for real, and compares each proxy's part with what was explained.
    fn check(&self, index: usize, case: &Case, report: &Report) -> Result<String, String> {
        let said = (report.outcome.status, report.hops.len(), report.hops.last().map(|hop| hop.proxy.as_str()));
        if said != (case.status, case.hops, Some(case.last)) || report.outcome.hop + 1 != case.hops {
            return Err(format!("explain says {said:?}:\n{}", page(report)));
        }
        let before: BTreeMap<&str, usize> =
            self.pods.iter().map(|pod| (pod.name.as_str(), pod.entries().len())).collect();
        let wanted = case.wanted();
        let answer = self.send(index, case, &wanted);
        let entries = self.entries(&before, report.hops.len());
        let wrong = |problem: String| {
            let logs: Vec<String> =
                self.pods.iter().map(|pod| pod.envoy.problems()).filter(|l| !l.is_empty()).collect();
            let told: Vec<String> = entries.iter().map(|(pod, entry)| format!("{}: {entry}", pod.name)).collect();
            let told = told.join("\n");
            format!("{problem}: {answer:?}\n{told}\n{}\n{}", page(report), logs.join(" "))
        };
        // Without HTTP, what is refused is not answered.
        let found = answer.as_ref().ok().map(|answer| answer.status);
        let is_right = match case.status {
            Some(status) => found == Some(status),
            None => found.is_some() == (report.outcome.kind == "forwarded"),
        };
        if !is_right {
            return Err(wrong(format!("the status is {found:?}")));
        }
        if entries.len() != report.hops.len() {
            return Err(wrong(format!("{} proxies tell of it", entries.len())));
        }
        let mut came: Option<(&Pod, &Hop)> = None;
        let mut next = report.hops.first().map(|hop| hop.proxy.clone());
        for (at, hop) in report.hops.iter().enumerate() {
            let name = next.take().ok_or_else(|| wrong(format!("nobody is asked after {at} proxies")))?;
            let found = entries.iter().find(|(pod, _)| pod.name == name);
            let (pod, entry) = found.ok_or_else(|| wrong(format!("{name} does not tell of it")))?;
            let is_end = at == report.outcome.hop;
            difference(pod, entry, hop, is_end.then_some(&report.outcome))
                .map_err(|d| wrong(format!("{name}: {d}")))?;
            if entry["case"] != json!(index.to_string()) && case.status.is_some() {
                return Err(wrong(format!("{name}: another request")));
            }
            if let Some((before, hop_before)) = came {
                peer(entry, before, hop_before).map_err(|d| wrong(format!("{name}: {d}")))?;
            }
            came = Some((pod, hop));
            // A server may be connected to before a policy has seen the first byte.
            if is_end && report.outcome.kind != "forwarded" {
                continue;
            }
            next = self.chosen(pod, entry, hop).map_err(|d| wrong(format!("{name}: {d}")))?;
        }
        if let Some(further) = next {
            return Err(wrong(format!("{further} is asked, too")));
        }
        let server = match (&answer, came) {
            (Ok(answer), Some((pod, hop))) if report.outcome.kind == "forwarded" => {
                let tunnelled = || self.tunnelled(entries.iter().rfind(|(one, _)| one.name == pod.name));
                let name = match pod.kind {
                    ProxyKind::Waypoint => tunnelled().ok_or_else(|| wrong("no workload is asked".to_owned()))?,
                    _ if hop.direction == "inbound" => pod.name.clone(),
                    _ => "outside".to_owned(),
                };
                reached(answer, &name, hop).map_err(wrong)?;
                name
            }
            _ => report.outcome.details.clone(),
        };
        let told = if server.is_empty() { report.outcome.kind } else { server.as_str() };
        Ok(format!("{} proxies, {told}", report.hops.len()))
    }

    /// Sends a request as its client does.
    fn send(&self, index: usize, case: &Case, wanted: &Wanted) -> Result<Answer, String> {
        let number = index.to_string();
        let mut headers = vec![("host", wanted.request.authority.as_str()), ("x-case", number.as_str())];
        headers.extend(case.headers);
        let path = &wanted.request.path;
        if let Some(ztunnel) = self.clients.get(&index) {
            return envoy::get(("127.0.0.1", ztunnel.port().ok_or("no ztunnel")?), path, &headers);
        }
        if wanted.from != From::Outside {
            let client = self.pods.iter().find(|pod| pod.name == case.from).ok_or("no client")?;
            let place = (address_of(self.mesh, &wanted.host), wanted.port);
            // The process in a gateway's Pod has no traffic captured.
            let port = application_wire(&self.network, client.address, place)?;
            return envoy::get(("127.0.0.1", port), path, &headers);
        }
        let gateway = self.pods.iter().find(|pod| pod.kind == ProxyKind::Router).ok_or("no gateway")?;
        let gateways = self.pods.iter().filter(|pod| pod.kind == ProxyKind::Router);
        let gateway = gateways.into_iter().find(|pod| pod.name.contains("ingress")).unwrap_or(gateway);
        let port = wire(&self.network, OUTSIDE, (gateway.address.to_string(), wanted.port))?;
        match &wanted.request.sni {
            None => envoy::get(("127.0.0.1", port), path, &headers),
            Some(sni) => get_by_tls(port, sni, path, &headers),
        }
    }

    /// Waits for what the proxies tell of a request, and returns it.
    fn entries(&self, before: &BTreeMap<&str, usize>, wanted: usize) -> Vec<(&Pod, Value)> {
        let deadline = Instant::now() + TOLD;
        loop {
            let new = |pod| {
                let entries = Pod::entries(pod).into_iter().skip(before.get(pod.name.as_str()).copied().unwrap_or(0));
                entries.map(move |entry| (pod, entry))
            };
            let found: Vec<(&Pod, Value)> = self.pods.iter().flat_map(new).collect();
            if found.len() >= wanted || Instant::now() > deadline {
                return found;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Checks that the endpoint which a proxy asked is one of those explained, and returns the proxy that has it.
    fn chosen(&self, pod: &Pod, entry: &Value, hop: &Hop) -> Result<Option<String>, String> {
        let name = entry["cluster"].as_str().unwrap_or_default();
        let shares: Vec<_> = hop.clusters.iter().filter(|cluster| cluster.share > 0.0).collect();
        let Some(cluster) = shares.iter().find(|cluster| cluster.name == name) else {
            return Err(format!("the cluster is {name}"));
        };
        if name.starts_with("inbound|") {
            return Ok(None);
        }
        let upstream = entry["upstream"].as_str().unwrap_or_default();
        if upstream.starts_with("envoy://") {
            let found = cluster.endpoints.iter().find(|one| one.address == upstream && one.share > 0.0);
            let found = found.ok_or_else(|| format!("the endpoint is {upstream}"))?;
            let end = self.pods.iter().find(|pod| Some(&pod.name) == found.workload.as_ref());
            return Ok(end.map(|pod| pod.name.clone()));
        }
        let upstream: SocketAddr = upstream.parse().map_err(|_| "no endpoint is asked")?;
        let (host, port) = pod.wires.get(&upstream.port()).ok_or_else(|| format!("{upstream} is no wire"))?;
        let address = format!("{host}:{port}");
        let known = cluster.endpoints.iter().any(|endpoint| endpoint.address == address && endpoint.share > 0.0);
        if !known && !cluster.endpoints.is_empty() {
            return Err(format!("the endpoint is {address}"));
        }
        Ok(self.pods.iter().find(|pod| pod.address.to_string() == *host).map(|pod| pod.name.clone()))
    }

    /// The workload that a waypoint has asked.
    fn tunnelled(&self, entry: Option<&(&Pod, Value)>) -> Option<String> {
        let at = place(entry?.1["upstream"].as_str()?)?;
        self.ztunnels.iter().find(|ztunnel| ztunnel.address == at.ip()).map(|ztunnel| ztunnel.name.clone())
    }

    /// A server whose certificate is for another identity than its clients expect gets no request.
    fn check_impostor(&self, name: &str) -> Result<String, String> {
        let impostor = self.pods.iter().find(|pod| pod.name == name).ok_or("the impostor does not run")?;
        let client = self.pods.iter().find(|pod| pod.name == PAGE).ok_or("the client does not run")?;
        let before = BTreeMap::from([(client.name.as_str(), client.entries().len())]);
        let told_before = impostor.entries().len();
        let host = "ratings";
        let port = application_wire(&self.network, client.address, (address_of(self.mesh, host), 9080))?;
        let answer = envoy::get(("127.0.0.1", port), "/ratings/1", &[("host", "ratings:9080")])?;
        let deadline = Instant::now() + TOLD;
        let entry = loop {
            let skipped = before.get(client.name.as_str()).copied().unwrap_or_default();
            if let Some(entry) = client.entries().into_iter().nth(skipped) {
                break entry;
            }
            if Instant::now() > deadline {
                return Err("the client's proxy does not tell of it".to_owned());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let why = entry["failure"].as_str().unwrap_or_default();
        let refused = why.contains("CERTIFICATE_VERIFY_FAILED") && impostor.entries().len() == told_before;
        if answer.status == 503 && refused { Ok(why.to_owned()) } else { Err(format!("{answer:?} {entry}")) }
    }
}

fn page(report: &Report) -> String {
    explain::page(report, Style { verbose: false })
}

/// Compares what a proxy tells of a request with what was explained of it.
fn difference(pod: &Pod, entry: &Value, hop: &Hop, end: Option<&explain::Outcome>) -> Result<(), String> {
    let text = |key: &str| entry[key].as_str().unwrap_or_default().trim_matches('-').to_owned();
    let chain = hop.filter_chain.as_ref().map(|chain| chain.name.as_str()).unwrap_or_default();
    let route = hop.route.as_ref().map(|route| route.name.as_str()).unwrap_or_default();
    let mut compared = vec![
        ("listener", hop.listener.clone().unwrap_or_default(), text("listener")),
        ("filter chain", chain.to_owned(), text("chain")),
    ];
    if entry["status"].as_u64().is_some_and(|status| status != 0) {
        compared.push(("route", route.to_owned(), text("route")));
    }
    match end {
        Some(outcome) if outcome.status.is_some() => compared.extend([
            ("status", outcome.status.unwrap_or_default().to_string(), entry["status"].to_string()),
            ("flags", outcome.flags.trim_matches('-').to_owned(), text("flags")),
            ("details", outcome.details.clone(), text("details")),
        ]),
        Some(outcome) => compared.push(("details", outcome.details.clone(), text("ended"))),
        None if hop.upstream.is_some() => {
            compared.push(("details", "via_upstream".to_owned(), text("details")));
        }
        _ => {}
    }
    for (what, wanted, found) in compared {
        if wanted != found {
            return Err(format!("the {what} of {} is {found:?}, and {wanted:?} is explained", pod.name));
        }
    }
    Ok(())
}

/// Compares the TLS in which a request arrives with what was explained of the proxy before.
fn peer(entry: &Value, before: &Pod, hop: &Hop) -> Result<(), String> {
    let endpoints = hop.clusters.iter().flat_map(|cluster| cluster.endpoints.iter().map(|endpoint| endpoint.tls));
    let clusters = hop.clusters.iter().filter(|cluster| cluster.endpoints.is_empty()).map(|cluster| cluster.tls);
    let modes: BTreeSet<&str> = endpoints.chain(clusters).collect();
    let text = |key: &str| entry[key].as_str().unwrap_or_default().trim_matches('-').to_owned();
    let found = (text("peer"), text("tls").is_empty());
    let wanted = match modes.iter().copied().collect::<Vec<_>>().as_slice() {
        ["istio_mutual"] => (before.identity.clone(), false),
        ["none"] => (String::new(), true),
        ["hbone"] => {
            let principal = text("principal");
            let is_right = principal == before.identity;
            return if is_right { Ok(()) } else { Err(format!("the principal is {principal:?}")) };
        }
        modes => return Err(format!("several ways of TLS: {modes:?}")),
    };
    if wanted == found { Ok(()) } else { Err(format!("the peer is {found:?}, and {wanted:?} is explained")) }
}

/// Compares what an application was asked with what was explained of the last proxy.
fn reached(answer: &Answer, name: &str, hop: &Hop) -> Result<(), String> {
    let mut lines = answer.body.lines();
    if lines.next() != Some(name) {
        return Err(format!("not {name} answers"));
    }
    let Some(upstream) = &hop.upstream else { return Ok(()) };
    let first = format!("get {} http/1.1", upstream.request_target.to_ascii_lowercase());
    let host = format!("host: {}", upstream.authority);
    let asked: Vec<&str> = lines.collect();
    if asked.first() == Some(&first.as_str()) && asked.contains(&host.as_str()) {
        Ok(())
    } else {
        Err(format!("the application is asked {asked:?} instead of {first:?}, {host:?}"))
    }
}

/// Sends one request inside of TLS; `openssl` makes the handshake.
fn get_by_tls(port: u16, sni: &str, path: &str, headers: &[(&str, &str)]) -> Result<Answer, String> {
    let mut child = Command::new("openssl")
        .args(["s_client", "-quiet", "-alpn", "http/1.1", "-servername", sni, "-connect"])
        .arg(format!("127.0.0.1:{port}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("openssl: {e}"))?;
    let mut input = child.stdin.take().ok_or("openssl takes no input")?;
    input.write_all(envoy::request(path, headers).as_bytes()).map_err(|e| e.to_string())?;
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    drop(input);
    envoy::answer(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| format!("{sni}: no answer"))
}
