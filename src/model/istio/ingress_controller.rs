//! Which Ingresses istiod serves, and on which gateway.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{MeshConfig, MeshConfigIngressControllerMode};
use crate::model::Config;
use crate::model::kubernetes::{Ingress, IngressClass};

/// Names the class in the old way, which counts before the new.
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
/// The controller that istiod is.
const CONTROLLER: &str = "istio.io/ingress-controller";

impl MeshConfig {
    /// `MeshConfig.{ingressClass, ingressControllerMode}`, `IngressClass.controller` -> whether istiod serves an Ingress
    ///
    /// istiod: `virtualservices.go` `shouldProcessIngressWithClass`
    pub fn serves_ingress(&self, ingress: &Config<Ingress>, classes: &[Arc<Config<IngressClass>>]) -> bool {
        if self.ingress_controller_mode == MeshConfigIngressControllerMode::Off {
            return false;
        }
        if let Some(class) = ingress.meta.annotations.get(CLASS_ANNOTATION) {
            return *class == self.ingress_class;
        }
        let named = ingress.spec.ingress_class_name.as_ref();
        match named.and_then(|name| classes.iter().find(|class| class.meta.name == *name)) {
            Some(class) => class.spec.controller == CONTROLLER,
            None => self.ingress_controller_mode == MeshConfigIngressControllerMode::Default,
        }
    }

    /// `MeshConfig.{ingressSelector, ingressService}` -> the labels of the gateway that serves Ingresses
    ///
    /// istiod: `gateways.go` `getIngressGatewaySelector`
    pub fn ingress_gateway_selector(&self) -> BTreeMap<String, String> {
        let Self { ingress_selector, ingress_service, .. } = self;
        let value = if !ingress_selector.is_empty() {
            ingress_selector
        } else if ingress_service != "istio-ingressgateway" && !ingress_service.is_empty() {
            ingress_service
        } else {
            "ingressgateway"
        };
        BTreeMap::from([("istio".to_owned(), value.to_owned())])
    }
}
