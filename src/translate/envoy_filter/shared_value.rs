//! Values that istiod has once for all proxies, and that a merge changes for all of them.
//!
//! istiod puts some messages by pointer into all that it makes, and merges a patch into what it finds. So the patch changes the
//! message itself: what is made or printed later has the new value, of other listeners and other proxies too, whomever the
//! patch is for, and without the EnvoyFilter as well. Safe is what has been copied before: routes, whatever is within an `Any`,
//! durations, and what is added to lists and maps.
//!
//! ```text
//! a merge ──reaches, by a door──▶ a shared value ──is held by──▶ fields of other proxies
//! ```
//!
//! Here the patch is where it is meant, and a finding at its line says what else istiod changes. Of the two booleans only `false` can
//! change: a merge does not see the `false` that would change `true`.
//!
//! istiod: `merge.go` `Merge`, `pkg/proto/types.go`, `pilot/pkg/xds/filters/filters.go`, `telemetry.go` `telemetryFilters`

use super::EnvoyFilters;
use super::matching;
use super::patch::Patch;
use super::run::Run;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::envoy::{DynamicMessage, DynamicValue, schema};
use crate::installation::{Behaviour, Behaviours};
use crate::model::istio::{EnvoyFilter, EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchContext as PatchContext};
use crate::translate::route::MAX_DIRECT_RESPONSE_BODY_SIZE;

/// A way by which a merge reaches a shared value.
struct Door {
    apply_to: ApplyTo,
    target: Target,
    /// The sides on which istiod puts the value there.
    sides: &'static [PatchContext],
    value: &'static Shared,
    instead: &'static str,
}

/// What of the patched object is shared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// A field that is a wrapper.
    Field(&'static str),
    /// A filter of this name.
    Filter(&'static str),
    /// The transport socket that an earlier patch has given to a cluster.
    Socket,
}

/// A value that istiod has once.
struct Shared {
    holders: &'static [Holder],
    until: &'static str,
}

impl Shared {
    fn holders(&self, behaviours: Behaviours) -> Vec<&'static str> {
        let holders = self.holders.iter().filter(|holder| holder.since.is_none_or(|since| behaviours.contains(since)));
        holders.map(|holder| holder.text).collect()
    }
}

/// Fields that are the value.
struct Holder {
    text: &'static str,
    /// What a release must do for them to be.
    since: Option<Behaviour>,
}

const fn always(text: &'static str) -> Holder {
    Holder { text, since: None }
}

const RESTART: &str = "until it restarts";
const INBOUND: PatchContext = PatchContext::SidecarInbound;
const OUTBOUND: PatchContext = PatchContext::SidecarOutbound;
const GATEWAY: PatchContext = PatchContext::Gateway;

/// istiod: `types.go` `BoolFalse`
static FALSE: Shared = Shared {
    holders: &[
        always("`bind_to_port` of the outbound listeners of sidecars"),
        always("`validate_clusters` of all route configurations"),
        always("`use_remote_address` of sidecars and waypoints"),
        always("`require_client_certificate` of servers with the TLS mode SIMPLE or OPTIONAL_MUTUAL"),
        always("`normalize_path` with the path normalization NONE"),
        always("`generate_request_id` where request IDs are disabled"),
    ],
    until: RESTART,
};

/// istiod: `route.go` `DefaultMaxDirectResponseBodySizeBytes`
static DIRECT_RESPONSES: Shared = Shared {
    holders: &[
        always("the limit of all outbound route configurations of sidecars"),
        always("the limit of all route configurations of gateways"),
        Holder {
            text: "the limit of the default routes of waypoints",
            since: Some(Behaviour::RoutesAtWaypointsAsOutbound),
        },
    ],
    until: RESTART,
};

static TLS_INSPECTOR: Shared =
    Shared { holders: &[always("this filter in all listeners of sidecars, gateways and waypoints")], until: RESTART };
static HTTP_INSPECTOR: Shared =
    Shared { holders: &[always("this filter in all listeners of sidecars and waypoints")], until: RESTART };
static ORIGINAL_DESTINATION: Shared = Shared {
    holders: &[always("this filter in the inbound listeners of all sidecars and in the listeners of waypoints")],
    until: RESTART,
};
static ORIGINAL_SOURCE: Shared =
    Shared { holders: &[always("this filter in the inbound listeners of all sidecars with TPROXY")], until: RESTART };
static PROXY_PROTOCOL: Shared = Shared {
    holders: &[always("this filter in all listeners of gateways that take the PROXY protocol")],
    until: RESTART,
};
static METADATA_EXCHANGE: Shared = Shared {
    holders: &[always(
        "this filter in the inbound TCP filter chains of sidecars and waypoints, and in those of gateways with ISTIO_MUTUAL",
    )],
    until: RESTART,
};
static OF_WAYPOINTS: Shared =
    Shared { holders: &[always("this filter in the listeners of all waypoints")], until: RESTART };
/// Kept for each side of each kind of proxy, and each set of Telemetry objects.
static STATISTICS: Shared = Shared {
    holders: &[always("this filter on this side of all proxies of this kind that have the same Telemetry objects")],
    until: "until it reads its Telemetry objects again",
};
/// The patch's own message, not a copy.
static SOCKET: Shared = Shared {
    holders: &[always("`transport_socket` of the patch that put this socket there, so of all clusters that it is for")],
    until: "until it reads its EnvoyFilters again",
};

const LISTENER_FILTER: &str = "REMOVE the filter and INSERT_FIRST a whole one instead, which istiod copies; the translation changes only what the patch is for";
const NETWORK_FILTER: &str = "REPLACE the filter by a whole one instead, which istiod copies; the translation changes only what the patch is for";

const fn listener_filter(name: &'static str, sides: &'static [PatchContext], value: &'static Shared) -> Door {
    let target = Target::Filter(name);
    Door { apply_to: ApplyTo::ListenerFilter, target, sides, value, instead: LISTENER_FILTER }
}

const fn network_filter(name: &'static str, sides: &'static [PatchContext], value: &'static Shared) -> Door {
    Door { apply_to: ApplyTo::NetworkFilter, target: Target::Filter(name), sides, value, instead: NETWORK_FILTER }
}

/// All that is shared, by what a patch reaches it.
static DOORS: &[Door] = &[
    Door {
        apply_to: ApplyTo::Listener,
        target: Target::Field("bind_to_port"),
        sides: &[OUTBOUND],
        value: &FALSE,
        instead: "to open a port, write `captureMode: NONE` at an egress listener of a Sidecar instead; the translation changes only what the patch is for",
    },
    Door {
        apply_to: ApplyTo::RouteConfiguration,
        target: Target::Field("validate_clusters"),
        sides: &[INBOUND, OUTBOUND, GATEWAY],
        value: &FALSE,
        instead: "remove it, as no merge sets it for one route configuration alone; the translation changes only what the patch is for",
    },
    Door {
        apply_to: ApplyTo::RouteConfiguration,
        target: Target::Field(super::shared_limit::FIELD),
        sides: &[OUTBOUND, GATEWAY],
        value: &DIRECT_RESPONSES,
        instead: "which ones depends on istiod's order: meshc gives it to all of a proxy that has the patch, and to no other proxy",
    },
    listener_filter("envoy.filters.listener.tls_inspector", &[INBOUND, OUTBOUND, GATEWAY], &TLS_INSPECTOR),
    listener_filter("envoy.filters.listener.http_inspector", &[INBOUND, OUTBOUND], &HTTP_INSPECTOR),
    listener_filter("envoy.filters.listener.original_dst", &[INBOUND], &ORIGINAL_DESTINATION),
    listener_filter("envoy.filters.listener.original_src", &[INBOUND], &ORIGINAL_SOURCE),
    listener_filter("envoy.filters.listener.proxy_protocol", &[GATEWAY], &PROXY_PROTOCOL),
    network_filter("istio.metadata_exchange", &[INBOUND, GATEWAY], &METADATA_EXCHANGE),
    network_filter("istio.stats", &[INBOUND, OUTBOUND, GATEWAY], &STATISTICS),
    network_filter("connect_authority", &[INBOUND], &OF_WAYPOINTS),
    Door {
        apply_to: ApplyTo::Cluster,
        target: Target::Socket,
        sides: &[],
        value: &SOCKET,
        instead: "write the whole transport socket in one patch instead; the translation changes only what the patch is for",
    },
];

const _: () = assert!(DOORS.len() <= 32, "each door has a bit");

/// Doors that a patch has gone through, a bit each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reached(pub(super) u32);

impl Reached {
    fn add(&mut self, door: usize) {
        self.0 |= 1 << door;
    }

    fn doors(self) -> impl Iterator<Item = &'static Door> {
        DOORS.iter().enumerate().filter(move |(door, _)| self.0 & (1 << door) != 0).map(|(_, door)| door)
    }
}

/// What a merge into an object is about to change: wrappers that are there, and have another value.
pub(super) fn reached_fields(patch: &Patch, object: &DynamicMessage) -> Reached {
    let mut reached = Reached::default();
    let Some(value) = patch.value() else { return reached };
    for (index, door) in DOORS.iter().enumerate().filter(|(_, door)| door.apply_to == patch.apply_to) {
        let Target::Field(field) = door.target else { continue };
        let Some(new) = wrapped(value, field) else { continue };
        if object.get(field).is_some() && wrapped(object, field) != Some(new) {
            reached.add(index);
        }
    }
    reached
}

/// What a wrapper says, if it says more than its type does.
fn wrapped<'m>(message: &'m DynamicMessage, field: &str) -> Option<&'m DynamicValue> {
    message.message(field)?.get("value")
}

/// A filter that istiod shares, before a merge.
pub(super) struct Watched {
    door: usize,
    before: DynamicMessage,
}

impl Watched {
    /// Looks at a filter that a patch is about to be merged into. One that is off at some ports is made for its listener, and one
    /// that a patch has brought is a copy.
    pub(super) fn new(run: &Run<'_>, patch: &Patch, filter: &DynamicMessage) -> Option<Self> {
        let name = filter.text("name");
        let is_it =
            |door: &Door| door.apply_to == patch.apply_to && matches!(door.target, Target::Filter(own) if own == name);
        let door = DOORS.iter().position(is_it).filter(|_| filter.get("filter_disabled").is_none())?;
        let brings = |other: &Patch| !other.is_merge() && other.value().is_some_and(|value| value.text("name") == name);
        let is_brought = run.patches(patch.apply_to).any(|other| brings(other));
        (!is_brought).then(|| Self { door, before: filter.clone() })
    }

    /// What the merge has changed.
    pub(super) fn reached(self, after: &DynamicMessage) -> Reached {
        let mut reached = Reached::default();
        if self.before != *after {
            reached.add(self.door);
        }
        reached
    }
}

/// What a merge changes in a transport socket that an earlier patch has put into the cluster.
pub(super) fn reached_socket(before: &DynamicMessage, after: &DynamicMessage) -> Reached {
    let mut reached = Reached::default();
    let door = DOORS.iter().position(|door| matches!(door.target, Target::Socket));
    if let Some(door) = door.filter(|_| before != after) {
        reached.add(door);
    }
    reached
}

/// What a patch would reach on the sides that it is for: for a patch of which no proxy has been asked about.
fn reachable(patch: &Patch) -> Reached {
    let mut reached = Reached::default();
    let Some(value) = patch.value().filter(|_| patch.is_merge()) else { return reached };
    for (index, door) in DOORS.iter().enumerate() {
        if door.apply_to != patch.apply_to || !door.sides.iter().any(|side| patch.is_in(*side)) {
            continue;
        }
        let changes = match door.target {
            Target::Field(field) => wrapped(value, field).is_some_and(|new| !is_default(new)),
            Target::Filter(name) => {
                let named = match door.apply_to {
                    ApplyTo::ListenerFilter => patch.listener().map(|listener| listener.listener_filter.as_str()),
                    _ => matching::network_filter_name(patch),
                };
                let new = value.text("name");
                let renames = door.apply_to == ApplyTo::NetworkFilter && !new.is_empty() && new != name;
                let config = value.message("typed_config").and_then(DynamicMessage::unpacked);
                named == Some(name) && (renames || config.is_some_and(|config| !config.is_empty()))
            }
            Target::Socket => false,
        };
        if changes {
            reached.add(index);
        }
    }
    reached
}

/// Whether a number is the one that istiod has anyway.
fn is_default(value: &DynamicValue) -> bool {
    *value == DynamicValue::Uint32(MAX_DIRECT_RESPONSE_BODY_SIZE)
}

impl EnvoyFilters {
    /// Says of patches which change more than what they are for, and what.
    pub fn shared_values(&self) -> Diagnostics {
        let patches = self.filters.iter().flat_map(|filter| filter.patches.iter().map(move |patch| (filter, patch)));
        let findings = patches.flat_map(|(filter, patch)| {
            let reached = if patch.is_offered() { patch.reached() } else { reachable(patch) };
            reached.doors().map(move |door| self.finding(&filter.config.spec, patch, door))
        });
        findings.collect()
    }

    fn finding(&self, spec: &EnvoyFilter, patch: &Patch, door: &Door) -> Diagnostic {
        let value = format!("spec.configPatches[{}].patch.value", patch.index);
        let written = spec.config_patches.get(patch.index).and_then(|one| one.patch.as_ref()?.value.as_ref());
        let (what, path) = match door.target {
            Target::Field(field) => {
                let message = patch.apply_to.message_name().unwrap_or_default();
                let field = written.map_or(field, |written| spelling(written, message, field));
                (format!("`{field}`"), format!("{value}.{field}"))
            }
            Target::Filter(name) => (format!("`{name}`"), value),
            Target::Socket => ("this transport socket".to_owned(), format!("{value}.transport_socket")),
        };
        let message = format!(
            "istiod shares {what} between proxies: {}, this merge also changes {}",
            door.value.until,
            listed(&door.value.holders(self.behaviours)),
        );
        Diagnostic::warning("envoy-filter-shared-value", message).at(patch.source, &path).help(door.instead)
    }
}

/// A field's name as the patch writes it: as Envoy does, or in camel case.
fn spelling<'w>(written: &'w serde_json::Map<String, serde_json::Value>, message: &str, field: &'w str) -> &'w str {
    let Some(message) = schema::message(message) else { return field };
    let is_it = |key: &&String| message.field(key).is_some_and(|known| known.name == field);
    written.keys().find(is_it).map_or(field, String::as_str)
}

fn listed(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{}, and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{DIRECT_RESPONSES, FALSE};
    use crate::installation::{Behaviours, Release};

    #[test]
    fn holders_are_those_of_the_release() {
        let of = |minor: u32, patch: u32| Behaviours::of(Release { minor, patch, candidate: None });
        let releases = [of(28, 10), of(29, 6), of(30, 3), of(31, 0)];
        assert_eq!(releases.map(|release| DIRECT_RESPONSES.holders(release).len()), [2, 2, 3, 3]);
        assert_eq!(releases.map(|release| FALSE.holders(release).len()), [6; 4]);
    }
}
