//! `MeshConfig.serviceScopeConfigs`: which services other networks reach.

use std::collections::BTreeMap;

use crate::model::istio::{self, MeshConfig, MeshConfigServiceScopeConfigs, MeshConfigServiceScopeConfigsScope};
use crate::model::kubernetes::LabelSelector;

/// Says whether a Service is of scope GLOBAL: an entry of that scope selects it and its namespace. A namespace that is not there is
/// selected by nobody, and entries of scope LOCAL take nothing back.
///
/// istiod: `ambient/services.go` `matchServiceScope`
pub(super) fn is_global(
    config: &MeshConfig,
    namespace: Option<&BTreeMap<String, String>>,
    labels: &BTreeMap<String, String>,
) -> bool {
    let Some(namespace) = namespace else { return false };
    config.service_scope_configs.iter().any(|entry| {
        let MeshConfigServiceScopeConfigs { namespace_selector, services_selector, scope } = entry;
        *scope == MeshConfigServiceScopeConfigsScope::Global
            && selects(namespace_selector.as_ref(), namespace)
            && selects(services_selector.as_ref(), labels)
    })
}

/// A selector that is left out selects everything.
fn selects(selector: Option<&istio::LabelSelector>, labels: &BTreeMap<String, String>) -> bool {
    selector.is_none_or(|selector| LabelSelector::from(selector.clone()).matches(labels))
}
