//! The parts of a cluster's name: `outbound|9080|v1|reviews.default.svc.cluster.local`.
//!
//! istiod: `pilot/pkg/model/push_context.go` `ParseSubsetKey`

/// The parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SubsetKey<'n> {
    pub(super) direction: &'n str,
    pub(super) port: u32,
    pub(super) subset: &'n str,
    pub(super) hostname: &'n str,
}

impl<'n> SubsetKey<'n> {
    /// Takes a name apart; none if it is another sort of name.
    pub(super) fn parse(name: &'n str) -> Option<Self> {
        let parts: Vec<&str> = name.split('|').collect();
        let [direction, port, subset, hostname, ..] = parts.as_slice() else { return None };
        let port = port.trim_start_matches('_').parse().unwrap_or(0);
        Some(Self { direction: direction.trim_end_matches('_'), port, subset, hostname })
    }

    /// The order of istioctl's tables. istioctl: `configdump/cluster.go` `retrieveSortedClusterSlice`
    pub(super) fn order(name: &'n str) -> (&'n str, &'n str, u32, &'n str) {
        match Self::parse(name) {
            Some(Self { direction, port, subset, hostname }) => (hostname, subset, port, direction),
            None => (name, "", 0, ""),
        }
    }
}
