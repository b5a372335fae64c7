//! Which TLS settings hold for a cluster.

use crate::mesh::peer_authentication::MutualTlsMode;
use crate::mesh::service::Registry;
use crate::model::istio::{ClientTlsSettings, ClientTlsSettingsTlsMode};
use crate::proxy::ProxyKind;
use crate::translate::cluster::upstream::{ClusterMode, Upstream};
use crate::translate::security::sds;

/// TLS settings with everything filled in that the user need not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::translate::cluster) struct TlsSettings {
    /// The mode.
    pub(in crate::translate::cluster) mode: ClientTlsSettingsTlsMode,
    /// Nobody asked for it: endpoints that do not accept it get plain text.
    pub(super) automatic: bool,
    /// The SNI to send; empty for Envoy's choice.
    pub(in crate::translate::cluster) sni: String,
    /// Names of which the server must have one.
    pub(super) subject_alt_names: Vec<String>,
    /// The server's certificate is not verified.
    pub(in crate::translate::cluster) insecure_skip_verify: bool,
    /// Where the certificates are.
    pub(super) certificates: Certificates,
}

/// Where the certificates of a connection are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Certificates {
    /// The workload's identity, from the agent.
    Identity,
    /// A secret by name.
    Credential(String),
    /// Files in the proxy's container.
    Files {
        /// The client's certificate, or empty.
        certificate: String,
        /// Its key, or empty.
        private_key: String,
        /// The CA certificates, or empty for those of the machine.
        ca_certificates: String,
        /// Revoked certificates, or empty.
        ca_crl: String,
    },
}

/// `DestinationRule.trafficPolicy.tls`, `MeshConfig.enableAutoMtls`, PeerAuthentication, metadata `TLS_CLIENT_*` -> TLS settings
///
/// - `DISABLE` and `SIMPLE` are taken as they are.
/// - Certificates that the proxy was started with stand in for the workload's identity, except towards services outside of the mesh.
/// - `ISTIO_MUTUAL` gets an SNI, and the service's identities as names, unless the user gave some.
/// - Without a rule it is automatic mutual TLS, unless the service is outside of the mesh or its workloads do not accept it.
///
/// istiod: `cluster_tls.go` `buildUpstreamTLSSettings`
pub(in crate::translate::cluster) fn settings(upstream: &Upstream<'_>) -> Option<TlsSettings> {
    if upstream.mode == ClusterMode::SniDnat {
        return None;
    }
    let is_user = |tls: &&ClientTlsSettings| {
        matches!(tls.mode, ClientTlsSettingsTlsMode::Simple | ClientTlsSettingsTlsMode::Mutual)
    };
    if upstream.is_vip() {
        // HBONE stands for the mesh's own TLS.
        return upstream.policy.tls.filter(is_user).map(as_written);
    }
    let Some(tls) = upstream.policy.tls else { return automatic(upstream) };
    let as_written = as_written(tls);
    if matches!(tls.mode, ClientTlsSettingsTlsMode::Disable | ClientTlsSettingsTlsMode::Simple) {
        return Some(as_written);
    }
    if let Some(certificates) = proxy_certificates(upstream) {
        if upstream.service.mesh_external && upstream.view.mesh.features().prefer_destination_rule_tls {
            return Some(as_written);
        }
        return Some(TlsSettings { mode: ClientTlsSettingsTlsMode::Mutual, certificates, ..as_written });
    }
    if tls.mode != ClientTlsSettingsTlsMode::IstioMutual {
        return Some(as_written);
    }
    Some(TlsSettings {
        sni: if tls.sni.is_empty() { automatic_sni(upstream) } else { tls.sni.clone() },
        subject_alt_names: if tls.subject_alt_names.is_empty() {
            service_accounts(upstream)
        } else {
            tls.subject_alt_names.clone()
        },
        certificates: Certificates::Identity,
        ..as_written
    })
}

/// The settings that the user wrote.
pub(in crate::translate::cluster) fn as_written(tls: &ClientTlsSettings) -> TlsSettings {
    TlsSettings {
        mode: tls.mode,
        automatic: false,
        sni: tls.sni.clone(),
        subject_alt_names: tls.subject_alt_names.clone(),
        insecure_skip_verify: tls.insecure_skip_verify == Some(true),
        certificates: if tls.credential_name.is_empty() {
            Certificates::Files {
                certificate: tls.client_certificate.clone(),
                private_key: tls.private_key.clone(),
                ca_certificates: tls.ca_certificates.clone(),
                ca_crl: tls.ca_crl.clone(),
            }
        } else {
            Certificates::Credential(tls.credential_name.clone())
        },
    }
}

fn automatic(upstream: &Upstream<'_>) -> Option<TlsSettings> {
    let enabled = upstream.view.mesh.config.enable_auto_mtls == Some(true);
    if !enabled || upstream.service.mesh_external {
        return None;
    }
    if matches!(upstream.mutual_tls_mode(), MutualTlsMode::Unknown | MutualTlsMode::Disable) {
        return None;
    }
    let certificates = proxy_certificates(upstream);
    Some(TlsSettings {
        mode: match certificates {
            Some(_) => ClientTlsSettingsTlsMode::Mutual,
            None => ClientTlsSettingsTlsMode::IstioMutual,
        },
        automatic: true,
        sni: automatic_sni(upstream),
        subject_alt_names: service_accounts(upstream),
        insecure_skip_verify: false,
        certificates: certificates.unwrap_or(Certificates::Identity),
    })
}

/// The certificates in files that the proxy was started with. istiod: `metadataCerts`.
fn proxy_certificates(upstream: &Upstream<'_>) -> Option<Certificates> {
    let value = |key: &str| upstream.view.client.metadata.get(key).cloned().unwrap_or_default();
    let certificate = value("TLS_CLIENT_CERT_CHAIN");
    (!certificate.is_empty()).then(|| Certificates::Files {
        certificate,
        private_key: value("TLS_CLIENT_KEY"),
        ca_certificates: value("TLS_CLIENT_ROOT_CERT"),
        ca_crl: String::new(),
    })
}

/// The name by which gateways know the cluster. The host of each request takes its place where Envoy looks that up.
fn automatic_sni(upstream: &Upstream<'_>) -> String {
    if upstream.is_dynamic_forward_proxy() { String::new() } else { upstream.sni() }
}

/// The identities that may serve the service.
pub(super) fn service_accounts(upstream: &Upstream<'_>) -> Vec<String> {
    if upstream.is_dynamic_forward_proxy() {
        return Vec::new();
    }
    upstream.view.mesh.service_accounts(&upstream.service.hostname, &upstream.service.namespace).to_vec()
}

/// The names that the server must have one of: those given, else those of the ServiceEntry, which a waypoint does not look at.
///
/// istiod: `cluster_tls.go` `constructUpstreamTLS`
pub(super) fn subject_alt_names(upstream: &Upstream<'_>, tls: &TlsSettings) -> Vec<String> {
    let is_external = upstream.service.registry == Registry::External && !upstream.is_vip();
    if is_external && tls.subject_alt_names.is_empty() {
        return service_accounts(upstream);
    }
    tls.subject_alt_names.clone()
}

/// Says whether the cluster gets no TLS at all because the credential is not for this proxy.
///
/// A rule without workload selector would make all sidecars ask for the secret, and those that may not read it would not start.
/// A ConfigMap is for everyone.
///
/// istiod: `cluster_tls.go` `buildUpstreamClusterTLSContext`
pub(super) fn withholds_credential(upstream: &Upstream<'_>, tls: &TlsSettings) -> bool {
    let selects = upstream.rule.is_some_and(|rule| rule.spec.workload_selector.is_some());
    upstream.view.client.kind == ProxyKind::Sidecar && !selects && has_secret(tls)
}

/// Says whether it is TLS as the user set it up, with a credential that not everybody may read.
pub(in crate::translate::cluster) fn has_secret(tls: &TlsSettings) -> bool {
    let Certificates::Credential(name) = &tls.certificates else { return false };
    !sds::is_config_map(name) && is_user_tls(tls)
}

/// Says whether it is TLS as the user set it up.
pub(super) fn is_user_tls(tls: &TlsSettings) -> bool {
    matches!(tls.mode, ClientTlsSettingsTlsMode::Simple | ClientTlsSettingsTlsMode::Mutual)
}
