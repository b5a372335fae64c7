//! What Envoy reads of a TLS connection from each request: the SNI, and the name to verify.

use crate::envoy::UpstreamHttpProtocolOptions;
use crate::model::istio::ClientTlsSettingsTlsMode;
use crate::translate::cluster::tls::settings::{self, TlsSettings};
use crate::translate::cluster::upstream::Upstream;

/// `DestinationRule.trafficPolicy.tls.{sni, subjectAltNames}`, where they are missing ->
/// `HttpProtocolOptions.upstream_http_protocol_options`
///
/// istiod: `cluster_tls.go` `setAutoSniAndAutoSanValidation`
pub(in crate::translate::cluster) fn upstream_http_protocol_options(
    upstream: &Upstream<'_>,
    tls: &TlsSettings,
) -> Option<UpstreamHttpProtocolOptions> {
    let auto_sni = applies(upstream, tls) && auto_sni(tls);
    let auto_san_validation = applies(upstream, tls) && auto_san_validation(upstream, tls);
    (auto_sni || auto_san_validation).then(|| UpstreamHttpProtocolOptions {
        auto_sni,
        auto_san_validation,
        ..UpstreamHttpProtocolOptions::default()
    })
}

/// -> `ClusterConfig.allow_insecure_cluster_options` of a dynamic forward proxy: the user fixed the SNI, or skips verification.
///
/// istiod: `cluster_tls.go` `setAutoSniAndAutoSanValidation`
pub(in crate::translate::cluster) fn allows_insecure(upstream: &Upstream<'_>, tls: &TlsSettings) -> bool {
    applies(upstream, tls) && (tls.insecure_skip_verify || !auto_sni(tls) || !auto_san_validation(upstream, tls))
}

/// For TLS that the user set up; where Envoy looks up each host, for the mesh's own too.
fn applies(upstream: &Upstream<'_>, tls: &TlsSettings) -> bool {
    match tls.mode {
        ClientTlsSettingsTlsMode::Simple | ClientTlsSettingsTlsMode::Mutual => {
            !settings::withholds_credential(upstream, tls)
        }
        ClientTlsSettingsTlsMode::IstioMutual => upstream.is_dynamic_forward_proxy(),
        ClientTlsSettingsTlsMode::Disable => false,
    }
}

fn auto_sni(tls: &TlsSettings) -> bool {
    tls.sni.is_empty()
}

fn auto_san_validation(upstream: &Upstream<'_>, tls: &TlsSettings) -> bool {
    let unnamed = auto_sni(tls) && tls.subject_alt_names.is_empty();
    !tls.insecure_skip_verify && (upstream.is_dynamic_forward_proxy() || unnamed)
}
