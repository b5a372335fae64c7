//! `Gateway` and `ListenerSet`: where the mesh listens for traffic from outside.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{FromNamespaces, GatewayController, Listener, Namespaces, ObjectReference, ParentReference};
use crate::model::ObjectMeta;

/// A gateway and its listeners.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KubernetesGateway {
    /// The GatewayClass.
    pub gateway_class_name: String,
    /// What it listens for.
    pub listeners: Vec<Listener>,
    /// Where it is reached. A hostname is that of a Service that is there already.
    pub addresses: Vec<GatewaySpecAddress>,
    /// Settings of what is made for it.
    pub infrastructure: Option<GatewayInfrastructure>,
    /// Whose ListenerSets may add listeners; left out means nobody's.
    pub allowed_listeners: Option<AllowedListeners>,
    /// TLS with clients, and with backends.
    pub tls: Option<GatewayTlsConfig>,
    /// Where it is reached, as the controller wrote it into the status.
    #[serde(skip)]
    pub status_addresses: Vec<GatewaySpecAddress>,
}

/// What the controller wrote of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayStatus {
    /// Where it is reached.
    pub addresses: Vec<GatewaySpecAddress>,
}

/// Further listeners of a Gateway, in an object of their own.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerSet {
    /// The Gateway.
    pub parent_ref: ParentReference,
    /// What it listens for.
    pub listeners: Vec<Listener>,
}

/// An address of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewaySpecAddress {
    /// `IPAddress`, `Hostname`, `NamedAddress`.
    pub r#type: String,
    /// The address.
    pub value: String,
}

/// Settings of what is made for a Gateway: Deployment, Service and ServiceAccount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayInfrastructure {
    /// Their labels.
    pub labels: BTreeMap<String, String>,
    /// Their annotations.
    pub annotations: BTreeMap<String, String>,
    /// A ConfigMap with changes to them.
    pub parameters_ref: Option<ObjectReference>,
}

/// Whose ListenerSets may add listeners.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AllowedListeners {
    /// Those of these namespaces; left out means nobody's.
    pub namespaces: Option<Namespaces>,
}

/// TLS of a whole Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayTlsConfig {
    /// With backends. istiod ignores it.
    pub backend: Option<serde_json::Value>,
    /// With clients.
    pub frontend: Option<FrontendTlsConfig>,
}

/// TLS with clients.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FrontendTlsConfig {
    /// On ports that `per_port` does not have.
    pub default: TlsConfig,
    /// On single ports.
    pub per_port: Vec<TlsPortConfig>,
}

/// TLS with clients on one port.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsPortConfig {
    /// The port.
    pub port: u32,
    /// Its settings.
    pub tls: TlsConfig,
}

/// What clients must show.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsConfig {
    /// Certificates; left out means none.
    pub validation: Option<FrontendTlsValidation>,
}

/// Which certificates clients must show.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FrontendTlsValidation {
    /// The authorities that they must come from.
    pub ca_certificate_refs: Vec<ObjectReference>,
    /// `AllowValidOnly`, `AllowInsecureFallback`. istiod ignores it.
    pub mode: String,
}

impl KubernetesGateway {
    /// Says whether istiod makes Deployment and Service of the Gateway: it has no address, or one that is an IP address.
    ///
    /// Without manual deployment (`ENABLE_GATEWAY_API_MANUAL_DEPLOYMENT`) it always does.
    ///
    /// istiod: `gateway_utils.go` `IsManaged`
    pub fn is_managed(&self, manual_deployment: bool) -> bool {
        match self.addresses.as_slice() {
            _ if !manual_deployment => true,
            [] => true,
            [address] => address.r#type == "IPAddress",
            _ => false,
        }
    }

    /// Returns the name of the Deployment and Service that istiod makes for the Gateway.
    ///
    /// istiod: `deploymentcontroller.go` `configureIstioGateway`
    pub fn deployment_name(&self, meta: &ObjectMeta, controller: GatewayController) -> String {
        self.name_by_annotation(meta, "gateway.istio.io/name-override", controller)
    }

    /// Returns the name of the ServiceAccount that istiod makes for the Gateway.
    ///
    /// istiod: `deploymentcontroller.go` `configureIstioGateway`
    pub fn service_account(&self, meta: &ObjectMeta, controller: GatewayController) -> String {
        self.name_by_annotation(meta, "gateway.istio.io/service-account", controller)
    }

    /// istiod: `gateway_utils.go` `GetDefaultName`
    fn name_by_annotation(&self, meta: &ObjectMeta, annotation: &str, controller: GatewayController) -> String {
        match meta.annotations.get(annotation) {
            Some(name) if !name.is_empty() => name.clone(),
            _ if controller.keeps_name() => meta.name.clone(),
            _ => format!("{}-{}", meta.name, self.gateway_class_name),
        }
    }

    /// Says whether a namespace, with its labels, may have ListenerSets for the Gateway.
    ///
    /// istiod: `gateway_utils.go` `NamespaceAcceptedByAllowListeners`
    pub fn accepts_listener_set(
        &self,
        own_namespace: &str,
        namespace: &str,
        labels: Option<&BTreeMap<String, String>>,
    ) -> bool {
        let allowed = self.allowed_listeners.as_ref().and_then(|listeners| listeners.namespaces.as_ref());
        allowed.is_some_and(|allowed| match allowed.from {
            FromNamespaces::All => true,
            FromNamespaces::Same => namespace == own_namespace,
            FromNamespaces::None => false,
            FromNamespaces::Selector => {
                allowed.selector.as_ref().zip(labels).is_some_and(|(selector, labels)| selector.matches(labels))
            }
        })
    }
}
