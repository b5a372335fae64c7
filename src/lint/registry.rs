//! What runs: checks, each of which may find what several rules are about.
//!
//! Two kinds: of the files ([`Check`]), and of the mesh and all proxies ([`MeshCheck`]).

use super::context::LintContext;
use super::finding::Finding;
use super::mesh::Translated;
use super::{istioctl, mesh};

/// A function that looks at the files.
pub(super) struct Check {
    /// The analyzer of istioctl that does the same, or the name of our own.
    pub(super) name: &'static str,
    /// Looks.
    pub(super) run: for<'c> fn(&'c LintContext<'_>, &mut Vec<Finding<'c>>),
}

impl Check {
    /// Makes a check.
    pub(super) const fn new(name: &'static str, run: for<'c> fn(&'c LintContext<'_>, &mut Vec<Finding<'c>>)) -> Self {
        Self { name, run }
    }
}

/// A function that looks at the mesh and its proxies.
pub(super) struct MeshCheck {
    /// Its name.
    pub(super) name: &'static str,
    /// Looks.
    pub(super) run: for<'c> fn(&Translated<'_>, &'c LintContext<'_>, &mut Vec<Finding<'c>>),
}

impl MeshCheck {
    /// Makes a check.
    pub(super) const fn new(
        name: &'static str,
        run: for<'c> fn(&Translated<'_>, &'c LintContext<'_>, &mut Vec<Finding<'c>>),
    ) -> Self {
        Self { name, run }
    }
}

/// Returns all checks of the files.
pub(super) fn of_files() -> impl Iterator<Item = &'static Check> {
    istioctl::CHECKS.iter()
}

/// Returns all checks of the mesh.
pub(super) fn of_mesh() -> impl Iterator<Item = &'static MeshCheck> {
    mesh::CHECKS.iter()
}
