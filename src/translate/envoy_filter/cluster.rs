//! `applyTo: CLUSTER`

use std::sync::Arc;

use super::matching;
use super::patch_set::PatchSet;
use super::run::Run;
use crate::envoy::dynamic::TypeMismatch;
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::model::istio::{
    EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchContext as PatchContext, EnvoyFilterPatchOperation as Operation,
};
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
        for patch in run.patches(ApplyTo::Cluster) {
            if !matches!(patch.operation, Operation::Remove | Operation::Merge)
                || !matching::cluster(patch, &cluster, hosts)
            {
                continue;
            }
            run.mark(patch);
            let value = patch.value().filter(|_| patch.operation == Operation::Merge)?;
            if merge(&mut cluster, value).is_err() {
                break;
            }
        }
        Some(if run.changed { Resource::shared(cluster) } else { resource.clone() })
    }

    /// The clusters that patches add on this side.
    ///
    /// istiod: `cluster_patch.go` `InsertedClusters`
    pub(crate) fn added_clusters(&self, context: PatchContext) -> Vec<Arc<Resource>> {
        self.added(ApplyTo::Cluster, context).map(Resource::shared).collect()
    }
}

/// A patch with a transport socket changes that and nothing else: of sockets that the endpoint chooses, the first of its name;
/// else the cluster's, which it replaces if the name is another.
///
/// istiod: `cluster_patch.go` `mergeTransportSocketCluster`
fn merge(cluster: &mut DynamicMessage, value: &DynamicMessage) -> Result<(), TypeMismatch> {
    const SOCKET: &str = "transport_socket";
    let Some(patch) = value.message(SOCKET) else { return cluster.merge(value) };
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
            (Some(config), Some(patch)) => config.merge_any(patch),
            _ => Ok(()),
        },
        None if has_matches => Ok(()),
        None => {
            cluster.set(SOCKET, DynamicValue::Message(patch.clone()));
            Ok(())
        }
    }
}
