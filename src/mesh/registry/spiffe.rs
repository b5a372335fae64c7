//! Identities.

use std::collections::BTreeSet;

const SCHEME: &str = "spiffe://";

/// Returns the identity of a service account. istiod: `pkg/spiffe` `GenSpiffeURI`.
pub(crate) fn identity(trust_domain: &str, namespace: &str, service_account: &str) -> String {
    // A `@` in a trust domain stands for a `.` (Google's account names). istiod: `GenSpiffeURIForTrustDomain`.
    let trust_domain = trust_domain.replace('@', ".");
    format!("{SCHEME}{trust_domain}/ns/{namespace}/sa/{service_account}")
}

/// Returns the identities, each also under every alias of the trust domain. istiod: `pkg/spiffe` `ExpandWithTrustDomains`.
pub(crate) fn expand_with_trust_domains(identities: &BTreeSet<String>, aliases: &[String]) -> BTreeSet<String> {
    let mut out = identities.clone();
    for identity in identities {
        let Some((_, path)) = identity.strip_prefix(SCHEME).and_then(|rest| rest.split_once('/')) else { continue };
        out.extend(aliases.iter().map(|alias| format!("{SCHEME}{alias}/{path}")));
    }
    out
}
