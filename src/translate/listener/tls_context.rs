//! How listeners terminate TLS.
//!
//! ```text
//! mutual_tls   a sidecar's inbound filter chains    the workload's certificate, peers of the mesh only
//! server       Gateway servers, Sidecar.ingress     certificates from files, credentials, or the workload's
//! ```
//!
//! istiod: `pilot/pkg/security/authn/utils/utils.go` `BuildInboundTLS`, `core/listener.go` `BuildListenerTLSContext`,
//! `pilot/pkg/security/model/authentication.go`

use std::collections::BTreeSet;

use super::ChainKind;
use crate::envoy::{
    CertificateValidationContext, CommonTlsContext, CommonTlsContextCombinedCertificateValidationContext,
    CommonTlsContextValidationContextType, DataSource, DataSourceSpecifier, DownstreamTlsContext, QuicDownstreamTransport,
    SdsSecretConfig, StringMatcher, StringMatcherMatchPattern, TlsParameters, TlsParametersTlsProtocol, TransportSocket,
    TransportSocketConfigType,
};
use crate::mesh::Mesh;
use crate::model::istio::{
    MeshConfig, MeshConfigTlsConfigTlsProtocol, ServerTlsSettings, ServerTlsSettingsTlsCertificate,
    ServerTlsSettingsTlsMode, ServerTlsSettingsTlsProtocol,
};
use crate::proxy::Proxy;
use crate::translate::security::sds::{self, ExternalServer};

/// istiod: `util.go` `ALPNHttp`
const ALPN_HTTP: &[&str] = &["h2", "http/1.1"];
/// With the protocol by which peers exchange metadata. istiod: `util.go` `ALPNDownstreamWithMxc`
const ALPN_TCP: &[&str] = &["istio-peer-exchange", "h2", "http/1.1"];
/// istiod: `util.go` `ALPNHttp3OverQUIC`
const ALPN_QUIC: &[&str] = &["h3"];

/// What the mesh's own TLS speaks unless told otherwise. istiod: `utils.go` `SupportedCiphers`
const MESH_CIPHER_SUITES: &[&str] = &[
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
];

/// What a server terminates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Termination {
    /// HTTPS, or anything of a Sidecar's ingress.
    Http,
    /// TLS around something else, on a gateway.
    Tcp,
    /// QUIC.
    Quic,
}

/// PeerAuthentication, `MeshConfig.meshMTLS` -> `FilterChain.transport_socket` of a sidecar
///
/// istiod: `utils.go` `BuildInboundTLS`
pub(super) fn mutual_tls(mesh: &Mesh, proxy: &Proxy, kind: ChainKind) -> DownstreamTlsContext {
    let config = mesh.config.mesh_mtls.as_ref();
    let cipher_suites = config.map(|config| config.cipher_suites.clone()).filter(|suites| !suites.is_empty());
    let minimum = config.map_or(MeshConfigTlsConfigTlsProtocol::TlsAuto, |config| config.min_protocol_version);
    let certificates = Certificates::of_workload(proxy);
    let trust_domains = trust_domains(&mesh.config);
    let peers = trust_domains.into_iter().map(|domain| prefix(format!("spiffe://{domain}/"))).collect();
    DownstreamTlsContext {
        common_tls_context: Some(CommonTlsContext {
            tls_params: Some(TlsParameters {
                tls_minimum_protocol_version: minimum_version(minimum),
                tls_maximum_protocol_version: TlsParametersTlsProtocol::TlsV13,
                cipher_suites: cipher_suites.unwrap_or_else(|| texts(MESH_CIPHER_SUITES)),
                ..TlsParameters::default()
            }),
            alpn_protocols: texts(match kind {
                ChainKind::Tcp => ALPN_TCP,
                ChainKind::Http => ALPN_HTTP,
            }),
            tls_certificate_sds_secret_configs: certificates.certificates(),
            validation_context_type: Some(combined(certificates.root(), validation(peers))),
            ..CommonTlsContext::default()
        }),
        require_client_certificate: Some(true),
        ..DownstreamTlsContext::default()
    }
}

/// `Gateway.servers.tls`, `Sidecar.ingress.tls` -> `FilterChain.transport_socket`
///
/// istiod: `listener.go` `BuildListenerTLSContext`
pub(crate) fn server(
    mesh: &Mesh,
    proxy: &Proxy,
    settings: &ServerTlsSettings,
    termination: Termination,
) -> DownstreamTlsContext {
    use ServerTlsSettingsTlsMode as Mode;
    let mutual = matches!(settings.mode, Mode::Mutual | Mode::IstioMutual);
    // Envoy does not ask for client certificates over QUIC.
    let require_client_certificate = mutual && termination != Termination::Quic;
    let validate_client = require_client_certificate || settings.mode == Mode::OptionalMutual;
    let alpn = match termination {
        Termination::Quic => ALPN_QUIC,
        Termination::Tcp if settings.mode == Mode::IstioMutual => ALPN_TCP,
        Termination::Tcp | Termination::Http => ALPN_HTTP,
    };
    let has_credential = !settings.credential_names.is_empty() || !settings.credential_name.is_empty();
    let secrets = if settings.mode == Mode::IstioMutual {
        Certificates::of_workload(proxy).secrets(settings, validate_client)
    } else if has_credential {
        credentials(mesh, proxy, settings)
    } else {
        Certificates::of_server(proxy, settings).secrets(settings, validate_client)
    };
    let own_parameters = matches!(settings.mode, Mode::Simple | Mode::Mutual | Mode::OptionalMutual);
    DownstreamTlsContext {
        common_tls_context: Some(CommonTlsContext {
            tls_params: own_parameters.then(|| tls_parameters(&mesh.config, settings)).flatten(),
            alpn_protocols: texts(alpn),
            ..secrets
        }),
        require_client_certificate: Some(require_client_certificate),
        ..DownstreamTlsContext::default()
    }
}

/// Puts a TLS context where a filter chain has it.
pub(crate) fn transport_socket(context: DownstreamTlsContext) -> TransportSocket {
    TransportSocket {
        name: "envoy.transport_sockets.tls".to_owned(),
        config_type: Some(TransportSocketConfigType::TypedConfig(context.into())),
    }
}

/// The same for QUIC.
pub(crate) fn quic_transport_socket(context: DownstreamTlsContext) -> TransportSocket {
    let transport = QuicDownstreamTransport {
        downstream_tls_context: Some(context),
        ..QuicDownstreamTransport::default()
    };
    TransportSocket {
        name: "envoy.transport_sockets.quic".to_owned(),
        config_type: Some(TransportSocketConfigType::TypedConfig(transport.into())),
    }
}

/// Certificates that the agent serves: the workload's, or those in files.
struct Certificates {
    /// Names of file secrets; empty means the workload's own certificate.
    certificates: Vec<String>,
    /// The name of a file secret; empty means the mesh's root.
    root: String,
    own_server: bool,
}

impl Certificates {
    /// What metadata `TLS_SERVER_CERT_CHAIN` and siblings say, else the workload's identity.
    fn of_workload(proxy: &Proxy) -> Self {
        let text = |key: &str| proxy.metadata_text(key);
        Self {
            certificates: vec![file_certificate(text("TLS_SERVER_CERT_CHAIN"), text("TLS_SERVER_KEY"))],
            root: file_root(text("TLS_SERVER_ROOT_CERT")),
            own_server: has_own_file_server(proxy),
        }
    }

    /// What a server's settings say, else the workload's identity.
    fn of_server(proxy: &Proxy, settings: &ServerTlsSettings) -> Self {
        let several = |certificate: &ServerTlsSettingsTlsCertificate| {
            file_certificate(&certificate.server_certificate, &certificate.private_key)
        };
        Self {
            certificates: if settings.tls_certificates.is_empty() {
                vec![file_certificate(&settings.server_certificate, &settings.private_key)]
            } else {
                settings.tls_certificates.iter().map(several).collect()
            },
            root: file_root(&settings.ca_certificates),
            own_server: has_own_file_server(proxy),
        }
    }

    fn certificates(&self) -> Vec<SdsSecretConfig> {
        self.certificates.iter().map(|name| self.secret(name, sds::DEFAULT)).collect()
    }

    fn root(&self) -> SdsSecretConfig {
        self.secret(&self.root, sds::ROOT_CA)
    }

    fn secret(&self, file: &str, otherwise: &str) -> SdsSecretConfig {
        if file.is_empty() { sds::agent(otherwise) } else { sds::file(file, self.own_server) }
    }

    /// istiod: `authentication.go` `ApplyToCommonTLSContext`
    fn secrets(&self, settings: &ServerTlsSettings, validate_client: bool) -> CommonTlsContext {
        let crl = (!settings.ca_crl.is_empty()).then(|| DataSource {
            specifier: Some(DataSourceSpecifier::Filename(settings.ca_crl.clone())),
            ..DataSource::default()
        });
        let peers = CertificateValidationContext { crl, ..validation(exact(&settings.subject_alt_names)) };
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
fn credentials(mesh: &Mesh, proxy: &Proxy, settings: &ServerTlsSettings) -> CommonTlsContext {
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
        Mode::Mutual | Mode::OptionalMutual => {
            Some(CommonTlsContextValidationContextType::CombinedValidationContext(
                CommonTlsContextCombinedCertificateValidationContext {
                    default_validation_context: Some(CertificateValidationContext {
                        verify_certificate_spki: settings.verify_certificate_spki.clone(),
                        verify_certificate_hash: settings.verify_certificate_hash.clone(),
                        ..validation(peers)
                    }),
                    validation_context_sds_secret_config: sds::credential(&root, &external),
                    ..CommonTlsContextCombinedCertificateValidationContext::default()
                },
            ))
        }
        Mode::Passthrough | Mode::Simple | Mode::AutoPassthrough | Mode::IstioMutual => (!peers.is_empty())
            .then(|| CommonTlsContextValidationContextType::ValidationContext(validation(peers))),
    };
    CommonTlsContext {
        tls_certificate_sds_secret_configs: names.iter().filter_map(|name| sds::credential(name, &external)).collect(),
        validation_context_type: validation_context,
        ..CommonTlsContext::default()
    }
}

/// `MeshConfig.tlsDefaults`, then the server's own parameters over them; nothing if neither says anything.
///
/// istiod: `listener.go` `applyDownstreamTLSDefaults`, `applyServerTLSSettings`
fn tls_parameters(config: &MeshConfig, settings: &ServerTlsSettings) -> Option<TlsParameters> {
    let defaults = config.tls_defaults.clone().unwrap_or_default();
    let own_suites = cipher_suites(&settings.cipher_suites);
    let own_minimum = version(settings.min_protocol_version);
    let parameters = TlsParameters {
        tls_minimum_protocol_version: match (own_minimum, defaults.min_protocol_version) {
            (TlsParametersTlsProtocol::TlsAuto, MeshConfigTlsConfigTlsProtocol::TlsAuto) => {
                TlsParametersTlsProtocol::TlsAuto
            }
            (TlsParametersTlsProtocol::TlsAuto, default) => minimum_version(default),
            (own, _) => own,
        },
        tls_maximum_protocol_version: version(settings.max_protocol_version),
        cipher_suites: if own_suites.is_empty() { defaults.cipher_suites } else { own_suites },
        ecdh_curves: defaults.ecdh_curves,
        ..TlsParameters::default()
    };
    Some(parameters).filter(|parameters| *parameters != TlsParameters::default())
}

/// Cipher suites that Envoy knows, each once. Expressions with operators are left alone.
///
/// istiod: `pkg/config/security/security.go` `FilterCipherSuites`
fn cipher_suites(suites: &[String]) -> Vec<String> {
    const KNOWN: [&str; 15] = [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-RSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA",
        "ECDHE-RSA-AES256-SHA",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
        "AES128-SHA",
        "AES256-SHA",
        "DES-CBC3-SHA",
    ];
    let mut seen = BTreeSet::new();
    let is_expression = |suite: &str| !suite.starts_with(|first: char| first.is_ascii_alphanumeric());
    let known = suites.iter().filter(|suite| *suite == "ALL" || is_expression(suite) || KNOWN.contains(&suite.as_str()));
    known.filter(|suite| seen.insert(suite.as_str())).cloned().collect()
}

/// istiod: `utils.go` `GetMinTLSVersion`
fn minimum_version(version: MeshConfigTlsConfigTlsProtocol) -> TlsParametersTlsProtocol {
    match version {
        MeshConfigTlsConfigTlsProtocol::Tlsv1_3 => TlsParametersTlsProtocol::TlsV13,
        MeshConfigTlsConfigTlsProtocol::TlsAuto | MeshConfigTlsConfigTlsProtocol::Tlsv1_2 => {
            TlsParametersTlsProtocol::TlsV12
        }
    }
}

/// istiod: `gateway.go` `convertTLSProtocol`
fn version(version: ServerTlsSettingsTlsProtocol) -> TlsParametersTlsProtocol {
    match version {
        ServerTlsSettingsTlsProtocol::TlsAuto => TlsParametersTlsProtocol::TlsAuto,
        ServerTlsSettingsTlsProtocol::Tlsv1_0 => TlsParametersTlsProtocol::TlsV10,
        ServerTlsSettingsTlsProtocol::Tlsv1_1 => TlsParametersTlsProtocol::TlsV11,
        ServerTlsSettingsTlsProtocol::Tlsv1_2 => TlsParametersTlsProtocol::TlsV12,
        ServerTlsSettingsTlsProtocol::Tlsv1_3 => TlsParametersTlsProtocol::TlsV13,
    }
}

/// The trust domains whose workloads are peers: the mesh's, its aliases, and those of further CA certificates.
///
/// istiod: `pilot/pkg/networking/plugin/authn/util.go` `TrustDomainsForValidation`
fn trust_domains(config: &MeshConfig) -> Vec<&str> {
    let further = config.ca_certificates.iter().flat_map(|certificate| &certificate.trust_domains);
    let domains = std::iter::once(&config.trust_domain).chain(&config.trust_domain_aliases).chain(further);
    let mut seen = BTreeSet::new();
    domains.map(String::as_str).filter(|domain| !domain.is_empty() && seen.insert(*domain)).collect()
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

fn validation(match_subject_alt_names: Vec<StringMatcher>) -> CertificateValidationContext {
    CertificateValidationContext { match_subject_alt_names, ..CertificateValidationContext::default() }
}

fn combined(root: SdsSecretConfig, peers: CertificateValidationContext) -> CommonTlsContextValidationContextType {
    CommonTlsContextValidationContextType::CombinedValidationContext(CommonTlsContextCombinedCertificateValidationContext {
        default_validation_context: Some(peers),
        validation_context_sds_secret_config: Some(root),
        ..CommonTlsContextCombinedCertificateValidationContext::default()
    })
}

fn exact(names: &[String]) -> Vec<StringMatcher> {
    let exact = |name: &String| StringMatcher {
        match_pattern: Some(StringMatcherMatchPattern::Exact(name.clone())),
        ..StringMatcher::default()
    };
    names.iter().map(exact).collect()
}

fn prefix(prefix: String) -> StringMatcher {
    StringMatcher { match_pattern: Some(StringMatcherMatchPattern::Prefix(prefix)), ..StringMatcher::default() }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
