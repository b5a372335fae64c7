//! Clients outside of the mesh, where ztunnel takes mutual TLS only.

use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::mesh::translated::Translated;
use crate::lint::rules;
use crate::mesh::ambient::AmbientWorkload;
use crate::mesh::labels;
use crate::mesh::peer_authentication::MutualTlsMode;

/// Services that clients outside of the cluster reach, and whose Pods are in ambient mode with STRICT mutual TLS.
pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mesh = translated.mesh;
    let redirected: Vec<&AmbientWorkload> = mesh.ambient.workloads.iter().filter(|own| own.redirected).collect();
    for service in context.services().filter(|service| service.item.is_written()) {
        let spec = &service.spec.spec;
        if !matches!(spec.r#type.as_str(), "LoadBalancer" | "NodePort") || spec.selector.is_empty() {
            continue;
        }
        let mut selected = redirected.iter().filter(|workload| {
            workload.namespace == service.namespace && labels::subset(&spec.selector, &workload.labels)
        });
        let is_strict = |workload: &&&AmbientWorkload| {
            let composed = mesh.peer_authentication.for_workload(&workload.namespace, &workload.labels);
            composed.mode == MutualTlsMode::Strict && composed.port_level.is_empty()
        };
        let Some(workload) = selected.find(is_strict) else { continue };
        let message = format!(
            "clients of the {} are outside of the mesh, and ztunnel refuses them: mutual TLS is STRICT",
            spec.r#type
        );
        let mut finding = Finding::new(&rules::MESHC0150, service.item, message)
            .point("spec.type")
            .help("let clients in through a gateway, or set `portLevelMtls` of the port to PERMISSIVE");
        let own = mesh.peer_authentication.selecting(&workload.namespace, &workload.labels).next();
        let policy = own.and_then(|policy| context.by_resource(policy.source)).or_else(|| {
            let mut all = context.peer_authentications().filter(|policy| {
                policy.namespace == workload.namespace || policy.namespace == mesh.config.root_namespace
            });
            all.next().map(|policy| policy.item)
        });
        if let Some(policy) = policy {
            finding = finding.related(policy, "spec.mtls", "the PeerAuthentication");
        }
        out.push(finding);
    }
}
