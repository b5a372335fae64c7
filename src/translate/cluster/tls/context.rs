//! The TLS context of a cluster.

use crate::envoy::{
    CertificateValidationContext, CommonTlsContext, CommonTlsContextCombinedCertificateValidationContext,
    CommonTlsContextValidationContextType, DataSource, DataSourceSpecifier, SdsSecretConfig, StringMatcher,
    StringMatcherMatchPattern, TlsParameters, TlsParametersTlsProtocol, UpstreamTlsContext,
};
use crate::mesh::Mesh;
use crate::model::istio::{ClientTlsSettingsTlsMode, MeshConfig};
use crate::translate::cluster::tls::settings::{self, Certificates, TlsSettings};
use crate::translate::cluster::upstream::Upstream;
use crate::translate::cluster::upstream_protocol::UpstreamProtocol;
use crate::translate::security::compliance::compliant;
use crate::translate::security::sds::{self, ExternalServer};

/// TLS settings -> `UpstreamTlsContext`; none where the cluster is in plain text.
///
/// istiod: `cluster_tls.go` `buildUpstreamClusterTLSContext`
pub(super) fn context(
    upstream: &Upstream<'_>,
    tls: &TlsSettings,
    protocol: Option<UpstreamProtocol>,
) -> Option<UpstreamTlsContext> {
    let http2 = protocol == Some(UpstreamProtocol::Http2);
    match tls.mode {
        ClientTlsSettingsTlsMode::Disable => None,
        ClientTlsSettingsTlsMode::IstioMutual => {
            let fixed_sni = if upstream.is_dynamic_forward_proxy() { String::new() } else { upstream.name() };
            Some(istio_mutual(upstream.view.mesh, tls, &fixed_sni, http2))
        }
        ClientTlsSettingsTlsMode::Simple | ClientTlsSettingsTlsMode::Mutual => user(upstream, tls, http2),
    }
}

/// The same for the cluster of all hosts that nothing is known about: no service lends it a name.
///
/// istiod: `cluster_builder.go` `buildAllowAnyDFPCluster`
pub(in crate::translate::cluster) fn of_any_host(mesh: &Mesh, tls: &TlsSettings) -> Option<UpstreamTlsContext> {
    match tls.mode {
        ClientTlsSettingsTlsMode::Disable => None,
        ClientTlsSettingsTlsMode::IstioMutual => Some(istio_mutual(mesh, tls, "", false)),
        ClientTlsSettingsTlsMode::Simple | ClientTlsSettingsTlsMode::Mutual => {
            let names = tls.subject_alt_names.clone();
            as_user_said(mesh, tls, &names, Servers { credentials: false, files: false }, false)
        }
    }
}

/// `ISTIO_MUTUAL`: both sides show the identity of their workload. The ALPN tells the server that it is a peer in the mesh.
fn istio_mutual(mesh: &Mesh, tls: &TlsSettings, fixed_sni: &str, http2: bool) -> UpstreamTlsContext {
    let features = mesh.features();
    let alpn: &[&str] = if http2 { &["istio-peer-exchange", "istio", "h2"] } else { &["istio-peer-exchange", "istio"] };
    let exchanges = features.metadata_exchange && !features.disable_mx_alpn;
    let alpn = if exchanges { alpn } else { &alpn[1..] };
    UpstreamTlsContext {
        sni: if tls.sni.is_empty() { fixed_sni.to_owned() } else { tls.sni.clone() },
        common_tls_context: Some(CommonTlsContext {
            tls_params: compliant(features, Some(tls_params(None))),
            tls_certificate_sds_secret_configs: vec![sds::agent(sds::DEFAULT)],
            validation_context_type: Some(combined(
                validation_context(&tls.subject_alt_names, ""),
                Some(sds::agent(sds::ROOT_CA)),
            )),
            alpn_protocols: alpn.iter().map(ToString::to_string).collect(),
            ..CommonTlsContext::default()
        }),
        ..UpstreamTlsContext::default()
    }
}

/// `SIMPLE` and `MUTUAL`; none if the credential is not for this proxy, or the client's certificate or key is missing.
fn user(upstream: &Upstream<'_>, tls: &TlsSettings, http2: bool) -> Option<UpstreamTlsContext> {
    if settings::withholds_credential(upstream, tls) {
        return None;
    }
    let servers = Servers {
        credentials: metadata_is_true(upstream, "credential"),
        files: metadata_is_true(upstream, "file-credential"),
    };
    as_user_said(upstream.view.mesh, tls, &settings::subject_alt_names(upstream, tls), servers, http2)
}

/// Which servers of secrets stand beside the proxy.
#[derive(Debug, Clone, Copy)]
struct Servers {
    credentials: bool,
    files: bool,
}

/// istiod: `cluster_tls.go` `constructUpstreamTLS`
fn as_user_said(
    mesh: &Mesh,
    tls: &TlsSettings,
    subject_alt_names: &[String],
    servers: Servers,
    http2: bool,
) -> Option<UpstreamTlsContext> {
    let mutual = tls.mode == ClientTlsSettingsTlsMode::Mutual;
    let (certificate, validation) = match &tls.certificates {
        Certificates::Credential(name) => credential(servers, tls, name, subject_alt_names),
        Certificates::Files { certificate, private_key, .. }
            if mutual && (certificate.is_empty() || private_key.is_empty()) =>
        {
            return None;
        }
        Certificates::Files { certificate, private_key, ca_certificates, ca_crl } => {
            let certificate = sds::file(&sds::file_certificate(certificate, private_key), servers.files);
            let ca = if ca_certificates.is_empty() { sds::SYSTEM_CA } else { ca_certificates };
            let validation = if tls.insecure_skip_verify {
                CommonTlsContextValidationContextType::ValidationContext(CertificateValidationContext::default())
            } else {
                let root = sds::file(&sds::file_root(ca), servers.files);
                combined(validation_context(subject_alt_names, ca_crl), Some(root))
            };
            (Some(certificate), Some(validation))
        }
        // Only settings of mode ISTIO_MUTUAL have it.
        Certificates::Identity => (None, None),
    };
    Some(UpstreamTlsContext {
        sni: tls.sni.clone(),
        common_tls_context: Some(CommonTlsContext {
            tls_params: compliant(mesh.features(), Some(tls_params(Some(&mesh.config)))),
            tls_certificate_sds_secret_configs: certificate.filter(|_| mutual).into_iter().collect(),
            validation_context_type: validation,
            alpn_protocols: if http2 { vec!["h2".to_owned()] } else { Vec::new() },
            ..CommonTlsContext::default()
        }),
        ..UpstreamTlsContext::default()
    })
}

/// `DestinationRule.trafficPolicy.tls.credentialName`. Nothing is verified where the user skips that.
///
/// istiod: `authentication.go` `ApplyCustomSDSToClientCommonTLSContext`
fn credential(
    servers: Servers,
    tls: &TlsSettings,
    name: &str,
    subject_alt_names: &[String],
) -> (Option<SdsSecretConfig>, Option<CommonTlsContextValidationContextType>) {
    let server = ExternalServer::for_client(servers.credentials);
    let validation = (!tls.insecure_skip_verify).then(|| {
        let ca = sds::credential(&format!("{name}{}", sds::CA_SUFFIX), &server);
        combined(validation_context(subject_alt_names, ""), ca)
    });
    (sds::credential(name, &server), validation)
}

fn combined(
    default: CertificateValidationContext,
    secret: Option<SdsSecretConfig>,
) -> CommonTlsContextValidationContextType {
    CommonTlsContextValidationContextType::CombinedValidationContext(
        CommonTlsContextCombinedCertificateValidationContext {
            default_validation_context: Some(default),
            validation_context_sds_secret_config: secret,
        },
    )
}

/// `subjectAltNames`, `caCrl` -> `CertificateValidationContext`
fn validation_context(subject_alt_names: &[String], ca_crl: &str) -> CertificateValidationContext {
    let exact = |name: &String| StringMatcher {
        match_pattern: Some(StringMatcherMatchPattern::Exact(name.clone())),
        ..StringMatcher::default()
    };
    CertificateValidationContext {
        match_subject_alt_names: subject_alt_names.iter().map(exact).collect(),
        crl: (!ca_crl.is_empty()).then(|| DataSource {
            specifier: Some(DataSourceSpecifier::Filename(ca_crl.to_owned())),
            ..DataSource::default()
        }),
        ..CertificateValidationContext::default()
    }
}

/// `MeshConfig.tlsDefaults.{cipherSuites, ecdhCurves}` -> `TlsParameters`, for TLS that the user set up
///
/// istiod: `cluster_tls.go` `defaultUpstreamCommonTLSContext`, `applyTLSDefaults`
fn tls_params(mesh: Option<&MeshConfig>) -> TlsParameters {
    let defaults = mesh.and_then(|m| m.tls_defaults.as_ref());
    TlsParameters {
        tls_minimum_protocol_version: TlsParametersTlsProtocol::TlsV12,
        tls_maximum_protocol_version: TlsParametersTlsProtocol::TlsV13,
        cipher_suites: defaults.map(|d| d.cipher_suites.clone()).unwrap_or_default(),
        ecdh_curves: defaults.map(|d| d.ecdh_curves.clone()).unwrap_or_default(),
        ..TlsParameters::default()
    }
}

/// A waypoint does not look at the metadata for its own services.
fn metadata_is_true(upstream: &Upstream<'_>, key: &str) -> bool {
    !upstream.is_vip() && upstream.view.client.metadata.get(key).is_some_and(|value| value == "true")
}
