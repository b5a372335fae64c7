//! Which certificates a router may have although they are not in the mesh's namespace for it.

use std::collections::BTreeSet;

use crate::mesh::credential;
use crate::mesh::gateway::select::parent_namespace;
use crate::mesh::gateway::{GatewayServer, Router};
use crate::model::istio::ServerTlsSettingsTlsMode;

/// The service account that the router must have, or empty for any. istiod: `constants.InternalServiceAccount`.
pub(super) const SERVICE_ACCOUNT_ANNOTATION: &str = "internal.istio.io/service-account-name";
/// What this Gateway was made from, with its kind. istiod: `constants.InternalParentNames`.
const PARENT_NAMES_ANNOTATION: &str = "internal.istio.io/parents";

/// `Gateway.servers[].tls.credentialName(s)` -> the SDS names on which Gateway and router agree: both are in the namespace of the
/// Secret, or a ReferenceGrant allows it; with their CAs if the mode is MUTUAL
///
/// istiod: `gateway.go` `mergeGateways`, on `VerifiedCertificateReferences`
pub(super) fn verified(server: &GatewayServer, router: &Router<'_>) -> BTreeSet<String> {
    let Some(tls) = server.spec.tls.as_ref().filter(|_| is_identity_verified(server, router)) else {
        return BTreeSet::new();
    };
    let names = if tls.credential_names.is_empty() {
        std::slice::from_ref(&tls.credential_name)
    } else {
        &tls.credential_names
    };
    names
        .iter()
        .filter(|n| !n.is_empty() && !n.starts_with(credential::BUILTIN))
        .map(|n| credential::resource_name(n))
        .filter(|n| is_allowed(n, server, router))
        .flat_map(|n| {
            let ca = (tls.mode == ServerTlsSettingsTlsMode::Mutual).then(|| format!("{n}{}", credential::CA_SUFFIX));
            [Some(n), ca]
        })
        .flatten()
        .chain(ca_secret(server, router))
        .collect()
}

/// The Secret of the authority that frontend validation names. istiod: `gateway.go` `mergeGateways`
fn ca_secret(server: &GatewayServer, router: &Router<'_>) -> Option<String> {
    let name = server.spec.tls.as_ref().map(|tls| &tls.ca_cert_credential_name).filter(|_| router.serves_ca_secrets)?;
    let is_secret = name.starts_with(credential::KUBERNETES_GATEWAY);
    (is_secret && is_allowed(name, server, router)).then(|| name.clone())
}

fn is_identity_verified(server: &GatewayServer, router: &Router<'_>) -> bool {
    let account = annotation(server, SERVICE_ACCOUNT_ANNOTATION);
    router.namespace == parent_namespace(&server.gateway) && (account.is_empty() || router.service_account == account)
}

/// A ListenerSet may be in another namespace than its Gateway: the Gateway allowed it. Then the Secret is in the ListenerSet's.
fn is_allowed(resource_name: &str, server: &GatewayServer, router: &Router<'_>) -> bool {
    let namespace = &server.gateway.meta.namespace;
    let listener_set = annotation(server, PARENT_NAMES_ANNOTATION).starts_with("ListenerSet/");
    let (kind, lookup) = if listener_set { ("ListenerSet", namespace.as_str()) } else { ("Gateway", router.namespace) };
    let is_same_namespace = (listener_set || namespace == router.namespace)
        && credential::parse(resource_name, router.namespace).is_some_and(|c| c.namespace == lookup);
    is_same_namespace || router.grants.secret_allowed(kind, resource_name, lookup)
}

fn annotation<'a>(server: &'a GatewayServer, key: &str) -> &'a str {
    server.gateway.meta.annotations.get(key).map_or("", String::as_str)
}
