//! Objects that select one workload, of which the first counts: what loses which proxies.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::mesh::conflict::{self, full_name};
use crate::mesh::{Mesh, sidecar};
use crate::model::Config;
use crate::proxy::{Proxy, ProxyKind};
use crate::source::ResourceRef;

/// Says which Sidecars, PeerAuthentications and DestinationRules do not count for a workload that they select, once for each pair.
///
/// istiod: `push_context.go` `doGetSidecarScope`, `policy_applier.go` `ComposePeerAuthentication`, `sidecar.go` `DestinationRule`
pub fn rivals(mesh: &Mesh, proxies: &[&Proxy]) -> Diagnostics {
    let sidecars = mesh.sidecars.iter().filter(|sidecar| sidecar.spec.workload_selector.is_some());
    let with_sidecars = twice(sidecars.map(|sidecar| sidecar.meta.namespace.as_str()));
    let with_policies = twice(mesh.peer_authentication.selecting_namespaces());
    let with_rules = twice(mesh.destination_rules.selecting_namespaces());
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
    }
    rivals.diagnostics()
}

/// A kind of object of which one counts for a workload.
struct Kind {
    name: &'static str,
    code: &'static str,
    selector: &'static str,
}

const SIDECAR: Kind = Kind { name: "Sidecar", code: "sidecar-overridden", selector: "spec.workloadSelector" };
const PEER_AUTHENTICATION: Kind =
    Kind { name: "PeerAuthentication", code: "peer-authentication-overridden", selector: "spec.selector" };
const DESTINATION_RULE: Kind =
    Kind { name: "DestinationRule", code: "destination-rule-overridden", selector: "spec.workloadSelector" };

/// Returns what is there more than once.
fn twice<'m>(all: impl Iterator<Item = &'m str>) -> BTreeSet<&'m str> {
    let mut seen = BTreeSet::new();
    all.filter(|one| !seen.insert(*one)).collect()
}

/// What has been found so far, by the loser and the winner.
#[derive(Default)]
struct Rivals {
    found: BTreeMap<(ResourceRef, ResourceRef), Rival>,
}

struct Rival {
    kind: &'static Kind,
    winner: String,
    reason: &'static str,
    /// How many proxies, and the first by name.
    proxies: usize,
    example: String,
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
            let rival = self.found.entry((loser.source, winner.source)).or_insert_with(|| Rival {
                kind,
                winner: full_name(&winner.meta),
                reason: conflict::reason(&winner.meta, &loser.meta),
                proxies: 0,
                example: proxy.full_name(),
            });
            rival.proxies += 1;
            rival.example = std::mem::take(&mut rival.example).min(proxy.full_name());
        }
    }

    fn diagnostics(self) -> Diagnostics {
        let diagnostic = |((loser, winner), rival): ((ResourceRef, ResourceRef), Rival)| {
            let Rival { kind: Kind { name, code, selector }, winner: by, reason, proxies, example } = rival;
            let whom = if proxies == 1 { example } else { format!("{proxies} proxies, {example} among them") };
            let message = format!("the {name} does not count for {whom}: {by} selects the workload too");
            Diagnostic::warning(code, message).at(loser, selector).label_at(winner, selector, reason)
        };
        self.found.into_iter().map(diagnostic).collect()
    }
}
