//! What istiod notes on resources for Istio's own filters and for people: `filter_metadata.istio`.
//!
//! istiod: `pilot/pkg/networking/util/util.go` `AddConfigInfoMetadata`, `core/cluster.go` `buildServiceMetadata`

use serde_json::{Value, json};

use crate::envoy::{Metadata, Struct};
use crate::mesh::service::Service;
use crate::model::Config;
use crate::model::istio::{DestinationRule, VirtualService};
use crate::translate::name;

/// The namespace of Istio's own metadata.
pub(crate) const ISTIO: &str = "istio";

/// Returns metadata with these fields under [`ISTIO`]; none if there are no fields.
pub(crate) fn istio<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Option<Metadata> {
    let fields: Struct = fields.into_iter().collect();
    (!fields.0.is_empty())
        .then(|| Metadata { filter_metadata: [(ISTIO.to_owned(), fields)].into(), ..Metadata::default() })
}

/// Describes a service, for telemetry. istiod: `cluster.go` `buildServiceMetadata`.
pub(crate) fn service(service: &Service) -> Value {
    json!({ "host": service.hostname, "name": service.name, "namespace": service.namespace })
}

/// Names a VirtualService.
pub(crate) fn virtual_service(config: &Config<VirtualService>) -> Value {
    name::config_path("virtual-service", &config.meta.namespace, &config.meta.name).into()
}

/// Names a DestinationRule.
pub(crate) fn destination_rule(rule: &Config<DestinationRule>) -> Value {
    name::config_path("destination-rule", &rule.meta.namespace, &rule.meta.name).into()
}
