//! Which objects of Istio a hop comes from, and where they are written.
//!
//! istiod notes the object in the metadata of routes and clusters, and names policies after theirs.

use std::collections::BTreeMap;

use serde_json::Value;

use super::report::{Place, Report};
use crate::evaluate::Answer;
use crate::ingest::Manifests;
use crate::source::FieldPath;

/// Returns the objects that an answer comes from, as `Kind namespace/name`.
pub(super) fn of_answer(answer: &Answer<'_>) -> Vec<Place> {
    let mut objects: Vec<String> = Vec::new();
    let mut add = |object: Option<String>| {
        if let Some(object) = object
            && !objects.contains(&object)
        {
            objects.push(object);
        }
    };
    for filter in answer.network_filters.iter().chain(&answer.filters) {
        add(policy(&filter.why));
    }
    if let Some(route) = &answer.route {
        add(config(route.body));
    }
    for cluster in &answer.clusters {
        add(cluster.body.and_then(config));
        add(cluster.body.and_then(service));
    }
    let place = |object| Place { object, file: String::new(), line: 0, column: 0 };
    objects.into_iter().map(place).collect()
}

/// `/apis/networking.istio.io/v1/namespaces/shop/virtual-service/reviews` -> `VirtualService shop/reviews`
fn config(body: &Value) -> Option<String> {
    let noted = body.pointer("/metadata/filter_metadata/istio/config")?.as_str()?;
    let mut parts = noted.rsplit('/');
    let (name, kind, namespace) = (parts.next()?, parts.next()?, parts.next()?);
    let kind: String = kind
        .split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
        })
        .collect();
    Some(format!("{kind} {namespace}/{name}"))
}

fn service(body: &Value) -> Option<String> {
    let service = body.pointer("/metadata/filter_metadata/istio/services/0")?;
    let text = |key: &str| service.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    // Those of ServiceEntries are called by their host.
    let name = text("name").filter(|name| !name.contains('.'))?;
    Some(format!("Service {}/{name}", text("namespace")?))
}

/// `ns[shop]-policy[deny-all]-rule[0] matches` -> `AuthorizationPolicy shop/deny-all`
fn policy(why: &str) -> Option<String> {
    let after = why.split_once("ns[")?.1;
    let (namespace, rest) = after.split_once("]-policy[")?;
    let (name, _) = rest.split_once(']')?;
    Some(format!("AuthorizationPolicy {namespace}/{name}"))
}

/// Puts files and lines to the objects of a report.
pub fn locate(report: &mut Report, manifests: &Manifests) {
    let places: Vec<&mut Place> = report.hops.iter_mut().flat_map(|hop| &mut hop.places).collect();
    if places.is_empty() {
        return;
    }
    let names: BTreeMap<_, _> = manifests
        .names()
        .into_iter()
        .map(|(reference, [_, kind, namespace, name])| (format!("{kind} {namespace}/{name}"), reference))
        .collect();
    for place in places {
        let generated = place.object.split_once('~').map(|(first, _)| first.replacen("VirtualService", "HTTPRoute", 1));
        let found = names.get(&place.object).or_else(|| names.get(&generated?));
        let Some(reference) = found else { continue };
        let Some(span) = manifests.locate(*reference, &FieldPath::default()) else { continue };
        let position = manifests.sources.position(span);
        manifests.sources.path(span.source).clone_into(&mut place.file);
        (place.line, place.column) = (position.line, position.column);
    }
}
