//! A Kubernetes Service as a service of the mesh.
//!
//! istiod: `pilot/pkg/serviceregistry/kube/conversion.go` `ConvertService`, `pkg/config/kube/conversion.go` `ConvertProtocol`

use std::collections::{BTreeMap, BTreeSet};

use super::traffic_distribution::traffic_distribution;
use super::{node_port, spiffe};
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{DnsConnectStrategy, Port, Registry, Resolution, Service, TargetPort, UNSPECIFIED_IP};
use crate::mesh::visibility::{ExportTo, visibility};
use crate::model::Config;
use crate::model::kubernetes::{IntOrString, Service as KubernetesService, ServicePort};

const EXPORT_TO: &str = "networking.istio.io/exportTo";
const CANONICAL_SERVICE_ACCOUNTS: &str = "alpha.istio.io/canonical-serviceaccounts";
const KUBERNETES_SERVICE_ACCOUNTS: &str = "alpha.istio.io/kubernetes-serviceaccounts";

/// Returns the hostname of a Kubernetes Service. istiod: `ServiceHostname`.
pub(crate) fn hostname(name: &str, namespace: &str, cluster_domain: &str) -> String {
    format!("{name}.{namespace}.svc.{cluster_domain}")
}

/// Converts a Service.
pub(crate) fn service(
    config: &Config<KubernetesService>,
    namespace_annotations: &BTreeMap<String, String>,
    cluster_domain: &str,
    trust_domain: &str,
) -> Service {
    let KubernetesService { spec, load_balancer_ingress } = &config.spec;
    let meta = &config.meta;
    let annotation = |key: &str| meta.annotations.get(key).map(String::as_str).filter(|v| !v.is_empty());
    let external_name = if spec.r#type == "ExternalName" { spec.external_name.clone() } else { String::new() };
    let addresses = addresses(spec);
    let accounts = annotation(CANONICAL_SERVICE_ACCOUNTS).into_iter().flat_map(|v| v.split(',').map(str::to_owned));
    let kubernetes_accounts = annotation(KUBERNETES_SERVICE_ACCOUNTS)
        .into_iter()
        .flat_map(|v| v.split(','))
        .map(|account| spiffe::identity(trust_domain, &meta.namespace, account));
    let ingress = load_balancer_ingress.iter().filter(|_| spec.r#type == "LoadBalancer");
    let balancers = ingress.filter_map(|i| [&i.ip, &i.hostname].into_iter().find(|a| !a.is_empty()).cloned());

    Service {
        hostname: hostname(&meta.name, &meta.namespace, cluster_domain),
        name: meta.name.clone(),
        object_name: meta.name.clone(),
        namespace: meta.namespace.clone(),
        registry: Registry::Kubernetes,
        creation: meta.creation_timestamp,
        ports: spec.ports.iter().map(port).collect(),
        resolution: match (spec.cluster_ip.as_str(), external_name.as_str()) {
            ("None", _) => Resolution::Passthrough,
            (_, "") => Resolution::ClientSideLb,
            _ => Resolution::Alias,
        },
        default_address: addresses[0].clone(),
        cluster_vips: addresses,
        auto_allocated_ipv4: String::new(),
        auto_allocated_ipv6: String::new(),
        mesh_external: !external_name.is_empty(),
        export_to: annotation(EXPORT_TO).map(export_to).unwrap_or_default(),
        labels: meta.labels.clone(),
        selector: spec.selector.clone(),
        service_accounts: accounts.chain(kubernetes_accounts).collect::<BTreeSet<_>>().into_iter().collect(),
        aliases: Vec::new(),
        external_name,
        node_local: spec.internal_traffic_policy == "Local",
        publish_not_ready_addresses: spec.publish_not_ready_addresses,
        traffic_distribution: traffic_distribution(
            &spec.traffic_distribution,
            &meta.annotations,
            namespace_annotations,
        ),
        passthrough_target_ports: BTreeMap::new(),
        external_addresses: balancers.chain(spec.external_ips.iter().cloned()).collect(),
        external_ports: if node_port::is_gateway(config) {
            spec.ports.iter().map(|p| (p.port, p.node_port)).collect()
        } else {
            BTreeMap::new()
        },
        dns_connect_strategy: DnsConnectStrategy::Default,
        source: config.source,
    }
}

/// Returns the cluster IPs; [`UNSPECIFIED_IP`] where there is none.
fn addresses(spec: &crate::model::kubernetes::ServiceSpec) -> Vec<String> {
    match spec.cluster_ip.as_str() {
        "" | "None" => vec![UNSPECIFIED_IP.to_owned()],
        _ if spec.cluster_ips.len() > 1 => spec.cluster_ips.clone(),
        address => vec![address.to_owned()],
    }
}

fn export_to(text: &str) -> ExportTo {
    text.split(',').map(|entry| visibility(entry.trim())).collect()
}

fn port(port: &ServicePort) -> Port {
    Port {
        name: port.name.clone(),
        number: port.port,
        protocol: protocol(port.port, &port.name, &port.protocol, port.app_protocol.as_deref()),
        target_port: Some(match &port.target_port {
            Some(IntOrString::String(name)) => TargetPort::Name(name.clone()),
            Some(IntOrString::Int(number)) if *number != 0 => TargetPort::Number(*number),
            // The API server fills in the port itself.
            _ => TargetPort::Number(port.port),
        }),
    }
}

/// Selects the protocol of a port: by `appProtocol`, else by the name up to its first dash, else by the well-known number.
///
/// istiod: `ConvertProtocol`
pub(crate) fn protocol(number: u32, name: &str, transport: &str, app_protocol: Option<&str>) -> Protocol {
    if transport == "UDP" {
        return Protocol::Udp;
    }
    match app_protocol {
        Some("kubernetes.io/h2c") => return Protocol::Http2,
        Some("kubernetes.io/ws") => return Protocol::Http,
        Some("kubernetes.io/wss") => return Protocol::Https,
        _ => {}
    }
    let name = app_protocol.unwrap_or(name);
    if name.get(..8).is_some_and(|prefix| prefix.eq_ignore_ascii_case("grpc-web")) {
        return Protocol::GrpcWeb;
    }
    let prefix = name.split('-').next().unwrap_or_default();
    match Protocol::parse(prefix) {
        // SMTP, DNS, MySQL and MongoDB: the server speaks first, so sniffing would hang.
        Protocol::Unsupported if matches!(number, 25 | 53 | 3306 | 27017) => Protocol::Tcp,
        protocol => protocol,
    }
}
