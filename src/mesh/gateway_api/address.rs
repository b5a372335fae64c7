//! Where a Gateway is reached: the Services whose Pods run it.

use crate::diagnostic::Diagnostics;
use crate::mesh::gateway_api::Context;
use crate::mesh::gateway_api::context::ServedGateway;
use crate::mesh::gateway_api::finding::Reason;
use crate::model::Config;
use crate::model::gateway_api::GatewaySpecAddress;

/// Returns the hostnames of the Services: that which istiod makes, or those that `spec.addresses` names.
///
/// istiod: `conversion.go` `extractGatewayServices`
pub(super) fn services(context: &Context<'_>, served: ServedGateway<'_>) -> Vec<String> {
    let ServedGateway { gateway: Config { meta, spec, .. }, controller } = served;
    if spec.is_managed(context.features.gateway_api_manual_deployment) {
        return vec![context.hostname(&spec.deployment_name(meta, controller), &meta.namespace)];
    }
    let hostnames = spec.addresses.iter().filter(|address| address.r#type == "Hostname");
    let qualified =
        hostnames.map(
            |GatewaySpecAddress { value, .. }| {
                if value.contains('.') { value.clone() } else { context.hostname(value, &meta.namespace) }
            },
        );
    qualified.collect()
}

/// Returns the service account of a Gateway's Pods; nothing if istiod does not make them, as then any will do.
///
/// istiod: `gateway_collection.go` `GatewayCollection`
pub(super) fn service_account(context: &Context<'_>, served: ServedGateway<'_>) -> String {
    let ServedGateway { gateway, controller } = served;
    if gateway.spec.is_managed(context.features.gateway_api_manual_deployment) {
        gateway.spec.service_account(&gateway.meta, controller)
    } else {
        String::new()
    }
}

/// Says which addresses lead nowhere.
///
/// istiod: `context.go` `ResolveGatewayInstances`, as far as Services tell
pub(super) fn check(context: &Context<'_>, findings: &mut Diagnostics) {
    // The istiod of another revision makes the Service of a Gateway that is for it.
    for served in context.gateways().filter(|served| context.reads(&served.gateway.meta)) {
        let Config { meta, spec, source } = served.gateway;
        if !spec.is_managed(context.features.gateway_api_manual_deployment) {
            for (index, address) in spec.addresses.iter().enumerate().filter(|(_, a)| a.r#type != "Hostname") {
                let message =
                    format!("address `{}` is ignored; with several addresses only hostnames are used", address.value);
                let path = format!("spec.addresses[{index}]");
                findings.push(Reason::UnsupportedAddress.at(*source, &path, &message));
            }
        }
        for hostname in services(context, served) {
            let written = spec.addresses.iter().position(|address| hostname.starts_with(&address.value));
            let path = written.map_or("metadata.name".to_owned(), |index| format!("spec.addresses[{index}].value"));
            let Some(of_hostname) = context.services_by_hostname.get(&hostname) else {
                let message = format!("Service `{hostname}` not found, so no proxy runs the Gateway");
                findings.push(Reason::AddressNotUsable.at(*source, &path, &message));
                continue;
            };
            let Some(service) = of_hostname.get(&meta.namespace) else {
                let message =
                    format!("the Service `{hostname}` is not in the Gateway's namespace, so no proxy runs it");
                findings.push(Reason::AddressNotUsable.at(*source, &path, &message));
                continue;
            };
            for (index, listener) in spec.listeners.iter().enumerate() {
                if service.port(listener.port).is_none() {
                    let message = format!("the Service `{hostname}` has no port {}", listener.port);
                    let path = format!("spec.listeners[{index}].port");
                    findings.push(Reason::AddressNotUsable.at(*source, &path, &message));
                }
            }
        }
    }
}
