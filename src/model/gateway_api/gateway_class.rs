//! `GatewayClass`: who serves the Gateways that name it.

use serde::Deserialize;

use super::ObjectReference;
use crate::model::Config;

/// The controller of Gateways of other clusters. istiod: `UnmanagedGatewayController`.
const REMOTE_CONTROLLER: &str = "istio.io/unmanaged-gateway";
/// The controller of waypoints. istiod: `ManagedGatewayMeshController`.
const WAYPOINT_CONTROLLER: &str = "istio.io/mesh-controller";
/// The controller of east-west gateways of ambient meshes. istiod: `ManagedGatewayEastWestController`.
const EAST_WEST_CONTROLLER: &str = "istio.io/eastwest-controller";

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
    /// Waypoints of ambient meshes.
    Waypoint,
    /// Entrances of ambient meshes from other networks.
    EastWest,
    /// Gateways of other clusters, which it only knows.
    Remote,
}

impl GatewayController {
    /// Says whether what is deployed for a Gateway has the Gateway's own name, instead of `<gateway>-<class>`.
    ///
    /// istiod: `classinfo.go` `DisableNameSuffix`
    pub fn keeps_name(self) -> bool {
        matches!(self, Self::Waypoint | Self::EastWest)
    }
}

/// The controllers and classes that an istiod knows without their being written.
///
/// istiod: `classinfo.go` `GetBuiltinGatewayClasses`, `GetClassInfos`
#[derive(Debug, Clone, Copy)]
pub struct KnownClasses<'f> {
    /// The name of istiod's own class.
    pub own_class: &'f str,
    /// The name of its own controller.
    pub own_controller: &'f str,
    /// Whether it knows Gateways of other clusters.
    pub remote: bool,
    /// Whether it serves waypoints.
    pub waypoint: bool,
    /// Whether it serves east-west gateways of ambient meshes.
    pub east_west: bool,
}

impl KnownClasses<'_> {
    /// Returns the controller of a class; none if it is not istiod's.
    ///
    /// istiod: `gatewayclass_collection.go` `FetchGatewayClass`
    pub fn controller<'c>(
        &self,
        name: &str,
        mut classes: impl Iterator<Item = &'c Config<GatewayClass>>,
    ) -> Option<GatewayController> {
        let written = classes.find(|class| class.meta.name == name).map(|class| class.spec.controller_name.as_str());
        let of_controller = |controller: &str| match controller {
            REMOTE_CONTROLLER if self.remote => Some(GatewayController::Remote),
            WAYPOINT_CONTROLLER if self.waypoint => Some(GatewayController::Waypoint),
            EAST_WEST_CONTROLLER if self.east_west => Some(GatewayController::EastWest),
            controller if controller == self.own_controller => Some(GatewayController::Gateway),
            _ => None,
        };
        written.and_then(of_controller).or_else(|| match name {
            "istio-remote" if self.remote => Some(GatewayController::Remote),
            "istio-waypoint" if self.waypoint => Some(GatewayController::Waypoint),
            "istio-east-west" if self.east_west => Some(GatewayController::EastWest),
            name if name == self.own_class => Some(GatewayController::Gateway),
            _ => None,
        })
    }
}
