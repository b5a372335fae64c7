//! What an upgrade changes in the proxies, cause by cause.
//!
//! ```text
//! 1.29.6 ─▶ and the first behaviour of 1.31 ─▶ and the second ─▶ … ─▶ all of them ─▶ 1.31.0
//! ```
//!
//! Between two neighbours one thing differs, so that what differs between their dumps has this cause and no other. Where the ends of a
//! stretch are the same, nothing between them is looked at: a mesh that few changes concern is translated a few times only.

mod render;
mod state;

use crate::diff::Report;
use crate::installation::Release;
use crate::installation::behaviour::Row;
use crate::options::Options;
use crate::proxy::Proxy;
use crate::source::SourceFile;

pub use render::{json, markdown, summary};
use state::{Made, State};

/// What an upgrade changes.
#[derive(Debug)]
pub struct Preview {
    /// The release before.
    pub from: Release,
    /// The release after.
    pub to: Release,
    /// The release at which the proxies stay; none if they move too.
    pub held: Option<String>,
    /// The causes, those that change most first.
    pub causes: Vec<Cause>,
    /// Proxies that are compared.
    pub proxies: usize,
    /// Proxies that differ.
    pub differing: usize,
}

/// One thing that the releases do differently, and what it changes here.
#[derive(Debug)]
pub struct Cause {
    /// What it is.
    pub reason: Reason,
    /// What it changes.
    pub report: Report,
}

/// What releases do differently.
#[derive(Debug, Clone, Copy)]
pub enum Reason {
    /// A row of the table, which holds after the upgrade or does not.
    Behaviour(&'static Row, bool),
    /// The version itself, which EnvoyFilters can match.
    Version,
}

/// Whose releases move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxies {
    /// Proxies move with istiod.
    Move,
    /// Proxies stay at a release.
    Hold(Release),
    /// Proxies stay at what the images of their Pods say.
    Image,
}

/// Selects proxies.
pub type Choose<'c> = dyn for<'p> Fn(&'p [Proxy]) -> Vec<&'p Proxy> + Sync + 'c;

/// Compares what istiod serves before and after an upgrade.
///
/// `options` say everything but the releases. `choose` selects the proxies. `step` is called after each proxy of a comparison.
pub fn preview(
    files: &[SourceFile],
    options: &Options,
    (from, to): (Release, Release),
    proxies: Proxies,
    choose: &Choose<'_>,
    step: &(dyn Fn() + Sync),
) -> Preview {
    let (from, to) = (from.nearest(), to.nearest());
    let steps = state::steps(files, options, (from, to), proxies);
    let make = |at: usize| steps[at].state.make(files);
    let last = steps.len() - 1;
    let (before, after) = rayon::join(|| make(0), || make(last));
    let whole = before.report(&after, choose, step);
    let (same, differing) = (whole.same, whole.differing());
    let mut causes = Vec::new();
    let way = Way { make: &make, choose, step };
    way.split(((0, &before), (last, &after)), whole, &mut |at, report| {
        causes.push(Cause { reason: steps[at].reason, report });
    });
    causes.sort_by_key(|cause| std::cmp::Reverse(render::weight(&cause.report)));
    let held = match proxies {
        Proxies::Move => None,
        Proxies::Hold(release) => Some(release.to_string()),
        Proxies::Image => Some("the release of their images".to_owned()),
    };
    Preview { from, to, held, causes, proxies: same + differing, differing }
}

/// The states between two releases.
struct Way<'w, M> {
    make: &'w M,
    choose: &'w Choose<'w>,
    step: &'w (dyn Fn() + Sync),
}

impl<M: Fn(usize) -> Made> Way<'_, M> {
    /// Finds the steps that change something between two states, which differ in `report`, and what.
    fn split(
        &self,
        ((low, before), (high, after)): ((usize, &Made), (usize, &Made)),
        report: Report,
        found: &mut impl FnMut(usize, Report),
    ) {
        if report.is_same() {
            return;
        }
        if high - low == 1 {
            found(high, report);
            return;
        }
        drop(report);
        let middle = low.midpoint(high);
        let between = (self.make)(middle);
        let first = before.report(&between, self.choose, self.step);
        self.split(((low, before), (middle, &between)), first, found);
        let second = between.report(after, self.choose, self.step);
        self.split(((middle, &between), (high, after)), second, found);
    }
}

/// A state on the way, and what leads to it from the one before.
struct Step {
    reason: Reason,
    state: State,
}
