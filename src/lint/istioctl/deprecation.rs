//! Fields and kinds that are deprecated. istiod: `analyzers/deprecation/deprecation.go`, `analyzers/telemetry/lightstep.go`

use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::model::istio::MeshConfigExtensionProviderProvider as Provider;
use crate::source::Node;

const REMOVED: &[&str] = &["ClusterRbacConfig", "RbacConfig", "ServiceRole", "ServiceRoleBinding"];

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for service in context.virtual_services() {
        for (i, route) in service.spec.http.iter().enumerate() {
            let delay = route.fault.as_ref().and_then(|fault| fault.delay.as_ref());
            if delay.is_some_and(|delay| delay.percent > 0) {
                let message = "`fault.delay.percent` is deprecated: use `fault.delay.percentage`";
                let path = format!("spec.http[{i}].fault.delay.percent");
                out.push(Finding::new(&rules::IST0002, service.item, message).point(&path));
            }
        }
    }
    for sidecar in context.sidecars() {
        let policy = sidecar.spec.outbound_traffic_policy.as_ref();
        if policy.is_some_and(|policy| policy.egress_proxy.is_some()) {
            let message = "`outboundTrafficPolicy.egressProxy` is deprecated and ignored";
            let path = "spec.outboundTrafficPolicy.egressProxy";
            out.push(Finding::new(&rules::IST0002, sidecar.item, message).point(path));
        }
    }
    for definition in context.of("apiextensions.k8s.io", "CustomResourceDefinition") {
        let text = |path: [&str; 3]| {
            let node = path.iter().filter(|key| !key.is_empty()).try_fold(definition.node(), |node, key| node.get(key));
            node.and_then(Node::as_str).unwrap_or_default()
        };
        let (group, kind) = (text(["spec", "group", ""]), text(["spec", "names", "kind"]));
        if group == "rbac.istio.io" && REMOVED.contains(&kind) {
            let message = format!("{kind} of rbac.istio.io is no longer supported");
            out.push(Finding::new(&rules::IST0002, definition, message).point("spec.names.kind"));
        }
    }
}

/// Finds traces that go to Lightstep.
pub(super) fn check_lightstep<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let providers = context.mesh_config.extension_providers.iter();
    let lightstep = providers.filter(|provider| matches!(provider.provider, Some(Provider::Lightstep(_))));
    let lightstep: Vec<&str> = lightstep.map(|provider| provider.name.as_str()).collect();
    for telemetry in context.telemetries() {
        for (i, tracing) in telemetry.spec.tracing.iter().enumerate() {
            for (j, provider) in tracing.providers.iter().enumerate() {
                if lightstep.contains(&provider.name.as_str()) {
                    let name = &provider.name;
                    let message = format!("provider {name} uses Lightstep, which is deprecated; use OpenTelemetry");
                    let path = format!("spec.tracing[{i}].providers[{j}].name");
                    out.push(Finding::new(&rules::IST0002, telemetry.item, message).point(&path));
                }
            }
        }
    }
}
