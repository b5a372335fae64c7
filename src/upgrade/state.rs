//! The states between two releases, and the dumps of the proxies in each.

use super::{Choose, Proxies, Reason, Step};
use crate::diff::{Report, Scope};
use crate::input::Input;
use crate::installation::behaviour::{Component, Row, table};
use crate::installation::{Behaviours, Release};
use crate::mesh::Mesh;
use crate::options::{IstioOptions, Options, Stated};
use crate::pipeline::Side;
use crate::provenance::between::between;
use crate::proxy::{self, Proxy};
use crate::source::SourceFile;

/// How istiod and the proxies run.
pub(super) struct State {
    options: Options,
}

/// The mesh in a state, and its proxies.
pub(super) struct Made {
    mesh: Mesh,
    proxies: Vec<Proxy>,
}

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
    /// Makes the mesh.
    pub(super) fn make(&self, files: &[SourceFile]) -> Made {
        let mesh = Input::new(files.to_vec(), &self.options).mesh();
        let proxies = proxy::proxies(&mesh);
        Made { mesh, proxies }
    }
}

impl Made {
    /// Returns what differs in another state, for the proxies that are chosen.
    pub(super) fn report(&self, other: &Self, choose: &Choose<'_>, step: &(dyn Fn() + Sync)) -> Report {
        let mut report = Report::default();
        let (before, after) = (choose(&self.proxies), choose(&other.proxies));
        let sides = (Side { mesh: &self.mesh, proxies: &before }, Side { mesh: &other.mesh, proxies: &after });
        // What there is to say of the input is said by the commands that translate it.
        let _ = between(sides.0, sides.1, Scope { all: false }, &mut report, step);
        report.finish();
        report
    }
}
