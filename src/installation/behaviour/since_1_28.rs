//! What patches of 1.28 changed.

use super::Behaviour as B;
use super::row::{Component, Effect, Row, since};

pub(super) const ROWS: &[Row] = &[Row {
    behaviour: B::DropsEndpointsOfShadowedServiceEntries,
    holds: &[since(28, 1)],
    of: Component::Istiod,
    source: "serviceregistry/ambient/workloads.go serviceEntryWorkloadBuilder",
    without: "Waypoints own the endpoints of a ServiceEntry, whoever else defines its hosts.",
    with: "Waypoints do not own the endpoints of a ServiceEntry of whose hosts each is a Service's or an older ServiceEntry's.",
    effect: Effect::Traffic,
    switch: None,
}];
