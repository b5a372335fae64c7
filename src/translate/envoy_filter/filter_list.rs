//! Where a patch puts a filter into a list of filters.

use super::patch::Patch;
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::model::istio::EnvoyFilterPatchOperation as Operation;

/// What a patch knows of the filters of a list.
pub(super) struct Wanted<'p> {
    /// The filter's name; none if any will do.
    pub(super) name: Option<&'p str>,
}

impl Wanted<'_> {
    fn is(&self, filter: &DynamicValue) -> bool {
        let name = filter.as_message().map_or("", |filter| filter.text("name"));
        self.name.is_none_or(|wanted| wanted == name)
    }
}

/// Adds, inserts, replaces or removes; says whether anything came of it.
///
/// To insert before any filter is to insert at the front, after any at the end; to replace or to remove, a name is needed.
///
/// istiod: `listener_patch.go` `patchListenerFilters`, `patchNetworkFilters`, `patchHTTPFilters`; `util.go`
pub(super) fn change(list: &mut Vec<DynamicValue>, patch: &Patch, wanted: &Wanted<'_>) -> bool {
    let place = |list: &[DynamicValue]| list.iter().position(|filter| wanted.is(filter));
    let at = match (patch.operation, wanted.name) {
        (Operation::Add, _) | (Operation::InsertAfter, None) => Some(list.len()),
        (Operation::InsertFirst, _) | (Operation::InsertBefore, None) => Some(0),
        (Operation::InsertAfter, Some(_)) => place(list).map(|place| place + 1),
        (Operation::InsertBefore, Some(_)) => place(list),
        (Operation::Replace, Some(_)) => {
            let (Some(place), Some(item)) = (place(list), patch.item()) else { return false };
            list[place] = item;
            return true;
        }
        (Operation::Remove, Some(_)) => {
            let before = list.len();
            list.retain(|filter| !wanted.is(filter));
            return list.len() < before;
        }
        (Operation::Replace | Operation::Remove, None)
        | (Operation::Merge | Operation::MergeAndReplaceList | Operation::Invalid, _) => None,
    };
    let (Some(at), Some(item)) = (at, patch.item()) else { return false };
    list.insert(at, item);
    true
}

/// Lays a patch over a filter that has a configuration: the name, if it gives one, and the configuration, if it is of one type.
///
/// istiod: `listener_patch.go` `patchNetworkFilter`, `mergeHTTPFilter`
pub(super) fn merge(
    filter: &mut DynamicMessage,
    value: &DynamicMessage,
) -> Result<bool, crate::envoy::dynamic::TypeMismatch> {
    let Some(config) = filter.message_mut("typed_config") else { return Ok(false) };
    if let Some(patch) = value.message("typed_config") {
        config.merge_any(patch)?;
    }
    let name = value.text("name");
    if !name.is_empty() {
        filter.set("name", DynamicValue::String(name.to_owned()));
    }
    Ok(true)
}
