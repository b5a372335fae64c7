//! Ports whose name says no protocol. istiod: `analyzers/service/portname.go`

use super::in_mesh;
use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::registry::kubernetes_service::protocol;
use crate::model::kubernetes::IntOrString;

/// Controllers that make Services for Gateways.
const CONTROLLERS: &[&str] =
    &["istio.io-gateway-controller", "istio.io-mesh-controller", "istio.io-eastwest-controller"];

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for service in context.services() {
        let managed = CONTROLLERS.contains(&service.label("gateway.istio.io/managed"));
        if managed || in_mesh::is_control_plane(service.item) {
            continue;
        }
        let is_external = service.spec.spec.r#type == "ExternalName";
        for (i, port) in service.spec.spec.ports.iter().enumerate() {
            let protocol = protocol(port.port, &port.name, &port.protocol, port.app_protocol.as_deref());
            if !(protocol.is_unsupported() || is_external && port.name == "tcp") {
                continue;
            }
            let path = format!("spec.ports[{i}].port");
            let finding = if is_external {
                let message =
                    "the port's name lets the proxy keep traffic to this ExternalName Service from getting through";
                Finding::new(&rules::IST0150, service.item, message).false_alarm_if(Some(
                    "an ExternalName Service stands for its host, and the name of its port does not matter",
                ))
            } else {
                let name = if port.name.is_empty() { "``" } else { &port.name };
                let target = match &port.target_port {
                    Some(IntOrString::Int(number)) => format!(" (target port {number})"),
                    Some(IntOrString::String(name)) => format!(" (target port {name})"),
                    None => String::new(),
                };
                let message = format!(
                    "the name {name} of the port {}{target} says no protocol: the proxy finds out by the bytes",
                    port.port
                );
                Finding::new(&rules::IST0118, service.item, message)
                    .help("call it `http-...`, `tcp-...`, or set `appProtocol`")
            };
            out.push(
                finding
                    .at(&path)
                    .point(&format!("spec.ports[{i}].{}", if port.name.is_empty() { "port" } else { "name" })),
            );
        }
    }
}
