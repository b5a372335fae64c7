//! Services and subsets behind which there is nothing.

use super::translated::Translated;
use crate::lint::context::{LintContext, Origin};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::labels;

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    services(translated, context, out);
    subsets(translated, context, out);
}

fn services<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for service in context.services().filter(|service| service.origin == Origin::File) {
        let selector = &service.spec.spec.selector;
        let of_mesh =
            translated.mesh.service(&translated.full_host(&service.namespace, service.name()), &service.namespace);
        let is_known = || context.knowledge.workloads(&service.namespace, selector).is_none();
        let Some(of_mesh) = of_mesh.filter(|_| !selector.is_empty() && is_known()) else { continue };
        let scaled_to_none = || {
            context.pods().any(|pod| {
                pod.origin == Origin::Template
                    && pod.namespace == service.namespace
                    && labels::subset(selector, pod.labels())
            })
        };
        if of_mesh.external_name.is_empty()
            && translated.mesh.service_endpoints(of_mesh).is_empty()
            && !scaled_to_none()
        {
            let pairs: Vec<String> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let message = format!("the Service's selector matches no workload: {}", pairs.join(","));
            out.push(Finding::new(&rules::MESHC0105, service.item, message).point("spec.selector"));
        }
    }
}

fn subsets<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for rule in context.destination_rules() {
        let host = translated.full_host(&rule.namespace, &rule.spec.host);
        let Some(services) = translated.mesh.services_by_hostname.get(&host) else { continue };
        let endpoints = || services.values().flat_map(|service| translated.mesh.service_endpoints(service));
        // Without any, that is to be said of the Service.
        if endpoints().next().is_none() || translated.is_said(&[&rules::IST0173], rule.item) {
            continue;
        }
        for (index, subset) in rule.spec.subsets.iter().enumerate() {
            let may_be =
                || services.keys().any(|namespace| context.knowledge.labels(namespace, &subset.labels).is_some());
            if !endpoints().any(|endpoint| labels::subset(&subset.labels, &endpoint.labels)) && !may_be() {
                let name = &subset.name;
                let message = format!("subset {name} selects no endpoint of {host}; requests to it fail with 503");
                let path = format!("spec.subsets[{index}].labels");
                let mut finding = Finding::new(&rules::MESHC0104, rule.item, message).point(&path);
                if let Some(service) = translated.named_by_host(context, "Service", &host) {
                    finding = finding.related(service, "metadata.name", "the Service");
                }
                out.push(finding);
            }
        }
    }
}
