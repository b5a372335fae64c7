//! All rules: `IST...` by istioctl's codes, names and levels, `MESHC...` of our own.
//!
//! istiod: `pkg/config/analysis/msg/messages.yaml`

use super::{Level, Rule};

macro_rules! rules {
    ($( $code:ident $name:literal $level:ident $summary:literal $($on_demand:ident)?; )*) => {
        $(
            #[doc = $summary]
            pub const $code: Rule = Rule::new(
                stringify!($code), $name, Level::$level, $summary, include_str!(concat!("docs/", stringify!($code), ".md")),
            )$(.$on_demand())?;
        )*

        /// All rules, by their codes.
        pub const ALL: &[&Rule] = &[$( &$code, )*];
    };
}

rules! {
    IST0002 "deprecated" Warning "A deprecated feature is used.";
    IST0101 "referenced-resource-not-found" Error "A referenced resource does not exist.";
    IST0102 "namespace-not-injected" Info "A namespace has no injection label.";
    IST0103 "pod-missing-proxy" Warning "A Pod of an injected namespace has no sidecar.";
    IST0106 "schema-validation-error" Error "istiod's webhook rejects the object.";
    IST0107 "misplaced-annotation" Warning "An Istio annotation is on a kind of object where it has no effect.";
    IST0108 "unknown-annotation" Warning "The annotation is unknown to Istio.";
    IST0109 "conflicting-mesh-gateway-virtual-service-hosts" Error "Several VirtualServices on the mesh define the same host.";
    IST0110 "conflicting-sidecar-workload-selectors" Error "Sidecars select the same Pod.";
    IST0111 "multiple-sidecars-without-workload-selectors" Error "Several Sidecars apply to a whole namespace.";
    IST0112 "virtual-service-destination-port-selector-required" Error "The destination has several ports and the route does not select one.";
    IST0116 "deployment-associated-to-multiple-services" Warning "Services of a Deployment use a port for different protocols.";
    IST0118 "port-name-is-not-under-naming-convention" Info "A port name does not follow the naming convention.";
    IST0123 "namespace-multiple-injection-labels" Warning "A namespace has conflicting injection labels.";
    IST0125 "invalid-annotation" Warning "An annotation has an invalid value.";
    IST0126 "unknown-mesh-networks-service-registry" Error "A network takes its endpoints from an unknown cluster.";
    IST0127 "no-matching-workloads-found" Warning "A policy selects no workload.";
    IST0128 "no-server-certificate-verification-destination-level" Warning "The server certificate is not verified.";
    IST0129 "no-server-certificate-verification-port-level" Warning "The server certificate is not verified on a port.";
    IST0130 "virtual-service-unreachable-rule" Warning "A route is never reached.";
    IST0131 "virtual-service-ineffective-match" Info "A condition of a route is never reached.";
    IST0132 "virtual-service-host-not-found-in-gateway" Warning "A Gateway serves none of the hosts of a VirtualService.";
    IST0133 "schema-warning" Warning "istiod's webhook warns about the object.";
    IST0134 "service-entry-addresses-required" Warning "A TCP port of a ServiceEntry has no address.";
    IST0135 "deprecated-annotation" Info "An annotation is deprecated.";
    IST0136 "alpha-annotation" Info "An annotation belongs to an alpha feature." on_demand;
    IST0137 "deployment-conflicting-ports" Warning "Services of a Deployment use the same target port for different ports.";
    IST0138 "gateway-duplicate-certificate" Warning "Gateways on the same workloads use the same certificate.";
    IST0139 "invalid-webhook" Error "An injection webhook overlaps with others or calls a missing control plane.";
    IST0140 "ingress-route-rules-not-affected" Warning "Subsets of another VirtualService do not hold for a gateway.";
    IST0144 "invalid-application-uid" Warning "An application runs as the sidecar's user.";
    IST0145 "conflicting-gateways" Error "Gateways on the same workloads serve the same host on the same port.";
    IST0146 "image-auto-without-injection-warning" Warning "A workload uses the image `auto` but is not injected.";
    IST0147 "image-auto-without-injection-error" Error "A Pod uses the image `auto` but was not injected.";
    IST0148 "namespace-injection-enabled-by-default" Info "A namespace without an injection label is injected by default.";
    IST0149 "jwt-claim-based-routing-without-request-auth-n" Error "A route matches on claims of a token that is not validated.";
    IST0150 "external-name-service-type-invalid-port-name" Warning "The port name of an ExternalName Service blocks traffic.";
    IST0151 "envoy-filter-uses-relative-operation" Warning "A relative patch has no priority.";
    IST0152 "envoy-filter-uses-replace-operation-incorrectly" Error "A patch replaces what cannot be replaced.";
    IST0153 "envoy-filter-uses-add-operation-incorrectly" Error "A patch adds where nothing can be added.";
    IST0154 "envoy-filter-uses-remove-operation-incorrectly" Error "A patch removes what cannot be removed.";
    IST0155 "envoy-filter-uses-relative-operation-with-proxy-version" Warning "A patch for some versions depends on its place among others, and has no priority.";
    IST0157 "invalid-telemetry-provider" Warning "An access log has no provider.";
    IST0158 "pods-istio-proxy-image-mismatch-in-namespace" Warning "Pods have another proxy than the injector would give.";
    IST0159 "conflicting-telemetry-workload-selectors" Error "Telemetries select the same Pod.";
    IST0160 "multiple-telemetries-without-workload-selectors" Error "Several Telemetries are for a whole namespace.";
    IST0161 "invalid-gateway-credential" Error "The certificate of a Gateway is not valid.";
    IST0162 "gateway-port-not-defined-on-service" Warning "No Service of a gateway has the port.";
    IST0163 "invalid-external-control-plane-config" Warning "A webhook does not say where its control plane is.";
    IST0164 "external-control-plane-address-is-not-a-hostname" Info "A webhook finds its control plane by an IP address.";
    IST0165 "referenced-internal-gateway" Warning "A VirtualService names a Gateway that istiod makes.";
    IST0166 "ineffective-selector" Warning "A selector has no effect on a Gateway of the Gateway API.";
    IST0167 "ineffective-policy" Warning "A Sidecar is for workloads in ambient mode.";
    IST0171 "negative-condition-status" Warning "The status of an object says that something is wrong.";
    IST0173 "destination-rule-subset-not-select-pods" Error "No Pod is in a subset.";
    IST0174 "unknown-destination-rule-host" Warning "The host of a DestinationRule does not exist.";
    IST0175 "jwks-uri-fetch-unrestricted" Warning "istiod fetches keys of tokens from any address.";
    IST0176 "gateway-apicrd-version-below-minimum" Warning "A CRD of the Gateway API is too old for istiod.";
    MESHC0001 "object-refused" Error "The API server would refuse the object, or the file cannot be read.";
    MESHC0002 "duplicate-object" Warning "An object is defined twice.";
    MESHC0101 "route-shadowed" Warning "A route is behind those of another VirtualService or delegate.";
    MESHC0102 "destination-without-cluster" Error "No proxy that has a route has its destination.";
    MESHC0103 "destination-without-cluster-on-some-proxies" Warning "Some proxies that have a route do not have its destination.";
    MESHC0104 "subset-without-endpoint" Warning "No endpoint of the host is in a subset.";
    MESHC0105 "service-without-endpoint" Warning "A Service selects no workload.";
    MESHC0106 "envoy-filter-patch-without-match" Warning "A patch matches nothing on any proxy.";
    MESHC0107 "listener-conflict" Warning "A port gets no listener, because another one uses its address.";
    MESHC0108 "gateway-server-dropped" Warning "A Gateway server, or a part of it, is dropped.";
    MESHC0109 "duplicate-host" Info "Several objects make the same host known to all namespaces.";
    MESHC0110 "no-effect" Warning "A manifest changes nothing for any proxy.";
    MESHC0111 "order-by-creation-time" Info "The result depends on the age of objects, which the files do not state.";
    MESHC0112 "tls-mode-contradiction" Error "Clients speak another TLS than the server takes.";
    MESHC0113 "unknown-provider" Warning "A policy names an external authorizer that istiod rejects.";
    MESHC0114 "envoy-rejects" Error "Envoy rejects the configuration.";
    MESHC0115 "overridden" Warning "An object is overridden by another one.";
    MESHC0116 "gateway-api-condition" Warning "istiod cannot serve a part of an object of the Gateway API.";
    MESHC0117 "ignored-field" Warning "istiod ignores a field.";
    MESHC0118 "crashes-istiod" Error "istiod crashes on what the objects ask for.";
    MESHC0119 "listener-without-route" Error "Every request to a listener gets a 404.";
    MESHC0120 "rule-allows-everyone" Warning "A rule of an ALLOW policy allows everyone, next to one that restricts.";
    MESHC0121 "allow-is-no-exception" Warning "An ALLOW policy is meant as an exception to a DENY policy.";
    MESHC0122 "token-not-checked" Error "A policy depends on a token that nothing validates.";
    MESHC0123 "token-not-required" Info "Tokens are checked, and requests without one pass.";
    MESHC0124 "unknown-principal" Warning "A policy names an identity that no workload has.";
    MESHC0125 "service-port-in-policy" Warning "A policy names a Service's port where the workload's is meant.";
    MESHC0126 "gateway-not-allowed" Warning "A gateway routes to a workload whose policies deny it.";
    MESHC0127 "external-tls" Warning "A port outside of the mesh is declared as something else than it speaks.";
    MESHC0128 "destination-without-endpoint" Warning "A route leads to a Service behind which there is nothing.";
    MESHC0129 "route-not-for-gateway" Warning "A gateway's route leads to a host whose routes are for sidecars.";
    MESHC0130 "http2-port-not-declared" Warning "HTTP/2 goes to a port that is not declared so.";
    MESHC0131 "per-try-timeout-too-long" Warning "A single try may take as long as the whole request.";
    MESHC0132 "retries-do-not-fit" Info "The timeout of a request ends before its last try.";
    MESHC0133 "distribute-without-failover" Warning "All requests go to one locality, even if nothing is healthy there.";
    MESHC0140 "istiod-variable" Warning "A variable of istiod's environment is unknown, or has a value that it cannot read.";
    MESHC0141 "waypoint-not-attached" Warning "A label names a waypoint that does not exist or refuses the object.";
    MESHC0142 "waypoint-not-used" Warning "Nothing uses a waypoint.";
    MESHC0143 "route-without-waypoint" Warning "A route is for a service that no waypoint serves.";
    MESHC0144 "policy-without-waypoint" Warning "A policy is for a service that no waypoint serves.";
    MESHC0145 "destination-rule-without-waypoint" Warning "A DestinationRule is for a service that no waypoint serves.";
    MESHC0146 "selector-in-ambient-mode" Warning "A policy that only waypoints enforce selects workloads in ambient mode.";
    MESHC0147 "http-rule-at-ztunnel" Warning "ztunnel cannot enforce a policy as it is written.";
    MESHC0148 "sidecar-in-ambient-mode" Warning "A workload has a sidecar and asks for ambient mode.";
    MESHC0149 "gateway-not-allowed-at-waypoint" Warning "A waypoint's policies do not let a gateway in.";
    MESHC0150 "strict-mutual-tls-at-service" Warning "Clients outside of the mesh reach a Service that takes mutual TLS only.";
    MESHC0151 "envoy-filter-shared-value" Error "A patch changes a value that istiod shares between proxies.";
}
