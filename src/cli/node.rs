//! How istiod runs, as a proxy's dump tells it: the node that the proxy named when it connected.

use serde::Deserialize;
use serde_json::Value;

use crate::options::{DumpedNode, Stated};

/// A config dump, as far as it holds the node.
#[derive(Deserialize)]
struct ConfigDump {
    #[serde(default)]
    configs: Vec<Section>,
}

#[derive(Deserialize)]
struct Section {
    #[serde(default)]
    bootstrap: Option<Bootstrap>,
}

#[derive(Deserialize)]
struct Bootstrap {
    #[serde(default)]
    node: Option<Node>,
}

#[derive(Deserialize)]
struct Node {
    #[serde(default)]
    id: String,
    #[serde(default)]
    metadata: Value,
}

/// Reads the node of the first dump that has one; nothing is stated by others.
pub(super) fn of_dumps(dumps: &[(String, String)]) -> DumpedNode {
    let node = |(path, text): &(String, String)| {
        let dump: ConfigDump = serde_json::from_str(text).ok()?;
        Some((path.clone(), dump.configs.into_iter().find_map(|section| section.bootstrap?.node)?))
    };
    dumps.iter().find_map(node).map(|(path, node)| read(&path, &node)).unwrap_or_default()
}

fn read(path: &str, node: &Node) -> DumpedNode {
    let stated = |value: &str| {
        (!value.is_empty()).then(|| Stated { value: value.to_owned(), by: format!("the node of {path}") })
    };
    let metadata = |key: &str| node.metadata.get(key).and_then(Value::as_str).and_then(stated);
    // `sidecar~10.0.0.1~pod.namespace~namespace.svc.cluster.local`
    let domain = node.id.split('~').nth(3).and_then(|domain| domain.split_once(".svc."));
    DumpedNode {
        version: metadata("ISTIO_VERSION"),
        cluster_id: metadata("CLUSTER_ID"),
        domain: domain.and_then(|(_, domain)| stated(domain)),
        network: metadata("NETWORK"),
        mesh_id: metadata("MESH_ID"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_tells_of_its_installation() {
        let dump = r#"{"configs": [{"@type": "x"}, {"bootstrap": {"node": {
            "id": "sidecar~10.0.0.1~web.shop~shop.svc.mesh.example",
            "metadata": {"CLUSTER_ID": "east", "MESH_ID": "m", "NETWORK": "n1", "ISTIO_VERSION": "1.30.1"}}}}]}"#;
        let node = of_dumps(&[("a.json".to_owned(), dump.to_owned())]);
        let value = |stated: Option<Stated>| stated.map(|stated| stated.value);
        assert_eq!(value(node.cluster_id).as_deref(), Some("east"));
        assert_eq!(value(node.domain).as_deref(), Some("mesh.example"));
        assert_eq!(value(node.network).as_deref(), Some("n1"));
        assert_eq!(value(node.mesh_id).as_deref(), Some("m"));
        assert_eq!(value(node.version).as_deref(), Some("1.30.1"));
        assert_eq!(of_dumps(&[("b.json".to_owned(), "{}".to_owned())]), DumpedNode::default());
    }
}
