//! `istio.mesh.v1alpha1` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::proto::proto_message;

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Network {
    pub endpoints: Vec<NetworkNetworkEndpoints>,
    pub gateways: Vec<NetworkIstioNetworkGateway>,
}

proto_message! {
    pub struct NetworkNetworkEndpoints {
        oneof {
            ne: NetworkNetworkEndpointsNe {
                from_cidr => FromCidr(String),
                from_registry => FromRegistry(String),
            }
        }
    }
}

proto_message! {
    pub struct NetworkIstioNetworkGateway {
        pub port: u32,
        pub locality: String,
        oneof {
            gw: NetworkIstioNetworkGatewayGw {
                registry_service_name => RegistryServiceName(String),
                address => Address(String),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshNetworks {
    pub networks: BTreeMap<String, Network>,
}
