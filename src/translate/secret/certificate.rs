//! Certificates, keys and CAs in Secrets and ConfigMaps.

use crate::mesh::Mesh;
use crate::mesh::credential::CA_SUFFIX;
use crate::model::kubernetes::Secret;

/// The kinds of Secret that istiod does not watch. istiod: `secrets.go` `SecretsFieldSelector`
const IGNORED_TYPES: [&str; 2] = ["helm.sh/release.v1", "kubernetes.io/service-account-token"];

/// A certificate and what comes with it, in PEM.
///
/// istiod: `pilot/pkg/credentials/model.go` `CertInfo`
pub(super) struct Certificate {
    /// The chain, or the CA.
    pub(super) certificate: Vec<u8>,
    /// What proves that it is not revoked.
    pub(super) ocsp_staple: Option<Vec<u8>>,
    /// Revoked certificates.
    pub(super) crl: Option<Vec<u8>>,
}

/// `Secret.data` -> the certificate under `cert` with its key under `key`, else `tls.crt` and `tls.key`
///
/// istiod: `secrets.go` `ExtractCertInfo`
pub(super) fn secret_certificate(mesh: &Mesh, namespace: &str, name: &str) -> Option<Certificate> {
    let secret = secret(mesh, namespace, name)?;
    let value = |key| value(secret, key);
    let filled = |key| value(key).filter(|v| !v.is_empty());
    if let (Some(certificate), Some(_)) = (filled("cert"), filled("key")) {
        return Some(Certificate { certificate, ocsp_staple: None, crl: None });
    }
    let (certificate, _) = (filled("tls.crt")?, filled("tls.key")?);
    Some(Certificate { certificate, ocsp_staple: value("tls.ocsp-staple"), crl: None })
}

/// `Secret.data` -> the CA of `<name>-cacert`, or of `<name>` if there is no such Secret
///
/// istiod: `secrets.go` `GetCaCert`
pub(super) fn secret_ca(mesh: &Mesh, namespace: &str, name: &str) -> Option<Certificate> {
    let secret = secret(mesh, namespace, name).or_else(|| secret(mesh, namespace, name.strip_suffix(CA_SUFFIX)?))?;
    root(|key| value(secret, key))
}

/// `ConfigMap.data` -> the CA, whether or not the name ends in `-cacert`
///
/// istiod: `secrets.go` `GetConfigMapCaCert`
pub(super) fn config_map_ca(mesh: &Mesh, namespace: &str, name: &str) -> Option<Certificate> {
    let name = name.strip_suffix(CA_SUFFIX).unwrap_or(name);
    let config_map = mesh.config_maps.get(&(namespace.to_owned(), name.to_owned()))?;
    root(|key| config_map.spec.data.get(key).map(|text| text.clone().into_bytes()))
}

/// The CA under `cacert`, else under `ca.crt`.
///
/// istiod: `secrets.go` `ExtractRoot`
fn root(value: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Certificate> {
    [("cacert", "crl"), ("ca.crt", "ca.crl")].into_iter().find_map(|(key, crl)| {
        let certificate = value(key).filter(|v| !v.is_empty())?;
        Some(Certificate { certificate, ocsp_staple: None, crl: value(crl) })
    })
}

fn secret<'m>(mesh: &'m Mesh, namespace: &str, name: &str) -> Option<&'m Secret> {
    let secret = &mesh.secrets.get(&(namespace.to_owned(), name.to_owned()))?.spec;
    (!IGNORED_TYPES.contains(&secret.r#type.as_str())).then_some(secret)
}

fn value(secret: &Secret, key: &str) -> Option<Vec<u8>> {
    let text = secret.string_data.get(key).map(|text| text.clone().into_bytes());
    text.or_else(|| secret.data.get(key).map(|bytes| bytes.0.clone()))
}
