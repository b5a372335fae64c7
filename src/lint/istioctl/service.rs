//! Ports whose name says no protocol. istiod: `analyzers/service/portname.go`

use std::collections::BTreeMap;

use super::in_mesh;
use crate::lint::context::{GATEWAY_API, LintContext, Typed, View};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::labels;
use crate::mesh::registry::kubernetes_service::protocol;
use crate::model::kubernetes::{IntOrString, Service};

/// Controllers that make Services for Gateways.
const CONTROLLERS: &[&str] =
    &["istio.io-gateway-controller", "istio.io-mesh-controller", "istio.io-eastwest-controller"];

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mut unnamed: BTreeMap<&str, Vec<Unnamed<'c>>> = BTreeMap::new();
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
                let message = "the port name makes the proxy block traffic to this ExternalName Service";
                Finding::new(&rules::IST0150, service.item, message).false_alarm_if(Some(
                    "an ExternalName Service stands for its host, so the port name does not matter",
                ))
            } else if context.view == View::Meshc {
                unnamed.entry(&service.item.namespace).or_default().push(Unnamed { service, index: i });
                continue;
            } else {
                let name = if port.name.is_empty() { "``" } else { &port.name };
                let target = match &port.target_port {
                    Some(IntOrString::Int(number)) => format!(" (target port {number})"),
                    Some(IntOrString::String(name)) => format!(" (target port {name})"),
                    None => String::new(),
                };
                let message = format!(
                    "port name {name} (port {}{target}) does not follow the naming convention, so the proxy detects the protocol from the traffic",
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
    let callers = Callers::new(context);
    out.extend(unnamed.into_values().filter_map(|mut ports| {
        ports.retain(|port| callers.reach(context, &port.service));
        of_namespace(&ports, &callers)
    }));
}

/// A port that does not say its protocol.
struct Unnamed<'c> {
    service: Typed<'c, Service>,
    index: usize,
}

/// Who in the mesh may call Services.
struct Callers {
    /// Whether there are sidecars.
    sidecars: bool,
    /// Whether there are gateways, which do not look at the bytes.
    gateways: bool,
}

impl Callers {
    fn new(context: &LintContext<'_>) -> Self {
        let is_gateway = |item: &crate::lint::context::Item<'_>| item.is_written();
        Self {
            sidecars: context.pods().any(|pod| in_mesh::pod(&pod, context)),
            gateways: context.gateways().any(|one| is_gateway(one.item))
                || context.of(GATEWAY_API, "Gateway").next().is_some(),
        }
    }

    /// Whether a Service's protocol matters to anybody: it has workloads in the mesh.
    fn reach(&self, context: &LintContext<'_>, service: &Typed<'_, Service>) -> bool {
        let selector = &service.spec.spec.selector;
        self.sidecars
            && !selector.is_empty()
            && context.pods().any(|pod| {
                pod.namespace == service.namespace
                    && labels::subset(selector, pod.labels())
                    && in_mesh::pod(&pod, context)
            })
    }
}

/// Says once of a namespace which ports do not say their protocol.
fn of_namespace<'c>(ports: &[Unnamed<'c>], callers: &Callers) -> Option<Finding<'c>> {
    const SHOWN: usize = 5;
    let first = ports.first()?;
    let spec = &first.service.spec.spec.ports;
    let port = spec.get(first.index)?;
    let who = if callers.gateways {
        "sidecars find it out from the bytes, gateways use HTTP/1.1"
    } else {
        "sidecars find it out from the bytes"
    };
    let message = if ports.len() == 1 {
        match port.name.as_str() {
            "" => format!("port {} has no name, so its protocol is not declared: {who}", port.port),
            name => format!("the name `{name}` of port {} declares no protocol: {who}", port.port),
        }
    } else {
        let shown = ports.iter().take(SHOWN).filter_map(|one| {
            Some(format!("{}:{}", one.service.name(), one.service.spec.spec.ports.get(one.index)?.port))
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        let more = if ports.len() > SHOWN { format!(" and {} more", ports.len() - SHOWN) } else { String::new() };
        let namespace = &first.service.namespace;
        format!("{} ports of namespace `{namespace}` declare no protocol ({shown}{more}): {who}", ports.len())
    };
    let field = if port.name.is_empty() { "port" } else { "name" };
    let finding = Finding::new(&rules::IST0118, first.service.item, message)
        .point(&format!("spec.ports[{}].{field}", first.index))
        .help("name the port `http-...`, `grpc-...` or `tcp-...`, or set `appProtocol`");
    Some(ports.iter().skip(1).take(SHOWN - 1).fold(finding, |finding, one| {
        finding.related(one.service.item, &format!("spec.ports[{}]", one.index), "nor does this one")
    }))
}
