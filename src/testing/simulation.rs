//! The results that istiod's own simulation expects (`pilot/pkg/networking/core/*_simulation_test.go`, Istio 1.30.3): 355 connections and
//! requests to 62 meshes, each of which must end at one proxy as `explain` says.
//!
//! Not here, with the reason:
//! - two servers of Gateways with the same hosts and port: the simulation reports that several filter chains match, and a real Envoy
//!   would not have taken the listener, which is tested as a rejection;
//! - a client with a certificate at a server that asks for none (2 calls): the simulation calls it an error, and TLS does not;
//! - `TestTLSRouteTermination` (4 calls): its VirtualServices have annotations that istiod refuses in manifests; the fixtures
//!   `gateway-api-*` have TLSRoutes;
//! - tests of clusters, route tables, secrets and priorities of endpoints (`TestInboundClusters`, `TestSidecarRoutes`,
//!   `TestGatewayExternalSDSProviderSimulation`, `loadbalancer`): they ask no requests.
//!
//! The simulation is run with an empty cluster domain, so short hosts of destinations stay `a.default` there; here they are complete.

use std::collections::BTreeMap;

use meshc::diagnostic::Diagnostics;
use meshc::explain::{self, Asked, AskedRequest, Report};
use meshc::input::Input;
use meshc::options::{IstioOptions, Options, Stated};
use meshc::source::SourceFile;
use meshc::{pipeline, proxy};
use serde::Deserialize;
use serde_json::Value;

const FILES: [&str; 4] = [
    include_str!("simulation/gateways.yaml"),
    include_str!("simulation/peer_authentication.yaml"),
    include_str!("simulation/service_entries.yaml"),
    include_str!("simulation/sidecars.yaml"),
];

/// A mesh with one proxy, and calls that the proxy gets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Simulated {
    title: String,
    proxy: String,
    #[serde(default)]
    istiod_env: BTreeMap<String, String>,
    manifests: Vec<Value>,
    calls: Vec<Call>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    direction: String,
    request: AskedRequest,
    expect: Expect,
}

/// What is not given may be anything.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expect {
    listener: Option<String>,
    filter_chain: Option<String>,
    route: Option<String>,
    route_config: Option<String>,
    virtual_host: Option<String>,
    cluster: Option<String>,
    /// How it ends early.
    ends: Option<String>,
}

#[test]
fn proxies_do_what_istiods_simulation_expects() {
    let (mut count, mut wrong) = (0, Vec::new());
    for text in FILES {
        let meshes: Vec<Simulated> = serde_yaml::from_str(text).expect("a list of meshes");
        for simulated in meshes {
            count += simulated.calls.len();
            wrong.extend(differences(simulated));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(count, 355);
}

fn differences(simulated: Simulated) -> Vec<String> {
    let text: Vec<String> = simulated.manifests.iter().map(Value::to_string).collect();
    let files = vec![SourceFile::new("mesh.yaml", text.join("\n---\n").into_bytes())];
    let stated = |value: String| Stated { value, by: "the test".to_owned() };
    let env = simulated.istiod_env.into_iter().map(|(name, value)| (name, stated(value))).collect();
    let istio = IstioOptions { env, ..IstioOptions::default() };
    let mesh = Input::new(files, &Options { expand: true, istio, ..Options::default() }).mesh();
    let found = proxy::proxy_named(&mesh, &simulated.proxy).expect("the proxy");
    let dump = pipeline::translate_one(&mesh, &found, &mut Diagnostics::default());
    let loaded = explain::of_translation(&dump.translation);
    let mut out = Vec::new();
    for Call { direction, request, expect } in simulated.calls {
        let shown = serde_json::to_string(&request).expect("JSON");
        let asked = Asked { proxy: simulated.proxy.clone(), direction, request };
        let report = explain::one_proxy(&loaded, &simulated.proxy, &asked);
        if let Some(problem) =
            asked.check().err().map(|error| error.to_string()).or_else(|| difference(&report, &expect))
        {
            out.push(format!("{}: {shown}: {problem}", simulated.title));
        }
    }
    out
}

fn difference(report: &Report, expect: &Expect) -> Option<String> {
    let hop = report.hops.first()?;
    let host = hop.host_match.as_ref().map(|host| &host.virtual_host);
    let cluster = hop.clusters.first().map(|cluster| &cluster.name);
    let named = [
        ("listener", &expect.listener, hop.listener.as_ref()),
        ("filter chain", &expect.filter_chain, hop.filter_chain.as_ref().map(|chain| &chain.name)),
        ("route", &expect.route, hop.route.as_ref().map(|route| &route.name)),
        ("route configuration", &expect.route_config, hop.route_config.as_ref()),
        ("virtual host", &expect.virtual_host, host),
        ("cluster", &expect.cluster, cluster),
    ];
    for (what, wanted, found) in named {
        if wanted.is_some() && wanted.as_ref() != found {
            return Some(format!("{what} is {found:?} instead of {wanted:?}"));
        }
    }
    let kind = report.outcome.kind;
    let ends = match (kind, host) {
        // That a cluster does not exist is no matter of the simulation.
        ("no_route", _) if cluster.is_some() => "",
        ("no_route", None) => "no_virtual_host",
        ("no_route", Some(_)) => "no_route",
        ("no_listener" | "no_filter_chain" | "redirect" | "reset", _) => kind,
        _ => "",
    };
    let wanted = expect.ends.as_deref().unwrap_or_default();
    // A redirect that a route makes is an end like others.
    let is_fine = ends == wanted || (wanted.is_empty() && ends == "redirect" && hop.route.is_some());
    (!is_fine).then(|| format!("it ends as {kind} ({}) instead of {wanted:?}", report.outcome.details))
}
