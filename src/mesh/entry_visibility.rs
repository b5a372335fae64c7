//! `MeshConfig.serviceEntryVisibility`: who sees ServiceEntries at most.
//!
//! istiod: `pilot/pkg/model/serviceentry_visibility.go`, `push_context.go` `serviceExportTo`

use std::collections::BTreeMap;

use crate::installation::{Behaviour, Behaviours};
use crate::mesh::visibility::{ExportTo, Visibility};
use crate::model::istio::{MeshConfig, ServiceEntryVisibilityVisibility as Most};
use crate::model::kubernetes::LabelSelector;

/// Narrows what a ServiceEntry is exported to, by the labels of its namespace.
pub(super) fn narrowed(
    mesh: &MeshConfig,
    behaviours: Behaviours,
    (namespace, labels): (&str, &BTreeMap<String, String>),
    export_to: ExportTo,
    default: &ExportTo,
) -> ExportTo {
    let settings = mesh.service_entry_visibility.as_ref().filter(|settings| settings.apply_to_sidecars);
    let Some(settings) = settings.filter(|_| behaviours.contains(Behaviour::TakesFieldsOf131)) else {
        return export_to;
    };
    let policy = settings.policies.iter().find(|policy| {
        policy.matching_rules.iter().all(|rule| {
            let selector = rule.namespace_selector.clone().map(LabelSelector::from);
            selector.is_some_and(|selector| selector.matches(labels))
        })
    });
    let stated = if export_to.is_empty() { default } else { &export_to };
    if stated.len() == 1 && stated.contains(&Visibility::None) {
        return export_to;
    }
    match policy.map_or(settings.default_visibility, |policy| policy.visibility) {
        Most::Unspecified | Most::Public => export_to,
        Most::None => ExportTo::from([Visibility::None]),
        Most::Namespace => {
            let own = Visibility::Namespace(namespace.to_owned());
            let sees = [Visibility::Public, Visibility::Private, own].iter().any(|one| stated.contains(one));
            ExportTo::from([if sees { Visibility::Private } else { Visibility::None }])
        }
    }
}
