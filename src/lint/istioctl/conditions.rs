//! What controllers say in the status of an object: that it does not work.
//!
//! istiod: `analyzers/conditions/conditions.go`

use crate::lint::context::{GATEWAY_API, Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::source::Node;

const OF_ROUTES: &[&str] = &["Accepted", "Programmed", "ResolvedRefs"];

/// Kinds, with the conditions that should not be false.
const KINDS: &[(&str, &str, &[&str])] = &[
    ("", "Service", &["istio.io/WaypointBound"]),
    ("networking.istio.io", "ServiceEntry", &["istio.io/WaypointBound"]),
    ("networking.istio.io", "WorkloadEntry", &["istio.io/WaypointBound"]),
    ("security.istio.io", "AuthorizationPolicy", &["ZtunnelAccepted", "WaypointAccepted"]),
    (GATEWAY_API, "Gateway", OF_ROUTES),
    (GATEWAY_API, "HTTPRoute", OF_ROUTES),
    (GATEWAY_API, "GRPCRoute", OF_ROUTES),
];

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for (group, kind, types) in KINDS {
        for item in context.of(group, kind) {
            for (path, condition) in conditions(item) {
                let text = |field: &str| condition.get(field).and_then(Node::as_str).unwrap_or_default();
                let (r#type, reason) = (text("type"), text("reason"));
                let negative = types.contains(&r#type) && text("status") == "False";
                // Partly refused, with status True.
                let partly =
                    *kind == "AuthorizationPolicy" && r#type == "WaypointAccepted" && reason == "PartiallyInvalid";
                if negative || partly {
                    let message =
                        format!("its status says {type} is {}: {reason}: {}", text("status"), text("message"));
                    out.push(Finding::new(&rules::IST0171, item, message).point(&path));
                }
            }
        }
    }
}

fn conditions<'a>(item: &Item<'a>) -> Vec<(String, Node<'a>)> {
    let Some(status) = item.node().get("status") else { return Vec::new() };
    let of = |prefix: String, node: Node<'a>| {
        let list = node.get("conditions").into_iter().flat_map(Node::items).enumerate();
        list.map(|(index, condition)| (format!("{prefix}.conditions[{index}]"), condition)).collect::<Vec<_>>()
    };
    if !item.kind().ends_with("Route") {
        return of("status".to_owned(), status);
    }
    let parents = status.get("parents").into_iter().flat_map(Node::items).enumerate();
    parents.flat_map(|(index, parent)| of(format!("status.parents[{index}]"), parent)).collect()
}
