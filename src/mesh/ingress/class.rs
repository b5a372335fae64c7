//! Which Ingresses istiod serves.

use std::sync::Arc;

use crate::model::Config;
use crate::model::istio::{MeshConfig, MeshConfigIngressControllerMode};
use crate::model::kubernetes::{Ingress, IngressClass};

/// Names the class in the old way, which counts before the new.
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
/// The controller that istiod is.
const CONTROLLER: &str = "istio.io/ingress-controller";

/// `MeshConfig.{ingressClass, ingressControllerMode}`, `IngressClass.controller` -> whether istiod serves an Ingress
///
/// istiod: `virtualservices.go` `shouldProcessIngressWithClass`
pub(super) fn is_served(ingress: &Config<Ingress>, classes: &[Arc<Config<IngressClass>>], mesh: &MeshConfig) -> bool {
    if let Some(class) = ingress.meta.annotations.get(CLASS_ANNOTATION) {
        return *class == mesh.ingress_class;
    }
    let named = ingress.spec.ingress_class_name.as_ref();
    match named.and_then(|name| classes.iter().find(|class| class.meta.name == *name)) {
        Some(class) => class.spec.controller == CONTROLLER,
        None => mesh.ingress_controller_mode == MeshConfigIngressControllerMode::Default,
    }
}
