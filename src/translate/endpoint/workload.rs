//! Which workload an endpoint is, for the telemetry of clients that do not hear it from the server.

use std::collections::BTreeMap;
use std::fmt;

use crate::mesh::endpoint::Endpoint;

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
    pub(super) fn of(endpoint: &'a Endpoint) -> Self {
        let revision = first(&endpoint.labels, REVISION_LABELS).filter(|&revision| revision != DEFAULT_REVISION);
        Self {
            name: &endpoint.workload_name,
            namespace: &endpoint.namespace,
            canonical_name: first(&endpoint.labels, NAME_LABELS).unwrap_or(&endpoint.workload_name),
            canonical_revision: revision.unwrap_or_default(),
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
