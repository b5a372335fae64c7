//! From the input to the picture of a host, of a proxy or of an object.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::objects::{self, Around, Binding, MESH, Object};
use super::{Band, Edge, EdgeKind, Graph, Node};
use crate::config_dump::ConfigDump;
use crate::input::Input;
use crate::mesh::{Mesh, hostname};
use crate::pipeline::translate_all;
use crate::provenance::parts::{Part, Parts, Section};
use crate::provenance::{Edit, ObjectName, World};
use crate::proxy::{self, Proxy, ProxyKind};
use crate::source::ResourceRef;

/// Hosts in one picture.
const HOSTS: usize = 60;

/// Clients of a host that are drawn, where they are not served the same.
const CLIENTS: usize = 2;

/// Workloads behind a host that are drawn.
const DESTINATIONS: usize = 4;

/// What a picture is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All hosts.
    All,
    /// This host: a Service, a host of a ServiceEntry, or of a route.
    Host(String),
    /// What this proxy does.
    Proxy(String),
    /// The hosts whose requests this object changes.
    Object(String),
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GraphError {
    /// No proxy handles the host; one that is there may have been meant.
    NoHost(String, Option<String>),
    /// There is no such proxy.
    NoProxy(String),
    /// There is no such object.
    NoObject(String),
    /// The object changes what no host is served.
    Nothing(String),
    /// No proxy handles any host.
    Empty,
    /// There would be too much to see.
    TooMany(usize),
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHost(host, None) => write!(f, "no proxy handles requests to {host}"),
            Self::NoHost(host, Some(near)) => {
                write!(f, "no proxy handles requests to {host}; did you mean {near}?")
            }
            Self::NoProxy(proxy) => write!(f, "no proxy is called {proxy}"),
            Self::NoObject(object) => write!(f, "no object of the input is {object}: write KIND NAMESPACE/NAME"),
            Self::Nothing(object) => write!(f, "{object} changes nothing on the way of a request"),
            Self::Empty => f.write_str("no proxy handles requests to any host"),
            Self::TooMany(count) => {
                write!(f, "{count} hosts do not fit into one picture: choose with --host, --proxy or --object")
            }
        }
    }
}

impl std::error::Error for GraphError {}

/// What requests to a host concern.
#[derive(Debug)]
pub struct Neighbourhood {
    /// The part of the input that suffices for the host to be served the same; nothing if all of it is needed.
    pub world: Option<World>,
    /// The objects that may have to do with it.
    pub objects: Vec<ResourceRef>,
    /// Those of them whose values may.
    pub tried: BTreeSet<ResourceRef>,
    /// The proxies that stand for all that handle its requests.
    pub proxies: Vec<String>,
    /// A picture; nothing if no proxy handles the host.
    pub graph: Option<Graph>,
}

/// What pictures are made from.
#[derive(Debug)]
pub struct Pictures<'w> {
    world: &'w World,
    mesh: Mesh,
    proxies: Vec<Proxy>,
    hosts: Vec<String>,
    objects: Vec<Object>,
    /// Services whose EndpointSlices controllers make, as `namespace/name`.
    sliced: BTreeSet<String>,
    /// Parts of the proxies that were looked at, by whether only what is inbound was.
    parts: Mutex<BTreeMap<(bool, String), Arc<Parts>>>,
}

/// The part that a proxy plays for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Client,
    Gateway,
    Destination,
}

/// A proxy, and what of it handles requests to a host.
#[derive(Debug)]
struct Player<'p> {
    proxy: &'p Proxy,
    role: Role,
    parts: Arc<Parts>,
    wanted: BTreeSet<Part>,
}

/// What an object changes when it is left out: parts by player.
type Changes = BTreeMap<ResourceRef, BTreeSet<(usize, Part)>>;

impl<'w> Pictures<'w> {
    /// Reads what there is.
    pub fn new(world: &'w World) -> Self {
        let input: Input = world.input();
        let mesh = input.mesh();
        let proxies = proxy::proxies(&mesh);
        let objects = objects::objects(world);
        let domain = mesh.installation.cluster_domain.clone();
        let services = mesh.services.iter().map(|service| service.hostname.clone());
        let routes = objects.iter().filter(|object| object.is_route()).flat_map(|object| object.hosts(&domain));
        let hosts: BTreeSet<String> = services.chain(routes).filter(|host| host != "*").collect();
        let made = input.expansion.documents(&input.manifests).into_iter().filter_map(|object| {
            let service = object["metadata"]["labels"]["kubernetes.io/service-name"].as_str()?;
            (object["kind"] == "EndpointSlice")
                .then(|| format!("{}/{service}", object["metadata"]["namespace"].as_str().unwrap_or("default")))
        });
        let sliced = made.collect();
        let hosts = hosts.into_iter().collect();
        Self { world, mesh, proxies, hosts, objects, sliced, parts: Mutex::new(BTreeMap::new()) }
    }

    /// Returns all hosts of Services, ServiceEntries and routes.
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// Returns the proxies, by namespace and name.
    pub fn proxies(&self) -> &[Proxy] {
        &self.proxies
    }

    /// Makes a picture.
    pub fn of(&self, wanted: &Wanted) -> Result<Graph, GraphError> {
        match wanted {
            Wanted::Host(host) => {
                let host = self.find_host(host)?;
                let graph = self.of_hosts(std::slice::from_ref(&host), None, None);
                graph.ok_or(GraphError::NoHost(host, None))
            }
            Wanted::All => {
                if self.hosts.len() > HOSTS {
                    return Err(GraphError::TooMany(self.hosts.len()));
                }
                self.of_hosts(&self.hosts, None, None).ok_or(GraphError::Empty)
            }
            Wanted::Proxy(name) => {
                let proxy = self.proxies.iter().find(|proxy| proxy.full_name() == *name);
                let proxy = proxy.ok_or_else(|| GraphError::NoProxy(name.clone()))?;
                let parts = self.parts_of(&[(proxy, Role::Client), (proxy, Role::Destination)]);
                let handled = |host: &&String| {
                    let roles = [Role::Client, Role::Destination].into_iter().zip(&parts);
                    roles.into_iter().any(|(role, parts)| !wanted_parts(proxy, role, host, parts).is_empty())
                };
                let hosts: Vec<String> = self.hosts.iter().filter(handled).cloned().collect();
                if hosts.len() > HOSTS {
                    return Err(GraphError::TooMany(hosts.len()));
                }
                self.of_hosts(&hosts, Some(proxy), None).ok_or(GraphError::Empty)
            }
            Wanted::Object(text) => {
                let name = ObjectName::parse(text).ok_or_else(|| GraphError::NoObject(text.clone()))?;
                let is_it = |object: &&Object| {
                    object.name.kind.eq_ignore_ascii_case(&name.kind)
                        && object.name.name == name.name
                        && (name.namespace.is_empty() || name.namespace == object.name.namespace)
                };
                let object = self.objects.iter().find(is_it).ok_or_else(|| GraphError::NoObject(text.clone()))?;
                let hosts: Vec<String> =
                    self.hosts.par_iter().filter(|host| self.touches(object.reference, host)).cloned().collect();
                if hosts.len() > HOSTS {
                    return Err(GraphError::TooMany(hosts.len()));
                }
                self.of_hosts(&hosts, None, Some(object.reference)).ok_or_else(|| GraphError::Nothing(text.clone()))
            }
        }
    }

    /// Returns what requests to a host concern: the objects and the proxies.
    pub fn neighbourhood(&self, host: &str) -> Neighbourhood {
        let players = self.players(host, None);
        let around = self.around(host, &players);
        let objects: Vec<ResourceRef> = around.iter().map(|object| object.reference).collect();
        let world = self.sufficient(&players, &objects);
        let changes = self.changes(&players, world.as_ref(), &objects);
        let mut drawing = Drawing::new(self);
        drawing.envoy(&players, &changes);
        drawing.istio(None);
        let graph = drawing.finish(host.to_owned());
        let runs_here = |object: &Object| {
            players.iter().filter(|player| player.role != Role::Client).any(|player| {
                let own = &player.proxy.workload_name;
                object.name.namespace == player.proxy.namespace
                    && (own.starts_with(&object.name.name) || player.proxy.name == object.name.name)
            })
        };
        let root = &self.mesh.config.root_namespace;
        let is_tried = |object: &&&Object| match object.kind() {
            "Service" | "Endpoints" | "EndpointSlice" | "Ingress" => true,
            "Namespace" | "Secret" | "ServiceAccount" | "GatewayClass" | "IngressClass" | "Node" => false,
            _ if object.is_workload() => object.name.namespace != *root && runs_here(object),
            _ => object.group.ends_with("istio.io") || object.group == "gateway.networking.k8s.io",
        };
        let tried = around.iter().filter(is_tried).map(|object| object.reference).collect();
        let proxies: BTreeSet<String> = players.iter().map(|player| player.proxy.full_name()).collect();
        Neighbourhood { world, objects, tried, proxies: proxies.into_iter().collect(), graph }
    }

    /// Finds a host by its name, or by the beginning of it: `reviews`, `reviews.bookstore`.
    fn find_host(&self, host: &str) -> Result<String, GraphError> {
        if let Some(exact) = self.hosts.iter().find(|known| *known == host) {
            return Ok(exact.clone());
        }
        let begins = |known: &&String| known.strip_prefix(host).is_some_and(|rest| rest.starts_with('.'));
        let found: Vec<&String> = self.hosts.iter().filter(begins).collect();
        if let [one] = found.as_slice() {
            return Ok((*one).clone());
        }
        let common = |other: &str| host.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
        let near = self.hosts.iter().max_by_key(|known| (common(known), std::cmp::Reverse(known.len())));
        Err(GraphError::NoHost(host.to_owned(), near.cloned()))
    }

    /// Says whether leaving an object out changes what a host is served.
    fn touches(&self, object: ResourceRef, host: &str) -> bool {
        let players = self.players(host, None);
        let around = self.around(host, &players);
        let objects: Vec<ResourceRef> = around.iter().map(|near| near.reference).collect();
        let world = self.sufficient(&players, &objects);
        objects.contains(&object)
            && self.changes(&players, world.as_ref(), &[object]).values().any(|changed| !changed.is_empty())
    }

    /// Translates proxies, or remembers what they are served; of destinations only what is inbound.
    fn parts_of(&self, proxies: &[(&Proxy, Role)]) -> Vec<Arc<Parts>> {
        let is_inbound = |role: Role| role == Role::Destination;
        let known = |proxy: &Proxy, role: Role| {
            self.parts.lock().ok().and_then(|parts| parts.get(&(is_inbound(role), proxy.full_name())).cloned())
        };
        for inbound in [false, true] {
            let wanted =
                proxies.iter().filter(|(proxy, role)| is_inbound(*role) == inbound && known(proxy, *role).is_none());
            let wanted: Vec<&Proxy> = wanted.map(|(proxy, _)| *proxy).collect();
            translate_all(&self.mesh, &wanted, |proxy, dump| {
                let parts = if inbound { Parts::inbound(&dump) } else { Parts::of(&dump) };
                if let Ok(mut all) = self.parts.lock() {
                    all.insert((inbound, proxy.full_name()), Arc::new(parts));
                }
            });
        }
        proxies.iter().map(|(proxy, role)| known(proxy, *role).unwrap_or_default()).collect()
    }

    /// Remembers what is inbound at all sidecars, where pictures of all hosts are wanted: together it takes less.
    pub fn prepare(&self) {
        let sidecars = self.proxies.iter().filter(|proxy| proxy.client.kind == ProxyKind::Sidecar);
        let sidecars: Vec<(&Proxy, Role)> = sidecars.map(|proxy| (proxy, Role::Destination)).collect();
        self.parts_of(&sidecars);
    }

    /// Chooses the proxies that stand for all that handle requests to a host.
    fn players<'p>(&'p self, host: &str, only: Option<&'p Proxy>) -> Vec<Player<'p>> {
        let serves = |proxy: &Proxy| proxy.service_targets.iter().any(|target| target.service.hostname == host);
        let mut chosen: Vec<(&Proxy, Role)> = Vec::new();
        let mut seen: BTreeSet<(Role, &str, &str)> = BTreeSet::new();
        let own_namespace = host.split('.').nth(1).unwrap_or_default();
        let mut sidecars: Vec<&Proxy> =
            self.proxies.iter().filter(|proxy| proxy.client.kind == ProxyKind::Sidecar).collect();
        sidecars.sort_by_key(|proxy| (serves(proxy), proxy.namespace != own_namespace));
        for proxy in sidecars {
            // Clients of one namespace are served the same, unless a Sidecar tells them apart.
            if seen.insert((Role::Client, &proxy.namespace, "")) && seen.len() <= CLIENTS {
                chosen.push((proxy, Role::Client));
            }
        }
        for proxy in self.proxies.iter().filter(|proxy| proxy.client.kind != ProxyKind::Sidecar) {
            if seen.insert((Role::Gateway, &proxy.namespace, &proxy.workload_name)) {
                chosen.push((proxy, Role::Gateway));
            }
        }
        let mut destinations = 0;
        for proxy in self.proxies.iter().filter(|proxy| proxy.client.kind == ProxyKind::Sidecar && serves(proxy)) {
            if seen.insert((Role::Destination, &proxy.namespace, &proxy.workload_name)) && destinations < DESTINATIONS {
                destinations += 1;
                chosen.push((proxy, Role::Destination));
            }
        }
        if let Some(only) = only {
            let role = if only.client.kind == ProxyKind::Sidecar { Role::Client } else { Role::Gateway };
            chosen = vec![(only, role)];
            chosen.extend((role == Role::Client && serves(only)).then_some((only, Role::Destination)));
        }
        let parts = self.parts_of(&chosen);
        let mut out: Vec<Player<'_>> = Vec::new();
        for ((proxy, role), parts) in chosen.into_iter().zip(parts) {
            let wanted = wanted_parts(proxy, role, host, &parts);
            let is_same = |known: &&Player<'_>| {
                known.role == role
                    && role != Role::Gateway
                    && known.wanted == wanted
                    && wanted.iter().all(|part| known.parts.text(part) == parts.text(part))
            };
            if !wanted.is_empty() && (only.is_some() || !out.iter().any(|known| is_same(&known))) {
                out.push(Player { proxy, role, parts, wanted });
            }
        }
        out
    }

    /// Chooses the objects that may have to do with a host.
    fn around(&self, host: &str, players: &[Player<'_>]) -> Vec<&Object> {
        let proxies: Vec<&Proxy> = players.iter().map(|player| player.proxy).collect();
        let gateways = players.iter().filter(|player| player.role == Role::Gateway);
        let gateways: BTreeSet<String> = gateways
            .flat_map(|player| player.proxy.service_targets.iter().map(|target| target.service.hostname.clone()))
            .collect();
        let about = Around {
            host,
            gateways: &gateways,
            domain: &self.mesh.installation.cluster_domain,
            root_namespace: &self.mesh.config.root_namespace,
            proxies: &proxies,
        };
        objects::around(&self.objects, &about)
    }

    /// Returns the input with these objects only, if the proxies are served the same of it.
    fn sufficient(&self, players: &[Player<'_>], objects: &[ResourceRef]) -> Option<World> {
        let world = self.world.only(&objects.iter().copied().collect());
        let dumps = dumps(&world.variant(None, &[]).mesh, players);
        let is_same = |player: &Player<'_>| {
            let parts = dumps.get(&player.proxy.full_name()).map(Parts::of);
            parts.is_some_and(|parts| player.wanted.iter().all(|part| player.parts.text(part) == parts.text(part)))
        };
        players.iter().all(is_same).then_some(world)
    }

    /// Returns what changes without each of some objects, in all of the input or in a part of it.
    fn changes(&self, players: &[Player<'_>], world: Option<&World>, of: &[ResourceRef]) -> Changes {
        let world = world.unwrap_or(self.world);
        let before = dumps(&world.variant(None, &[]).mesh, players);
        let tried = of.par_iter().map(|object| {
            let now = dumps(&world.variant(None, &[Edit::without_object(*object)]).mesh, players);
            let mut changed = BTreeSet::new();
            for (at, player) in players.iter().enumerate() {
                let name = player.proxy.full_name();
                // A proxy that is gone shows nothing.
                let Some((before, now)) = before.get(&name).zip(now.get(&name)) else { continue };
                let parts = Parts::changed(before, now).into_iter().filter(|part| player.wanted.contains(part));
                changed.extend(parts.map(|part| (at, part)));
            }
            (*object, changed)
        });
        tried.collect()
    }

    /// Draws hosts.
    fn of_hosts<'p>(&'p self, hosts: &[String], only: Option<&'p Proxy>, object: Option<ResourceRef>) -> Option<Graph> {
        let drawn = hosts.par_iter().map(|host| {
            let players = self.players(host, only);
            let around = self.around(host, &players);
            let of: Vec<ResourceRef> = around.iter().map(|object| object.reference).collect();
            let changes = self.changes(&players, self.sufficient(&players, &of).as_ref(), &of);
            (players, changes)
        });
        let drawn: Vec<(Vec<Player<'_>>, Changes)> = drawn.collect();
        let mut drawing = Drawing::new(self);
        for (players, changes) in &drawn {
            drawing.envoy(players, changes);
        }
        drawing.istio(object);
        let title = match (hosts, only) {
            (_, Some(proxy)) => proxy.full_name(),
            ([host], _) => host.clone(),
            _ => format!("{} hosts", hosts.len()),
        };
        drawing.finish(title)
    }
}

/// Translates the proxies, by name.
fn dumps(mesh: &Mesh, players: &[Player<'_>]) -> BTreeMap<String, ConfigDump> {
    let proxies = proxy::proxies_named(mesh, &players.iter().map(|player| player.proxy.full_name()).collect());
    let chosen: Vec<&Proxy> = proxies.iter().collect();
    let out = Mutex::new(BTreeMap::new());
    translate_all(mesh, &chosen, |proxy, dump| {
        if let Ok(mut out) = out.lock() {
            out.insert(proxy.full_name(), dump);
        }
    });
    out.into_inner().unwrap_or_default()
}

fn wanted_parts(proxy: &Proxy, role: Role, host: &str, parts: &Parts) -> BTreeSet<Part> {
    if role != Role::Destination {
        return parts.of_host(host, &BTreeSet::new());
    }
    let targets = proxy.service_targets.iter().filter(|target| target.service.hostname == host);
    parts.of_ports(&targets.flat_map(|target| [target.port.number, target.target_port]).collect())
}

/// An object, and whom it is bound to if that tells its nodes apart.
type Bound = (ResourceRef, Option<Binding>);

/// A picture in the making.
struct Drawing<'a> {
    pictures: &'a Pictures<'a>,
    /// Proxies with their role, in the order of their bands.
    bands: Vec<(String, Role, &'a Proxy)>,
    envoy: BTreeMap<(usize, Part), Node>,
    next: BTreeSet<((usize, Part), (usize, Part))>,
    shapes: BTreeMap<ResourceRef, BTreeSet<(usize, Part)>>,
    istio: Vec<(Option<Bound>, Node)>,
    leads: BTreeSet<(usize, usize)>,
}

impl<'a> Drawing<'a> {
    fn new(pictures: &'a Pictures<'a>) -> Self {
        Self {
            pictures,
            bands: Vec::new(),
            envoy: BTreeMap::new(),
            next: BTreeSet::new(),
            shapes: BTreeMap::new(),
            istio: Vec::new(),
            leads: BTreeSet::new(),
        }
    }

    /// Draws what the proxies do.
    fn envoy(&mut self, players: &[Player<'a>], changes: &Changes) {
        let bands: Vec<usize> = players.iter().map(|player| self.band(player)).collect();
        for (at, player) in players.iter().enumerate() {
            let band = bands[at];
            for part in &player.wanted {
                let content = player.parts.content(part);
                let kind = match part.section {
                    Section::Listener => "listener",
                    Section::FilterChain => "filter chain",
                    Section::VirtualHost => "virtual host",
                    Section::Cluster => "cluster",
                    Section::Endpoints => "endpoints",
                };
                let name = match part.section {
                    Section::FilterChain => part.name.clone(),
                    Section::VirtualHost => format!("{} in {}", part.name, part.resource),
                    _ => part.resource.clone(),
                };
                let facts = content.map(|content| content.facts.clone()).unwrap_or_default();
                let node = Node { band: band + 1, kind: kind.to_owned(), name, facts, place: None };
                self.envoy.insert((band, part.clone()), node);
                for next in player.parts.next(part).into_iter().filter(|next| player.wanted.contains(*next)) {
                    self.next.insert(((band, part.clone()), (band, next.clone())));
                }
            }
        }
        for (object, changed) in changes {
            let parts = changed.iter().map(|(at, part)| (bands[*at], part.clone()));
            self.shapes.entry(*object).or_default().extend(parts);
        }
        // Endpoints that are proxies of this picture.
        for (at, player) in players.iter().enumerate() {
            for part in player.wanted.iter().filter(|part| part.section == Section::Endpoints) {
                let facts = player.parts.content(part).map(|content| content.facts.as_slice()).unwrap_or_default();
                for (to, other) in
                    players.iter().enumerate().filter(|(to, other)| *to != at && other.role != Role::Client)
                {
                    let is_it = |fact: &String| {
                        fact.rsplit_once(':')
                            .is_some_and(|(ip, _)| other.proxy.ip_addresses.iter().any(|own| own == ip))
                    };
                    let first = other.wanted.iter().find(|part| part.section == Section::Listener);
                    if let (true, Some(first)) = (facts.iter().any(is_it), first) {
                        self.next.insert(((bands[at], part.clone()), (bands[to], first.clone())));
                    }
                }
            }
        }
    }

    fn band(&mut self, player: &Player<'a>) -> usize {
        let name = player.proxy.full_name();
        let known = self.bands.iter().position(|(known, role, _)| *known == name && *role == player.role);
        known.unwrap_or_else(|| {
            self.bands.push((name, player.role, player.proxy));
            self.bands.len() - 1
        })
    }

    /// Draws the objects that shape something, and how they name each other.
    fn istio(&mut self, wanted: Option<ResourceRef>) {
        let pictures = self.pictures;
        let domain = &pictures.mesh.installation.cluster_domain;
        self.shapes.retain(|_, parts| !parts.is_empty());
        let drawn: Vec<&Object> =
            pictures.objects.iter().filter(|object| self.shapes.contains_key(&object.reference)).collect();
        for object in &drawn {
            let facts: Vec<String> = if object.is_route() { Vec::new() } else { object.hosts(domain) };
            let mut node = Node {
                band: 0,
                kind: object.kind().to_owned(),
                name: qualified(&object.name),
                facts,
                place: Some(object.place.clone()),
            };
            if wanted == Some(object.reference) {
                node.facts.push("chosen".to_owned());
            }
            let bindings = object.bindings(domain);
            if bindings.is_empty() {
                self.istio.push((Some((object.reference, None)), node));
                continue;
            }
            for binding in bindings {
                let gateways = binding.gateways.iter().filter(|gateway| !gateway.is_empty());
                let mut node = node.clone();
                node.facts.extend(gateways.map(|gateway| format!("gateway {gateway}")));
                node.facts.extend(binding.destinations.iter().map(|host| format!("to {host}")));
                self.istio.push((Some((object.reference, Some(binding))), node));
            }
        }
        self.chain(&drawn, domain);
    }

    /// Leads from Gateways to routes to DestinationRules to Services to their endpoints.
    fn chain(&mut self, drawn: &[&'a Object], domain: &str) {
        let pictures = self.pictures;
        let object = |reference: ResourceRef| drawn.iter().copied().find(|object| object.reference == reference);
        let nodes: Vec<(usize, &'a Object, Option<Binding>)> = self
            .istio
            .iter()
            .enumerate()
            .filter_map(|(at, (of, _))| of.as_ref().and_then(|(of, binding)| Some((at, object(*of)?, binding.clone()))))
            .collect();
        let is_host = |object: &Object| matches!(object.kind(), "Service" | "ServiceEntry");
        let has = |object: &Object, host: &str| object.hosts(domain).iter().any(|own| hostname::subset_of(host, own));
        let to_host = |from: usize, host: &str, leads: &mut BTreeSet<(usize, usize)>| {
            for (to, _, _) in nodes.iter().filter(|(_, object, _)| is_host(object) && has(object, host)) {
                leads.insert((from, *to));
            }
        };
        let rules = || nodes.iter().filter(|(_, object, _)| object.kind() == "DestinationRule");
        let mut leads: BTreeSet<(usize, usize)> = BTreeSet::new();
        let mut sent_on: BTreeSet<String> = BTreeSet::new();
        for (at, _, binding) in nodes.iter().filter(|(_, object, _)| object.is_route()) {
            let Some(binding) = binding else { continue };
            for (gateway, of, _) in nodes.iter().filter(|(_, object, _)| object.kind() == "Gateway") {
                let name = format!("{}/{}", of.name.namespace, of.name.name);
                if binding.gateways.contains(&name) {
                    leads.insert((*gateway, *at));
                }
            }
            for host in &binding.destinations {
                if binding.gateways.contains(MESH) {
                    sent_on.insert(host.clone());
                }
                let mut is_ruled = false;
                for (rule, _, _) in rules().filter(|(_, object, _)| has(object, host)) {
                    leads.insert((*at, *rule));
                    is_ruled = true;
                }
                if !is_ruled {
                    to_host(*at, host, &mut leads);
                }
            }
        }
        for (at, rule, _) in rules() {
            for (to, host, _) in nodes.iter().filter(|(_, object, _)| is_host(object)) {
                if host.hosts(domain).iter().any(|host| has(rule, host)) {
                    leads.insert((*at, *to));
                }
            }
        }
        let workloads = |service: &Object| -> Vec<usize> {
            let of = nodes.iter().filter(|(_, object, _)| {
                object.name.namespace == service.name.namespace && object.is_selected(service.selector())
            });
            of.map(|(at, ..)| *at).collect()
        };
        let mut gateway_workloads: BTreeSet<usize> = BTreeSet::new();
        for (at, service, _) in nodes.iter().filter(|(_, object, _)| is_host(object)) {
            let behind = workloads(service);
            if service.hosts(domain).iter().any(|host| sent_on.contains(host)) {
                gateway_workloads.extend(&behind);
            }
            let lists = nodes.iter().filter(|(_, object, _)| {
                object.name.namespace == service.name.namespace
                    && object.service_of_endpoints().is_some_and(|name| name == service.name.name)
            });
            let mut lists: Vec<usize> = lists.map(|(at, ..)| *at).collect();
            let name = format!("{}/{}", service.name.namespace, service.name.name);
            if lists.is_empty() && service.kind() == "Service" && pictures.sliced.contains(&name) && !behind.is_empty()
            {
                let facts = vec!["made by controllers".to_owned()];
                let kind = "EndpointSlice".to_owned();
                self.istio.push((None, Node { band: 0, kind, name, facts, place: None }));
                lists.push(self.istio.len() - 1);
            }
            if lists.is_empty() {
                leads.extend(behind.iter().map(|to| (*at, *to)));
            }
            for list in lists {
                leads.insert((*at, list));
                leads.extend(behind.iter().map(|to| (list, *to)));
            }
        }
        // A Gateway is entered from outside, or from the workload that sidecars send to.
        let mut outside = None;
        for (at, gateway, _) in nodes.iter().filter(|(_, object, _)| object.kind() == "Gateway") {
            let runs = nodes.iter().filter(|(_, object, _)| object.is_selected(gateway.selector()));
            let inside: Vec<usize> = runs.map(|(at, ..)| *at).filter(|at| gateway_workloads.contains(at)).collect();
            leads.extend(inside.iter().map(|from| (*from, *at)));
            if inside.is_empty() {
                let from = *outside.get_or_insert_with(|| {
                    let node = Node { kind: "outside".to_owned(), ..Node::default() };
                    self.istio.push((None, node));
                    self.istio.len() - 1
                });
                leads.insert((from, *at));
            }
        }
        self.leads = leads;
    }

    /// Puts it all together; nothing if no proxy does anything.
    fn finish(self, title: String) -> Option<Graph> {
        if self.envoy.is_empty() {
            return None;
        }
        let mut graph = Graph { title, ..Graph::default() };
        graph.bands.push(Band { title: "Istio and Kubernetes".to_owned() });
        for (name, role, proxy) in &self.bands {
            let what = match (role, proxy.client.kind) {
                (Role::Client, _) => "Envoy of a client",
                (Role::Destination, _) => "Envoy of the destination",
                (Role::Gateway, ProxyKind::Waypoint) => "Envoy of a waypoint",
                (Role::Gateway, _) => "Envoy of a gateway",
            };
            graph.bands.push(Band { title: format!("{what}: {name}") });
        }
        graph.edges.extend(self.leads.iter().map(|(from, to)| Edge { from: *from, to: *to, kind: EdgeKind::Leads }));
        graph.nodes.extend(self.istio.iter().map(|(_, node)| node.clone()));
        let first = graph.nodes.len();
        let place_of: BTreeMap<&(usize, Part), usize> =
            self.envoy.keys().enumerate().map(|(at, key)| (key, first + at)).collect();
        graph.nodes.extend(self.envoy.values().cloned());
        let next = self.next.iter().filter_map(|(from, to)| Some((*place_of.get(from)?, *place_of.get(to)?)));
        graph.edges.extend(next.map(|(from, to)| Edge { from, to, kind: EdgeKind::Leads }));
        let mut best: BTreeMap<usize, (usize, &str)> = BTreeMap::new();
        for (at, (of, _)) in self.istio.iter().enumerate() {
            let Some((object, binding)) = of else { continue };
            let Some(object) = self.pictures.objects.iter().find(|known| known.reference == *object) else { continue };
            for key in self.shapes.get(&object.reference).into_iter().flatten() {
                let Some(&to) = place_of.get(key) else { continue };
                let role = self.bands[key.0].1;
                // The routes for sidecars and those for gateways are two nodes of one object.
                let is_here = binding.as_ref().is_none_or(|binding| {
                    object.kind() == "Ingress" || binding.gateways.contains(MESH) != (role == Role::Gateway)
                });
                if !is_here {
                    continue;
                }
                graph.edges.push(Edge { from: at, to, kind: EdgeKind::Shapes });
                let rank = rank(key.1.section, object.kind());
                if best.get(&to).is_none_or(|(known, _)| rank < *known) {
                    best.insert(to, (rank, &object.place));
                }
            }
        }
        for (node, (_, place)) in best {
            graph.nodes[node].place = Some(place.to_owned());
        }
        graph.edges.sort();
        graph.edges.dedup();
        Some(graph)
    }
}

/// Orders kinds by how much of a part they say: the first of those that shape it gives the part its line.
fn rank(section: Section, kind: &str) -> usize {
    let order: &[&str] = match section {
        Section::Listener | Section::FilterChain => &["Gateway", "Service", "ServiceEntry"],
        Section::VirtualHost => &["VirtualService", "HTTPRoute", "GRPCRoute", "Ingress", "Service", "ServiceEntry"],
        Section::Cluster => &["DestinationRule", "Service", "ServiceEntry"],
        Section::Endpoints => &["ServiceEntry", "EndpointSlice", "Endpoints", "Service", "Deployment", "Pod"],
    };
    order.iter().position(|known| *known == kind).unwrap_or(order.len())
}

fn qualified(name: &ObjectName) -> String {
    if name.namespace.is_empty() { name.name.clone() } else { format!("{}/{}", name.namespace, name.name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{self, MeshSize};
    use crate::options::Options;
    use crate::source::SourceFile;

    #[test]
    fn a_part_of_a_mesh_of_pods_suffices_for_a_host() {
        let files = generate::mesh(&MeshSize { services: 6, pods: 2, namespaces: 2, seed: 1 }).into_iter();
        let files = files.map(|(path, text)| SourceFile::new(path, text.into_bytes())).collect();
        let world = World::new(files, &Options { expand: true, ..Options::default() });
        let pictures = Pictures::new(&world);
        let near = pictures.neighbourhood("svc-0.ns-0.svc.cluster.local");
        assert!(near.world.is_some(), "each trial takes what this part takes, not what the mesh takes");
        assert!(near.objects.len() < world.objects().len() / 2);
    }
}
