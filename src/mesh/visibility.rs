//! `exportTo`: which namespaces see a resource.

use std::collections::BTreeSet;

use crate::installation::{Behaviour, Behaviours};

/// One entry of `exportTo`. istiod: `visibility.Instance`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visibility {
    /// `.`: the resource's own namespace.
    Private,
    /// `*`: everywhere.
    Public,
    /// `~`: nowhere.
    None,
    /// A namespace by name.
    Namespace(String),
}

/// The set of entries; empty means the mesh's default.
pub type ExportTo = BTreeSet<Visibility>;

/// Reads one entry.
pub fn visibility(text: &str) -> Visibility {
    match text {
        "." => Visibility::Private,
        "*" => Visibility::Public,
        "~" => Visibility::None,
        namespace => Visibility::Namespace(namespace.to_owned()),
    }
}

/// Reads the field `exportTo`.
pub fn export_to(entries: &[String]) -> ExportTo {
    entries.iter().map(|e| visibility(e)).collect()
}

/// Reads a mesh default of `exportTo`.
///
/// istiod: `push_context.go` `initDefaultExportMaps`; before [`Behaviour::HonoursListsOfDefaultExportTo`] `initServiceRegistry`,
/// `initVirtualServices`, which look for one value
pub fn default_export_to(entries: &[String], behaviours: Behaviours) -> ExportTo {
    let all = export_to(entries);
    if all.is_empty() || behaviours.contains(Behaviour::HonoursListsOfDefaultExportTo) {
        return all;
    }
    let counts = [Visibility::Private, Visibility::Public].into_iter().find(|one| all.contains(one));
    ExportTo::from([counts.unwrap_or(Visibility::None)])
}
