//! Gateways that no proxy of the input serves.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::mesh::{Mesh, gateway, labels};
use crate::proxy::{Proxy, ProxyKind};

/// Warns at the selector of each Gateway (and at each Ingress) that applies to no gateway Pod of the input.
///
/// `proxies` are all proxies of the mesh.
pub fn unserved_gateways(mesh: &Mesh, proxies: &[Proxy]) -> Diagnostics {
    let routers: Vec<_> =
        proxies.iter().filter(|proxy| proxy.client.kind == ProxyKind::Router).map(|proxy| proxy.router(mesh)).collect();
    let mut diagnostics = Diagnostics::default();
    for config in mesh.gateways.iter().filter(|config| gateway::is_by_labels(config)) {
        if routers.iter().any(|router| gateway::applies(config, router)) {
            continue;
        }
        let selector = &config.spec.selector;
        let text: Vec<String> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let text = text.join(",");
        let sidecar = proxies.iter().find(|proxy| !selector.is_empty() && labels::subset(selector, &proxy.labels));
        let message = match sidecar {
            Some(sidecar) => format!(
                "the selector `{text}` matches no gateway, only Pods such as {}/{}; nothing serves this Gateway",
                sidecar.namespace, sidecar.name
            ),
            None if selector.is_empty() => "the input has no gateway workload; nothing serves this Gateway".to_owned(),
            None => format!("the selector `{text}` matches no gateway workload; nothing serves this Gateway"),
        };
        let help = "add the gateway's Deployment to the input, or select the labels of one that is there";
        diagnostics.push(
            Diagnostic::warning("gateway-without-workload", message).at(config.source, "spec.selector").help(help),
        );
    }
    diagnostics
}
