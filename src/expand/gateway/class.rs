//! What differs by the class of a Gateway.
//!
//! istiod: `gatewaycommon/classinfo.go` `GetClassInfos`

use crate::model::gateway_api::GatewayController;

/// Who has made an object. istiod: `ClassInfo.ControllerLabel`, and `apply`, which writes the controller's own name.
pub(super) fn managed_by(controller: GatewayController) -> &'static str {
    match controller {
        GatewayController::Gateway | GatewayController::Remote => "istio.io-gateway-controller",
        GatewayController::Waypoint => "istio.io-mesh-controller",
        GatewayController::EastWest => "istio.io-eastwest-controller",
    }
}

/// The type of the Service, unless the Gateway's annotation says another. istiod: `ClassInfo.DefaultServiceType`
pub(super) fn service_type(controller: GatewayController) -> &'static str {
    match controller {
        GatewayController::Waypoint => "ClusterIP",
        GatewayController::Gateway | GatewayController::EastWest | GatewayController::Remote => "LoadBalancer",
    }
}

/// The type of addresses in the status of a Gateway that is reached inside of the cluster only; empty for all types.
/// istiod: `ClassInfo.AddressType`
pub(super) fn address_type(controller: GatewayController) -> &'static str {
    match controller {
        GatewayController::Gateway | GatewayController::Remote => "Hostname",
        GatewayController::Waypoint | GatewayController::EastWest => "",
    }
}
