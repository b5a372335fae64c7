//! The fields that change nothing in what istiod serves, and why.

/// Fields that istiod itself does not look at, or that have no place in what it serves: kind, path (with all below it; `**.name` for the
/// field wherever it is), reason.
pub(crate) const WITHOUT_EFFECT: &[(&str, &str, &str)] = &[
    ("VirtualService", "http[].fault.abort.http2Error", "istiod does not read it"),
    ("VirtualService", "http[].fault.delay.exponentialDelay", "istiod does not read it"),
    ("VirtualService", "tcp[].match[].sourceSubnet", "istiod does not read it"),
    ("DestinationRule", "**.outlierDetection.consecutiveErrors", "istiod does not read it"),
    ("Gateway", "servers[].tls.tlsCertificates[].caCertificates", "istiod does not read it"),
    ("Sidecar", "egress[].port.name", "nothing is named after it"),
    ("Sidecar", "egress[].port.targetPort", "istiod does not read it"),
    ("Sidecar", "ingress[].port.targetPort", "istiod does not read it"),
    ("EnvoyFilter", "configPatches[].patch.filterClass", "istiod does not read it"),
    ("MeshConfig", "extensionProviders[].envoyExtAuthzHttp.clearRouteCache", "istiod does not read it"),
    ("MeshConfig", "extensionProviders[].envoyExtAuthzGrpc.clearRouteCache", "istiod does not read it"),
    ("Gateway", "servers[].defaultEndpoint", "istiod does not read it"),
    ("Gateway", "servers[].port.targetPort", "the Service's port says where a gateway listens"),
    ("WorkloadGroup", "metadata", TEMPLATE),
    ("WorkloadGroup", "probe", TEMPLATE),
    ("WorkloadGroup", "template", TEMPLATE),
    ("Sidecar", "ingress[].tls", "istiod's switch for it is off by default"),
    ("EnvoyFilter", "configPatches[].match.waypoint", "waypoints only"),
    ("WasmPlugin", "verificationKey", "istiod does not read it"),
    ("TrafficExtension", "wasm.verificationKey", "istiod does not read it"),
    ("MeshConfig", "ingressService", "the address in the status of Ingresses"),
    ("MeshConfig", "hboneIdleTimeout", "ambient meshes only"),
    ("MeshConfig", "configSources", "where istiod reads from"),
    ("MeshConfig", "caCertificates", "the certificates of workloads"),
    ("MeshConfig", "ca", "the certificates of workloads"),
    ("MeshConfig", "certificates", "istiod does not read it"),
    ("MeshConfig", "verifyCertificateAtClient", "istiod does not read it"),
    ("MeshConfig", "serviceScopeConfigs", "ambient meshes only"),
];

/// Why WorkloadGroups change nothing.
const TEMPLATE: &str = "a template for WorkloadEntries, which are made when a machine joins";
