//! Hosts that several ServiceEntries or Services have: a proxy takes one of them.

use super::translated::Translated;
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::rules;

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for (host, by_namespace) in &translated.mesh.services_by_hostname {
        // Those that only their own namespace sees do not meet.
        let public: Vec<&'c Item<'c>> = by_namespace
            .values()
            .filter(|service| translated.mesh.service_visible(service, ""))
            .filter_map(|service| context.by_resource(service.source))
            .collect();
        for item in public.iter().filter(|_| public.len() > 1) {
            let message =
                format!("{} objects make {host} known to all namespaces: a proxy takes one of them", public.len());
            let mut finding = Finding::new(&rules::MESHC0109, item, message).point("spec.hosts");
            for other in public.iter().filter(|other| !std::ptr::eq(**other, *item)).take(3) {
                finding = finding.related(other, "metadata.name", "has the host too");
            }
            out.push(finding.help("`exportTo: [.]` keeps each for its own namespace"));
        }
    }
}
