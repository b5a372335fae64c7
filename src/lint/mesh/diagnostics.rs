//! What the translator says of what it leaves out.

use std::collections::BTreeSet;

use super::gateway_api::NOT_DEPLOYED;
use super::translated::Translated;
use crate::diagnostic::Place;
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::{Rule, rules};
use crate::model::istio::AuthorizationPolicyActionDetail;
use crate::source::Node;

/// The codes of the translator's diagnostics, with the rules that they belong to, and istioctl's rules that say the same.
const CODES: &[(&str, &Rule, &[&Rule])] = &[
    ("envoy-filter-patch-matches-nothing", &rules::MESHC0106, &[]),
    ("outbound-listener-protocol-conflict", &rules::MESHC0107, &[]),
    ("outbound-listener-conflict", &rules::MESHC0107, &[]),
    ("inbound-listener-conflict", &rules::MESHC0107, &[]),
    ("listener-port-privileged", &rules::MESHC0107, &[]),
    ("listener-port-reserved", &rules::MESHC0107, &[]),
    ("gateway-privileged-port", &rules::MESHC0108, &[]),
    ("gateway-server-without-route", &rules::MESHC0108, &[]),
    ("gateway-duplicate-sni-hosts", &rules::MESHC0108, &[]),
    ("gateway-server-without-port", &rules::MESHC0108, &[]),
    ("gateway-duplicate-tls-hosts", &rules::MESHC0108, &[&rules::IST0145]),
    ("gateway-port-protocol-conflict", &rules::MESHC0108, &[]),
    ("gateway-duplicate-port-name", &rules::MESHC0108, &[]),
    (NOT_DEPLOYED, &rules::MESHC0108, &[]),
    ("service-host-in-several-namespaces", &rules::MESHC0109, &[]),
    ("custom-provider", &rules::MESHC0113, &[]),
    ("destination-rule-duplicate-subset", &rules::MESHC0115, &[]),
    ("destination-rule-duplicate-traffic-policy", &rules::MESHC0115, &[]),
    ("destination-rule-overridden", &rules::MESHC0115, &[]),
    ("envoy-filter-shared-value", &rules::MESHC0151, &[]),
    ("envoy-filter-duplicate-cluster", &rules::MESHC0115, &[]),
    ("gateway-class-defaults-overridden", &rules::MESHC0115, &[]),
    ("gateway-tcp-route-behind", &rules::MESHC0115, &[]),
    ("peer-authentication-overridden", &rules::MESHC0115, &[]),
    ("proxy-config-overridden", &rules::MESHC0115, &[]),
    ("service-duplicate-domain", &rules::MESHC0115, &[]),
    ("service-host-conflict", &rules::MESHC0115, &[]),
    ("sidecar-overridden", &rules::MESHC0115, &[&rules::IST0110, &rules::IST0111]),
    ("telemetry-overridden", &rules::MESHC0115, &[&rules::IST0159, &rules::IST0160]),
    ("virtual-service-delegate-conflict", &rules::MESHC0115, &[]),
    ("virtual-service-duplicate-host", &rules::MESHC0115, &[&rules::IST0109]),
    ("virtual-service-duplicate-tls-match", &rules::MESHC0115, &[]),
    ("virtual-service-tcp-route-behind", &rules::MESHC0115, &[]),
    ("ignored-field", &rules::MESHC0117, &[]),
    ("istiod-variable-unknown", &rules::MESHC0140, &[]),
    ("istiod-variable-value", &rules::MESHC0140, &[]),
    ("ingress-not-served", &rules::MESHC0117, &[]),
    ("failover-priority-crashes-istiod", &rules::MESHC0118, &[]),
    ("gateway-hosts-crash-istiod", &rules::MESHC0118, &[]),
    ("tracing-provider-crashes-istiod", &rules::MESHC0118, &[]),
];

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let all = translated.before.iter().chain(&translated.mesh.findings).chain(&translated.diagnostics);
    let mut known = BTreeSet::new();
    for diagnostic in all {
        let Some((_, rule, said)) = CODES.iter().find(|(code, ..)| *code == diagnostic.code) else { continue };
        let mut places = diagnostic.labels.iter().filter_map(|label| {
            let Place::Field(resource, path) = &label.place else { return None };
            let item: &'c Item<'c> = context.by_resource(*resource)?;
            Some((item, path, &label.text))
        });
        let Some((item, path, _)) = places.next() else { continue };
        // Rules of one host are one, whichever Ingress has its TLS: where that goes wrong, MESHC0119 says so.
        if diagnostic.code == "gateway-duplicate-tls-hosts" && item.kind() == "Ingress" {
            continue;
        }
        if diagnostic.code == "custom-provider" && has_provider(context, item)
            || diagnostic.code == NOT_DEPLOYED && may_have_parameters(context, item)
        {
            continue;
        }
        if translated.is_said(said, item) || !known.insert((item.resource(), path.to_string(), &diagnostic.message)) {
            continue;
        }
        let mut finding = Finding::new(rule, item, diagnostic.message.clone()).point_path(path.clone());
        finding.related.extend(places.map(|(item, path, text)| (item, path.clone(), text.clone())));
        finding.help.clone_from(&diagnostic.help);
        out.push(finding);
    }
}

/// Whether the ConfigMap that a Gateway names may be there after all.
fn may_have_parameters(context: &LintContext<'_>, gateway: &Item<'_>) -> bool {
    let infrastructure = gateway.node().get("spec").and_then(|spec| spec.get("infrastructure"));
    let reference = infrastructure.and_then(|infrastructure| infrastructure.get("parametersRef"));
    let text = |key: &str| reference.and_then(|reference| reference.get(key)).and_then(Node::as_str);
    let name = text("name").filter(|_| text("kind") == Some("ConfigMap"));
    name.is_some_and(|name| {
        context.find("ConfigMap", &gateway.namespace, name).is_none()
            && context.knowledge.config_map(&gateway.namespace, name).is_some()
    })
}

/// Whether the mesh may know the provider that a policy names, by a mesh config that is in a chart's values or nowhere in the files.
fn has_provider(context: &LintContext<'_>, item: &Item<'_>) -> bool {
    let mut policies = context.authorization_policies().filter(|policy| std::ptr::eq(policy.item, item));
    let Some(AuthorizationPolicyActionDetail::Provider(provider)) =
        policies.next().and_then(|policy| policy.spec.action_detail.as_ref())
    else {
        return false;
    };
    let is_mesh_config =
        |map: &Item<'_>| map.namespace == context.mesh_config.root_namespace && map.name().starts_with("istio");
    let mut maps = context.of("", "ConfigMap").filter(|map| is_mesh_config(map));
    if maps.any(|map| context.unfinished(map).is_some()) {
        return true;
    }
    let known = context.mesh_config.extension_providers.iter().any(|one| one.name == provider.name);
    !known && context.knowledge.provider(&provider.name, context.has_mesh_config)
}
