//! TLS to endpoints: `transport_socket`, `transport_socket_matches`.

use serde_json::{Map, Value};

use crate::evaluate::message::{Message, is_type};

/// Transport sockets of a cluster.
#[derive(Debug, Default)]
pub(in crate::evaluate) struct Sockets {
    default: Option<UpstreamTls>,
    /// Each with the metadata that an endpoint must have.
    matches: Vec<(Map<String, Value>, Option<UpstreamTls>)>,
}

/// Which sides show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// The server only.
    Simple,
    /// Both.
    Mutual,
}

/// TLS to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamTls {
    /// Which sides show a certificate.
    pub mode: TlsMode,
    /// The name of the secret with the client's certificate, when it is discovered.
    pub secret: Option<String>,
    /// Server name; empty when none is sent.
    pub sni: String,
    /// Protocols that are offered.
    pub alpn: Vec<String>,
    /// What the server's certificate must be for.
    pub sans: Vec<String>,
}

impl Sockets {
    pub(super) fn new(cluster: Message<'_>) -> Self {
        let matches = cluster.list("transport_socket_matches").map(|one| {
            let wanted = one.get("match").and_then(|wanted| wanted.0.as_object()).cloned().unwrap_or_default();
            (wanted, one.get("transport_socket").and_then(UpstreamTls::new))
        });
        Self { default: cluster.get("transport_socket").and_then(UpstreamTls::new), matches: matches.collect() }
    }

    /// Chooses the TLS for an endpoint, by its metadata. Envoy: `transport_socket_match_impl.cc`.
    pub(in crate::evaluate) fn for_endpoint(&self, metadata: Option<&Value>) -> Option<&UpstreamTls> {
        let has = |key: &str, value: &Value| metadata.and_then(|metadata| metadata.get(key)) == Some(value);
        let found = self.matches.iter().find(|(wanted, _)| wanted.iter().all(|(key, value)| has(key, value)));
        match found {
            Some((_, tls)) => tls.as_ref(),
            None => self.default.as_ref(),
        }
    }

    /// Returns the TLS when it is the same for all endpoints, whatever they are.
    pub(in crate::evaluate) fn only(&self) -> Option<&UpstreamTls> {
        if self.matches.is_empty() { self.default.as_ref() } else { None }
    }
}

impl UpstreamTls {
    fn new(socket: Message<'_>) -> Option<Self> {
        let (url, config) = socket.any("typed_config")?;
        if !is_type(url, "UpstreamTlsContext") {
            // A socket around another: `upstream_proxy_protocol`, `internal_upstream`.
            return config.get("transport_socket").and_then(Self::new);
        }
        let common = config.get("common_tls_context");
        let secrets = common.into_iter().flat_map(|c| c.list("tls_certificate_sds_secret_configs"));
        let secret = secrets.into_iter().find_map(|secret| secret.text("name")).map(str::to_owned);
        let has_certificate = common.is_some_and(|c| c.list("tls_certificates").next().is_some());
        let combined = common.and_then(|c| c.get("combined_validation_context"));
        let validation = combined
            .and_then(|combined| combined.get("default_validation_context"))
            .or_else(|| common.and_then(|c| c.get("validation_context")));
        let names = validation.into_iter().flat_map(|v| {
            v.list("match_subject_alt_names")
                .chain(v.list("match_typed_subject_alt_names").filter_map(|t| t.get("matcher")))
        });
        let text = |matcher: Message<'_>| {
            let kinds = ["exact", "prefix", "suffix", "contains"];
            let plain = kinds.iter().find_map(|kind| matcher.text(kind));
            plain.or_else(|| matcher.get("safe_regex")?.text("regex")).map(str::to_owned)
        };
        Some(Self {
            mode: if secret.is_some() || has_certificate { TlsMode::Mutual } else { TlsMode::Simple },
            secret,
            sni: config.text("sni").unwrap_or_default().to_owned(),
            alpn: common.into_iter().flat_map(|c| c.texts("alpn_protocols")).map(str::to_owned).collect(),
            sans: names.filter_map(text).collect(),
        })
    }
}
