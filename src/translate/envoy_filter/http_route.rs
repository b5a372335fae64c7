//! `applyTo: HTTP_ROUTE`

use super::matching::{self, PortMap};
use super::patch::Patch;
use super::run::Run;
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::model::istio::{EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchOperation as Operation};

const ROUTES: &str = "routes";

/// Patches and removes routes, then puts others in.
///
/// istiod: `rc_patch.go` `patchHTTPRoutes`
pub(super) fn patch(run: &mut Run<'_>, config: &DynamicMessage, host: &mut DynamicMessage, ports: &PortMap) {
    let mut routes = host.take_list(ROUTES);
    let all = std::mem::take(&mut routes).into_iter();
    routes.extend(all.filter_map(|route| patch_route(run, config, host, ports, route)));
    for patch in run.patches(ApplyTo::HttpRoute) {
        let is_meant =
            matching::route_configuration(patch, run.context, config, ports) && matching::virtual_host(patch, host);
        if is_meant && insert(&mut routes, patch) {
            run.mark(patch);
        }
    }
    host.set(ROUTES, DynamicValue::List(routes));
}

/// istiod: `rc_patch.go` `patchHTTPRoute`
fn patch_route(
    run: &mut Run<'_>,
    config: &DynamicMessage,
    host: &DynamicMessage,
    ports: &PortMap,
    route: DynamicValue,
) -> Option<DynamicValue> {
    let DynamicValue::Message(mut route) = route else { return Some(route) };
    for patch in run.patches(ApplyTo::HttpRoute) {
        let is_meant = matching::route_configuration(patch, run.context, config, ports)
            && matching::virtual_host(patch, host)
            && matching::route(patch, &route);
        match (patch.operation, patch.value()) {
            (Operation::Remove, _) if is_meant => {
                run.mark(patch);
                return None;
            }
            (Operation::Merge | Operation::MergeAndReplaceList, Some(value))
                if is_meant && patch.merge(&mut route, value).is_ok() =>
            {
                run.mark(patch);
            }
            _ => {}
        }
    }
    Some(DynamicValue::Message(route))
}

/// To insert before any route is to insert at the front, after any at the end. To insert first beside a route that is not there
/// does nothing.
fn insert(routes: &mut Vec<DynamicValue>, patch: &Patch) -> bool {
    let has_match = matching::has_route(patch);
    let place = |routes: &[DynamicValue]| {
        routes.iter().position(|route| route.as_message().is_some_and(|route| matching::route(patch, route)))
    };
    let at = match patch.operation {
        Operation::Add => Some(routes.len()),
        Operation::InsertAfter if !has_match => Some(routes.len()),
        Operation::InsertAfter => place(routes).map(|place| place + 1),
        Operation::InsertBefore | Operation::InsertFirst if !has_match => Some(0),
        Operation::InsertBefore => place(routes),
        Operation::InsertFirst => place(routes).map(|_| 0),
        Operation::Invalid
        | Operation::Merge
        | Operation::MergeAndReplaceList
        | Operation::Remove
        | Operation::Replace => None,
    };
    let (Some(at), Some(item)) = (at, patch.item()) else { return false };
    routes.insert(at, item);
    true
}
