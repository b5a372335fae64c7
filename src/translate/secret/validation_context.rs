//! Secrets that are CAs.

use crate::envoy::CertificateValidationContext;
use crate::mesh::certificate::Certificate;
use crate::translate::secret::inline;

/// CA -> `Secret.validation_context`
///
/// istiod: `sds.go` `toEnvoyCaSecret`
pub(super) fn validation_context(ca: Certificate) -> CertificateValidationContext {
    CertificateValidationContext {
        trusted_ca: Some(inline(ca.pem)),
        crl: ca.crl.map(inline),
        ..CertificateValidationContext::default()
    }
}
