//! TLS of HBONE tunnels: the same for both ends of each.

use crate::envoy::{
    CertificateValidationContext, CommonTlsContext, StringMatcher, SubjectAltNameMatcher, SubjectAltNameMatcherSanType,
    TlsParameters, TlsParametersTlsProtocol,
};
use crate::mesh::Mesh;
use crate::proxy::Proxy;
use crate::translate::security::certificates::{Certificates, combined, prefix, trust_domains};
use crate::translate::security::compliance::compliant;

/// Returns the TLS context of a tunnel: peers are workloads of the mesh, and those that `further` matches.
///
/// `PILOT_SKIP_VALIDATE_TRUST_DOMAIN` takes any peer whose certificate the mesh has signed.
///
/// istiod: `listener_waypoint.go` `buildCommonConnectTLSContext`
pub(crate) fn common_tls_context(mesh: &Mesh, proxy: &Proxy, further: Vec<StringMatcher>) -> CommonTlsContext {
    let skip = mesh.features().skip_validate_trust_domain;
    let domains = trust_domains(&mesh.config).into_iter().map(|domain| prefix(format!("spiffe://{domain}/")));
    let peers = domains.chain(further).filter(|_| !skip);
    let certificates = Certificates::of_workload(proxy);
    let parameters = TlsParameters {
        tls_minimum_protocol_version: TlsParametersTlsProtocol::TlsV13,
        tls_maximum_protocol_version: TlsParametersTlsProtocol::TlsV13,
        ..TlsParameters::default()
    };
    let validation = CertificateValidationContext {
        match_typed_subject_alt_names: peers.map(uri).collect(),
        ..CertificateValidationContext::default()
    };
    CommonTlsContext {
        tls_params: compliant(mesh.features(), Some(parameters)),
        alpn_protocols: vec!["h2".to_owned()],
        tls_certificate_sds_secret_configs: certificates.certificates(),
        validation_context_type: Some(combined(certificates.root(), validation)),
        ..CommonTlsContext::default()
    }
}

fn uri(matcher: StringMatcher) -> SubjectAltNameMatcher {
    SubjectAltNameMatcher {
        san_type: SubjectAltNameMatcherSanType::Uri,
        matcher: Some(matcher),
        ..SubjectAltNameMatcher::default()
    }
}
