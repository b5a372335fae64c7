//! Ingress -> a Gateway.

use crate::diagnostic::Diagnostics;
use crate::mesh::ingress::{GENERATED, passed_over};
use crate::model::istio::{Gateway, MeshConfig, Port, Server, ServerTlsSettings, ServerTlsSettingsTlsMode};
use crate::model::kubernetes::Ingress;
use crate::model::{Config, ObjectMeta};

/// Returns the Gateway of an Ingress: HTTPS for each of its certificates, and HTTP for all hosts.
///
/// It is in the namespace that `K8S_INGRESS_NS` names. It has no creation time, so it comes before all others.
///
/// istiod: `gateways.go` `convertIngressV1alpha3`
pub(super) fn gateway(
    ingress: &Config<Ingress>,
    mesh: &MeshConfig,
    ingress_namespace: &str,
    findings: &mut Diagnostics,
) -> Config<Gateway> {
    let ObjectMeta { name, namespace, .. } = &ingress.meta;
    let mut servers = Vec::new();
    for (index, tls) in ingress.spec.tls.iter().enumerate() {
        if tls.secret_name.is_empty() {
            let path = format!("spec.tls[{index}]");
            findings.push(passed_over(ingress, &path, "without a Secret, istiod does not serve these hosts by HTTPS"));
            continue;
        }
        servers.push(Server {
            port: Some(port(443, "HTTPS", format!("https-443-ingress-{name}-{namespace}-{index}"))),
            hosts: if tls.hosts.is_empty() { vec!["*".to_owned()] } else { tls.hosts.clone() },
            tls: Some(ServerTlsSettings {
                mode: ServerTlsSettingsTlsMode::Simple,
                credential_name: tls.secret_name.clone(),
                ..ServerTlsSettings::default()
            }),
            ..Server::default()
        });
    }
    servers.push(Server {
        port: Some(port(80, "HTTP", format!("http-80-ingress-{name}-{namespace}"))),
        hosts: vec!["*".to_owned()],
        ..Server::default()
    });
    Config {
        meta: ObjectMeta {
            name: gateway_name(&ingress.meta),
            namespace: ingress_namespace.to_owned(),
            ..ObjectMeta::default()
        },
        spec: Gateway { servers, selector: mesh.ingress_gateway_selector() },
        source: ingress.source,
    }
}

/// Returns the name of the Gateway of an Ingress.
pub(super) fn gateway_name(ingress: &ObjectMeta) -> String {
    format!("{}-{GENERATED}-{}", ingress.name, ingress.namespace)
}

fn port(number: u32, protocol: &str, name: String) -> Port {
    Port { number, protocol: protocol.to_owned(), name, ..Port::default() }
}
