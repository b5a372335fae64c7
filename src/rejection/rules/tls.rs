//! TLS contexts: `source/common/tls`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::{flag, has, list, text};

pub(super) const COMMON: &[Rule] = &[protocols, parameters];
pub(super) const SECRET: &[Rule] = &[secret];
pub(super) const DOWNSTREAM: &[Rule] = &[server_certificates, common_validation];
pub(super) const UPSTREAM: &[Rule] = &[server_name, client_certificates, common_validation];

/// Cipher suites that BoringSSL has, by OpenSSL's names; it takes the standard's names too.
const CIPHERS: &[&str] = &[
    "AES128-GCM-SHA256",
    "AES128-SHA",
    "AES256-GCM-SHA384",
    "AES256-SHA",
    "DES-CBC3-SHA",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-PSK-AES128-CBC-SHA",
    "ECDHE-PSK-AES256-CBC-SHA",
    "ECDHE-PSK-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "PSK-AES128-CBC-SHA",
    "PSK-AES256-CBC-SHA",
];

/// Names of groups of suites, which are rules too.
const CIPHER_GROUPS: &[&str] =
    &["ALL", "HIGH", "FIPS", "SHA", "SHA1", "AES", "AES128", "AES256", "AESGCM", "CHACHA20", "3DES", "RSA"];

/// Signature algorithms that BoringSSL has.
const SIGNATURE_ALGORITHMS: &[&str] = &[
    "ecdsa_secp256r1_sha256",
    "ecdsa_secp384r1_sha384",
    "ecdsa_secp521r1_sha512",
    "ecdsa_sha1",
    "ed25519",
    "rsa_pkcs1_sha1",
    "rsa_pkcs1_sha256",
    "rsa_pkcs1_sha384",
    "rsa_pkcs1_sha512",
    "rsa_pss_rsae_sha256",
    "rsa_pss_rsae_sha384",
    "rsa_pss_rsae_sha512",
];

/// Curves that BoringSSL has.
const CURVES: &[&str] = &[
    "MLKEM1024",
    "P-256",
    "P-384",
    "P-521",
    "X25519",
    "X25519MLKEM768",
    "prime256v1",
    "secp384r1",
    "secp521r1",
    "x25519",
];

/// Whether a context waits for secrets: then it is made later, and its mistakes come with them.
fn waits(common: &Value) -> bool {
    let combined = common.get("combined_validation_context").unwrap_or(&Value::Null);
    !list(common, "tls_certificate_sds_secret_configs").is_empty()
        || has(common, "validation_context_sds_secret_config")
        || has(combined, "validation_context_sds_secret_config")
}

/// `ContextConfigImpl` and `ContextImpl::parseAlpnProtocols`: at most 255 bytes each, 65535 with the lengths.
fn protocols<'a>(common: &'a Value, found: &mut Findings<'a>) {
    let names = || list(common, "alpn_protocols").iter().filter_map(Value::as_str);
    let joined = names().collect::<Vec<_>>().join(",");
    if !waits(common) && (joined.len() >= 65_535 || joined.split(',').any(|name| name.len() > 255)) {
        found.reject_field("alpn_protocols", "Invalid ALPN protocol string");
    }
}

/// `ContextImpl`: suites and curves that BoringSSL does not have.
fn parameters<'a>(common: &'a Value, found: &mut Findings<'a>) {
    if waits(common) {
        return;
    }
    found.field(common, "tls_params", |parameters, found| {
        let names = |list_name| list(parameters, list_name).iter().filter_map(Value::as_str).collect::<Vec<_>>();
        let suites = names("cipher_suites");
        let parts = suites.iter().flat_map(|suite| suite.trim_start_matches('[').trim_end_matches(']').split('|'));
        let unknown: Vec<&str> = parts.filter(|name| !is_cipher(name)).collect();
        if !unknown.is_empty() {
            let message = format!(
                "Failed to initialize cipher suites {}. The following ciphers were rejected when tried individually: {}",
                suites.join(":"),
                unknown.join(", ")
            );
            found.reject_field("cipher_suites", message);
        }
        let algorithms = names("signature_algorithms");
        if algorithms.iter().any(|name| !SIGNATURE_ALGORITHMS.contains(name)) {
            let message = format!("Failed to initialize TLS signature algorithms {}", algorithms.join(":"));
            found.reject_field("signature_algorithms", message);
        }
        let curves = names("ecdh_curves");
        if curves.iter().any(|curve| !CURVES.contains(curve)) {
            found.reject_field("ecdh_curves", format!("Failed to initialize ECDH curves {}", curves.join(":")));
        }
    });
}

fn is_cipher(name: &str) -> bool {
    // The standard's names: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`. Those of TLS 1.3 are not for choice.
    let is_standard = name.starts_with("TLS_") && name.contains("_WITH_");
    let name = name.trim_start_matches(['!', '-', '+']);
    name.is_empty() || is_standard || CIPHERS.contains(&name) || CIPHER_GROUPS.contains(&name)
}

/// `DefaultCertValidator::initializeSslContexts`, for a context whose secrets are all there.
fn common_validation<'a>(context: &'a Value, found: &mut Findings<'a>) {
    found.field(context, "common_tls_context", |common, found| {
        found.field(common, "validation_context", validation);
    });
}

fn validation<'a>(context: &'a Value, found: &mut Findings<'a>) {
    let lists = ["match_typed_subject_alt_names", "match_subject_alt_names"];
    if let Some(authority) = context.get("trusted_ca") {
        let pem = text(authority, "inline_string");
        if !pem.is_empty() && !pem.contains("-----BEGIN ") {
            found.reject_field("trusted_ca", "Failed to load trusted CA certificates from <inline>");
        }
        return;
    }
    if let Some(field) = lists.into_iter().find(|name| !list(context, name).is_empty()) {
        let message = "SAN-based verification of peer certificates without trusted CA is insecure and not allowed";
        found.reject_field(field, message);
    }
    if has(context, "crl") {
        found.reject_field("crl", "Failed to load CRL without trusted CA");
    }
    if flag(context, "allow_expired_certificate") {
        let message = "Certificate validity period is always ignored without trusted CA";
        found.reject_field("allow_expired_certificate", message);
    }
    for hash in list(context, "verify_certificate_hash").iter().filter_map(Value::as_str) {
        let digits: String = hash.split(':').collect();
        if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            found.reject_field("verify_certificate_hash", format!("Invalid hex-encoded SHA-256 {hash}"));
        }
    }
    for hash in list(context, "verify_certificate_spki").iter().filter_map(Value::as_str) {
        if STANDARD.decode(hash).map_or(0, |bytes| bytes.len()) != 32 {
            found.reject_field("verify_certificate_spki", format!("Invalid base64-encoded SHA-256 {hash}"));
        }
    }
}

/// `SecretManager::findStaticTlsCertificateProvider`: Istio's bootstrap has no secrets.
fn secret<'a>(config: &'a Value, found: &mut Findings<'a>) {
    if !has(config, "sds_config") {
        found.reject(format!("Unknown static secret: {}", text(config, "name")));
    }
}

/// `ServerContextConfigImpl`.
fn server_certificates<'a>(context: &'a Value, found: &mut Findings<'a>) {
    let null = Value::Null;
    let common = context.get("common_tls_context").unwrap_or(&null);
    let sources = [
        "tls_certificates",
        "tls_certificate_sds_secret_configs",
        "tls_certificate_provider_instance",
        "tls_certificate_certificate_provider_instance",
        "custom_tls_certificate_selector",
    ];
    if !sources.iter().any(|name| has(common, name) && common[*name] != Value::Array(Vec::new())) {
        found.reject("No TLS certificates found for server context");
    }
}

/// `ClientContextConfigImpl`: one certificate.
fn client_certificates<'a>(context: &'a Value, found: &mut Findings<'a>) {
    let null = Value::Null;
    let common = context.get("common_tls_context").unwrap_or(&null);
    if list(common, "tls_certificates").len() + list(common, "tls_certificate_sds_secret_configs").len() > 1 {
        found.reject_field("common_tls_context", "Multiple TLS certificates are not supported for client contexts");
    }
}

/// `ClientContextConfigImpl`.
fn server_name<'a>(context: &'a Value, found: &mut Findings<'a>) {
    if text(context, "sni").contains('\0') {
        found.reject_field("sni", "SNI names containing NULL-byte are not allowed");
    }
}
