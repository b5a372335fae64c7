//! How far each kind is translated: the table in the README, and a note for every object that is not.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ingest::Manifests;
use crate::model::istio::EnvoyFilterApplyTo;
use crate::source::{Node, ResourceRef};

/// How far a kind is translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// It changes the output as it does in istiod.
    Translated,
    /// It is a source of what the input lacks.
    Expanded,
    /// It is checked, and a note says that the output lacks what it asks for.
    NotYet,
}

/// Each kind that is read, with what it is for.
pub const KINDS: &[(&str, Coverage, &str)] = &[
    ("Namespace", Coverage::Translated, "discovery selectors, injection, networks"),
    ("Node", Coverage::Translated, "localities, addresses of NodePorts"),
    ("Service", Coverage::Translated, "every type; protocols by name, appProtocol and well-known ports"),
    ("Endpoints", Coverage::Expanded, "mirrored to EndpointSlices"),
    ("EndpointSlice", Coverage::Translated, "endpoints with locality, health and metadata"),
    ("Pod", Coverage::Translated, "proxies: identity, metadata, labels; endpoints"),
    ("ServiceAccount", Coverage::Translated, "nothing that istiod serves: Pods name theirs"),
    ("Secret", Coverage::Translated, "credentials of gateways and DestinationRules"),
    ("ConfigMap", Coverage::Translated, "mesh config, mesh networks, CA certificates, environment of proxies"),
    ("Deployment", Coverage::Expanded, "a Pod, if there is none"),
    ("StatefulSet", Coverage::Expanded, "a Pod, if there is none"),
    ("DaemonSet", Coverage::Expanded, "a Pod, if there is none"),
    ("ReplicaSet", Coverage::Expanded, "a Pod, if there is none"),
    ("ReplicationController", Coverage::Expanded, "a Pod, if there is none"),
    ("Job", Coverage::Expanded, "a Pod, if there is none"),
    ("CronJob", Coverage::Expanded, "a Pod, if there is none"),
    ("OtherWorkload", Coverage::Expanded, "a Pod, if there is none: any kind with a template of Pods"),
    ("Ingress", Coverage::Translated, "routes of the ingress gateway"),
    ("IngressClass", Coverage::Translated, "whose Ingresses count"),
    ("GatewayClass", Coverage::Translated, "whose Gateways count"),
    ("Gateway (Gateway API)", Coverage::Translated, "listeners of gateways"),
    ("ListenerSet", Coverage::Translated, "further listeners of gateways"),
    ("HTTPRoute", Coverage::Translated, "routes of gateways, and of sidecars by Services and ServiceEntries"),
    ("GRPCRoute", Coverage::Translated, "likewise, by gRPC's services and methods"),
    ("TLSRoute", Coverage::Translated, "likewise, by server name"),
    ("TCPRoute", Coverage::Translated, "likewise, with `PILOT_ENABLE_ALPHA_GATEWAY_API`"),
    ("ReferenceGrant", Coverage::Translated, "references to other namespaces"),
    ("BackendTLSPolicy", Coverage::Translated, "TLS with backends"),
    ("MutatingWebhookConfiguration", Coverage::Translated, "whom the injector is asked about"),
    ("IstioOperator", Coverage::Translated, "mesh config, values, environment of istiod, gateways"),
    ("VirtualService", Coverage::Translated, "routes of HTTP, TLS and TCP"),
    ("DestinationRule", Coverage::Translated, "subsets and traffic policies of clusters"),
    ("Gateway", Coverage::Translated, "listeners of gateways"),
    ("ServiceEntry", Coverage::Translated, "services and endpoints outside of Kubernetes"),
    ("WorkloadEntry", Coverage::Translated, "endpoints outside of Kubernetes"),
    ("WorkloadGroup", Coverage::Translated, "nothing that istiod serves: a template of WorkloadEntries"),
    ("Sidecar", Coverage::Translated, "scope, ingress and egress listeners"),
    ("EnvoyFilter", Coverage::Translated, "patches of the output, but for the bootstrap"),
    ("ProxyConfig", Coverage::Translated, "settings of proxies, over those of the mesh config"),
    ("AuthorizationPolicy", Coverage::Translated, "who may call what"),
    ("PeerAuthentication", Coverage::Translated, "mutual TLS, inbound and automatic"),
    ("RequestAuthentication", Coverage::Translated, "JSON Web Tokens; keys by URI with `--jwks`"),
    ("Telemetry", Coverage::Translated, "access logs, traces, metrics"),
    ("WasmPlugin", Coverage::Translated, "filters in WebAssembly"),
    ("TrafficExtension", Coverage::Translated, "filters in WebAssembly and Lua"),
];

/// API groups of which istiod reads some kinds only.
const GATEWAY_API: &[&str] =
    &["gateway.networking.k8s.io", "gateway.networking.x-k8s.io", "inference.networking.k8s.io"];

/// Returns a note for each object whose kind is not translated yet: what it asks for is missing in the output; and one for each
/// kind of the Gateway API that istiod passes over. `ambient`: istiod serves waypoints.
pub fn unsupported(manifests: &Manifests, ambient: bool) -> Diagnostics {
    let objects = manifests.documents.iter().zip(0..).filter_map(|(document, index)| {
        let (kind, ..) =
            KINDS.iter().find(|(kind, coverage, _)| document.kind == *kind && *coverage == Coverage::NotYet)?;
        let message = format!("{kind} is not translated yet: the output is as if it were not there");
        Some(Diagnostic::note("unsupported-field", message).at(ResourceRef(index), "spec"))
    });
    let gateway_api = manifests.ignored.iter().filter_map(|(kind, count)| {
        let (name, group) = kind.split_once('.').filter(|(_, group)| GATEWAY_API.contains(group))?;
        let switch = match name {
            "InferencePool" => "ENABLE_GATEWAY_API_INFERENCE_EXTENSION",
            _ => "PILOT_ENABLE_ALPHA_GATEWAY_API",
        };
        let message = match name {
            "XBackendTrafficPolicy" | "InferencePool" => {
                format!("istiod does not read {name} unless {switch} is set: {count} left out")
            }
            _ => format!("istiod does not read {name} of {group}; {count} ignored"),
        };
        Some(Diagnostic::note("not-read-by-istiod", message))
    });
    objects.chain(gateway_api).chain(bootstrap_patches(manifests)).chain(waypoint_targets(manifests, ambient)).collect()
}

/// What the agent reads when it starts Envoy is not served.
fn bootstrap_patches(manifests: &Manifests) -> impl Iterator<Item = Diagnostic> {
    let patches = manifests.envoy_filters.iter().flat_map(|filter| {
        let patches = filter.spec.config_patches.iter().enumerate();
        patches
            .filter(|(_, patch)| patch.apply_to == EnvoyFilterApplyTo::Bootstrap)
            .map(move |(index, _)| (filter, index))
    });
    patches.map(|(filter, index)| {
        let message =
            "BOOTSTRAP is not translated: the agent reads it when it starts Envoy, and istiod does not serve it";
        Diagnostic::note("unsupported-field", message)
            .at(filter.source, &format!("spec.configPatches[{index}].applyTo"))
    })
}

/// The kinds that only waypoints serve policies for; a policy that names no other applies to nobody else.
const WAYPOINT_TARGETS: &[&str] = &["Service", "ServiceEntry", "GatewayClass"];

/// Returns a note for each reference of a policy to something that waypoints stand for, if the mesh is not ambient.
fn waypoint_targets(manifests: &Manifests, ambient: bool) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    if ambient {
        return notes;
    }
    for (document, resource) in manifests.documents.iter().zip((0..).map(ResourceRef)) {
        let spec = manifests.node(resource).and_then(|node| node.get("spec"));
        let Some(spec) = spec.filter(|_| document.group.ends_with(".istio.io")) else { continue };
        let list = spec.get("targetRefs").into_iter().flat_map(|list| list.items().enumerate());
        let list = list.map(|(index, target)| (format!("spec.targetRefs[{index}]"), target));
        let single = spec.get("targetRef").map(|target| ("spec.targetRef".to_owned(), target));
        for (path, target) in list.chain(single) {
            let kind = target.get("kind").and_then(Node::as_str).unwrap_or_default();
            if WAYPOINT_TARGETS.contains(&kind) {
                let message =
                    format!("only waypoints serve a policy for a {kind}, and the mesh is not in ambient mode");
                notes.push(Diagnostic::note("policy-without-waypoint", message).at(resource, &path));
            }
        }
    }
    notes
}
