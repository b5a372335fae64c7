//! `applyTo: CLUSTER`

use std::sync::Arc;

use super::matching;
use super::patch::Patch;
use super::patch_set::PatchSet;
use super::run::Run;
use super::shared_value;
use crate::diagnostic::Diagnostic;
use crate::envoy::dynamic::TypeMismatch;
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::model::istio::{
    EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchContext as PatchContext, EnvoyFilterPatchOperation as Operation,
};
use crate::source::ResourceRef;
use crate::translate::Resource;

impl PatchSet {
    /// Patches one cluster; nothing if a patch removes it. `hosts` are the services of an inbound cluster.
    ///
    /// istiod: `cluster_patch.go` `ApplyClusterMerge`
    pub(crate) fn cluster(
        &self,
        context: PatchContext,
        resource: &Arc<Resource>,
        hosts: &[String],
    ) -> Option<Arc<Resource>> {
        let Some(mut cluster) = DynamicMessage::of(resource.body()) else { return Some(resource.clone()) };
        let mut run = Run::new(self, context);
        let mut socket = Socket::Own;
        for patch in run.patches(ApplyTo::Cluster) {
            if !(patch.operation == Operation::Remove || patch.is_merge()) || !matching::cluster(patch, &cluster, hosts)
            {
                continue;
            }
            run.mark(patch);
            let value = patch.value().filter(|_| patch.is_merge())?;
            if merge(&mut cluster, &mut socket, patch, value).is_err() {
                break;
            }
        }
        Some(if run.changed { Resource::shared(cluster) } else { resource.clone() })
    }

    /// The clusters that patches add on this side.
    ///
    /// istiod: `cluster_patch.go` `InsertedClusters`
    pub(crate) fn added_clusters(&self, context: PatchContext) -> Vec<(Arc<Resource>, AddedBy)> {
        let by = |patch: &Patch| AddedBy { source: patch.source, index: patch.index };
        let added = self.added(ApplyTo::Cluster, context);
        added.map(|(patch, message)| (Resource::shared(message), by(patch))).collect()
    }
}

/// Whose message a cluster's transport socket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Socket {
    /// The cluster's.
    Own,
    /// A patch's.
    Patch,
}

/// The patch that adds a resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddedBy {
    source: ResourceRef,
    index: usize,
}

impl AddedBy {
    /// Says that the name is taken: by the cluster of another patch, or of something else.
    pub(crate) fn duplicate_cluster(self, name: &str, first: Option<Self>) -> Diagnostic {
        let path = |by: Self| format!("spec.configPatches[{}].patch.value.name", by.index);
        let message = format!("cluster {name} is dropped; a cluster of this name already exists");
        let diagnostic = Diagnostic::warning("envoy-filter-duplicate-cluster", message).at(self.source, &path(self));
        match first {
            Some(first) => diagnostic.label_at(first.source, &path(first), "this patch comes first"),
            None => diagnostic,
        }
    }
}

/// A patch with a transport socket changes that and nothing else: of sockets that the endpoint chooses, the first of its name;
/// else the cluster's, which it replaces if the name is another.
///
/// istiod: `cluster_patch.go` `mergeTransportSocketCluster`
fn merge(
    cluster: &mut DynamicMessage,
    of: &mut Socket,
    by: &Patch,
    value: &DynamicMessage,
) -> Result<(), TypeMismatch> {
    const SOCKET: &str = "transport_socket";
    let Some(patch) = value.message(SOCKET) else { return by.merge(cluster, value) };
    let name = patch.text("name");
    let has_matches = cluster.messages("transport_socket_matches").next().is_some();
    let socket = if has_matches {
        let sockets = cluster.messages_mut("transport_socket_matches").filter_map(|m| m.message_mut(SOCKET));
        sockets.into_iter().find(|socket| socket.text("name") == name)
    } else {
        cluster.message_mut(SOCKET).filter(|socket| socket.text("name") == name)
    };
    match socket {
        Some(socket) => match (socket.message_mut("typed_config"), patch.message("typed_config")) {
            (Some(config), Some(patch)) => {
                let before = (*of == Socket::Patch).then(|| config.clone());
                config.merge_any(patch)?;
                if let Some(before) = before {
                    by.mark_reached(shared_value::reached_socket(&before, config));
                }
                Ok(())
            }
            _ => Ok(()),
        },
        None if has_matches => Ok(()),
        None => {
            cluster.set(SOCKET, DynamicValue::Message(patch.clone()));
            *of = Socket::Patch;
            Ok(())
        }
    }
}
