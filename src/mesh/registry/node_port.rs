//! Services that are reached through the machines of the cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::mesh::labels;
use crate::model::Config;
use crate::model::kubernetes::{Node, Service};

const NODE_SELECTOR: &str = "traffic.istio.io/nodeSelector";

/// Says whether machines stand for the Service. istiod: `kube/controller/util.go` `isNodePortGatewayService`.
pub(crate) fn is_gateway(config: &Config<Service>) -> bool {
    config.spec.spec.r#type == "NodePort" && config.meta.annotations.contains_key(NODE_SELECTOR)
}

/// Annotation `traffic.istio.io/nodeSelector` -> the external addresses of the machines with these labels; of all, if the annotation
/// cannot be read.
///
/// istiod: `kube/controller/network.go` `updateServiceNodePortAddresses`, `util.go` `getNodeSelectorsForService`
pub(crate) fn addresses(config: &Config<Service>, nodes: &[Arc<Config<Node>>]) -> Vec<String> {
    let text = config.meta.annotations.get(NODE_SELECTOR).map_or("", String::as_str);
    let selector: BTreeMap<String, String> = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => {
            fields.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect()
        }
        _ => BTreeMap::new(),
    };
    let selected = nodes.iter().filter(|node| labels::subset(&selector, &node.meta.labels));
    selected.filter_map(|node| external_address(&node.spec)).collect()
}

fn external_address(node: &Node) -> Option<String> {
    let external =
        node.addresses.iter().filter(|address| address.r#type == "ExternalIP" && !address.address.is_empty());
    external.map(|address| address.address.clone()).next()
}
