//! How listeners terminate TLS.
//!
//! ```text
//! mutual_tls   a sidecar's inbound filter chains    the workload's certificate, peers of the mesh only
//! server       Gateway servers, Sidecar.ingress     certificates from files, credentials, or the workload's
//! ```
//!
//! istiod: `pilot/pkg/security/authn/utils/utils.go` `BuildInboundTLS`, `core/listener.go` `BuildListenerTLSContext`,
//! `pilot/pkg/security/model/authentication.go`

mod parameters;

use self::parameters::{minimum_version, tls_parameters};
use super::ChainKind;
use crate::envoy::{
    CommonTlsContext, DownstreamTlsContext, TlsParameters, TlsParametersTlsProtocol, TransportSocket,
    TransportSocketConfigType,
};
use crate::installation::Features;
use crate::mesh::Mesh;
use crate::model::istio::{MeshConfigTlsConfigTlsProtocol, ServerTlsSettings, ServerTlsSettingsTlsMode};
use crate::proxy::Proxy;
use crate::translate::security::certificates::{
    Certificates, combined, credentials, prefix, trust_domains, validation,
};
use crate::translate::security::compliance::compliant;

/// istiod: `util.go` `ALPNHttp`
const ALPN_HTTP: &[&str] = &["h2", "http/1.1"];
/// With the protocol by which peers exchange metadata. istiod: `util.go` `ALPNDownstreamWithMxc`
const ALPN_EXCHANGE: &[&str] = &["istio-peer-exchange", "h2", "http/1.1"];
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
    let peers = if mesh.features().skip_validate_trust_domain { Vec::new() } else { peers };
    DownstreamTlsContext {
        common_tls_context: Some(CommonTlsContext {
            tls_params: compliant(
                mesh.features(),
                Some(TlsParameters {
                    tls_minimum_protocol_version: minimum_version(minimum),
                    tls_maximum_protocol_version: TlsParametersTlsProtocol::TlsV13,
                    cipher_suites: cipher_suites.unwrap_or_else(|| texts(MESH_CIPHER_SUITES)),
                    ..TlsParameters::default()
                }),
            ),
            alpn_protocols: texts(match kind {
                ChainKind::Tcp if mesh.features().metadata_exchange => alpn_of_peers(mesh.features()),
                ChainKind::Tcp | ChainKind::Http => ALPN_HTTP,
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
        Termination::Tcp if settings.mode == Mode::IstioMutual => alpn_of_peers(mesh.features()),
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
            tls_params: compliant(
                mesh.features(),
                own_parameters.then(|| tls_parameters(&mesh.config, settings)).flatten(),
            ),
            alpn_protocols: texts(alpn),
            ..secrets
        }),
        require_client_certificate: Some(require_client_certificate),
        ..DownstreamTlsContext::default()
    }
}

/// What TCP servers of the mesh accept: with metadata exchange, unless its ALPN is switched off.
fn alpn_of_peers(features: &Features) -> &'static [&'static str] {
    if features.disable_mx_alpn { ALPN_HTTP } else { ALPN_EXCHANGE }
}

/// Puts a TLS context where a filter chain has it.
pub(crate) fn transport_socket(context: DownstreamTlsContext) -> TransportSocket {
    TransportSocket {
        name: "envoy.transport_sockets.tls".to_owned(),
        config_type: Some(TransportSocketConfigType::TypedConfig(context.into())),
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
