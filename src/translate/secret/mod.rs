//! SDS: the certificates that istiod serves by name, private keys hidden.
//!
//! ```text
//! name -> Secret or ConfigMap, if the proxy may have it (access)
//!      -> certificate with key, or CA                   (certificate)
//!      -> Secret                                        (tls_certificate, validation_context)
//! ```
//!
//! istiod: `pilot/pkg/xds/sds.go`, `pilot/pkg/credentials/kube/secrets.go`

mod access;
mod certificate;
mod tls_certificate;
mod validation_context;

use std::collections::BTreeSet;

use crate::envoy::{Bytes, DataSource, DataSourceSpecifier, Secret, SecretType};
use crate::mesh::credential::{self, Credential, CredentialKind};
use crate::model::REDACTED;
use crate::proxy::ProxyView;

/// The secrets that istiod serves this proxy, of those whose names its listeners and clusters refer to.
///
/// What is missing, malformed, or not for this proxy is left out: Envoy waits for it. A certificate out of date is served.
///
/// istiod: `sds.go` `Generate`
pub(crate) fn build(view: &ProxyView<'_>, names: &BTreeSet<String>) -> Vec<Secret> {
    names.iter().filter_map(|name| secret(view, name)).collect()
}

/// istiod: `sds.go` `generate`
fn secret(view: &ProxyView<'_>, name: &str) -> Option<Secret> {
    let credential = credential::parse(name, &view.proxy.namespace)?;
    if !access::is_allowed(view, name, &credential) {
        return None;
    }
    Some(Secret { name: name.to_owned(), r#type: Some(content(view, &credential)?) })
}

fn content(view: &ProxyView<'_>, credential: &Credential<'_>) -> Option<SecretType> {
    let &Credential { kind, namespace, name } = credential;
    let mesh = view.outbound.mesh;
    if kind == CredentialKind::ConfigMap {
        let ca = certificate::config_map_ca(mesh, namespace, name)?;
        return Some(SecretType::ValidationContext(validation_context::validation_context(ca)));
    }
    if credential.is_ca() {
        let ca = certificate::secret_ca(mesh, namespace, name)?;
        return Some(SecretType::ValidationContext(validation_context::validation_context(ca)));
    }
    let certificate = certificate::secret_certificate(mesh, namespace, name)?;
    let provider = view.outbound.client.proxy_config.private_key_provider.as_ref();
    Some(SecretType::TlsCertificate(tls_certificate::tls_certificate(certificate, provider)))
}

/// What Envoy would show of PEM that ought to be public: someone may have put the key where the certificate belongs.
fn public(pem: Vec<u8>, block: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(&pem);
    let is_pem = text.contains(&format!("-----BEGIN {block}-----")) && !text.contains("PRIVATE KEY");
    // What stands for a certificate in examples hides nothing.
    let is_public = is_pem || text.len() < 4;
    if is_public { pem } else { REDACTED.as_bytes().to_vec() }
}

/// The same of DER, which begins with a sequence.
fn der(bytes: Vec<u8>) -> Vec<u8> {
    if bytes.first() == Some(&0x30) { bytes } else { REDACTED.as_bytes().to_vec() }
}

fn inline(bytes: Vec<u8>) -> DataSource {
    DataSource { specifier: Some(DataSourceSpecifier::InlineBytes(Bytes(bytes))), ..DataSource::default() }
}
