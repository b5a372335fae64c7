//! What is known of a behaviour.

use super::Behaviour;
use crate::installation::Release;

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// The behaviour.
    pub behaviour: Behaviour,
    /// The releases in which it holds.
    pub holds: &'static [Span],
    /// Whose release decides.
    pub of: Component,
    /// File and function of istio.
    pub source: &'static str,
    /// What holds where the behaviour does not: one sentence for users.
    pub without: &'static str,
    /// What holds where the behaviour does: one sentence for users.
    pub with: &'static str,
    /// What a change of it can do.
    pub effect: Effect,
    /// The switch of istiod that decides instead of the release.
    pub switch: Option<Switch>,
}

/// Releases from one on (included) up to another (excluded).
#[derive(Debug, Clone, Copy)]
pub struct Span {
    from: (u32, u32),
    until: (u32, u32),
}

const BEFORE_ALL: (u32, u32) = (0, 0);
const AFTER_ALL: (u32, u32) = (u32::MAX, u32::MAX);

/// From 1.`minor`.`patch` on.
pub(super) const fn since(minor: u32, patch: u32) -> Span {
    Span { from: (minor, patch), until: AFTER_ALL }
}

/// Before 1.`minor`.`patch`.
pub(super) const fn until(minor: u32, patch: u32) -> Span {
    Span { from: BEFORE_ALL, until: (minor, patch) }
}

/// From one release on, before another.
pub(super) const fn between(from: (u32, u32), until: (u32, u32)) -> Span {
    Span { from, until }
}

/// Whose release decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// istiod's.
    Istiod,
    /// The proxy's, as its node metadata say.
    Proxy,
}

/// What a change of a behaviour can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Which requests get through, where they go, or how they are protected.
    Traffic,
    /// Metrics, traces and access logs, but no request.
    Telemetry,
    /// Names inside of the configuration: an EnvoyFilter that matches them matches no more.
    Names,
    /// The Pods that are made, and nothing that their proxies are served.
    Pods,
}

/// A switch of istiod.
#[derive(Debug, Clone, Copy)]
pub struct Switch {
    /// The environment variable.
    pub name: &'static str,
    /// Its value with which the behaviour holds.
    pub value: bool,
    /// The first release that knows it: minor version and patch.
    pub since: (u32, u32),
}

impl Row {
    /// Says whether the behaviour holds in a release.
    pub fn holds_in(&self, release: Release) -> bool {
        let number = release.number();
        self.holds.iter().any(|span| span.from <= number && number < span.until)
    }
}
