//! IstioOperator objects: how `istioctl install` sets istiod up.
//!
//! istiod: `operator/pkg/render/manifest.go` `MergeInputs`, `operator/pkg/apis/types.go`

use serde_json::{Value, json};

use super::values::merge;
use super::{Origin, Setting};
use crate::ingest::Manifests;
use crate::model::Config;
use crate::model::istio::IstioOperator;

/// The installation of a revision.
#[derive(Debug)]
pub(super) struct Operator<'m> {
    config: &'m Config<IstioOperator>,
}

impl<'m> Operator<'m> {
    /// Returns the one of a revision; of several the first by namespace and name.
    pub(super) fn find(manifests: &'m Manifests, revision: &str) -> Option<Self> {
        let mut all = manifests.istio_operators.iter();
        all.find(|config| self::revision(&config.spec.spec) == revision).map(|config| Self { config })
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
        for (field, value) in [("namespace", "istioNamespace"), ("tag", "tag")] {
            if let Some(stated) = own(field) {
                merge(&mut values, json!({"global": {value: stated}}));
            }
        }
        if let Some(revision) = own("revision") {
            merge(&mut values, json!({"revision": revision}));
        }
        values
    }

    /// Where the values are.
    pub(super) fn origin(&self) -> Origin {
        Origin::Input { source: self.config.source, path: "spec.values".to_owned() }
    }

    /// Where the mesh config is.
    pub(super) fn place(&self) -> (crate::source::ResourceRef, &'static str) {
        let has = |path: &str| self.config.spec.spec.pointer(path).is_some();
        let path = if has("/meshConfig") {
            "spec.meshConfig"
        } else if has("/values") {
            "spec.values"
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
