//! One endpoint as Envoy knows it.

use serde_json::Value;

use crate::envoy::{self, HealthStatus, LbEndpoint, LbEndpointHostIdentifier, Metadata, Struct};
use crate::installation::Features;
use crate::mesh::endpoint::{Endpoint, Health};
use crate::mesh::network::NetworkGateway;
use crate::translate::address;
use crate::translate::endpoint::workload::Workload;
use crate::translate::endpoint::{Request, Target, network, tunnel};
use crate::translate::metadata;

/// Where the client looks for what TLS the endpoint accepts.
pub(super) const TRANSPORT_SOCKET_MATCH: &str = "envoy.transport_socket_match";
const TLS_MODE: &str = "tlsMode";
/// The TLS mode of an endpoint that accepts mutual TLS.
pub(super) const ISTIO: &str = "istio";
const DISABLED: &str = "disabled";

/// An endpoint -> `LbEndpoint`
///
/// istiod: `endpoint_builder.go` `buildEnvoyLbEndpoint`
pub(super) fn lb_endpoint(request: &Request<'_>, endpoint: &Endpoint, mutual_tls: bool, target: Target) -> LbEndpoint {
    let features = request.view.mesh.features();
    let metadata = metadata(
        features,
        if mutual_tls { &endpoint.tls_mode } else { "" },
        &Workload::of(endpoint, request.service, features),
    );
    let (host, metadata) = if tunnel::is_used(request, endpoint, target) {
        tunnel::endpoint(request, endpoint, target, metadata)
    } else {
        (direct(features, endpoint), metadata)
    };
    LbEndpoint {
        host_identifier: Some(host),
        health_status: health_status(features, endpoint),
        load_balancing_weight: Some(endpoint.weight.max(1)),
        metadata: Some(metadata),
    }
}

fn direct(features: &Features, endpoint: &Endpoint) -> LbEndpointHostIdentifier {
    let mut addresses = endpoint.addresses.iter();
    let first = addresses.next().map_or("", String::as_str);
    let further = addresses.filter(|_| features.dual_stack);
    LbEndpointHostIdentifier::Endpoint(envoy::Endpoint {
        address: Some(address::address(first, endpoint.port)),
        additional_addresses: further
            .map(|further| envoy::EndpointAdditionalAddress { address: Some(address::address(further, endpoint.port)) })
            .collect(),
        ..envoy::Endpoint::default()
    })
}

/// The gateway of another network, in place of the endpoints behind it.
///
/// istiod: `ep_filters.go` `EndpointsByNetworkFilter`
pub(super) fn gateway(request: &Request<'_>, gateway: &NetworkGateway, weight: u32) -> LbEndpoint {
    let features = request.view.mesh.features();
    let workload = Workload::unknown(&gateway.cluster_id);
    let (host, metadata) = if network::is_ambient(request) {
        tunnel::gateway(request, gateway, metadata(features, "", &workload))
    } else {
        let endpoint = envoy::Endpoint {
            address: Some(address::address(&gateway.address, gateway.port)),
            ..envoy::Endpoint::default()
        };
        (LbEndpointHostIdentifier::Endpoint(endpoint), metadata(features, ISTIO, &workload))
    };
    LbEndpoint {
        host_identifier: Some(host),
        load_balancing_weight: Some(weight),
        metadata: Some(metadata),
        ..LbEndpoint::default()
    }
}

/// Says whether the endpoint takes no new requests, also by the label of `PILOT_DRAINING_LABEL`.
pub(super) fn is_draining(features: &Features, endpoint: &Endpoint) -> bool {
    let label = &features.draining_label;
    let labelled = || !label.is_empty() && endpoint.labels.get(label).is_some_and(|value| !value.is_empty());
    endpoint.health == Health::Draining || labelled()
}

/// Says whether the client will use mutual TLS. istiod: `mtls_checker.go` `isMtlsEnabled`.
pub(super) fn accepts_mutual_tls(lb_endpoint: &LbEndpoint) -> bool {
    let matched = lb_endpoint.metadata.as_ref().and_then(|m| m.filter_metadata.get(TRANSPORT_SOCKET_MATCH));
    matched.and_then(|fields| fields.0.get(TLS_MODE)).and_then(Value::as_str) == Some(ISTIO)
}

/// EndpointSlice conditions -> `LbEndpoint.health_status`. Envoy has no word for terminating, which is never sent.
fn health_status(features: &Features, endpoint: &Endpoint) -> HealthStatus {
    if is_draining(features, endpoint) {
        return HealthStatus::Draining;
    }
    match endpoint.health {
        Health::Healthy => HealthStatus::Healthy,
        Health::Unhealthy => HealthStatus::Unhealthy,
        Health::Draining | Health::Terminating | Health::Unknown => HealthStatus::Unknown,
    }
}

/// Label `security.istio.io/tlsMode`, the workload -> `LbEndpoint.metadata`
///
/// istiod: `util.go` `AppendLbEndpointMetadata`
fn metadata(features: &Features, tls_mode: &str, workload: &Workload<'_>) -> Metadata {
    let described = features.telemetry_label && features.endpoint_telemetry_label;
    let workload = described.then(|| ("workload", workload.to_string().into()));
    let mut out = metadata::istio(workload).unwrap_or_default();
    if !tls_mode.is_empty() && tls_mode != DISABLED {
        out.filter_metadata.insert(TRANSPORT_SOCKET_MATCH.to_owned(), Struct::from([(TLS_MODE, tls_mode)]));
    }
    out
}
