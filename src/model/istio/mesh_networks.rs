//! The mesh networks (`mesh.istio.io`): which endpoints are in which network.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::proto::proto_message;

/// A network: endpoints that reach each other without a gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Network {
    /// Which endpoints are in it.
    pub endpoints: Vec<NetworkNetworkEndpoints>,
    /// Ways into it from other networks.
    pub gateways: Vec<NetworkIstioNetworkGateway>,
}

proto_message! {
    /// Endpoints of a network.
    pub struct NetworkNetworkEndpoints {
        oneof {
            /// Which ones.
            ne: NetworkNetworkEndpointsNe {
                /// Those with addresses in this CIDR.
                from_cidr => FromCidr(String),
                /// Those of this cluster.
                from_registry => FromRegistry(String),
            }
        }
    }
}

proto_message! {
    /// A way into a network.
    pub struct NetworkIstioNetworkGateway {
        /// Its port.
        pub port: u32,
        /// Where it is: `region/zone/subzone`.
        pub locality: String,
        oneof {
            /// The proxy there.
            gw: NetworkIstioNetworkGatewayGw {
                /// The one behind this service, by host.
                registry_service_name => RegistryServiceName(String),
                /// The one at this address or name.
                address => Address(String),
            }
        }
    }
}

/// The networks of the mesh, in the ConfigMap `istio` of the root namespace.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshNetworks {
    /// Networks by name.
    pub networks: BTreeMap<String, Network>,
}
