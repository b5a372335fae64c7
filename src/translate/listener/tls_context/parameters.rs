//! Versions, cipher suites and curves of TLS.

use std::collections::BTreeSet;

use crate::envoy::{TlsParameters, TlsParametersTlsProtocol};
use crate::model::istio::{
    CIPHER_SUITES, MeshConfig, MeshConfigTlsConfigTlsProtocol, ServerTlsSettings, ServerTlsSettingsTlsProtocol,
};

/// `MeshConfig.tlsDefaults`, then the server's own parameters over them; nothing if neither says anything.
///
/// istiod: `listener.go` `applyDownstreamTLSDefaults`, `applyServerTLSSettings`
pub(super) fn tls_parameters(config: &MeshConfig, settings: &ServerTlsSettings) -> Option<TlsParameters> {
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
    let mut seen = BTreeSet::new();
    let is_expression = |suite: &str| !suite.starts_with(|first: char| first.is_ascii_alphanumeric());
    let known = suites
        .iter()
        .filter(|suite| *suite == "ALL" || is_expression(suite) || CIPHER_SUITES.contains(&suite.as_str()));
    known.filter(|suite| seen.insert(suite.as_str())).cloned().collect()
}

/// istiod: `utils.go` `GetMinTLSVersion`
pub(super) fn minimum_version(version: MeshConfigTlsConfigTlsProtocol) -> TlsParametersTlsProtocol {
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
