//! Meshes in which requests are asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use serde_json::Value;

use super::Test;
use crate::cli::explain::curl::{self, Url};
use crate::cli::input::Input;
use crate::cli::limits::Limits;
use crate::cli::{guard, keep, source};
use crate::diagnostic::Diagnostics;
use crate::evaluate::{self, ResourceKind};
use crate::explain::{self, Asked, AskedRequest, From, Report, Wanted, World};
use crate::mesh::Mesh;
use crate::pipeline::{self, Translator};
use crate::proxy;
use crate::routing_test::{self, Case, ConfiguredRoutes, Difference, Expected, Rules, Taken};
use crate::source::SourceFile;

/// What a case asks.
pub(super) enum Asker {
    /// The mesh of manifests.
    Mesh(Box<OfMesh>),
    /// One route configuration of Envoy.
    Routes(Box<evaluate::Proxy>, String, ConfiguredRoutes),
}

/// The mesh of manifests.
pub(super) struct OfMesh {
    pub(super) input: &'static mut Input,
    pub(super) mesh: &'static Mesh,
    world: World<'static>,
    /// The same with marks in the names of rules.
    marked: Option<(World<'static>, Rules)>,
    /// All VirtualServices on a gateway of their own, with marks.
    alone: Option<(World<'static>, Rules)>,
}

/// What came of a case.
pub(super) struct Came {
    pub(super) report: Report,
    pub(super) differences: Vec<Difference>,
    /// The rules that had it.
    pub(super) marks: Vec<usize>,
}

/// A mesh, nothing of it translated yet.
fn world(mesh: &'static Mesh) -> World<'static> {
    let translator = Translator::new(mesh);
    let load = move |proxy: &proxy::Proxy| {
        let dump = translator.translate(proxy, &mut Diagnostics::default());
        explain::of_translation(&dump.translation)
    };
    World::new(mesh, keep(proxy::proxies(mesh)), keep(load))
}

/// A mesh with marks.
fn marked_world(mesh: &'static Mesh) -> World<'static> {
    let load = |proxy: &proxy::Proxy| {
        let dump = pipeline::translate_one(mesh, proxy, &mut Diagnostics::default());
        explain::of_translation_with(&dump.translation, |kind, body| {
            if kind == ResourceKind::Listener {
                Rules::unmark_clusters(body);
            }
        })
    };
    World::new(mesh, keep(proxy::proxies(mesh)), keep(load))
}

/// Translates the mesh again, with marks.
fn marked(input: &mut Input) -> (World<'static>, Rules) {
    let all = &input.manifests.resources;
    let written = (all.virtual_services.clone(), all.http_routes.clone(), all.grpc_routes.clone());
    let rules = Rules::mark(&mut input.manifests);
    let mut copy = input.mesh();
    copy.virtual_services.change(&mut |config| rules.mark_connections(config));
    let all = &mut input.manifests.resources;
    (all.virtual_services, all.http_routes, all.grpc_routes) = written;
    (marked_world(keep(copy)), rules)
}

impl OfMesh {
    /// Reads the manifests.
    pub(super) fn read(arguments: &Test, all: &[&Case], with_coverage: bool) -> anyhow::Result<Self> {
        let mut input = Input::read(&arguments.manifests, &arguments.mesh)?;
        let mesh = &*keep(input.mesh());
        guard::many("asking the mesh", all.len() + proxy::proxies(mesh).len());
        let is_alone = |case: &&&Case| arguments.from.is_none() && case.from.is_empty();
        let wants_rules = |case: &&Case| matches!(case.expected, Expected::Rule(_));
        let wants_marks = with_coverage || all.iter().any(wants_rules);
        let marked = wants_marks.then(|| marked(&mut input));
        let alone = if all.iter().any(|case| is_alone(&case)) { Some(alone(arguments)?) } else { None };
        Ok(Self { input: keep(input), mesh, world: world(mesh), marked, alone })
    }

    /// Returns all rules that have marks.
    pub(super) fn rules(&self) -> Rules {
        self.marked.as_ref().or(self.alone.as_ref()).map(|(_, rules)| rules.clone()).unwrap_or_default()
    }

    /// Asks a request, as a case says it.
    pub(super) fn explain(&mut self, case: &Case) -> Result<Report, String> {
        let mut report = self.world.explain(&wanted(case)?)?;
        explain::locate(&mut report, &self.input.manifests);
        Ok(report)
    }

    /// Returns the mesh with marks, and all marks of routes for connections; nothing where there are no such routes.
    pub(super) fn connections(&mut self) -> Option<(&'static Mesh, Rules)> {
        let all = &self.input.manifests.resources;
        let has_some = !all.tls_routes.is_empty()
            || !all.tcp_routes.is_empty()
            || all.virtual_services.iter().any(|config| !config.spec.tls.is_empty() || !config.spec.tcp.is_empty());
        if !has_some {
            return None;
        }
        let (world, rules) = self.marked.get_or_insert_with(|| marked(self.input));
        Some((world.mesh, rules.clone()))
    }

    /// Returns the marks of what a request takes on its way.
    pub(super) fn marks(&mut self, case: &Case) -> Result<Vec<usize>, String> {
        let Some((world, rules)) = &mut self.marked else { return Ok(Vec::new()) };
        Ok(rules.in_report(&world.explain(&wanted(case)?)?))
    }

    fn ask(&mut self, case: &Case, from: Option<&str>) -> Result<Came, String> {
        let mut case = case.clone();
        if let Some(from) = from.filter(|_| case.from.is_empty()) {
            from.clone_into(&mut case.from);
        }
        if case.from.is_empty() {
            return self.ask_alone(&case);
        }
        let report = self.explain(&case)?;
        let marked = match &mut self.marked {
            Some((world, rules)) => Some((world.explain(&wanted(&case)?)?, &*rules)),
            None => None,
        };
        let marks = marked.as_ref().map(|(report, rules)| rules.in_report(report)).unwrap_or_default();
        let differences = match (&case.expected, &marked) {
            (Expected::Way { must, must_not }, _) => routing_test::check(&report, must, must_not),
            (Expected::Route(expect), _) => routing_test::check_route(&report, expect),
            (Expected::Rule(expect), Some((report, rules))) => routing_test::check_rule(taken(report, rules), expect),
            (Expected::Rule(_), None) => return Err("the rules are not known".to_owned()),
        };
        Ok(Came { report, differences, marks })
    }

    fn ask_alone(&mut self, case: &Case) -> Result<Came, String> {
        let Some((world, rules)) = &mut self.alone else {
            return Err("it does not say where it comes from".to_owned());
        };
        let mut wanted = wanted(case)?;
        let domain = &self.mesh.installation.cluster_domain;
        if let Some(full) = routing_test::full_host(&self.input.manifests, &wanted.host, domain) {
            wanted.request.authority = wanted.request.authority.replacen(&wanted.host, &full, 1);
            wanted.host = full;
        }
        // The gateway's Service has these ports.
        wanted.port = if wanted.request.scheme == "https" { 443 } else { 80 };
        let mut report = world.explain(&wanted)?;
        // What lies behind the gateway is no matter of these forms.
        report.hops.truncate(1);
        let marks = rules.in_report(&report);
        let taken = taken(&report, rules);
        let rule_differences = match &case.expected {
            Expected::Rule(expect) => Some(routing_test::check_rule(taken, expect)),
            _ => None,
        };
        Rules::unmark(&mut report);
        explain::locate(&mut report, &self.input.manifests);
        let differences = match (rule_differences, &case.expected) {
            (Some(differences), _) => differences,
            (None, Expected::Route(expect)) => routing_test::check_route(&report, expect),
            (None, Expected::Way { must, must_not }) => routing_test::check(&report, must, must_not),
            (None, Expected::Rule(_)) => Vec::new(),
        };
        Ok(Came { report, differences, marks })
    }
}

/// Reads the manifests again, with a gateway that has all VirtualServices.
fn alone(arguments: &Test) -> anyhow::Result<(World<'static>, Rules)> {
    let options = arguments.mesh.options()?;
    let mut files = source::read(&arguments.manifests, &arguments.mesh.limits)?;
    files.push(SourceFile::new("gateway of meshc test", routing_test::GATEWAY.as_bytes().to_vec()));
    let mut input = Input::of(Instant::now(), files, &options)?;
    let rules = Rules::mark(&mut input.manifests);
    routing_test::bind(&mut input.manifests);
    let mesh = &*keep(input.mesh());
    let Some(gateway) = proxy::proxy_named(mesh, "all-virtual-services.meshc-test") else {
        anyhow::bail!(
            "the mesh does not let a gateway see the VirtualServices; say where requests come from, with --from"
        );
    };
    let dump = pipeline::translate_one(mesh, &gateway, &mut Diagnostics::default());
    let mut used = BTreeSet::new();
    for route in &dump.translation.routes {
        let text = serde_json::to_string(route.body())?;
        used.extend(rules.in_name(&text));
    }
    let mesh =
        if routing_test::keep_dropped(&mut input.manifests, &rules, &used) { &*keep(input.mesh()) } else { mesh };
    // Only this gateway is asked.
    let load = |proxy: &proxy::Proxy| {
        let dump = pipeline::translate_one(mesh, proxy, &mut Diagnostics::default());
        explain::of_translation(&dump.translation)
    };
    let only: Vec<proxy::Proxy> = proxy::proxy_named(mesh, "all-virtual-services.meshc-test").into_iter().collect();
    Ok((World::new(mesh, keep(only), keep(load)).with_all_clusters(), rules))
}

/// Finds the rule that has a request at the first proxy on its way, and the one of a delegate.
fn taken<'r>(report: &Report, rules: &'r Rules) -> Taken<'r> {
    let name = report.hops.first().and_then(|hop| hop.route.as_ref()).map(|route| route.name.as_str());
    let marks = name.into_iter().flat_map(|name| rules.in_name(name));
    let mut whole = marks.filter_map(|mark| rules.list.get(mark)).filter(|rule| !rule.is_condition);
    Taken { rule: whole.next(), delegated: whole.next() }
}

impl Asker {
    /// Reads a route configuration of Envoy, as YAML or JSON.
    pub(super) fn of_routes(file: &Path, limits: &Limits) -> anyhow::Result<Self> {
        let text = crate::cli::explain::read(file, limits)?;
        let mut config: Value =
            serde_yaml::from_str(&text).with_context(|| format!("{}: not valid YAML", file.display()))?;
        let is_routes = config.get("virtual_hosts").is_some_and(Value::is_array);
        anyhow::ensure!(is_routes, "{}: not a RouteConfiguration, which has virtual_hosts", file.display());
        let name = config.get("name").and_then(Value::as_str).unwrap_or("routes").to_owned();
        config["name"] = Value::String(name.clone());
        let routes = ConfiguredRoutes::new(&config);
        Ok(Self::Routes(Box::new(evaluate::Proxy::new([(ResourceKind::Route, config)])), name, routes))
    }

    /// Returns what requests may reach.
    pub(super) fn rules(&self) -> Rules {
        match self {
            Self::Mesh(of_mesh) => of_mesh.rules(),
            Self::Routes(_, _, routes) => routes.rules.clone(),
        }
    }

    /// Asks a request, and compares.
    pub(super) fn ask(&mut self, case: &Case, from: Option<&str>) -> Result<Came, String> {
        match self {
            Self::Mesh(of_mesh) => {
                if let Expected::Route(expect) = &case.expected
                    && !(expect.given.metadata.is_empty() && expect.given.runtime.key.is_empty())
                {
                    return Err("runtime keys and dynamic metadata can be set with --route-config only".to_owned());
                }
                of_mesh.ask(case, from)
            }
            Self::Routes(proxy, name, routes) => {
                let Expected::Route(expect) = &case.expected else {
                    return Err("--route-config is for the files of router_check_tool".to_owned());
                };
                let mut request = wanted(case)?.request;
                let proto = if request.scheme == "https" { "https" } else { "http" };
                request.headers.insert("x-forwarded-proto".to_owned(), Value::String(proto.to_owned()));
                if expect.is_internal {
                    request.headers.insert("x-envoy-internal".to_owned(), Value::String("true".to_owned()));
                }
                "127.0.0.1:80".clone_into(&mut request.destination);
                let asked = Asked { proxy: String::new(), direction: "gateway".to_owned(), request };
                let report = explain::routes_only(proxy, name, &asked, &expect.given);
                let differences = routing_test::check_route(&report, expect);
                let marks = routes.in_report(&report);
                Ok(Came { report, differences, marks })
            }
        }
    }
}

/// Turns a case into a request.
fn wanted(case: &Case) -> Result<Wanted, String> {
    let Url { scheme, authority, path, .. } = curl::parse(&case.url);
    if authority.is_empty() {
        return Err(format!("\"{}\" is not a URL", case.url));
    }
    let (host, port) = curl::host_and_port(&authority, &scheme);
    let is_tls = matches!(scheme.as_str(), "https" | "tls");
    let is_name = host.parse::<std::net::IpAddr>().is_err();
    let mut headers: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut stated = authority.clone();
    for (name, value) in &case.headers {
        if name.eq_ignore_ascii_case("host") || name == ":authority" {
            stated.clone_from(value);
        } else {
            headers.entry(name.clone()).or_default().push(Value::String(value.clone()));
        }
    }
    let request = AskedRequest {
        scheme,
        sni: (is_tls && is_name).then(|| host.clone()),
        alpn: if is_tls { vec!["h2".to_owned(), "http/1.1".to_owned()] } else { Vec::new() },
        method: case.method.clone(),
        authority: stated,
        path,
        headers: headers.into_iter().map(|(name, values)| (name, one_or_list(values))).collect(),
        jwt: case.jwt.clone(),
        ..AskedRequest::default()
    };
    let is_outside = case.from == "outside" || case.from.is_empty();
    let from = if is_outside { From::Outside } else { From::Workload(case.from.clone()) };
    Ok(Wanted { from, request, host, port, resolve: Vec::new() })
}

fn one_or_list(mut values: Vec<Value>) -> Value {
    match values.pop() {
        Some(only) if values.is_empty() => only,
        last => Value::Array(values.into_iter().chain(last).collect()),
    }
}
