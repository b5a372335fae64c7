//! What the translator says of what it leaves out.

use super::translated::{Found, Translated};
use crate::diagnostic::Place;
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::{Rule, rules};

/// The codes of the translator's diagnostics, with the rules that they belong to.
const CODES: &[(&str, &Rule)] = &[
    ("envoy-filter-patch-matches-nothing", &rules::MESHC0106),
    ("outbound-listener-protocol-conflict", &rules::MESHC0107),
    ("outbound-listener-conflict", &rules::MESHC0107),
    ("inbound-listener-conflict", &rules::MESHC0107),
    ("gateway-privileged-port", &rules::MESHC0108),
    ("gateway-server-without-route", &rules::MESHC0108),
    ("gateway-duplicate-sni-hosts", &rules::MESHC0108),
    ("gateway-server-without-port", &rules::MESHC0108),
    ("gateway-hosts-crash-istiod", &rules::MESHC0108),
    ("gateway-duplicate-tls-hosts", &rules::MESHC0108),
    ("gateway-port-protocol-conflict", &rules::MESHC0108),
    ("gateway-duplicate-port-name", &rules::MESHC0108),
    ("custom-provider", &rules::MESHC0113),
];

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for diagnostic in &translated.diagnostics {
        let Some((_, rule)) = CODES.iter().find(|(code, _)| *code == diagnostic.code) else { continue };
        let mut places = diagnostic.labels.iter().filter_map(|label| {
            let Place::Field(resource, path) = &label.place else { return None };
            let item: &'c Item<'c> = context.by_resource(*resource)?;
            Some((item, path, &label.text))
        });
        let Some((item, path, _)) = places.next() else { continue };
        // That two Gateways have a host is said with more of them.
        if diagnostic.code == "gateway-duplicate-tls-hosts" && translated.is_said(&[&rules::IST0145], item) {
            continue;
        }
        let mut finding = Finding::new(rule, item, diagnostic.message.clone()).point_path(path.clone());
        finding.related.extend(places.map(|(item, path, text)| (item, path.clone(), text.clone())));
        finding.help.clone_from(&diagnostic.help);
        out.push(finding);
    }
    for Found { proxy, resource, finding, .. } in &translated.known.found {
        let Some(cause) = &finding.cause else { continue };
        let Some(item) = context.find(cause.manifest_kind(), &cause.namespace, &cause.name) else { continue };
        let message = format!("{} ({resource} of {proxy})", finding.message);
        out.push(Finding::new(finding.rule, item, message).point("spec"));
    }
}
