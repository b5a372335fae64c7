//! TLS settings of servers and of clients.

use std::collections::BTreeSet;

use crate::model::istio::{
    CIPHER_SUITES, ClientTlsSettings, ClientTlsSettingsTlsMode, ServerTlsSettings, ServerTlsSettingsTlsMode as Mode,
    ServerTlsSettingsTlsProtocol as Version,
};

use super::finding::{At, Findings};

/// Settings of a server. istiod: `validateTLSOptions`
pub(super) fn check_server(tls: &ServerTlsSettings, at: &At<'_>, findings: &mut Findings<'_>) {
    check_ciphers(tls, at, findings);
    let certificates = [
        ("serverCertificate", !tls.server_certificate.is_empty()),
        ("privateKey", !tls.private_key.is_empty()),
        ("caCertificates", !tls.ca_certificates.is_empty()),
        ("tlsCertificates", !tls.tls_certificates.is_empty()),
        ("credentialName", !tls.credential_name.is_empty()),
        ("credentialNames", !tls.credential_names.is_empty()),
    ];
    if tls.mode == Mode::IstioMutual {
        for (field, _) in certificates.iter().filter(|(_, set)| *set) {
            findings.error(&at.field(field), "ISTIO_MUTUAL brings its own certificates");
        }
        return;
    }
    if matches!(tls.mode, Mode::Passthrough | Mode::AutoPassthrough)
        && (certificates.iter().any(|(_, set)| *set) || !tls.ca_crl.is_empty())
    {
        findings.warning("unused-certificate", at, format!("{} uses no certificates", tls.mode));
    }
    let files = !tls.server_certificate.is_empty() && !tls.private_key.is_empty();
    let named = !tls.credential_name.is_empty() || !tls.credential_names.is_empty();
    let sources =
        [files, !tls.credential_name.is_empty(), !tls.credential_names.is_empty(), !tls.tls_certificates.is_empty()];
    if sources.iter().filter(|set| **set).count() > 1 {
        findings.error(at, "the certificates have more than one source");
    }
    let terminates = matches!(tls.mode, Mode::Simple | Mode::Mutual | Mode::OptionalMutual);
    if terminates && named {
        return;
    }
    if terminates {
        check_files(tls, at, findings);
    }
    if !tls.ca_crl.is_empty() {
        if !tls.credential_name.is_empty() {
            findings.error(&at.field("caCrl"), "a list of revoked certificates belongs into the Secret");
        }
        if tls.mode == Mode::Simple {
            findings.error(&at.field("caCrl"), "TLS mode SIMPLE ignores the certificate revocation list");
        }
    }
}

/// The files that a server needs, when no Secret has the certificates.
fn check_files(tls: &ServerTlsSettings, at: &At<'_>, findings: &mut Findings<'_>) {
    if tls.mode != Mode::Simple && tls.ca_certificates.is_empty() {
        findings.error(at, format!("{} needs `caCertificates`", tls.mode));
    }
    if tls.tls_certificates.len() > 2 {
        findings.warning("unused-certificate", &at.field("tlsCertificates"), "at most two certificates are used");
    }
    let list = at.field("tlsCertificates");
    let mut check = |at: &At<'_>, certificate: &str, key: &str| {
        if certificate.is_empty() {
            findings.error(at, format!("{} needs `serverCertificate` or `credentialName`", tls.mode));
        }
        if key.is_empty() {
            findings.error(at, format!("{} needs `privateKey` or `credentialName`", tls.mode));
        }
    };
    for (index, certificate) in tls.tls_certificates.iter().enumerate() {
        check(&list.item(index), &certificate.server_certificate, &certificate.private_key);
    }
    if tls.tls_certificates.is_empty() {
        check(at, &tls.server_certificate, &tls.private_key);
    }
}

fn check_ciphers(tls: &ServerTlsSettings, at: &At<'_>, findings: &mut Findings<'_>) {
    let old = matches!(tls.min_protocol_version, Version::Tlsv1_0 | Version::Tlsv1_1);
    if old && tls.cipher_suites.is_empty() {
        let message = "TLS below 1.2 needs `cipherSuites`: the default ones are too new for it";
        findings.warning("tls-version-without-ciphers", &at.field("minProtocolVersion"), message);
    }
    let mut seen = BTreeSet::new();
    let list = at.field("cipherSuites");
    for (index, cipher) in tls.cipher_suites.iter().enumerate() {
        let known = match cipher.chars().next() {
            None => true,
            // Expressions with `+`, `-` and so on.
            Some(first) if !first.is_alphanumeric() => true,
            Some(_) => cipher == "ALL" || CIPHER_SUITES.contains(&cipher.as_str()),
        };
        if !known {
            findings.warning("unknown-cipher", &list.item(index), format!("unknown cipher `{cipher}`; it is ignored"));
        } else if !seen.insert(cipher) {
            findings.warning("duplicate-cipher", &list.item(index), format!("cipher `{cipher}` is listed twice"));
        }
    }
}

/// Settings of a client. istiod: `ValidateTLS`
pub(super) fn check_client(namespace: &str, tls: &ClientTlsSettings, at: &At<'_>, findings: &mut Findings<'_>) {
    use ClientTlsSettingsTlsMode::{Mutual, Simple};
    if let Some(resource) = tls.credential_name.strip_prefix("configmap://") {
        let mut parts = resource.split('/');
        let (of, name) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        if of.is_empty() || name.is_empty() {
            findings.error(&at.field("credentialName"), "the form is `configmap://<namespace>/<name>`");
        } else if of != namespace {
            findings
                .error(&at.field("credentialName"), format!("the ConfigMap must be in the namespace `{namespace}`"));
        }
    }
    if tls.insecure_skip_verify == Some(true) {
        let verifies = match tls.mode {
            Simple => {
                !tls.ca_certificates.is_empty() || !tls.credential_name.is_empty() || !tls.subject_alt_names.is_empty()
            }
            Mutual => !tls.ca_certificates.is_empty() || !tls.subject_alt_names.is_empty(),
            _ => false,
        };
        if verifies {
            let message = "what verifies the server's certificate and `insecureSkipVerify` exclude each other";
            findings.error(&at.field("insecureSkipVerify"), message);
        }
    }
    if matches!(tls.mode, Simple | Mutual) && !tls.credential_name.is_empty() {
        let files = [&tls.client_certificate, &tls.ca_certificates, &tls.private_key, &tls.ca_crl];
        if files.iter().any(|file| !file.is_empty()) {
            findings
                .error(&at.field("credentialName"), "`credentialName` and files of certificates exclude each other");
        }
        return;
    }
    if tls.mode == Mutual {
        if tls.client_certificate.is_empty() {
            findings.error(at, "TLS mode MUTUAL requires `clientCertificate`");
        }
        if tls.private_key.is_empty() {
            findings.error(at, "TLS mode MUTUAL requires `privateKey`");
        }
    }
}
