//! Which certificates a proxy shows, and which it accepts.
//!
//! istiod: `pilot/pkg/security/model/authentication.go`

use std::collections::BTreeSet;

use crate::envoy::{
    CertificateValidationContext, CertificateValidationContextTrustChainVerification, CommonTlsContext,
    CommonTlsContextCombinedCertificateValidationContext, CommonTlsContextValidationContextType, DataSource,
    DataSourceSpecifier, SdsSecretConfig, StringMatcher, StringMatcherMatchPattern,
};
use crate::mesh::Mesh;
use crate::model::istio::{MeshConfig, ServerTlsSettings, ServerTlsSettingsTlsCertificate, ServerTlsSettingsTlsMode};
use crate::proxy::Proxy;
use crate::translate::security::sds::{self, ExternalServer};

/// Certificates that the agent serves: the workload's, or those in files.
pub(crate) struct Certificates {
    /// Names of file secrets; empty means the workload's own certificate.
    pairs: Vec<String>,
    /// The name of a file secret; empty means the mesh's root.
    root: String,
    own_server: bool,
}

impl Certificates {
    /// What metadata `TLS_SERVER_CERT_CHAIN` and siblings say, else the workload's identity.
    pub(crate) fn of_workload(proxy: &Proxy) -> Self {
        let text = |key: &str| proxy.metadata_text(key);
        Self {
            pairs: vec![file_certificate(text("TLS_SERVER_CERT_CHAIN"), text("TLS_SERVER_KEY"))],
            root: file_root(text("TLS_SERVER_ROOT_CERT")),
            own_server: has_own_file_server(proxy),
        }
    }

    /// What a server's settings say, else the workload's identity.
    pub(crate) fn of_server(proxy: &Proxy, settings: &ServerTlsSettings) -> Self {
        let several = |certificate: &ServerTlsSettingsTlsCertificate| {
            file_certificate(&certificate.server_certificate, &certificate.private_key)
        };
        Self {
            pairs: if settings.tls_certificates.is_empty() {
                vec![file_certificate(&settings.server_certificate, &settings.private_key)]
            } else {
                settings.tls_certificates.iter().map(several).collect()
            },
            root: file_root(&settings.ca_certificates),
            own_server: has_own_file_server(proxy),
        }
    }

    pub(crate) fn certificates(&self) -> Vec<SdsSecretConfig> {
        self.pairs.iter().map(|name| self.secret(name, sds::DEFAULT)).collect()
    }

    pub(crate) fn root(&self) -> SdsSecretConfig {
        self.secret(&self.root, sds::ROOT_CA)
    }

    fn secret(&self, file: &str, otherwise: &str) -> SdsSecretConfig {
        if file.is_empty() { sds::agent(otherwise) } else { sds::file(file, self.own_server) }
    }

    /// istiod: `authentication.go` `ApplyToCommonTLSContext`
    pub(crate) fn secrets(&self, settings: &ServerTlsSettings, validate_client: bool) -> CommonTlsContext {
        let crl = (!settings.ca_crl.is_empty()).then(|| DataSource {
            specifier: Some(DataSourceSpecifier::Filename(settings.ca_crl.clone())),
            ..DataSource::default()
        });
        let peers = CertificateValidationContext {
            crl,
            trust_chain_verification: trust_chain_verification(settings),
            ..validation(exact(&settings.subject_alt_names))
        };
        CommonTlsContext {
            tls_certificate_sds_secret_configs: self.certificates(),
            validation_context_type: validate_client.then(|| combined(self.root(), peers)),
            ..CommonTlsContext::default()
        }
    }
}

/// `credentialName`, `credentialNames`, `caCertCredentialName` -> SDS
///
/// The CA certificate belongs to the first credential, unless it is named.
///
/// istiod: `authentication.go` `ApplyCredentialSDSToServerCommonTLSContext`
pub(crate) fn credentials(mesh: &Mesh, proxy: &Proxy, settings: &ServerTlsSettings) -> CommonTlsContext {
    use ServerTlsSettingsTlsMode as Mode;
    let external = ExternalServer::for_server(proxy.metadata_text("credential") == "true", mesh);
    let names = if settings.credential_names.is_empty() {
        std::slice::from_ref(&settings.credential_name)
    } else {
        settings.credential_names.as_slice()
    };
    let first = names.first().map_or("", String::as_str);
    let root = if settings.ca_cert_credential_name.is_empty() {
        format!("{first}{}", sds::CA_SUFFIX)
    } else {
        settings.ca_cert_credential_name.clone()
    };
    let peers = exact(&settings.subject_alt_names);
    let validation_context = match settings.mode {
        Mode::Mutual | Mode::OptionalMutual => Some(CommonTlsContextValidationContextType::CombinedValidationContext(
            CommonTlsContextCombinedCertificateValidationContext {
                default_validation_context: Some(CertificateValidationContext {
                    verify_certificate_spki: settings.verify_certificate_spki.clone(),
                    verify_certificate_hash: settings.verify_certificate_hash.clone(),
                    trust_chain_verification: trust_chain_verification(settings),
                    ..validation(peers)
                }),
                validation_context_sds_secret_config: sds::credential(&root, &external),
            },
        )),
        Mode::Passthrough | Mode::Simple | Mode::AutoPassthrough | Mode::IstioMutual => {
            (!peers.is_empty()).then(|| CommonTlsContextValidationContextType::ValidationContext(validation(peers)))
        }
    };
    CommonTlsContext {
        // A name that leads nowhere leaves an empty entry.
        tls_certificate_sds_secret_configs: names
            .iter()
            .map(|name| sds::credential(name, &external).unwrap_or_default())
            .collect(),
        validation_context_type: validation_context,
        ..CommonTlsContext::default()
    }
}

/// `insecureSkipVerify` -> `CertificateValidationContext.trust_chain_verification`
fn trust_chain_verification(settings: &ServerTlsSettings) -> CertificateValidationContextTrustChainVerification {
    match settings.insecure_skip_verify {
        Some(true) => CertificateValidationContextTrustChainVerification::AcceptUntrusted,
        Some(false) | None => CertificateValidationContextTrustChainVerification::default(),
    }
}

fn has_own_file_server(proxy: &Proxy) -> bool {
    proxy.metadata_text("file-credential") == "true"
}

fn file_certificate(certificate: &str, private_key: &str) -> String {
    if certificate.is_empty() || private_key.is_empty() {
        String::new()
    } else {
        sds::file_certificate(certificate, private_key)
    }
}

fn file_root(ca_certificates: &str) -> String {
    if ca_certificates.is_empty() { String::new() } else { sds::file_root(ca_certificates) }
}

pub(crate) fn validation(match_subject_alt_names: Vec<StringMatcher>) -> CertificateValidationContext {
    CertificateValidationContext { match_subject_alt_names, ..CertificateValidationContext::default() }
}

pub(crate) fn combined(
    root: SdsSecretConfig,
    peers: CertificateValidationContext,
) -> CommonTlsContextValidationContextType {
    CommonTlsContextValidationContextType::CombinedValidationContext(
        CommonTlsContextCombinedCertificateValidationContext {
            default_validation_context: Some(peers),
            validation_context_sds_secret_config: Some(root),
        },
    )
}

fn exact(names: &[String]) -> Vec<StringMatcher> {
    let exact = |name: &String| StringMatcher {
        match_pattern: Some(StringMatcherMatchPattern::Exact(name.clone())),
        ..StringMatcher::default()
    };
    names.iter().map(exact).collect()
}

pub(crate) fn prefix(prefix: String) -> StringMatcher {
    StringMatcher { match_pattern: Some(StringMatcherMatchPattern::Prefix(prefix)), ..StringMatcher::default() }
}

/// The trust domains whose workloads are peers: the mesh's, its aliases, and those of further CA certificates.
///
/// istiod: `pilot/pkg/networking/plugin/authn/util.go` `TrustDomainsForValidation`
pub(crate) fn trust_domains(config: &MeshConfig) -> Vec<&str> {
    let further = config.ca_certificates.iter().flat_map(|certificate| &certificate.trust_domains);
    let domains = std::iter::once(&config.trust_domain).chain(&config.trust_domain_aliases).chain(further);
    let mut seen = BTreeSet::new();
    domains.map(String::as_str).filter(|domain| !domain.is_empty() && seen.insert(*domain)).collect()
}
