//! `exportTo`: which namespaces see a resource.

use std::collections::BTreeSet;

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
