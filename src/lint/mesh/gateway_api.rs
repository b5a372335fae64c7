//! What istiod would write as a false condition into the status of an object of the Gateway API.

use super::translated::Translated;
use crate::diagnostic::Place;
use crate::ingest;
use crate::lint::context::{GATEWAY_API, Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::gateway_api::is_condition;
use crate::source::{FieldPath, Node, ResourceRef, Step};

/// The code of what is said of a Gateway that istiod deploys nothing for.
pub(super) const NOT_DEPLOYED: &str = "gateway-not-deployed";

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for diagnostic in translated.mesh.findings.iter().filter(|diagnostic| is_condition(diagnostic.code)) {
        let Some(Place::Field(resource, path)) = diagnostic.labels.first().map(|label| &label.place) else { continue };
        let Some(item): Option<&'c Item<'c>> = context.by_resource(*resource) else { continue };
        if is_elsewhere(context, item, path, diagnostic.code)
            || diagnostic.code == "address-not-usable" && is_not_deployed(translated, *resource)
        {
            continue;
        }
        let mut finding = Finding::new(&rules::MESHC0116, item, diagnostic.message.clone()).point_path(path.clone());
        finding.help.clone_from(&diagnostic.help);
        out.push(finding);
    }
}

/// Whether istiod deploys nothing for a Gateway: that it has no Service follows from it, and is no finding besides.
fn is_not_deployed(translated: &Translated<'_>, gateway: ResourceRef) -> bool {
    let is_its = |place: &Place| matches!(place, Place::Field(resource, _) if *resource == gateway);
    let mut all = translated.before.iter().filter(|diagnostic| diagnostic.code == NOT_DEPLOYED);
    all.any(|diagnostic| diagnostic.labels.iter().any(|label| is_its(&label.place)))
}

/// Whether what is referred to may be there after all, among what the files leave out.
fn is_elsewhere(context: &LintContext<'_>, item: &Item<'_>, path: &FieldPath, code: &str) -> bool {
    let reference = reference(item.node(), path);
    let text = |key: &str| reference.and_then(|reference| reference.get(key)).and_then(Node::as_str);
    let namespace = text("namespace").unwrap_or(&item.namespace);
    let name = text("name").unwrap_or_default();
    match code {
        "backend-not-found" | "target-not-found" => match text("kind") {
            Some(kind) if kind != "Service" && kind != "ServiceEntry" => true,
            _ => context.knowledge.service(namespace, name).is_some(),
        },
        // A Secret that is there and is no certificate may be filled in by a controller.
        "invalid-certificate-ref" => match context.find("Secret", namespace, name) {
            None => context.knowledge.secret(namespace, name, Some(item)).is_some(),
            Some(secret) => ingest::is_of_sops(secret.node()) || context.unfinished(secret).is_some(),
        },
        "invalid-ca-certificate-ref" | "no-valid-ca-certificate" => {
            context.find("ConfigMap", namespace, name).is_none()
                && context.find("Secret", namespace, name).is_none()
                && context.knowledge.config_map(namespace, name).is_some()
        }
        "no-matching-parent" => {
            let kind = text("kind").unwrap_or("Gateway");
            let group = text("group").unwrap_or(GATEWAY_API);
            let is_one = |other: &Item<'_>| {
                (other.kind(), other.group(), &*other.namespace, other.name()) == (kind, group, namespace, name)
            };
            let is_here = context.items().iter().any(is_one);
            let may_be = match kind {
                "Service" | "ServiceEntry" => context.knowledge.service(namespace, name).is_some(),
                _ => {
                    let any = context.of(GATEWAY_API, "Gateway").next().is_some();
                    !any || context.knowledge.object(kind, namespace).is_some()
                }
            };
            !is_here && may_be
        }
        _ => false,
    }
}

/// Returns the item of a list, or the map, that a path leads into last: `backendRefs[0]`, `parentRef`.
fn reference<'a>(object: Node<'a>, path: &FieldPath) -> Option<Node<'a>> {
    let last = path.0.iter().rposition(|step| matches!(step, Step::Index(_)));
    let end = last.map_or_else(|| path.0.len().saturating_sub(1), |last| last + 1);
    object.at(&FieldPath(path.0.get(..end)?.to_vec()))
}
