//! `envoy.filters.http.ext_authz`: asks a service whether a request may go on.

use super::Metadata;
use crate::evaluate::matcher::MetadataMatcher;
use crate::evaluate::message::Message;

/// Whom the filter asks, and when.
#[derive(Debug)]
pub(in crate::evaluate) struct ExtAuthz {
    /// The cluster that is asked.
    pub(in crate::evaluate) cluster: String,
    /// Whether a request goes on when the cluster does not answer.
    pub(in crate::evaluate) allows_failure: bool,
    enabled: Option<MetadataMatcher>,
}

impl ExtAuthz {
    /// Reads the filter's configuration.
    pub(in crate::evaluate) fn new(config: Message<'_>) -> Self {
        let http = || config.get("http_service")?.get("server_uri")?.text("cluster").map(str::to_owned);
        Self {
            cluster: grpc_cluster(config).or_else(http).unwrap_or_default(),
            allows_failure: config.is("failure_mode_allow"),
            enabled: config.get("filter_enabled_metadata").map(MetadataMatcher::new),
        }
    }

    /// Says whether the filter asks at all.
    pub(in crate::evaluate) fn is_enabled(&self, metadata: &Metadata) -> bool {
        self.enabled.as_ref().is_none_or(|matcher| matcher.matches(metadata))
    }
}

/// Returns the cluster of a `grpc_service`.
pub(in crate::evaluate) fn grpc_cluster(config: Message<'_>) -> Option<String> {
    config.get("grpc_service")?.get("envoy_grpc")?.text("cluster_name").map(str::to_owned)
}
