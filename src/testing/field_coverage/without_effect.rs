//! The fields that change nothing in what istiod serves, and why.

/// Fields that istiod itself does not look at, or that have no place in what it serves: kind, path (with all below it; `**.name` for the
/// field wherever it is), reason. The kind `*` is any.
pub(crate) const WITHOUT_EFFECT: &[(&str, &str, &str)] = &[
    // istiod: `validatePolicyTargetReference` in `pkg/config/validation/validation.go`, and the CRDs
    ("AuthorizationPolicy", "**.group", ONE_GROUP),
    ("RequestAuthentication", "**.group", ONE_GROUP),
    ("Telemetry", "**.group", ONE_GROUP),
    ("WasmPlugin", "**.group", ONE_GROUP),
    ("TrafficExtension", "**.group", ONE_GROUP),
    ("*", "targetRef.namespace", OWN_NAMESPACE),
    ("*", "targetRefs[].namespace", OWN_NAMESPACE),
    ("VirtualService", "http[].fault.abort.http2Error", "istiod does not read it"),
    ("VirtualService", "http[].fault.delay.exponentialDelay", "istiod does not read it"),
    ("VirtualService", "tcp[].match[].sourceSubnet", "istiod does not read it"),
    ("DestinationRule", "**.outlierDetection.consecutiveErrors", "istiod does not read it"),
    ("DestinationRule", "**.outlierDetectionHttpErrorCodes", "istiod 1.31 does not read it"),
    ("MeshConfig", "**.outlierDetectionHttpErrorCodes", "istiod 1.31 does not read it"),
    ("MeshConfig", "defaultTrafficPolicy.outlierDetection.consecutiveErrors", "istiod does not read it"),
    ("MeshConfig", "**.clusterPerConnectionBufferLimitBytes", "istiod 1.31 does not read it"),
    ("MeshConfig", "**.listenerConnectionLimit", "istiod 1.31 does not read it"),
    ("MeshConfig", "**.globalDownstreamConnectionLimit", "istiod 1.31 does not read it"),
    ("Gateway", "servers[].tls.tlsCertificates[].caCertificates", "istiod does not read it"),
    // istiod: `applyTrafficPolicy` in `pilot/pkg/networking/core/cluster_traffic_policy.go`
    ("Sidecar", "**.http.h2UpgradePolicy", "clusters of callers only are upgraded"),
    ("Sidecar", "egress[].port.name", "nothing is named after it"),
    ("Sidecar", "egress[].port.targetPort", "istiod does not read it"),
    ("Sidecar", "ingress[].port.targetPort", "istiod does not read it"),
    // istiod: `pilot/pkg/networking/core/envoyfilter/listener_patch.go`
    ("EnvoyFilter", "configPatches[].match.listener.portName", "istiod does not read it"),
    // istiod: `GetPublicKey` in `pilot/pkg/model/jwks_resolver.go`
    ("RequestAuthentication", "jwtRules[].timeout", "how long istiod waits for keys"),
    ("EnvoyFilter", "configPatches[].patch.filterClass", "istiod does not read it"),
    ("MeshConfig", "extensionProviders[].envoyExtAuthzHttp.clearRouteCache", "istiod does not read it"),
    ("MeshConfig", "extensionProviders[].envoyExtAuthzGrpc.clearRouteCache", "istiod does not read it"),
    ("Gateway", "servers[].defaultEndpoint", "istiod does not read it"),
    ("Gateway", "servers[].port.targetPort", "the Service's port says where a gateway listens"),
    ("WorkloadGroup", "metadata", TEMPLATE),
    ("WorkloadGroup", "probe", TEMPLATE),
    ("WorkloadGroup", "template", TEMPLATE),
    ("Sidecar", "ingress[].tls", "istiod's switch for it is off by default"),
    ("EnvoyFilter", "configPatches[].match.waypoint", "istiod does not read it"),
    // istiod: `validateTelemetryMetrics` in `pkg/config/validation/validation.go`
    ("Telemetry", "**.operation", "with a value it must be UPSERT, without one REMOVE"),
    ("WasmPlugin", "verificationKey", "istiod does not read it"),
    ("TrafficExtension", "wasm.verificationKey", "istiod does not read it"),
    // istiod: `configureFromProviderConfig` in `pilot/pkg/networking/core/tracing.go`
    ("MeshConfig", "extensionProviders[].lightstep", "as a tracer it crashes istiod: an error says so"),
    ("MeshConfig", "extensionProviders[].opencensus", GONE),
    ("MeshConfig", "extensionProviders[].stackdriver", GONE),
    ("MeshConfig", "extensionProviders[].skywalking.accessToken", "istiod does not read it"),
    ("MeshConfig", "**.envName", "the value is in istiod's environment, which no manifest tells"),
    // istiod: `ConstructSdsSecretConfigForCredential` in `pilot/pkg/security/model/authentication.go`
    ("MeshConfig", "extensionProviders[].sds.name", "istiod does not read it"),
    // istiod: `convertToSidecarScope` in `pilot/pkg/model/sidecar.go`
    // istiod: `ValidateMeshTLSConfig` in `pkg/config/validation/agent/validation.go`
    ("MeshConfig", "meshMTLS.ecdhCurves", "istiod refuses it"),
    // istiod: `reloadMeshNetworks` in `pilot/pkg/serviceregistry/kube/controller/network.go`, `pilot/pkg/model/network.go`
    ("MeshNetworks", "networks{}.gateways[].locality", "istiod does not read it"),
    ("MeshConfig", "ingressService", "the address in the status of Ingresses"),
    ("MeshConfig", "configSources", "where istiod reads from"),
    ("MeshConfig", "caCertificates", "the certificates of workloads"),
    ("MeshConfig", "ca", "the certificates of workloads"),
    ("MeshConfig", "certificates", "istiod does not read it"),
    ("MeshConfig", "verifyCertificateAtClient", "istiod does not read it"),
];

/// Why providers change nothing that istiod has left behind.
const GONE: &str = "istiod has no configuration for it any more";

/// Why the group of a target changes nothing.
const ONE_GROUP: &str = "each kind has one group, and another is refused";

/// Why the namespace of a target changes nothing.
const OWN_NAMESPACE: &str = "any but the empty one is refused";

/// Why WorkloadGroups change nothing.
const TEMPLATE: &str = "a template for WorkloadEntries, which are made when a machine joins";
