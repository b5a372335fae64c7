//! Certificates, keys and CAs in Secrets and ConfigMaps.
//!
//! istiod: `pilot/pkg/credentials/kube/secrets.go`

mod key_pair;

use crate::model::kubernetes::{ConfigMap, Secret};

/// The kinds of Secret that istiod does not watch. istiod: `secrets.go` `SecretsFieldSelector`
const IGNORED_TYPES: [&str; 2] = ["helm.sh/release.v1", "kubernetes.io/service-account-token"];

/// A certificate and what comes with it, in PEM.
///
/// istiod: `pilot/pkg/credentials/model.go` `CertInfo`
#[derive(PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct Certificate {
    /// The chain, or the CA.
    pub pem: Vec<u8>,
    /// What proves that it is not revoked.
    pub ocsp_staple: Option<Vec<u8>>,
    /// Revoked certificates.
    pub crl: Option<Vec<u8>>,
}

/// Says whether istiod reads a Secret at all.
pub fn is_watched(secret: &Secret) -> bool {
    !IGNORED_TYPES.contains(&secret.r#type.as_str())
}

/// `Secret.data` -> the certificate under `cert` with its key under `key`, else `tls.crt` and `tls.key`
///
/// istiod: `secrets.go` `ExtractCertInfo`
pub fn of_secret(secret: &Secret) -> Option<Certificate> {
    with_key(secret).map(|(certificate, _)| certificate)
}

/// Says why a gateway cannot use the certificate of a Secret; nothing if it can.
///
/// istiod: `conversion.go` `buildSecretReference`
pub fn problem(secret: &Secret) -> Option<&'static str> {
    match with_key(secret) {
        None => Some("it has no certificate with a key"),
        Some((certificate, key)) => key_pair::problem(&certificate.pem, &key),
    }
}

/// Says whether there is a certificate in a PEM bundle.
///
/// Go: `x509.CertPool.AppendCertsFromPEM`
pub fn is_bundle(pem: &[u8]) -> bool {
    key_pair::has_certificate(pem)
}

/// `Secret.data` -> the CA
///
/// istiod: `secrets.go` `ExtractRoot`
pub fn ca_of_secret(secret: &Secret) -> Option<Certificate> {
    root(|key| value(secret, key))
}

/// `ConfigMap.data` -> the CA
///
/// istiod: `secrets.go` `ExtractRootFromString`
pub fn ca_of_config_map(config_map: &ConfigMap) -> Option<Certificate> {
    root(|key| config_map.data.get(key).map(|text| text.clone().into_bytes()))
}

fn with_key(secret: &Secret) -> Option<(Certificate, Vec<u8>)> {
    let value = |key| value(secret, key);
    let filled = |key| value(key).filter(|v| !v.is_empty());
    if let (Some(pem), Some(key)) = (filled("cert"), filled("key")) {
        return Some((Certificate { pem, ocsp_staple: None, crl: None }, key));
    }
    let (pem, key) = (filled("tls.crt")?, filled("tls.key")?);
    Some((Certificate { pem, ocsp_staple: value("tls.ocsp-staple"), crl: None }, key))
}

/// The CA under `cacert`, else under `ca.crt`.
fn root(value: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Certificate> {
    [("cacert", "crl"), ("ca.crt", "ca.crl")].into_iter().find_map(|(key, crl)| {
        let pem = value(key).filter(|v| !v.is_empty())?;
        Some(Certificate { pem, ocsp_staple: None, crl: value(crl) })
    })
}

fn value(secret: &Secret, key: &str) -> Option<Vec<u8>> {
    secret.value(key).map(|bytes| bytes.reveal().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(data: &[(&str, &str)]) -> Secret {
        let data = data.iter().map(|&(key, text)| (key.to_owned(), text.as_bytes().to_vec().into()));
        Secret { data: data.collect(), ..Secret::default() }
    }

    fn certificate(pem: &str, ocsp_staple: Option<&str>, crl: Option<&str>) -> Certificate {
        let bytes = |text: &str| text.as_bytes().to_vec();
        Certificate { pem: bytes(pem), ocsp_staple: ocsp_staple.map(bytes), crl: crl.map(bytes) }
    }

    #[test]
    fn a_generic_certificate_is_before_a_tls_one() {
        let both = [("cert", "g"), ("key", "k"), ("tls.crt", "t"), ("tls.key", "k"), ("tls.ocsp-staple", "o")];
        assert_eq!(of_secret(&secret(&both)), Some(certificate("g", None, None)));
        assert_eq!(of_secret(&secret(&both[1..])), Some(certificate("t", Some("o"), None)));
    }

    #[test]
    fn empty_values_count_as_missing() {
        assert_eq!(of_secret(&secret(&[("cert", ""), ("key", "k")])), None);
        assert_eq!(of_secret(&secret(&[("tls.crt", "t")])), None);
        let ca = secret(&[("cacert", ""), ("ca.crt", "c"), ("crl", "wrong"), ("ca.crl", "l")]);
        assert_eq!(ca_of_secret(&ca), Some(certificate("c", None, Some("l"))));
    }

    #[test]
    fn texts_are_written_over_bytes() {
        let mut written = secret(&[("cert", "old"), ("key", "k")]);
        written.string_data.insert("cert".into(), b"new".to_vec().into());
        assert_eq!(of_secret(&written), Some(certificate("new", None, None)));
    }
}
