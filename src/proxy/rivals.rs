//! Objects that select one workload, of which one counts: what loses which proxies.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::mesh::conflict::{self, full_name};
use crate::mesh::telemetry::is_namespace_wide;
use crate::mesh::{Mesh, sidecar};
use crate::model::Config;
use crate::model::istio::{ProviderRef, Telemetry, WorkloadMode};
use crate::proxy::selection::PolicyMatcher;
use crate::proxy::{Proxy, ProxyKind};
use crate::source::ResourceRef;

/// Says which Sidecars, PeerAuthentications and DestinationRules do not count for a workload that they select, and which Telemetries
/// name providers there that do not count; once for each pair.
///
/// istiod: `push_context.go` `doGetSidecarScope`, `policy_applier.go` `ComposePeerAuthentication`, `sidecar.go` `DestinationRule`,
/// `telemetry.go` `mergeLogs`, `mergeMetrics`
pub fn rivals(mesh: &Mesh, proxies: &[&Proxy]) -> Diagnostics {
    let sidecars = mesh.sidecars.iter().filter(|sidecar| sidecar.spec.workload_selector.is_some());
    let with_sidecars = twice(sidecars.map(|sidecar| sidecar.meta.namespace.as_str()));
    let with_policies = twice(mesh.peer_authentication.selecting_namespaces());
    let with_rules = twice(mesh.destination_rules.selecting_namespaces());
    let telemetries = mesh.telemetries.iter().filter(|telemetry| !is_namespace_wide(&telemetry.spec));
    let with_telemetries = twice(telemetries.map(|telemetry| telemetry.meta.namespace.as_str()));
    let mut rivals = Rivals::default();
    for proxy in proxies {
        let namespace = proxy.namespace.as_str();
        if with_sidecars.contains(namespace) && proxy.client.kind == ProxyKind::Sidecar {
            let selecting = mesh.sidecars.iter().filter(|sidecar| {
                sidecar.meta.namespace == namespace
                    && sidecar.spec.workload_selector.is_some()
                    && sidecar::is_for(&sidecar.spec, &proxy.labels)
            });
            rivals.add(&SIDECAR, selecting.map(AsRef::as_ref), proxy);
        }
        if with_policies.contains(namespace) {
            let selecting = mesh.peer_authentication.selecting(namespace, &proxy.labels);
            rivals.add(&PEER_AUTHENTICATION, selecting.map(AsRef::as_ref), proxy);
        }
        if with_rules.contains(namespace) {
            for selecting in mesh.destination_rules.selecting(namespace, &proxy.labels) {
                rivals.add(&DESTINATION_RULE, selecting.into_iter(), proxy);
            }
        }
        if with_telemetries.contains(namespace) {
            let selecting = mesh.telemetries.iter().map(AsRef::as_ref).filter(|telemetry: &&Config<Telemetry>| {
                telemetry.meta.namespace == namespace
                    && !is_namespace_wide(&telemetry.spec)
                    && PolicyMatcher::new(mesh.features(), proxy, &mesh.config.root_namespace).attaches(telemetry)
            });
            // Each is laid over those before it.
            let selecting: Vec<_> = selecting.rev().collect();
            for kind in &TELEMETRY_PROVIDERS {
                for side in [WorkloadMode::Client, WorkloadMode::Server] {
                    let named =
                        selecting.iter().map(|&telemetry| (telemetry, providers(&telemetry.spec, kind.path, side)));
                    let mut named = named.filter(|(_, providers)| !providers.is_empty());
                    let Some((last, counting)) = named.next() else { continue };
                    let losers = named.filter(|(_, providers)| !providers.is_subset(&counting));
                    rivals.add(kind, std::iter::once(last).chain(losers.map(|(telemetry, _)| telemetry)), proxy);
                }
            }
        }
    }
    rivals.diagnostics()
}

/// The providers that a section of a Telemetry names for one side of the workload.
fn providers<'t>(telemetry: &'t Telemetry, section: &str, side: WorkloadMode) -> BTreeSet<&'t str> {
    let is_for =
        |mode: Option<WorkloadMode>| mode.is_none_or(|mode| mode == WorkloadMode::ClientAndServer || mode == side);
    let lists: Vec<&[ProviderRef]> = match section {
        ACCESS_LOGGING => {
            let all = telemetry.access_logging.iter();
            let of_side = all.filter(|logging| is_for(logging.r#match.as_ref().map(|selector| selector.mode)));
            of_side.map(|logging| logging.providers.as_slice()).collect()
        }
        TRACING => {
            let all = telemetry.tracing.iter();
            let of_side = all.filter(|tracing| is_for(tracing.r#match.as_ref().map(|selector| selector.mode)));
            of_side.map(|tracing| tracing.providers.as_slice()).collect()
        }
        _ => telemetry.metrics.iter().map(|metrics| metrics.providers.as_slice()).collect(),
    };
    lists.into_iter().flatten().map(|provider| provider.name.as_str()).collect()
}

/// What counts of one object only.
struct Kind {
    /// What does not count of the others.
    what: &'static str,
    code: &'static str,
    path: &'static str,
}

const SIDECAR: Kind =
    Kind { what: "the Sidecar is ignored", code: "sidecar-overridden", path: "spec.workloadSelector" };
const PEER_AUTHENTICATION: Kind =
    Kind { what: "the PeerAuthentication is ignored", code: "peer-authentication-overridden", path: "spec.selector" };
const DESTINATION_RULE: Kind =
    Kind { what: "the DestinationRule is ignored", code: "destination-rule-overridden", path: "spec.workloadSelector" };
const ACCESS_LOGGING: &str = "spec.accessLogging";
const TRACING: &str = "spec.tracing";
const TELEMETRY_PROVIDERS: [Kind; 3] = [
    Kind { what: "the tracing providers are ignored", code: "telemetry-overridden", path: TRACING },
    Kind { what: "the access log providers are ignored", code: "telemetry-overridden", path: ACCESS_LOGGING },
    Kind { what: "the metrics providers are ignored", code: "telemetry-overridden", path: "spec.metrics" },
];

/// Returns what is there more than once.
fn twice<'m>(all: impl Iterator<Item = &'m str>) -> BTreeSet<&'m str> {
    let mut seen = BTreeSet::new();
    all.filter(|one| !seen.insert(*one)).collect()
}

/// What has been found so far, by the loser and the winner.
#[derive(Default)]
struct Rivals {
    found: BTreeMap<(ResourceRef, ResourceRef, &'static str), Rival>,
}

struct Rival {
    kind: &'static Kind,
    winner: String,
    reason: &'static str,
    /// The proxies, by name.
    proxies: BTreeSet<String>,
}

impl Rivals {
    fn add<'m, T: 'm>(
        &mut self,
        kind: &'static Kind,
        mut selecting: impl Iterator<Item = &'m Config<T>>,
        proxy: &Proxy,
    ) {
        let Some(winner) = selecting.next() else { return };
        for loser in selecting {
            let rival = self.found.entry((loser.source, winner.source, kind.path)).or_insert_with(|| Rival {
                kind,
                winner: full_name(&winner.meta),
                reason: conflict::reason(&winner.meta, &loser.meta),
                proxies: BTreeSet::new(),
            });
            rival.proxies.insert(proxy.full_name());
        }
    }

    fn diagnostics(self) -> Diagnostics {
        let diagnostic = |((loser, winner, path), rival): ((ResourceRef, ResourceRef, &str), Rival)| {
            let Rival { kind: Kind { what, code, path: _ }, winner: by, reason, proxies } = rival;
            let whom = match (proxies.len(), proxies.first()) {
                (number @ 2.., Some(first)) => format!("{number} proxies, {first} among them"),
                (_, first) => first.cloned().unwrap_or_default(),
            };
            let message = format!("{what} for {whom}: {by} selects the workload too");
            Diagnostic::warning(code, message).at(loser, path).label_at(winner, path, reason)
        };
        self.found.into_iter().map(diagnostic).collect()
    }
}
