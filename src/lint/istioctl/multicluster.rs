//! Networks whose registry is no cluster of the mesh. istiod: `analyzers/multicluster/meshnetworks.go`
//!
//! Its other analyzer compares the Services of several clusters; a folder is one.

use std::collections::BTreeSet;

use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::model::istio::NetworkNetworkEndpointsNe as Endpoints;

/// Registries that are always there. istiod: `provider.ID`
const REGISTRIES: &[&str] = &["Mock", "Kubernetes", "External"];

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let remote = context.secrets().filter(|secret| secret.label("istio/multiCluster") == "true");
    let remote: BTreeSet<&String> =
        remote.flat_map(|secret| secret.spec.data.keys().chain(secret.spec.string_data.keys())).collect();
    // The ConfigMap that holds the networks, if they are not in a file of their own.
    let holder = context.find("ConfigMap", "istio-system", "istio");
    for (name, network) in &context.mesh_networks.networks {
        for endpoints in &network.endpoints {
            let Some(Endpoints::FromRegistry(registry)) = &endpoints.ne else { continue };
            if REGISTRIES.contains(&registry.as_str()) || remote.contains(registry) {
                continue;
            }
            let message = format!("network {name} takes its endpoints from cluster {registry}, which does not exist");
            let resource = "MeshNetworks istio-system/meshnetworks".to_owned();
            let mut finding = Finding::nowhere(&rules::IST0126, resource, message);
            if let Some(holder) = holder {
                finding = finding.related(holder, "data.meshNetworks", "in here");
            }
            let help = "a cluster is there by a Secret with the label istio/multiCluster=true";
            out.push(finding.help(help));
        }
    }
}
