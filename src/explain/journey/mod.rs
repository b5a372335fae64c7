//! A request on its whole way: the client's proxy or a gateway, then each proxy in front of an endpoint that it reaches.
//!
//! ```text
//! from ──▶ name ──▶ capture ──▶ [proxy ──endpoint──▶ arrival]* ──▶ the application, or what ends it
//! ```

mod ambient;
mod arrival;
mod capture;
mod client;
mod name;
mod one;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use serde_json::{Value, json};

use super::asked::AskedRequest;
use super::hop::{hop, outcome, rounded};
use super::report::{Hop, Outcome, Report, VERSION};
use crate::evaluate::{self, Clusters, Direction, Kind, Request, evaluate};
use crate::mesh::Mesh;
use crate::proxy::{Proxy, ProxyKind};

pub use client::{From, find};

/// Proxies that a request can meet; a loop ends.
const MOST_HOPS: usize = 8;

/// Resources of the proxies that are kept; of more, those that were asked for longest ago are translated again when asked for.
const MOST_KEPT: usize = 20_000;

/// Endpoints of one cluster that are looked at.
const MOST_ENDPOINTS: usize = 100;

/// The mesh, and the configuration of its proxies as far as it was asked for.
pub struct World<'m> {
    /// The mesh.
    pub mesh: &'m Mesh,
    /// Its proxies.
    pub proxies: &'m [Proxy],
    /// Translates one.
    pub load: &'m dyn Fn(&Proxy) -> evaluate::Proxy,
    clusters: Clusters,
    /// What was asked for, by name; the last one last.
    loaded: Vec<(String, Arc<evaluate::Proxy>)>,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("proxies", &self.proxies.len()).finish_non_exhaustive()
    }
}

/// A request, before it is known where it goes.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where it comes from.
    pub from: From,
    /// The request; its destination is not known.
    pub request: AskedRequest,
    /// The host of the URL, without a port.
    pub host: String,
    /// The port of the URL.
    pub port: u16,
    /// Addresses of hosts and ports, in place of DNS.
    pub resolve: Vec<(String, u16, IpAddr)>,
}

/// What comes of some of the requests.
struct Seen {
    likeness: Value,
    at: usize,
    share: f64,
    outcome: Outcome,
}

/// What comes of a request on its way.
struct Fate {
    hops: Vec<Hop>,
    outcome: Outcome,
}

impl<'m> World<'m> {
    /// A world in which nothing is translated yet.
    pub fn new(mesh: &'m Mesh, proxies: &'m [Proxy], load: &'m dyn Fn(&Proxy) -> evaluate::Proxy) -> Self {
        Self { mesh, proxies, load, clusters: Clusters::AsConfigured, loaded: Vec::new() }
    }

    /// The same world, in which each cluster that a route names is there and answers.
    #[must_use]
    pub fn with_all_clusters(self) -> Self {
        Self { clusters: Clusters::Named, ..self }
    }

    fn loaded(&mut self, proxy: &Proxy) -> Arc<evaluate::Proxy> {
        let name = proxy.full_name();
        let known = self.loaded.iter().position(|(known, _)| *known == name);
        let loaded = match known {
            Some(at) => self.loaded.remove(at).1,
            None => Arc::new((self.load)(proxy)),
        };
        self.loaded.push((name, loaded.clone()));
        let mut kept: usize = self.loaded.iter().map(|(_, loaded)| loaded.resources()).sum();
        while kept > MOST_KEPT && self.loaded.len() > 1 {
            kept -= self.loaded.remove(0).1.resources();
        }
        loaded
    }

    /// Returns the proxy of the Pod that has an address.
    fn at(&self, ip: IpAddr) -> Option<&'m Proxy> {
        let text = ip.to_string();
        self.proxies.iter().find(|proxy| proxy.ip_addresses.contains(&text))
    }

    /// Explains a request. The error says what of it cannot be understood.
    pub fn explain(&mut self, wanted: &Wanted) -> Result<Report, String> {
        let mut notes = Vec::new();
        let fate = match &wanted.from {
            From::Outside => self.enters(wanted)?,
            From::Workload(name) => match client::find(self.proxies, name) {
                Ok(client) => match name::resolve(self.mesh, name::Client::of(client), wanted, &mut notes) {
                    None => unresolved(wanted, &client.full_name()),
                    Some(destination) => self.leaves(client, wanted, destination, &mut notes)?,
                },
                Err(why) => {
                    let workload = ambient::workload(self.mesh, name).ok_or(why)?;
                    self.leaves_by_ztunnel(workload, wanted, &mut notes)?
                }
            },
        };
        let Fate { mut hops, outcome } = fate;
        if let Some(first) = hops.first_mut() {
            notes.append(&mut first.notes);
            first.notes = notes;
        }
        Ok(Report { version: VERSION, request: shown(wanted), outcome, hops })
    }

    fn leaves(
        &mut self,
        client: &Proxy,
        wanted: &Wanted,
        destination: SocketAddr,
        notes: &mut Vec<String>,
    ) -> Result<Fate, String> {
        let own = client.ip_addresses.first().and_then(|ip| ip.parse().ok());
        let mut request = wanted.request.to_request(Direction::Outbound, destination).map_err(|e| e.to_string())?;
        if wanted.request.source.is_none()
            && let Some(own) = own
        {
            request.source = own;
        }
        if let Some(why) = capture::bypasses(self.mesh, client, destination) {
            let arrived = self.arrive(&request, destination.ip(), destination, 0);
            let Some(fate) = arrived else { return Ok(beyond(destination, Some(&why))) };
            notes.push(why);
            return Ok(fate);
        }
        Ok(self.walk(client, &request, 0))
    }

    fn enters(&mut self, wanted: &Wanted) -> Result<Fate, String> {
        let gateways = client::gateways(self.proxies, wanted.port);
        if gateways.is_empty() {
            return Err(format!("no gateway of the mesh has a Service with port {}", wanted.port));
        }
        let source = IpAddr::from([203, 0, 113, 100]);
        let mut best: Option<Fate> = None;
        for (gateway, address) in gateways {
            let request = wanted.request.to_request(Direction::Gateway, address).map_err(|e| e.to_string())?;
            let source = if wanted.request.source.is_some() { request.source } else { source };
            // Nothing vouches for who comes from outside.
            let tls = request.tls.map(|tls| evaluate::Tls {
                certificate: tls.certificate.filter(|certificate| !certificate.uris.is_empty()),
                ..tls
            });
            let fate = self.walk(gateway, &Request { source, tls, ..request }, 0);
            if best.as_ref().is_none_or(|best| rank(&fate) > rank(best)) {
                best = Some(fate);
            }
        }
        best.ok_or_else(|| "no gateway takes the request".to_owned())
    }

    /// Asks one proxy, and then those in front of the endpoints that it chooses.
    fn walk(&mut self, proxy: &Proxy, request: &Request, depth: usize) -> Fate {
        let loaded = self.loaded(proxy);
        let answer = evaluate(&loaded, request, self.clusters);
        let this = hop(&proxy.full_name(), request, &answer);
        let mut fate = Fate { hops: vec![this], outcome: outcome(&answer, 0) };
        let goes_on = matches!(answer.outcome.kind, Kind::Forwarded | Kind::Passthrough);
        let is_last = request.direction == Direction::Inbound && proxy.client.kind != ProxyKind::Waypoint;
        if !goes_on || is_last || depth + 1 >= MOST_HOPS {
            return fate;
        }
        let next = arrival::next(proxy, self.mesh, request, &answer);
        let to_ztunnel = next.iter().find(|one| one.request.tunnel.is_some() && self.at(one.place()).is_none());
        if let (Some(one), Some(this)) = (to_ztunnel, fate.hops.first_mut()) {
            this.notes.push(format!(
                "HBONE to {}: the ztunnel of its node, which is not Envoy, hands the connection to the workload",
                one.destination
            ));
        }
        self.fates(next, depth, &mut fate);
        fate
    }

    /// Follows each endpoint, and keeps one of those with the same fate. The fate of most requests is the outcome.
    fn fates(&mut self, next: Vec<arrival::Next>, depth: usize, fate: &mut Fate) {
        let mut seen: Vec<Seen> = Vec::new();
        for one in next.into_iter().take(MOST_ENDPOINTS) {
            let Some(arrived) = self.arrive(&one.request, one.place(), one.destination, depth + 1) else { continue };
            let likeness = json!([arrived.outcome.kind, arrived.outcome.status, arrived.outcome.details]);
            if let Some(known) = seen.iter_mut().find(|known| known.likeness == likeness) {
                known.share += one.share;
                continue;
            }
            let at = fate.hops.len();
            let outcome = Outcome { hop: arrived.outcome.hop + at, ..arrived.outcome };
            fate.hops.extend(arrived.hops);
            seen.push(Seen { likeness, at, share: one.share, outcome });
        }
        if seen.len() > 1 {
            for Seen { likeness, at, share, .. } in &seen {
                if let Some(hop) = fate.hops.get_mut(*at) {
                    hop.notes.push(format!("{}% of the requests: {}", rounded(share * 100.0), words(likeness)));
                }
            }
        }
        let most = seen.into_iter().reduce(|a, b| if b.share > a.share { b } else { a });
        if let Some(most) = most {
            fate.outcome = most.outcome;
        }
    }

    /// Asks the proxy at a place, if one of the mesh is there, for a connection to a destination: its own address, but for tunnels.
    fn arrive(&mut self, request: &Request, place: IpAddr, destination: SocketAddr, depth: usize) -> Option<Fate> {
        let proxy = self.at(place)?;
        let direction = match proxy.client.kind {
            ProxyKind::Waypoint if request.tunnel.is_some() => Direction::Inbound,
            ProxyKind::Router | ProxyKind::Waypoint => Direction::Gateway,
            ProxyKind::Sidecar => Direction::Inbound,
        };
        let is_skipped =
            direction == Direction::Inbound && capture::skips_inbound(self.mesh, proxy, destination.port());
        if is_skipped || capture::is_own_port(destination.port()) {
            return None;
        }
        let request = Request { direction, destination, ..request.clone() };
        Some(self.walk(proxy, &request, depth))
    }
}

fn words(likeness: &Value) -> String {
    let parts = likeness.as_array().into_iter().flatten().filter(|part| !part.is_null());
    let parts = parts.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// How far a gateway takes a request: the one that takes it farthest is the one that is meant.
fn rank(fate: &Fate) -> u8 {
    let has_host = fate.hops.first().is_some_and(|hop| hop.host_match.is_some());
    match fate.outcome.kind {
        _ if fate.outcome.hop > 0 => 5,
        "no_listener" => 0,
        "no_filter_chain" => 1,
        "reset" => 2,
        "no_route" if !has_host => 3,
        "no_route" => 4,
        _ => 5,
    }
}

/// A name that nothing answers to.
fn unresolved(wanted: &Wanted, client: &str) -> Fate {
    let details = format!("{client} cannot resolve {}", wanted.host);
    let outcome = evaluate::Outcome { kind: Kind::NoListener, flags: "-".to_owned(), details, ..Default::default() };
    Fate { hops: Vec::new(), outcome: Outcome::new(&outcome, 0) }
}

/// A place that has no proxy of the mesh.
fn beyond(destination: SocketAddr, why: Option<&str>) -> Fate {
    let why = why.map(|why| format!("{why}; ")).unwrap_or_default();
    let details = format!("{why}no proxy of the mesh takes connections to {destination}");
    let outcome = evaluate::Outcome { kind: Kind::Passthrough, flags: "-".to_owned(), details, ..Default::default() };
    Fate { hops: Vec::new(), outcome: Outcome::new(&outcome, 0) }
}

fn shown(wanted: &Wanted) -> Value {
    let mut shown = serde_json::to_value(&wanted.request).unwrap_or_default();
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("destination");
        fields.insert("from".to_owned(), Value::String(wanted.from.to_string()));
        fields.insert("host".to_owned(), Value::String(wanted.host.clone()));
        fields.insert("port".to_owned(), json!(wanted.port));
    }
    shown
}
