//! IstioOperator objects: how `istioctl install` sets istiod up.
//!
//! istiod: `operator/pkg/render/manifest.go` `MergeInputs`, `operator/pkg/apis/types.go`

use serde_json::{Value, json};

use super::values::merge;
use super::{Origin, Setting};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ingest::Manifests;
use crate::model::istio::IstioOperator;
use crate::model::{Config, ObjectMeta};
use crate::source::ResourceRef;

/// The installation of a revision.
#[derive(Debug)]
pub(super) struct Operator<'m> {
    config: &'m Config<IstioOperator>,
}

impl<'m> Operator<'m> {
    /// Returns those of a revision, by namespace and name: the first says how istiod runs, others install gateways beside it. Several without
    /// a name are files for `istioctl install -f`, each of another installation: which is the mesh's is not known, and a warning says so.
    pub(super) fn all(manifests: &'m Manifests, revision: &str, diagnostics: &mut Diagnostics) -> Vec<Self> {
        let all = manifests.istio_operators.iter();
        let all = all.filter(|config| self::revision(&config.spec.spec) == revision);
        let (named, nameless): (Vec<_>, Vec<_>) = all.partition(|config| !config.meta.name.is_empty());
        if let ([], [first, _, ..]) = (named.as_slice(), nameless.as_slice()) {
            let message =
                format!("{} IstioOperators of revision {revision} have no name; none is used", nameless.len());
            let help = "read only the one of the mesh, or give it a name";
            diagnostics.push(Diagnostic::warning("several-installations", message).at(first.source, "kind").help(help));
            return Vec::new();
        }
        let all = if named.is_empty() { nameless } else { named };
        all.into_iter().map(|config| Self { config }).collect()
    }

    /// Returns the object, and what it is called: `IstioOperator istio-system/main`.
    pub(super) fn name(&self) -> (ResourceRef, String) {
        let ObjectMeta { namespace, name, .. } = &self.config.meta;
        let name =
            if name.is_empty() { "IstioOperator".to_owned() } else { format!("IstioOperator {namespace}/{name}") };
        (self.config.source, name)
    }

    /// Returns the profile.
    pub(super) fn profile(&self) -> &str {
        let profile = self.config.spec.spec.get("profile").and_then(Value::as_str);
        profile.filter(|profile| !profile.is_empty()).unwrap_or("default")
    }

    /// Returns what it says of a component.
    pub(super) fn component(&self, name: &str) -> Option<&Value> {
        self.config.spec.spec.get("components")?.get(name)
    }

    /// Returns the values of the charts: what stands outside of `values` goes over it, as `istioctl` does.
    pub(super) fn values(&self) -> Value {
        let spec = &self.config.spec.spec;
        let mut values = spec.get("values").filter(|values| values.is_object()).cloned().unwrap_or_else(|| json!({}));
        let own = |field: &str| spec.get(field).filter(|value| !value.is_null());
        let profile = own("profile").filter(|_| values.get("profile").is_none());
        if let Some(profile) = profile.and_then(Value::as_str) {
            // A profile for another platform has the values of the one without.
            let profile = profile.strip_prefix("openshift-").unwrap_or(profile);
            merge(&mut values, json!({"profile": profile}));
        }
        if let Some(config) = own("meshConfig") {
            merge(&mut values, json!({"meshConfig": config}));
        }
        for (field, value) in [("namespace", "istioNamespace"), ("tag", "tag"), ("hub", "hub")] {
            if let Some(stated) = own(field) {
                merge(&mut values, json!({"global": {value: stated}}));
            }
        }
        if let Some(revision) = own("revision") {
            merge(&mut values, json!({"revision": revision}));
        }
        // What the values say of it counts first.
        let cni = spec.pointer("/components/cni/enabled").filter(|enabled| enabled.is_boolean());
        if let Some(enabled) = cni.filter(|_| values.pointer("/pilot/cni/enabled").is_none()) {
            merge(&mut values, json!({"pilot": {"cni": {"enabled": enabled}}}));
        }
        if let Some(unvalidated) = own("unvalidatedValues").filter(|values| values.is_object()) {
            merge(&mut values, unvalidated.clone());
        }
        values
    }

    /// Says of overlays, which patch what the charts make, that they are not obeyed, as far as they are of what is read.
    ///
    /// istiod: `operator/pkg/render/postprocess.go` `postProcess`
    pub(super) fn overlays(&self) -> Vec<Diagnostic> {
        let of_istiod: &[&str] = &["Deployment", "ConfigMap", "MutatingWebhookConfiguration"];
        let of_gateways: &[&str] = &["Deployment", "Service"];
        let mut components = Vec::new();
        components.extend(self.component("pilot").map(|pilot| (pilot, "pilot".to_owned(), of_istiod)));
        for list in ["ingressGateways", "egressGateways"] {
            let items = self.component(list).and_then(Value::as_array).into_iter().flatten().enumerate();
            components.extend(items.map(|(index, item)| (item, format!("{list}[{index}]"), of_gateways)));
        }
        let of_component = |(component, path, kinds): (&Value, String, &[&str])| {
            let overlays = component.pointer("/k8s/overlays").and_then(Value::as_array).into_iter().flatten();
            let overlays = overlays.enumerate().filter_map(|(index, overlay)| {
                let text = |field: &str| overlay.get(field).and_then(Value::as_str);
                let kind = text("kind").filter(|kind| kinds.contains(kind))?;
                let name = text("name")?;
                let message = format!("the overlay is not applied: {kind} `{name}` is taken as the charts make it");
                let help = "read what `istioctl manifest generate` prints instead of the IstioOperator";
                let path = format!("spec.components.{path}.k8s.overlays[{index}]");
                let diagnostic = Diagnostic::warning("operator-overlay-not-applied", message);
                Some(diagnostic.at(self.config.source, &path).help(help))
            });
            overlays.collect::<Vec<_>>()
        };
        components.into_iter().flat_map(of_component).collect()
    }

    /// Where the values are.
    pub(super) fn origin(&self) -> Origin {
        let spec = &self.config.spec.spec;
        let is_unvalidated = spec.get("values").is_none() && spec.get("unvalidatedValues").is_some();
        let path = if is_unvalidated { "spec.unvalidatedValues" } else { "spec.values" };
        Origin::Input { source: self.config.source, path: path.to_owned() }
    }

    /// Where the mesh config is.
    pub(super) fn place(&self) -> (ResourceRef, &'static str) {
        let has = |path: &str| self.config.spec.spec.pointer(path).is_some();
        let path = if has("/meshConfig") {
            "spec.meshConfig"
        } else if has("/values") {
            "spec.values"
        } else if has("/unvalidatedValues") {
            "spec.unvalidatedValues"
        } else {
            "spec"
        };
        (self.config.source, path)
    }

    /// Returns the variables of istiod's environment that its component sets: `components.pilot.k8s.env`.
    pub(super) fn variables(&self) -> Vec<Setting> {
        let list = self.config.spec.spec.pointer("/components/pilot/k8s/env").and_then(Value::as_array);
        let variable = |(index, variable): (usize, &Value)| {
            let text = |field: &str| Some(variable.get(field)?.as_str()?.to_owned());
            let path = format!("spec.components.pilot.k8s.env[{index}]");
            let origin = Origin::Input { source: self.config.source, path };
            Some(Setting { name: text("name")?, value: text("value")?, origin })
        };
        list.into_iter().flatten().enumerate().filter_map(variable).collect()
    }
}

/// The revision of an installation.
fn revision(spec: &Value) -> &str {
    let stated = spec.get("revision").or_else(|| spec.pointer("/values/revision")).and_then(Value::as_str);
    stated.filter(|revision| !revision.is_empty()).unwrap_or("default")
}
