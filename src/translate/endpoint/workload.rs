//! Which workload an endpoint is, for the telemetry of clients that do not hear it from the server.

use std::collections::BTreeMap;
use std::fmt;

use crate::installation::Features;
use crate::mesh::endpoint::Endpoint;
use crate::mesh::service::Service;

/// Labels that name the canonical service, the strongest first. istiod: `pkg/kube/labels` `nameLabels`.
const NAME_LABELS: [&str; 3] = ["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"];
/// Labels that name its revision. istiod: `pkg/kube/labels` `revisionLabels`.
const REVISION_LABELS: [&str; 3] = ["service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"];
/// The revision of a workload that has none, which is not written.
const DEFAULT_REVISION: &str = "latest";

/// Workload, namespace, canonical service and revision, cluster; printed with semicolons between.
///
/// istiod: `util.go` `AppendLbEndpointMetadata`
pub(super) struct Workload<'a> {
    name: &'a str,
    namespace: &'a str,
    canonical_name: &'a str,
    canonical_revision: &'a str,
    cluster_id: &'a str,
}

impl<'a> Workload<'a> {
    /// The workload of an endpoint. istiod: `pkg/kube/labels` `CanonicalService`.
    ///
    /// With `LABEL_CANONICAL_SERVICES_FOR_MESH_EXTERNAL_SERVICE_ENTRIES` the labels of a service outside of the mesh go before those
    /// of its endpoints.
    pub(super) fn of(endpoint: &'a Endpoint, service: &'a Service, features: &Features) -> Self {
        let external = features.canonical_service_for_mesh_external && service.mesh_external;
        let stated = service.labels.get(NAME_LABELS[0]).filter(|_| external);
        let name = stated.map(String::as_str).or_else(|| first(&endpoint.labels, NAME_LABELS));
        let revision = match stated {
            Some(_) => Some(service.labels.get(REVISION_LABELS[0]).map_or("", String::as_str)),
            None => first(&endpoint.labels, REVISION_LABELS),
        };
        Self {
            name: &endpoint.workload_name,
            namespace: if external { &service.namespace } else { &endpoint.namespace },
            canonical_name: name.unwrap_or(&endpoint.workload_name),
            canonical_revision: revision.filter(|&revision| revision != DEFAULT_REVISION).unwrap_or_default(),
            cluster_id: &endpoint.cluster_id,
        }
    }

    /// Nobody in particular in a cluster.
    pub(super) fn unknown(cluster_id: &'a str) -> Self {
        Self { name: "", namespace: "", canonical_name: "", canonical_revision: "", cluster_id }
    }
}

impl fmt::Display for Workload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, namespace, canonical_name, canonical_revision, cluster_id } = self;
        write!(f, "{name};{namespace};{canonical_name};{canonical_revision};{cluster_id}")
    }
}

fn first<'a>(labels: &'a BTreeMap<String, String>, keys: [&str; 3]) -> Option<&'a str> {
    keys.iter().find_map(|key| labels.get(*key)).map(String::as_str)
}
