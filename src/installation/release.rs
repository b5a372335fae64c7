//! The releases of Istio.

use std::fmt;

/// A release of istiod, or of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// The minor version: 30 in 1.30.3.
    pub minor: u32,
    /// The patch: 3 in 1.30.3.
    pub patch: u32,
    /// The release candidate: 0 in 1.31.0-rc.0. A candidate behaves as the release does.
    pub candidate: Option<u32>,
}

/// The newest patch of each minor version whose rules are known, the oldest first.
pub const KNOWN: [Release; 4] = [
    Release { minor: 28, patch: 10, candidate: None },
    Release { minor: 29, patch: 6, candidate: None },
    Release { minor: 30, patch: 3, candidate: None },
    Release { minor: 31, patch: 0, candidate: Some(0) },
];

/// The release that holds when nothing says another.
const DEFAULT: Release = KNOWN[2];

impl Default for Release {
    fn default() -> Self {
        DEFAULT
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { minor, patch, candidate } = self;
        write!(f, "1.{minor}.{patch}")?;
        candidate.map_or(Ok(()), |candidate| write!(f, "-rc.{candidate}"))
    }
}

impl Release {
    /// Reads `1.29`, `1.29.6`, `1.31.0-rc.0`, `v1.29.6`, `1.29.6-distroless`; the newest known patch stands for a minor version.
    ///
    /// Returns nothing for what is no version of Istio 1.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let (number, rest) = text.split_once('-').unwrap_or((text, ""));
        let mut parts = number.split('.').map(|part| part.parse::<u32>().ok());
        let (Some(Some(1)), Some(Some(minor)), patch, None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let candidate = rest.strip_prefix("rc.").and_then(|number| number.split('-').next()?.parse().ok());
        match patch {
            Some(patch) => Some(Self { minor, patch: patch?, candidate }),
            None => Some(Self::newest_of(minor).unwrap_or(Self { minor, patch: 0, candidate })),
        }
    }

    /// Returns the newest known patch of a minor version.
    fn newest_of(minor: u32) -> Option<Self> {
        KNOWN.into_iter().find(|known| known.minor == minor)
    }

    /// Says whether the rules of its minor version are known.
    pub fn is_known(self) -> bool {
        Self::newest_of(self.minor).is_some()
    }

    /// Returns the release whose rules stand for it: itself, or the nearest of which they are known.
    #[must_use]
    pub fn nearest(self) -> Self {
        match (self.is_known(), KNOWN) {
            (true, _) => self,
            (false, [oldest, ..]) if self.minor < oldest.minor => oldest,
            (false, [.., newest]) => newest,
        }
    }

    /// Returns where its images are published: the value `global.hub` of its charts.
    ///
    /// istio: `release/build.sh` of istio/release-builder
    pub fn hub(self) -> &'static str {
        if self.minor == 30 { "registry.istio.io/release" } else { "docker.io/istio" }
    }

    /// The version as numbers, by which releases are ordered.
    pub(super) const fn number(self) -> (u32, u32) {
        (self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minor_version_stands_for_its_newest_known_patch() {
        let read = |text| Release::parse(text).map(|release| release.to_string());
        assert_eq!(read("1.29").as_deref(), Some("1.29.6"));
        assert_eq!(read("v1.29.2").as_deref(), Some("1.29.2"));
        assert_eq!(read("1.30.3-distroless").as_deref(), Some("1.30.3"));
        assert_eq!(read("1.31").as_deref(), Some("1.31.0-rc.0"));
        assert_eq!(read("1.27").as_deref(), Some("1.27.0"));
        for text in ["", "latest", "1", "2.0", "1.x", "1.29.6.1"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_nearest_release_stands_for_one_that_is_not_known() {
        let nearest = |text| Release::parse(text).map(|release| release.nearest().to_string());
        assert_eq!(nearest("1.27.4").as_deref(), Some("1.28.10"));
        assert_eq!(nearest("1.33").as_deref(), Some("1.31.0-rc.0"));
        assert_eq!(nearest("1.29.0").as_deref(), Some("1.29.0"));
    }
}
