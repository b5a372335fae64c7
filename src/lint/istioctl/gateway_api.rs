//! Policies that select a gateway of the Gateway API by its labels, and its CRDs in old versions.
//!
//! istiod: `analyzers/k8sgateway/{workloadselector,crdversion}.go`

use std::collections::BTreeMap;

use super::selector::Labels;
use crate::ingest::Resource;
use crate::lint::context::{GATEWAY_API, Item, LintContext, View};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::labels;
use crate::source::{Node, NodeKind};

const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";
const BUNDLE_VERSION: &str = "gateway.networking.k8s.io/bundle-version";

/// CRDs, with the version that istiod needs at least. istiod: `gatewayapi.MinimumCRDVersions`
const MINIMUM_VERSIONS: &[(&str, Version)] = &[
    ("grpcroutes.gateway.networking.k8s.io", Version(1, 1, 0)),
    ("backendtlspolicies.gateway.networking.k8s.io", Version(1, 4, 0)),
    ("tlsroutes.gateway.networking.k8s.io", Version(1, 5, 0)),
];

pub(super) fn check_selectors<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let gateways: Vec<&'c Item<'c>> =
        context.pods().map(|pod| pod.item).filter(|pod| pod.labels().contains_key(GATEWAY_NAME)).collect();
    let mut check = |policy: &'c Item<'c>, selector: Option<&Labels>, has_target: bool| {
        let Some(selector) = selector.filter(|_| !has_target) else { return };
        for pod in &gateways {
            if pod.namespace == policy.namespace && labels::subset(selector, pod.labels()) {
                let gateway = pod.label(GATEWAY_NAME);
                let message =
                    format!("the selector has no effect on {gateway}, a Gateway API Gateway; use `targetRefs`");
                let finding = Finding::new(&rules::IST0166, policy, message).point("spec.selector");
                out.push(finding.help("name the Gateway in `targetRefs` instead"));
            }
        }
    };
    for policy in context.authorization_policies() {
        let spec = policy.spec;
        check(policy.item, spec.selector.as_ref().map(|s| &s.match_labels), spec.target_ref.is_some());
    }
    for policy in context.request_authentications() {
        let spec = policy.spec;
        check(policy.item, spec.selector.as_ref().map(|s| &s.match_labels), spec.target_ref.is_some());
    }
    for policy in context.telemetries() {
        let spec = policy.spec;
        check(policy.item, spec.selector.as_ref().map(|s| &s.match_labels), spec.target_ref.is_some());
    }
    for policy in context.wasm_plugins() {
        let spec = policy.spec;
        check(policy.item, spec.selector.as_ref().map(|s| &s.match_labels), spec.target_ref.is_some());
    }
}

/// Finds listeners of one Gateway with the same certificate for several hosts: each has routes of its own.
pub(super) fn check_certificates<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    if context.view == View::Istioctl {
        return;
    }
    for gateway in context.of(GATEWAY_API, "Gateway").filter(|gateway| is_of_istiod(context, gateway)) {
        let listeners = gateway.node().get("spec").and_then(|spec| spec.get("listeners"));
        let mut known: BTreeMap<(i64, String), (usize, &str)> = BTreeMap::new();
        for (index, listener) in listeners.into_iter().flat_map(Node::items).enumerate() {
            let text = |key: &str| listener.get(key).and_then(Node::as_str).unwrap_or_default();
            let Some(NodeKind::Int(port)) = listener.get("port").map(Node::kind) else { continue };
            let references = listener.get("tls").and_then(|tls| tls.get("certificateRefs"));
            for reference in references.into_iter().flat_map(Node::items).filter(|_| text("protocol") == "HTTPS") {
                let part = |key: &str| reference.get(key).and_then(Node::as_str);
                let namespace = part("namespace").unwrap_or(&gateway.namespace);
                let secret = format!("{namespace}/{}", part("name").unwrap_or_default());
                let (first, host) = *known.entry((port, secret.clone())).or_insert((index, text("hostname")));
                if first == index || host == text("hostname") {
                    continue;
                }
                let message = format!(
                    "listeners {first} and {index} of {} have the same certificate {secret}: a client that reuses its HTTP/2 connection for `{}` gets a 404",
                    gateway.full_name(),
                    text("hostname")
                );
                out.push(
                    Finding::new(&rules::IST0138, gateway, message)
                        .point(&format!("spec.listeners[{index}].tls.certificateRefs"))
                        .help("use one listener with a wildcard for both hosts, or a certificate for each"),
                );
            }
        }
    }
}

/// Says whether the class of a Gateway is one of istiod's: what others make of listeners is not known here.
fn is_of_istiod(context: &LintContext<'_>, gateway: &Item<'_>) -> bool {
    let class = gateway.node().get("spec").and_then(|spec| spec.get("gatewayClassName")).and_then(Node::as_str);
    let classes = context.of(GATEWAY_API, "GatewayClass").filter_map(|item| match &item.object().resource {
        Some(Resource::GatewayClass(class)) => Some(class.as_ref()),
        _ => None,
    });
    let controller = |class| Some(context.mesh?.features().known_classes().controller(class, classes).is_some());
    class.and_then(controller).unwrap_or_default()
}

/// A version without what comes after a `-` or `+`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u64, u64, u64);

impl Version {
    /// Reads `v1.4`, `1.4.0-rc1`. Go: `semver.NewVersion`
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let numbers = text.split(['-', '+']).next()?;
        let mut parts = numbers.split('.').map(|part| part.parse().ok());
        let version = Self(parts.next()??, parts.next().unwrap_or(Some(0))?, parts.next().unwrap_or(Some(0))?);
        parts.next().is_none().then_some(version)
    }
}

pub(super) fn check_versions<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for definition in context.of("apiextensions.k8s.io", "CustomResourceDefinition") {
        let name = definition.name();
        let Some((_, minimum)) = MINIMUM_VERSIONS.iter().find(|(known, _)| *known == name) else { continue };
        let Some(installed) = definition.annotations().get(BUNDLE_VERSION) else { continue };
        if Version::parse(installed).is_some_and(|version| version < *minimum) {
            let Version(major, minor, patch) = minimum;
            let written = installed.strip_prefix('v').unwrap_or(installed);
            let message = format!(
                "istiod ignores objects of the CRD `{name}`: its version is `{written}`, istiod needs at least `{major}.{minor}.{patch}`"
            );
            let mut path = crate::source::FieldPath::parse("metadata.annotations");
            path.0.push(crate::source::Step::Key(BUNDLE_VERSION.to_owned()));
            out.push(Finding::new(&rules::IST0176, definition, message).point_path(path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions() {
        assert_eq!(Version::parse("v1.4.0"), Some(Version(1, 4, 0)));
        assert_eq!(Version::parse("1.5-rc.1"), Some(Version(1, 5, 0)));
        assert_eq!(Version::parse("next"), None);
        assert!(Version(1, 4, 9) < Version(1, 5, 0));
    }
}
