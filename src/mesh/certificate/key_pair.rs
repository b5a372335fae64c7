//! Whether a certificate and a key belong together.
//!
//! Go: `crypto/tls` `X509KeyPair`

use base64::Engine as _;
use x509_parser::der_parser::ber::BerObjectContent;
use x509_parser::der_parser::der::{DerObject, parse_der};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;

/// Says what is wrong with a certificate and its key, in PEM; nothing if they can be used.
///
/// Of a key of an elliptic curve that does not bring its public half, it is taken that it belongs to the certificate.
pub(super) fn problem(certificate: &[u8], key: &[u8]) -> Option<&'static str> {
    let chain = blocks(certificate);
    let Some((_, leaf)) = chain.iter().find(|(label, _)| label == "CERTIFICATE") else {
        return Some("its certificate is no PEM");
    };
    let keys = blocks(key);
    let Some((_, key)) = keys.iter().find(|(label, _)| label == "PRIVATE KEY" || label.ends_with(" PRIVATE KEY"))
    else {
        return Some("its key is no PEM");
    };
    let Ok((_, leaf)) = X509Certificate::from_der(leaf) else { return Some("its certificate is malformed") };
    let Some(key) = PublicHalf::of_key(key) else { return Some("its key is malformed") };
    (!key.belongs_to(&leaf)).then_some("its key is not that of the certificate")
}

/// Says whether some certificate in a PEM text can be read.
pub(super) fn has_certificate(pem: &[u8]) -> bool {
    blocks(pem).iter().any(|(label, der)| label == "CERTIFICATE" && X509Certificate::from_der(der).is_ok())
}

/// The blocks of a PEM text: label and content. What is no block is passed over.
fn blocks(pem: &[u8]) -> Vec<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(pem);
    let mut lines = text.lines().map(str::trim);
    let mut out = Vec::new();
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) else {
            continue;
        };
        let end = format!("-----END {label}-----");
        // Lines with a colon are headers.
        let body: String = lines.by_ref().take_while(|line| *line != end).filter(|line| !line.contains(':')).collect();
        if let Ok(content) = base64::engine::general_purpose::STANDARD.decode(body) {
            out.push((label.to_owned(), content));
        }
    }
    out
}

/// What a private key says of its public half.
enum PublicHalf {
    /// The modulus.
    Rsa(Vec<u8>),
    /// The point, if it is there.
    Ec(Option<Vec<u8>>),
    Ed25519,
}

impl PublicHalf {
    /// Reads a key in PKCS #8, PKCS #1 or SEC 1.
    fn of_key(der: &[u8]) -> Option<Self> {
        let (_, object) = parse_der(der).ok()?;
        let fields = object.as_sequence().ok()?;
        match fields.get(1).map(|field| &field.content)? {
            BerObjectContent::Integer(modulus) if fields.len() >= 9 => Some(Self::Rsa(unsigned(modulus))),
            BerObjectContent::OctetString(_) => Some(Self::Ec(fields.iter().find_map(point))),
            BerObjectContent::Sequence(algorithm) => {
                let key = fields.get(2)?.as_slice().ok()?;
                match algorithm.first()?.as_oid().ok()?.to_id_string().as_str() {
                    "1.2.840.113549.1.1.1" | "1.2.840.10045.2.1" => Self::of_key(key),
                    "1.3.101.112" => Some(Self::Ed25519),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn belongs_to(&self, certificate: &X509Certificate<'_>) -> bool {
        match (self, certificate.public_key().parsed()) {
            (Self::Rsa(modulus), Ok(PublicKey::RSA(key))) => *modulus == unsigned(key.modulus),
            (Self::Ec(point), Ok(PublicKey::EC(key))) => point.as_ref().is_none_or(|point| point == key.data()),
            (Self::Ed25519, _) => certificate.public_key().algorithm.algorithm.to_id_string() == "1.3.101.112",
            _ => false,
        }
    }
}

/// The bit string inside of the field that SEC 1 numbers 1.
fn point(field: &DerObject<'_>) -> Option<Vec<u8>> {
    if field.header.tag().0 != 1 || !field.header.is_contextspecific() {
        return None;
    }
    let (_, inner) = parse_der(field.as_slice().ok()?).ok()?;
    match inner.content {
        BerObjectContent::BitString(_, bits) => Some(bits.data.to_vec()),
        _ => None,
    }
}

fn unsigned(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_needs_its_own_key() {
        for (certificate, key, expected) in [
            (EC, EC_KEY, None),
            (EC, EC_KEY_SEC1, None),
            (ED25519, ED25519_KEY, None),
            (EC, OTHER_EC_KEY, Some("its key is not that of the certificate")),
            (EC, ED25519_KEY, Some("its key is not that of the certificate")),
            (ED25519, EC_KEY, Some("its key is not that of the certificate")),
            ("text", EC_KEY, Some("its certificate is no PEM")),
            (EC, EC, Some("its key is no PEM")),
            (EC, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", Some("its key is malformed")),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
                EC_KEY,
                Some("its certificate is malformed"),
            ),
        ] {
            assert_eq!(problem(certificate.as_bytes(), key.as_bytes()), expected, "{certificate}{key}");
        }
    }

    #[test]
    fn a_bundle_has_one_certificate_at_least() {
        assert!(has_certificate(format!("text\n{ED25519}").as_bytes()));
        assert!(!has_certificate(EC_KEY.as_bytes()));
        assert!(!has_certificate(b"-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----"));
    }

    const EC: &str = "-----BEGIN CERTIFICATE-----
MIIBbzCCARWgAwIBAgIUSPqWwCxCogZFmRSW35CZH7VfdVowCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBYTAgFw0yNjExMjUyMDU0NDRaGA8yMTI2MTEwMTIwNTQ0NFow
DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABH1vsQ0nK8yo
wPn6pOZ/aVejYSGTkZ4I1cbcJpfjIwbMhaSGE3BN1JRtGIuVyQFQlHXJhluitFK8
LzAsH0SpBuOjUzBRMB0GA1UdDgQWBBQt/no6w3400wvpdukntcLzyrL1+DAfBgNV
HSMEGDAWgBQt/no6w3400wvpdukntcLzyrL1+DAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0gAMEUCIQD7LATtq8F6/40uwuCIxZa3DJlaEngFn60MAoTOVJ5a
bwIgekezRSmbFdkHngasxi7Uaj1iUfQlpAKEh8Z0ThW00BI=
-----END CERTIFICATE-----
";
    const EC_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgaG4Ww6AWDigL4g/p
qHZv8bR/syC9sCbVmZ1/3MkgZNahRANCAAR9b7ENJyvMqMD5+qTmf2lXo2Ehk5Ge
CNXG3CaX4yMGzIWkhhNwTdSUbRiLlckBUJR1yYZborRSvC8wLB9EqQbj
-----END PRIVATE KEY-----
";
    const EC_KEY_SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIGhuFsOgFg4oC+IP6ah2b/G0f7MgvbAm1Zmdf9zJIGTWoAoGCCqGSM49
AwEHoUQDQgAEfW+xDScrzKjA+fqk5n9pV6NhIZORngjVxtwml+MjBsyFpIYTcE3U
lG0Yi5XJAVCUdcmGW6K0UrwvMCwfRKkG4w==
-----END EC PRIVATE KEY-----
";
    const OTHER_EC_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgsx9s1ZibPqEyN8d+
on3CdYDediSsH55jLgQOjyirhUyhRANCAAQJfmenLDRIjCr3PF1i6VyeWz6wHikD
Rpy0vIw0Pw7eAyLj/0xu5S4Yh/r0r5fiMSUlM1DdXi9myTazGct9INCP
-----END PRIVATE KEY-----
";
    const ED25519: &str = "-----BEGIN CERTIFICATE-----
MIIBLjCB4aADAgECAhQJRGw5LtoWJeY2jwnPUhooeptiHzAFBgMrZXAwDDEKMAgG
A1UEAwwBYTAgFw0yNjExMjUyMDU0NDRaGA8yMTI2MTEwMTIwNTQ0NFowDDEKMAgG
A1UEAwwBYTAqMAUGAytlcAMhAL6tMHaekfRJxIsJ7fQyDeE2BLv8kUfKEk+8W2OB
Is8po1MwUTAdBgNVHQ4EFgQUSIjchRVFiRDnQOI3+UA6EWivpTYwHwYDVR0jBBgw
FoAUSIjchRVFiRDnQOI3+UA6EWivpTYwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD
QQDNVtKXKD3oS1WgMJ0GV86yEmh1JLYnWNMN0V7niUxK2xa3JlGnsZIYGMZiJa9K
FR02cvYnMBDpdiZgFiBnw0AJ
-----END CERTIFICATE-----
";
    const ED25519_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIFKIIVNhLfamhMIFztwAboWW/yM7kTKn0QvCEjs9L8ji
-----END PRIVATE KEY-----
";
}
