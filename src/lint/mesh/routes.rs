//! Routes that are behind those of another VirtualService, or of another delegate, once istiod has put them together.

use std::collections::BTreeMap;

use super::cause::Cause;
use super::translated::Translated;
use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::model::istio::VirtualService;

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    // Told once, whatever the virtual hosts and proxies.
    let mut told: BTreeMap<(&Cause, &Cause, &str), (&str, &str)> = BTreeMap::new();
    for (shadow, proxy) in &translated.known.shadows {
        told.entry((&shadow.behind, &shadow.by, &shadow.route)).or_insert((&shadow.host, proxy));
    }
    for ((behind, by, route), (host, proxy)) in told {
        let find = |cause: &Cause| {
            let mut all = context.virtual_services();
            all.find(|service| service.namespace == cause.namespace && service.name() == cause.name)
        };
        let (Some(service), Some(other)) = (find(behind), find(by)) else { continue };
        let same = behind == by;
        // What is behind another route of its own is what IST0130 is about, but for what delegates bring.
        if same && !has_delegates(service.spec) {
            continue;
        }
        let route_text = if route.is_empty() { String::new() } else { format!(" `{route}`") };
        let whose =
            if same { "another delegate".to_owned() } else { format!("{} {}", other.kind(), other.full_name()) };
        let message = format!(
            "a route{route_text} for {host} is never reached (on {proxy}): one of {whose} comes before it and takes its requests"
        );
        let path = service.spec.http.iter().position(|http| !route.is_empty() && http.name == route);
        let path = path.map_or_else(|| "spec.http".to_owned(), |index| format!("spec.http[{index}]"));
        let mut finding = Finding::new(&rules::MESHC0101, service.item, message).point(&path);
        if !same {
            finding = finding.related(other.item, "spec.http", "comes before");
        }
        out.push(finding.help("give it a condition that the other has not, or put both into one VirtualService"));
    }
}

fn has_delegates(service: &VirtualService) -> bool {
    service.http.iter().any(|route| route.delegate.is_some())
}
