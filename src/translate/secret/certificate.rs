//! Certificates, keys and CAs in Secrets and ConfigMaps.

use crate::mesh::Mesh;
use crate::mesh::credential::CA_SUFFIX;
use crate::model::kubernetes::Secret;

/// The kinds of Secret that istiod does not watch. istiod: `secrets.go` `SecretsFieldSelector`
const IGNORED_TYPES: [&str; 2] = ["helm.sh/release.v1", "kubernetes.io/service-account-token"];

/// A certificate and what comes with it, in PEM.
///
/// istiod: `pilot/pkg/credentials/model.go` `CertInfo`
#[derive(Debug, PartialEq)]
pub(super) struct Certificate {
    /// The chain, or the CA.
    pub(super) pem: Vec<u8>,
    /// What proves that it is not revoked.
    pub(super) ocsp_staple: Option<Vec<u8>>,
    /// Revoked certificates.
    pub(super) crl: Option<Vec<u8>>,
}

/// `Secret.data` -> the certificate under `cert` with its key under `key`, else `tls.crt` and `tls.key`
///
/// istiod: `secrets.go` `ExtractCertInfo`
pub(super) fn secret_certificate(mesh: &Mesh, namespace: &str, name: &str) -> Option<Certificate> {
    certificate_with_key(secret(mesh, namespace, name)?)
}

fn certificate_with_key(secret: &Secret) -> Option<Certificate> {
    let value = |key| value(secret, key);
    let filled = |key| value(key).filter(|v| !v.is_empty());
    if let (Some(pem), Some(_)) = (filled("cert"), filled("key")) {
        return Some(Certificate { pem, ocsp_staple: None, crl: None });
    }
    let (pem, _) = (filled("tls.crt")?, filled("tls.key")?);
    Some(Certificate { pem, ocsp_staple: value("tls.ocsp-staple"), crl: None })
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
        let pem = value(key).filter(|v| !v.is_empty())?;
        Some(Certificate { pem, ocsp_staple: None, crl: value(crl) })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Bytes;

    fn secret(data: &[(&str, &str)]) -> Secret {
        let data = data.iter().map(|&(key, text)| (key.to_owned(), Bytes(text.as_bytes().to_vec())));
        Secret { data: data.collect(), ..Secret::default() }
    }

    fn certificate(pem: &str, ocsp_staple: Option<&str>, crl: Option<&str>) -> Certificate {
        let bytes = |text: &str| text.as_bytes().to_vec();
        Certificate { pem: bytes(pem), ocsp_staple: ocsp_staple.map(bytes), crl: crl.map(bytes) }
    }

    #[test]
    fn a_generic_certificate_is_before_a_tls_one() {
        let both = [("cert", "g"), ("key", "k"), ("tls.crt", "t"), ("tls.key", "k"), ("tls.ocsp-staple", "o")];
        assert_eq!(certificate_with_key(&secret(&both)), Some(certificate("g", None, None)));
        assert_eq!(certificate_with_key(&secret(&both[1..])), Some(certificate("t", Some("o"), None)));
    }

    #[test]
    fn empty_values_count_as_missing() {
        assert_eq!(certificate_with_key(&secret(&[("cert", ""), ("key", "k")])), None);
        assert_eq!(certificate_with_key(&secret(&[("tls.crt", "t")])), None);
        let ca = secret(&[("cacert", ""), ("ca.crt", "c"), ("crl", "wrong"), ("ca.crl", "l")]);
        assert_eq!(root(|key| value(&ca, key)), Some(certificate("c", None, Some("l"))));
    }

    #[test]
    fn texts_are_written_over_bytes() {
        let mut written = secret(&[("cert", "old"), ("key", "k")]);
        written.string_data.insert("cert".into(), "new".into());
        assert_eq!(certificate_with_key(&written), Some(certificate("new", None, None)));
    }
}
