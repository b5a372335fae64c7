//! Which namespaces may use a listener, and under which hosts.

use crate::mesh::gateway_api::Context;
use crate::model::gateway_api::{FromNamespaces, Listener, Namespaces};

/// `Listener.{hostname, allowedRoutes.namespaces}` -> `Gateway.servers[].hosts`
///
/// A host that no namespace may use keeps the port open: `~` stands for none.
///
/// istiod: `conversion.go` `buildHostnameMatch`
pub(super) fn hosts(context: &Context<'_>, namespace: &str, listener: &Listener) -> Vec<String> {
    let hostname = listener.hostname.as_deref().unwrap_or("*");
    let namespaces = namespaces(context, namespace, &listener.allowed_routes.namespaces);
    if namespaces.is_empty() {
        return vec![format!("~/{hostname}")];
    }
    namespaces.iter().map(|namespace| format!("{namespace}/{hostname}")).collect()
}

/// istiod: `conversion.go` `namespacesFromSelector`
fn namespaces(context: &Context<'_>, own: &str, allowed: &Namespaces) -> Vec<String> {
    let selector = match (allowed.from, &allowed.selector) {
        (FromNamespaces::Same, _) => return vec![own.to_owned()],
        (FromNamespaces::All, _) | (_, None) => return vec!["*".to_owned()],
        (FromNamespaces::Selector | FromNamespaces::None, Some(selector)) => selector,
    };
    let selected = context.namespaces().filter(|(_, labels)| selector.matches(labels));
    selected.map(|(name, _)| name.to_owned()).collect()
}
