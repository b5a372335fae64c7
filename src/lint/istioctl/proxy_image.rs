//! The kind of image that a Pod's proxy should have: `distroless`, `debug`.
//!
//! istiod: `analyzers/util/proxyconfig.go`

use crate::lint::context::{LintContext, Typed};
use crate::mesh::labels;
use crate::model::istio::{ProxyConfig, ProxyConfigResource};
use crate::model::kubernetes::Pod;

pub(super) struct ImageTypes<'c> {
    mesh: String,
    root: String,
    resources: Vec<Typed<'c, ProxyConfigResource>>,
    root_namespace: &'c str,
}

impl<'c> ImageTypes<'c> {
    pub(super) fn new(context: &'c LintContext<'_>) -> Self {
        let configured = context.mesh_config.root_namespace.as_str();
        let root_namespace = if configured.is_empty() { "istio-system" } else { configured };
        let resources: Vec<Typed<'c, ProxyConfigResource>> = context.proxy_configs().collect();
        let root = resources.iter().rfind(|config| config.namespace == root_namespace).map(image_type);
        let mesh = context.mesh_config.default_config.as_ref().map(of_config).unwrap_or_default();
        Self { mesh, root: root.unwrap_or_default(), resources, root_namespace }
    }

    /// Returns the kind for a Pod; the last that says one counts. istiod: `ImageType`
    pub(super) fn of(&self, pod: &Typed<'_, Pod>) -> String {
        let resources = || self.resources.iter().filter(|config| config.namespace != self.root_namespace);
        let of_namespace =
            resources().rfind(|config| config.namespace == pod.namespace && config.spec.selector.is_none());
        let of_workload = resources().filter(|config| {
            let selector = config.spec.selector.as_ref();
            config.full_name().starts_with(&pod.namespace)
                && selector.is_some_and(|selector| labels::subset(&selector.match_labels, pod.labels()))
        });
        let annotation = pod.annotations().get("proxy.istio.io/config");
        let annotation = annotation.and_then(|text| crate::ingest::proxy_config(ProxyConfig::default(), text));
        let mut all = vec![self.mesh.clone(), self.root.clone()];
        all.extend(of_namespace.map(image_type));
        all.extend(of_workload.map(image_type));
        all.extend(annotation.map(|(config, _)| of_config(&config)));
        let last = all.into_iter().rfind(|kind| !kind.is_empty()).unwrap_or_default();
        if last == "default" { String::new() } else { last }
    }
}

fn image_type(config: &Typed<'_, ProxyConfigResource>) -> String {
    config.spec.image.as_ref().map(|image| image.image_type.clone()).unwrap_or_default()
}

fn of_config(config: &ProxyConfig) -> String {
    config.image.as_ref().map(|image| image.image_type.clone()).unwrap_or_default()
}
