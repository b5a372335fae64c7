//! `GatewayClass`: who serves the Gateways that name it.

use serde::Deserialize;

use super::ObjectReference;
use crate::model::Config;

/// The controller of Gateways that istiod serves. istiod: `PILOT_GATEWAY_API_CONTROLLER_NAME`.
const CONTROLLER: &str = "istio.io/gateway-controller";
/// The controller of Gateways of other clusters. istiod: `UnmanagedGatewayController`.
const REMOTE_CONTROLLER: &str = "istio.io/unmanaged-gateway";

/// Who serves the Gateways that name it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayClass {
    /// The controller's name; istiod's is `istio.io/gateway-controller`.
    pub controller_name: String,
    /// Settings of the class. istiod ignores them.
    pub parameters_ref: Option<ObjectReference>,
}

/// A controller of istiod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayController {
    /// Gateways that istiod serves.
    Gateway,
    /// Gateways of other clusters, which it only knows.
    Remote,
}

impl GatewayController {
    /// Returns the controller of a class; none if it is not istiod's. Two classes are there without being written.
    ///
    /// Waypoints and east-west gateways are classes of ambient meshes, which is off by default.
    ///
    /// istiod: `gatewayclass_collection.go` `FetchGatewayClass`
    pub fn of_class<'c>(name: &str, mut classes: impl Iterator<Item = &'c Config<GatewayClass>>) -> Option<Self> {
        let written = classes.find(|class| class.meta.name == name).map(|class| &*class.spec.controller_name);
        match written.filter(|controller| [CONTROLLER, REMOTE_CONTROLLER].contains(controller)).or(match name {
            "istio" => Some(CONTROLLER),
            "istio-remote" => Some(REMOTE_CONTROLLER),
            _ => None,
        })? {
            REMOTE_CONTROLLER => Some(Self::Remote),
            _ => Some(Self::Gateway),
        }
    }
}
