//! Secrets that are CAs.

use crate::envoy::CertificateValidationContext;
use crate::mesh::certificate::Certificate;
use crate::translate::secret::{inline, public};

/// CA -> `Secret.validation_context`
///
/// istiod: `sds.go` `toEnvoyCaSecret`
pub(super) fn validation_context(ca: Certificate) -> CertificateValidationContext {
    CertificateValidationContext {
        trusted_ca: Some(inline(public(ca.pem, "CERTIFICATE"))),
        crl: ca.crl.map(|crl| inline(public(crl, "X509 CRL"))),
        ..CertificateValidationContext::default()
    }
}
