//! Changes to what is deployed for a Gateway: by ConfigMaps, of its class and its own.
//!
//! istiod: `gatewaycommon/deploymentcontroller.go` `render`, `applyOverlay`

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expand::strategic_merge::{
    self, MergeKey, merge_key_of_deployment, merge_key_of_metadata, merge_key_of_service,
};
use crate::ingest::{self, Manifests};
use crate::model::Config;
use crate::model::gateway_api::KubernetesGateway;
use crate::model::kubernetes::ConfigMap;

/// The label by which a ConfigMap of istiod's namespace holds the defaults of a GatewayClass.
const CLASS_DEFAULTS: &str = "gateway.istio.io/defaults-for-class";
/// Where istiod runs.
const SYSTEM_NAMESPACE: &str = "istio-system";

/// The keys that a ConfigMap may have. The last two make objects that no proxy is served anything for.
const KEYS: &[&str] = &["deployment", "service", "serviceAccount", "horizontalPodAutoscaler", "podDisruptionBudget"];

/// What a ConfigMap must not change: these fields are the controller's.
const FIXED_METADATA: &[&str] = &[
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// The ConfigMaps for one Gateway, in the order in which they are laid over what is deployed.
pub(super) struct Overlays<'m> {
    gateway: &'m Config<KubernetesGateway>,
    config_maps: Vec<&'m Config<ConfigMap>>,
}

impl<'m> Overlays<'m> {
    /// Finds the ConfigMaps for a Gateway: that of its class (the oldest), then the one that it names.
    ///
    /// # Errors
    ///
    /// istiod deploys nothing for the Gateway: what it names is no ConfigMap or is not there, or a ConfigMap has another key.
    pub(super) fn of(
        gateway: &'m Config<KubernetesGateway>,
        manifests: &'m Manifests,
        diagnostics: &mut Diagnostics,
    ) -> Result<Self, Diagnostic> {
        let mut config_maps = Vec::new();
        let mut of_class = of_class(manifests, &gateway.spec.gateway_class_name).into_iter();
        if let Some(first) = of_class.next() {
            for other in of_class {
                let message = format!("the ConfigMap is ignored; {} applies to this class too", first.meta.name);
                let diagnostic = Diagnostic::warning("gateway-class-defaults-overridden", message);
                let why = "this one is older, or comes first by name";
                diagnostics.push(diagnostic.at(other.source, "metadata.labels").label_at(
                    first.source,
                    "metadata.labels",
                    why,
                ));
            }
            config_maps.push(first);
        }
        let overlays = Self { gateway, config_maps };
        overlays.with_own(manifests)
    }

    /// Adds the ConfigMap that the Gateway names. istiod: `fetchParameters`.
    fn with_own(mut self, manifests: &'m Manifests) -> Result<Self, Diagnostic> {
        let infrastructure = self.gateway.spec.infrastructure.as_ref();
        if let Some(reference) = infrastructure.and_then(|infrastructure| infrastructure.parameters_ref.as_ref()) {
            let namespace = &self.gateway.meta.namespace;
            let refused = |path: &str, why: String| {
                let path = format!("spec.infrastructure.parametersRef.{path}");
                Err(refusal(&why).at(self.gateway.source, &path))
            };
            if (reference.group.as_str(), reference.kind.as_str()) != ("", "ConfigMap") {
                return refused("kind", format!("{} is no ConfigMap", reference.kind));
            }
            let mut all = manifests.config_maps.iter();
            match all.find(|map| map.meta.namespace == *namespace && map.meta.name == reference.name) {
                Some(config_map) => self.config_maps.push(config_map),
                None => return refused("name", format!("ConfigMap {namespace}/{} not found", reference.name)),
            }
        }
        for config_map in &self.config_maps {
            if let Some(key) = config_map.spec.data.keys().find(|key| !KEYS.contains(&key.as_str())) {
                let why = format!("`{key}` is none of {}", KEYS.join(", "));
                return Err(self.at_key(refusal(&why), config_map, key));
            }
        }
        Ok(self)
    }

    /// Lays the changes over a Deployment.
    pub(super) fn deployment(&self, object: Value) -> Result<Value, Diagnostic> {
        self.apply(object, "deployment", merge_key_of_deployment)
    }

    /// Lays the changes over a Service.
    pub(super) fn service(&self, object: Value) -> Result<Value, Diagnostic> {
        self.apply(object, "service", merge_key_of_service)
    }

    /// Lays the changes over a ServiceAccount.
    pub(super) fn service_account(&self, object: Value) -> Result<Value, Diagnostic> {
        self.apply(
            object,
            "serviceAccount",
            |path| if path == "secrets" { Some("name") } else { merge_key_of_metadata(path) },
        )
    }

    fn apply(&self, object: Value, key: &str, merge_key: MergeKey) -> Result<Value, Diagnostic> {
        let mut object = object;
        for config_map in &self.config_maps {
            let Some(text) = config_map.spec.data.get(key) else { continue };
            let refused = |why: String| self.at_key(refusal(&why), config_map, key);
            let patch = match ingest::json_of_yaml(text) {
                Some(Value::Object(patch)) => patch,
                Some(Value::Null) => continue,
                None if is_blank(text) => continue,
                Some(_) | None => return Err(refused(format!("`{key}` is not an object"))),
            };
            let before = object.get("metadata").cloned().unwrap_or_default();
            let Value::Object(original) = object else { return Ok(object) };
            object = strategic_merge::merge(original, patch, merge_key)
                .map_err(|error| refused(format!("`{key}` cannot be merged, {error}")))?;
            let after = object.get("metadata").cloned().unwrap_or_default();
            if let Some(field) = FIXED_METADATA.iter().find(|field| before.get(field) != after.get(field)) {
                return Err(refused(format!("`{key}` changes `metadata.{field}`")));
            }
        }
        Ok(object)
    }

    fn at_key(&self, diagnostic: Diagnostic, config_map: &Config<ConfigMap>, key: &str) -> Diagnostic {
        let diagnostic = diagnostic.at(config_map.source, &format!("data.{key}"));
        diagnostic.label_at(self.gateway.source, "metadata.name", "the Gateway")
    }
}

/// The ConfigMaps with defaults of a class; the first counts. istiod: `controllers.OldestObject`.
fn of_class<'m>(manifests: &'m Manifests, class: &str) -> Vec<&'m Config<ConfigMap>> {
    let is_for = |map: &Config<ConfigMap>| {
        map.meta.namespace == SYSTEM_NAMESPACE && map.meta.labels.get(CLASS_DEFAULTS).is_some_and(|name| name == class)
    };
    let mut found: Vec<&Config<ConfigMap>> =
        manifests.config_maps.iter().map(AsRef::as_ref).filter(|map| is_for(map)).collect();
    found.sort_by_key(|map| (map.meta.creation_timestamp, &map.meta.name));
    found
}

/// Says whether YAML holds nothing but comments.
fn is_blank(text: &str) -> bool {
    text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
}

fn refusal(why: &str) -> Diagnostic {
    Diagnostic::warning("gateway-not-deployed", format!("istiod deploys nothing for the Gateway: {why}"))
}
