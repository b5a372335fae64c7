//! What a compliance policy leaves of TLS.

use crate::envoy::{TlsParameters, TlsParametersCompliancePolicy, TlsParametersTlsProtocol};
use crate::installation::{CompliancePolicy, Features};

/// Cipher suites that FIPS 140-2 allows. istiod: `pkg/model/fips.go` `fipsCiphers`
const FIPS_CIPHER_SUITES: [&str; 4] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
];

/// Switch `COMPLIANCE_POLICY` -> `TlsParameters`, over what mesh and user set up
///
/// istiod: `pkg/model/fips.go` `EnforceCompliance`
pub(crate) fn compliant(features: &Features, parameters: Option<TlsParameters>) -> Option<TlsParameters> {
    match features.compliance_policy {
        CompliancePolicy::None => parameters,
        CompliancePolicy::Fips140_2 => {
            let given = parameters.unwrap_or_default();
            let allowed = |suite: &String| FIPS_CIPHER_SUITES.contains(&suite.as_str());
            Some(TlsParameters {
                tls_minimum_protocol_version: TlsParametersTlsProtocol::TlsV12,
                tls_maximum_protocol_version: TlsParametersTlsProtocol::TlsV12,
                cipher_suites: given.cipher_suites.into_iter().filter(allowed).collect(),
                // Envoy's own choice is P-256.
                ecdh_curves: Vec::new(),
                ..given
            })
        }
        CompliancePolicy::Fips140_3 => Some(TlsParameters {
            compliance_policies: vec![TlsParametersCompliancePolicy::Fips202205],
            ..parameters.unwrap_or_default()
        }),
        CompliancePolicy::PostQuantum => Some(TlsParameters {
            tls_minimum_protocol_version: TlsParametersTlsProtocol::TlsV13,
            cipher_suites: FIPS_CIPHER_SUITES.map(str::to_owned).to_vec(),
            ecdh_curves: vec!["X25519MLKEM768".to_owned()],
            ..parameters.unwrap_or_default()
        }),
    }
}
