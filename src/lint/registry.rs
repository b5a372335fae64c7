//! What runs: checks, each of which may find what several rules are about.

use super::context::LintContext;
use super::finding::Finding;
use super::istioctl;

/// A function that looks for what some rules are about.
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

/// Returns all checks of the files.
pub(super) fn of_files() -> impl Iterator<Item = &'static Check> {
    istioctl::CHECKS.iter()
}
