//! Whether a certificate and a key belong together.
//!
//! Go: `crypto/tls` `X509KeyPair`

use base64::Engine as _;
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Decode as _, Reader, SliceReader, Tag, TagNumber, Tagged as _};

/// Says what is wrong with a certificate and its key, in PEM; nothing if they can be used.
///
/// Of a key of an elliptic curve that does not bring its public half, it is taken that it belongs to the certificate.
pub(super) fn problem(certificate: &[u8], key: &[u8]) -> Option<&'static str> {
    let chain = blocks(certificate);
    let Some((_, leaf)) = chain.iter().find(|(label, _)| label == "CERTIFICATE") else {
        return Some("the certificate is not valid PEM");
    };
    let keys = blocks(key);
    let Some((_, key)) = keys.iter().find(|(label, _)| label == "PRIVATE KEY" || label.ends_with(" PRIVATE KEY"))
    else {
        return Some("the key is not valid PEM");
    };
    let Ok(leaf) = PublicHalf::of_certificate(leaf) else { return Some("its certificate is malformed") };
    let Some(key) = PublicHalf::of_key(key) else { return Some("its key is malformed") };
    (!leaf.is_some_and(|leaf| key.belongs_to(&leaf))).then_some("its key is not that of the certificate")
}

/// Says whether some certificate in a PEM text can be read.
pub(super) fn has_certificate(pem: &[u8]) -> bool {
    blocks(pem).iter().any(|(label, der)| label == "CERTIFICATE" && PublicHalf::of_certificate(der).is_ok())
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

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// What a certificate, or a private key, says of its public half.
enum PublicHalf {
    /// The modulus.
    Rsa(Vec<u8>),
    /// The point, if it is there.
    Ec(Option<Vec<u8>>),
    Ed25519,
}

impl PublicHalf {
    /// Reads a certificate (RFC 5280); nothing for an algorithm that is not known here.
    fn of_certificate(der: &[u8]) -> der::Result<Option<Self>> {
        let fields = sequence(AnyRef::from_der(der)?)?;
        let [signed, _, signature] = fields.as_slice() else { return Err(Tag::Sequence.length_error()) };
        BitStringRef::try_from(*signature)?;
        let mut signed = sequence(*signed)?;
        // The version is left out where it is 1.
        if signed.first().is_some_and(|field| field.tag().is_context_specific()) {
            signed.remove(0);
        }
        let [serial, algorithm, issuer, validity, subject, key, ..] = signed.as_slice() else {
            return Err(Tag::Sequence.length_error());
        };
        serial.tag().assert_eq(Tag::Integer)?;
        for field in [algorithm, issuer, validity, subject] {
            sequence(*field)?;
        }
        let key = sequence(*key)?;
        let [algorithm, key] = key.as_slice() else { return Err(Tag::Sequence.length_error()) };
        let bits = BitStringRef::try_from(*key)?.raw_bytes();
        Ok(match algorithm_of(*algorithm)? {
            RSA => {
                let key = sequence(AnyRef::from_der(bits)?)?;
                key.first().map(|modulus| Self::Rsa(unsigned(modulus.value())))
            }
            EC => Some(Self::Ec(Some(bits.to_vec()))),
            ED25519 => Some(Self::Ed25519),
            _ => None,
        })
    }

    /// Reads a private key in PKCS #8, PKCS #1 or SEC 1.
    fn of_key(der: &[u8]) -> Option<Self> {
        let fields = sequence(AnyRef::from_der(der).ok()?).ok()?;
        let second = fields.get(1)?;
        match second.tag() {
            Tag::Integer if fields.len() >= 9 => Some(Self::Rsa(unsigned(second.value()))),
            Tag::OctetString => Some(Self::Ec(fields.iter().find_map(|field| point(*field)))),
            Tag::Sequence => match algorithm_of(*second).ok()? {
                RSA | EC => Self::of_key(fields.get(2)?.value()),
                ED25519 => Some(Self::Ed25519),
                _ => None,
            },
            _ => None,
        }
    }

    /// Says whether a key of this half belongs to a certificate of the other.
    fn belongs_to(&self, certificate: &Self) -> bool {
        match (self, certificate) {
            (Self::Rsa(modulus), Self::Rsa(certified)) => modulus == certified,
            (Self::Ec(Some(point)), Self::Ec(Some(certified))) => point == certified,
            (Self::Ec(_), Self::Ec(_)) | (Self::Ed25519, Self::Ed25519) => true,
            _ => false,
        }
    }
}

/// Returns the fields of a sequence.
fn sequence(value: AnyRef<'_>) -> der::Result<Vec<AnyRef<'_>>> {
    value.tag().assert_eq(Tag::Sequence)?;
    let mut reader = SliceReader::new(value.value())?;
    let mut fields = Vec::new();
    while !reader.is_finished() {
        fields.push(reader.decode()?);
    }
    Ok(fields)
}

/// Returns the name of an algorithm, without its parameters.
fn algorithm_of(algorithm: AnyRef<'_>) -> der::Result<ObjectIdentifier> {
    match sequence(algorithm)?.first() {
        Some(name) => ObjectIdentifier::try_from(*name),
        None => Err(Tag::Sequence.length_error()),
    }
}

/// The bit string inside of the field that SEC 1 numbers 1.
fn point(field: AnyRef<'_>) -> Option<Vec<u8>> {
    if field.tag() != (Tag::ContextSpecific { constructed: true, number: TagNumber::N1 }) {
        return None;
    }
    Some(BitStringRef::from_der(field.value()).ok()?.raw_bytes().to_vec())
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
            (EC_CERTIFICATE, EC_KEY, None),
            (EC_CERTIFICATE, EC_KEY_SEC1, None),
            (ED25519_CERTIFICATE, ED25519_KEY, None),
            (EC_CERTIFICATE, OTHER_EC_KEY, Some("its key is not that of the certificate")),
            (EC_CERTIFICATE, ED25519_KEY, Some("its key is not that of the certificate")),
            (ED25519_CERTIFICATE, EC_KEY, Some("its key is not that of the certificate")),
            ("text", EC_KEY, Some("the certificate is not valid PEM")),
            (EC_CERTIFICATE, EC_CERTIFICATE, Some("the key is not valid PEM")),
            (
                EC_CERTIFICATE,
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
                Some("its key is malformed"),
            ),
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
        assert!(has_certificate(format!("text\n{ED25519_CERTIFICATE}").as_bytes()));
        assert!(!has_certificate(EC_KEY.as_bytes()));
        assert!(!has_certificate(b"-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----"));
    }

    const EC_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
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
    const ED25519_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
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
