//! The states between two releases, and the dumps of the proxies in each.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Proxies, Reason, Step};
use crate::config_dump::ConfigDump;
use crate::diff::{Dump, Presence, ProxyName, Report, Scope, compare};
use crate::input::Input;
use crate::installation::behaviour::{Component, Row, table};
use crate::installation::{Behaviours, Release};
use crate::options::{IstioOptions, Options, Stated};
use crate::pipeline::translate_all;
use crate::proxy::{self, Proxy};
use crate::source::SourceFile;

/// How istiod and the proxies run.
pub(super) struct State {
    options: Options,
}

/// The dumps of proxies, by name.
pub(super) struct Dumps(BTreeMap<String, ConfigDump>);

/// Returns the states from one release to the other: what istiod does, then what the proxies do, then the versions.
///
/// A switch that istiod's environment sets holds in both releases, and is no step.
pub(super) fn steps(
    files: &[SourceFile],
    options: &Options,
    (from, to): (Release, Release),
    proxies: Proxies,
) -> Vec<Step> {
    let of_proxies = |moving: Release| match proxies {
        Proxies::Move => Some(moving),
        Proxies::Hold(release) => Some(release),
        Proxies::Image => None,
    };
    let at = |release: Release| Options {
        istio: IstioOptions { version: Some(version(release)), ..options.istio.clone() },
        proxy_version: of_proxies(release),
        ..options.clone()
    };
    let behaviours = |release: Release| Input::new(files.to_vec(), &at(release)).settings.installation.behaviours;
    let of_istiod = (behaviours(from), behaviours(to));
    let of_both = (Behaviours::of(from), Behaviours::of(to));
    let differs = |row: &&Row| match row.of {
        Component::Istiod => of_istiod.0.contains(row.behaviour) != of_istiod.1.contains(row.behaviour),
        Component::Proxy => {
            proxies == Proxies::Move && of_both.0.contains(row.behaviour) != of_both.1.contains(row.behaviour)
        }
    };
    let mut steps = vec![Step { reason: Reason::Version, state: State { options: at(from) } }];
    let mut changed = Vec::new();
    for row in table().filter(differs) {
        let holds = match row.of {
            Component::Istiod => of_istiod.1.contains(row.behaviour),
            Component::Proxy => of_both.1.contains(row.behaviour),
        };
        changed.push((row.behaviour, holds));
        let options = Options { behaviours: changed.clone(), ..at(from) };
        steps.push(Step { reason: Reason::Behaviour(row, holds), state: State { options } });
    }
    steps.push(Step { reason: Reason::Version, state: State { options: at(to) } });
    steps
}

fn version(release: Release) -> Stated {
    Stated { value: release.to_string(), by: "--istio-version".to_owned() }
}

impl State {
    /// Translates the proxies that are chosen.
    pub(super) fn dumps(
        &self,
        files: &[SourceFile],
        choose: &(impl for<'p> Fn(&'p [Proxy]) -> Vec<&'p Proxy> + Sync),
    ) -> Dumps {
        let mesh = Input::new(files.to_vec(), &self.options).mesh();
        let proxies = proxy::proxies(&mesh);
        let dumps = Mutex::new(BTreeMap::new());
        // What there is to say of the input is said by the commands that translate it.
        let _ = translate_all(&mesh, &choose(&proxies), |proxy, dump| {
            if let Ok(mut dumps) = dumps.lock() {
                dumps.insert(proxy.full_name(), dump);
            }
        });
        Dumps(dumps.into_inner().unwrap_or_default())
    }
}

impl Dumps {
    /// Returns what differs in the other dumps.
    pub(super) fn report(&self, other: &Self) -> Report {
        let mut report = Report::default();
        for (name, before) in &self.0 {
            let before = Dump::of(before);
            let proxy = ProxyName::new(name, before.node.as_ref());
            match other.0.get(name) {
                Some(after) => {
                    let changes = compare(&before, &Dump::of(after), Scope { all: false });
                    report.add(proxy, Presence::Both, changes);
                }
                None => report.add(proxy, Presence::Removed(before.count()), Vec::new()),
            }
        }
        for (name, after) in other.0.iter().filter(|(name, _)| !self.0.contains_key(*name)) {
            let after = Dump::of(after);
            report.add(ProxyName::new(name, after.node.as_ref()), Presence::Added(after.count()), Vec::new());
        }
        report.finish();
        report
    }
}
