//! `GatewayClass`: who serves the Gateways that name it.

use serde::Deserialize;

use super::ObjectReference;
use crate::model::Config;

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
    /// Returns the controller of a class; none if it is not istiod's. Two classes are there without being written: istiod's own, whose
    /// name and controller are given, and that of Gateways of other clusters, if it knows such.
    ///
    /// Waypoints and east-west gateways are classes of ambient meshes, which is off by default.
    ///
    /// istiod: `gatewayclass_collection.go` `FetchGatewayClass`
    pub fn of_class<'c>(
        name: &str,
        (own_class, own_controller): (&str, &str),
        knows_remote: bool,
        mut classes: impl Iterator<Item = &'c Config<GatewayClass>>,
    ) -> Option<Self> {
        let written = classes.find(|class| class.meta.name == name).map(|class| class.spec.controller_name.as_str());
        let of_controller = |controller: &str| match controller {
            REMOTE_CONTROLLER if knows_remote => Some(Self::Remote),
            controller if controller == own_controller => Some(Self::Gateway),
            _ => None,
        };
        written.and_then(of_controller).or_else(|| match name {
            "istio-remote" if knows_remote => Some(Self::Remote),
            name if name == own_class => Some(Self::Gateway),
            _ => None,
        })
    }
}
