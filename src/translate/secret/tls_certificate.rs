//! Secrets that are certificates with keys.

use crate::envoy::{
    Any, CryptoMbPrivateKeyMethodConfig, DataSource, Duration, PrivateKeyProvider, PrivateKeyProviderConfigType,
    QatPrivateKeyMethodConfig, TlsCertificate,
};
use crate::mesh::certificate::Certificate;
use crate::model;
use crate::model::istio::{self, PrivateKeyProviderProvider};
use crate::translate::secret::{der, inline, public};

/// Certificate and key -> `Secret.tls_certificate`, the key hidden
///
/// istiod: `sds.go` `toEnvoyTLSSecret`, `debug.go` `getConfigDumpByResourceType`
pub(super) fn tls_certificate(
    certificate: Certificate,
    provider: Option<&istio::PrivateKeyProvider>,
) -> TlsCertificate {
    let provider = provider.and_then(|p| p.provider.as_ref()).map(private_key_provider);
    TlsCertificate {
        certificate_chain: Some(inline(public(certificate.pem, "CERTIFICATE"))),
        // A private key provider gets the key, and there is no staple then.
        private_key: provider.is_none().then(redacted),
        ocsp_staple: certificate.ocsp_staple.filter(|_| provider.is_none()).map(|staple| inline(der(staple))),
        private_key_provider: provider,
        ..TlsCertificate::default()
    }
}

/// `ProxyConfig.privateKeyProvider` -> `TlsCertificate.private_key_provider`
fn private_key_provider(provider: &PrivateKeyProviderProvider) -> PrivateKeyProvider {
    let private_key = Some(redacted());
    let (name, config, fallback): (_, Any, _) = match provider {
        PrivateKeyProviderProvider::Cryptomb(p) => {
            let config = CryptoMbPrivateKeyMethodConfig { private_key, poll_delay: Some(poll_delay(p.poll_delay)) };
            ("cryptomb", config.into(), p.fallback)
        }
        PrivateKeyProviderProvider::Qat(p) => {
            let config = QatPrivateKeyMethodConfig { private_key, poll_delay: Some(poll_delay(p.poll_delay)) };
            ("qat", config.into(), p.fallback)
        }
    };
    PrivateKeyProvider {
        provider_name: name.to_owned(),
        config_type: Some(PrivateKeyProviderConfigType::TypedConfig(config)),
        fallback: fallback.unwrap_or_default(),
    }
}

/// Whole seconds get lost.
fn poll_delay(delay: Option<model::Duration>) -> Duration {
    Duration { seconds: 0, nanos: delay.unwrap_or_default().nanos }
}

fn redacted() -> DataSource {
    inline(model::REDACTED.as_bytes().to_vec())
}
