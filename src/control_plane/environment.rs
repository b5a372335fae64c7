//! The environment of istiod's container, as the kubelet would fill it in.

use std::collections::BTreeMap;

use super::istiod::Istiod;
use super::{Origin, Setting};
use crate::ingest::Manifests;
use crate::model::kubernetes::{EnvVarSource, KeySelector, expand_references};

/// Returns the variables by name, each with its place; of two of one name the later counts. What cannot be known from the
/// manifests is left out.
pub(super) fn variables(istiod: &Istiod<'_>, manifests: &Manifests) -> Vec<Setting> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    for (from, index) in istiod.container.env_from.iter().zip(0..) {
        let maps = config_map(istiod, &from.config_map_ref, manifests);
        for (name, value) in maps.into_iter().flatten() {
            let name = format!("{}{name}", from.prefix);
            places.insert(name.clone(), format!("{}.envFrom[{index}]", istiod.path));
            known.insert(name, value.clone());
        }
    }
    for (variable, index) in istiod.container.env.iter().zip(0..) {
        let value = match &variable.value_from {
            None => Some(expand_references(&variable.value, &known)),
            Some(EnvVarSource::FieldRef { field_path }) => field(istiod, field_path),
            Some(EnvVarSource::ConfigMapKeyRef(KeySelector { name, key, .. })) => {
                config_map(istiod, name, manifests).and_then(|data| data.get(key).cloned())
            }
            Some(EnvVarSource::SecretKeyRef(selector)) => secret_key(istiod, selector, manifests),
            Some(EnvVarSource::ResourceFieldRef { .. } | EnvVarSource::FileKeyRef) => None,
        };
        if let Some(value) = value {
            places.insert(variable.name.clone(), format!("{}.env[{index}]", istiod.path));
            known.insert(variable.name.clone(), value);
        }
    }
    let setting = |(name, value): (String, String)| Setting {
        origin: Origin::Input { source: istiod.source, path: places.get(&name).cloned().unwrap_or_default() },
        name,
        value,
    };
    known.into_iter().map(setting).collect()
}

/// Returns a field of istiod's Pod, as far as the Deployment knows it.
fn field(istiod: &Istiod<'_>, path: &str) -> Option<String> {
    let keyed = |map: &BTreeMap<String, String>, prefix: &str| {
        let key = path.strip_prefix(prefix)?.strip_prefix("['")?.strip_suffix("']")?;
        Some(map.get(key).cloned().unwrap_or_default())
    };
    match path {
        "metadata.namespace" => Some(istiod.meta.namespace.clone()),
        "spec.serviceAccountName" => Some(istiod.service_account.to_owned()),
        _ => keyed(istiod.labels, "metadata.labels").or_else(|| keyed(istiod.annotations, "metadata.annotations")),
    }
}

fn config_map<'m>(istiod: &Istiod<'_>, name: &str, manifests: &'m Manifests) -> Option<&'m BTreeMap<String, String>> {
    let mut all = manifests.config_maps.iter();
    let found = all.find(|map| map.meta.namespace == istiod.meta.namespace && map.meta.name == name)?;
    Some(&found.spec.data)
}

fn secret_key(istiod: &Istiod<'_>, selector: &KeySelector, manifests: &Manifests) -> Option<String> {
    let mut all = manifests.secrets.iter();
    let secret = all.find(|s| s.meta.namespace == istiod.meta.namespace && s.meta.name == selector.name)?;
    Some(secret.spec.value(&selector.key)?.shown().to_owned())
}
