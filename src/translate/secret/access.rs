//! Which proxy may have which certificate.

use crate::mesh::credential::{Credential, CredentialKind};
use crate::proxy::ProxyView;

/// Says whether istiod lets the proxy have a certificate.
///
/// It sees none in a namespace that discovery selectors leave out.
///
/// istiod also asks the API server whether the proxy's service account may list Secrets, unless it is for a CA. Manifests do not
/// answer that completely, so it counts as allowed.
///
/// istiod: `sds.go` `filterAuthorizedResources`
pub(super) fn is_allowed(view: &ProxyView<'_>, name: &str, credential: &Credential<'_>) -> bool {
    view.outbound.mesh.discovery_namespaces.contains(credential.namespace)
        && match credential.kind {
            CredentialKind::Kubernetes => credential.namespace == view.proxy.namespace,
            CredentialKind::KubernetesGateway => {
                view.merged_gateway().is_some_and(|gateway| gateway.verified_certificates.contains(name))
            }
            CredentialKind::ConfigMap => true,
            CredentialKind::Invalid => false,
        }
}
