//! What says which release istiod is of, and whether its rules are known.

use super::istiod::Istiod;
use super::{Origin, Setting};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::installation::{KNOWN, Release, ReleaseOrigin};

/// Returns what says the release.
pub(super) fn origin(version: Option<&Setting>, istiod: Option<&Istiod<'_>>) -> ReleaseOrigin {
    match version.map(|version| &version.origin) {
        None => ReleaseOrigin::Default,
        Some(Origin::Stated(by)) => ReleaseOrigin::Stated(by.clone()),
        Some(Origin::Input { .. }) => match istiod {
            Some(istiod) => ReleaseOrigin::Image(istiod.name()),
            None => ReleaseOrigin::Stated("global.tag".to_owned()),
        },
    }
}

/// Says that the rules of a release are not known.
pub(super) fn check(release: Release) -> Diagnostics {
    if release.is_known() {
        return Diagnostics::default();
    }
    let known: Vec<_> = KNOWN.iter().map(|known| format!("1.{}", known.minor)).collect();
    let message = format!("the rules of Istio {release} are not known; those of {} are used", release.nearest());
    let help = format!("meshc knows the rules of {}", known.join(", "));
    std::iter::once(Diagnostic::warning("unknown-release", message).help(help)).collect()
}
