//! `Metadata` that names the resource from which something was made.

use crate::envoy::{Metadata, Struct};
use crate::model::ObjectMeta;
use crate::translate::name;

/// The path of an Istio resource under `filter_metadata.istio.config`; `kind` as [`name::config_path`] has it.
///
/// istiod: `util.go` `BuildConfigInfoMetadata`
pub(crate) fn config(kind: &str, meta: &ObjectMeta) -> Metadata {
    config_path(name::config_path(kind, &meta.namespace, &meta.name))
}

/// The same for a path.
pub(super) fn config_path(path: String) -> Metadata {
    let fields = std::iter::once(("config".to_owned(), path.into())).collect();
    Metadata { filter_metadata: std::iter::once(("istio".to_owned(), Struct(fields))).collect(), ..Metadata::default() }
}
