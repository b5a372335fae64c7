//! `applyTo: VIRTUAL_HOST`, and what is in a virtual host.

use std::collections::BTreeSet;

use super::matching::{self, PortMap};
use super::run::Run;
use super::{http_route, listener::Kept};
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::model::istio::{EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchOperation as Operation};

const HOSTS: &str = "virtual_hosts";

/// Patches the virtual hosts, then adds others. What is removed is so by name: others of that name, added ones too, go with it.
///
/// istiod: `rc_patch.go` `patchVirtualHosts`
pub(super) fn patch(run: &mut Run<'_>, routes: &mut DynamicMessage, ports: &PortMap) {
    let mut hosts = routes.take_list(HOSTS);
    let mut removed = BTreeSet::new();
    for host in hosts.iter_mut().filter_map(DynamicValue::as_message_mut) {
        if patch_host(run, routes, host, ports) == Kept::No {
            removed.insert(host.text("name").to_owned());
        }
    }
    for patch in run.patches(ApplyTo::VirtualHost) {
        let (Operation::Add, Some(item)) = (patch.operation, patch.item()) else { continue };
        if matching::route_configuration(patch, run.context, routes, ports) {
            hosts.push(item);
            run.mark(patch);
        }
    }
    hosts.retain(|host| host.as_message().is_none_or(|host| !removed.contains(host.text("name"))));
    routes.set(HOSTS, DynamicValue::List(hosts));
}

/// istiod: `rc_patch.go` `patchVirtualHost`
fn patch_host(run: &mut Run<'_>, routes: &DynamicMessage, host: &mut DynamicMessage, ports: &PortMap) -> Kept {
    for patch in run.patches(ApplyTo::VirtualHost) {
        if !matching::route_configuration(patch, run.context, routes, ports) || !matching::virtual_host(patch, host) {
            continue;
        }
        match (patch.operation, patch.value()) {
            (Operation::Remove, _) => {
                run.mark(patch);
                return Kept::No;
            }
            (Operation::Merge | Operation::MergeAndReplaceList, Some(value)) if patch.merge(host, value).is_ok() => {
                run.mark(patch);
            }
            (Operation::Replace, Some(value)) => {
                run.mark(patch);
                *host = value.clone();
            }
            _ => {}
        }
    }
    http_route::patch(run, routes, host, ports);
    Kept::Yes
}
