//! Listeners of Gateways and ListenerSets.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1 as api;
use serde::{Deserialize, Deserializer};

use super::ObjectReference;
use crate::model::kubernetes::LabelSelector;

/// A port that a gateway listens on, for whom, and which routes may attach.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Listener {
    /// The listener's name, for `sectionName`.
    pub name: String,
    /// The host, perhaps with a wildcard in front; left out means all.
    pub hostname: Option<String>,
    /// The port of the gateway's Service.
    pub port: u32,
    /// `HTTP`, `HTTPS`, `TLS`; what else the API knows is not served.
    pub protocol: String,
    /// How connections are secured.
    pub tls: Option<ListenerTlsConfig>,
    /// Which routes may attach.
    pub allowed_routes: AllowedRoutes,
}

/// How connections to a listener are secured.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerTlsConfig {
    /// Whether TLS ends here.
    pub mode: TlsMode,
    /// Secrets with certificates.
    pub certificate_refs: Vec<ObjectReference>,
    /// Istio's own settings.
    pub options: BTreeMap<String, String>,
}

/// Whether TLS ends at a listener.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum TlsMode {
    /// It does.
    #[default]
    Terminate,
    /// It goes on to the destination.
    Passthrough,
}

/// Which routes may attach to a listener.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AllowedRoutes {
    /// Of which namespaces.
    pub namespaces: Namespaces,
    /// Of which kinds; empty means those that fit the protocol.
    pub kinds: Vec<RouteGroupKind>,
}

/// A choice of namespaces.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Namespaces {
    /// How they are chosen.
    pub from: FromNamespaces,
    /// Their labels, for [`FromNamespaces::Selector`].
    #[serde(deserialize_with = "selector")]
    pub selector: Option<LabelSelector>,
}

/// How namespaces are chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum FromNamespaces {
    /// All of them.
    All,
    /// By labels.
    Selector,
    /// That of the object itself.
    #[default]
    Same,
    /// None.
    None,
}

/// A kind of route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteGroupKind {
    /// Its API group.
    pub group: String,
    /// Its kind.
    pub kind: String,
}

fn selector<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<LabelSelector>, D::Error> {
    Ok(Option::<api::LabelSelector>::deserialize(deserializer)?.map(LabelSelector::from))
}
