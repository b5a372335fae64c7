//! What listener filters find out: `tls_inspector`, `http_inspector`.

use crate::evaluate::request::{Request, Speaks, Version};

/// What is known of a connection before a filter chain is chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::evaluate) struct Inspected {
    /// `tls` or `raw_buffer`.
    pub(in crate::evaluate) transport_protocol: &'static str,
    /// The server name, in lower case.
    pub(in crate::evaluate) server_name: String,
    /// Protocols that the client offers, or that were seen.
    pub(in crate::evaluate) application_protocols: Vec<String>,
    /// Whether anything looked for TLS.
    pub(in crate::evaluate) looked_for_tls: bool,
    /// Whether anything looked for HTTP.
    pub(in crate::evaluate) looked_for_http: bool,
}

impl Inspected {
    pub(super) fn new(request: &Request, looks_for_tls: bool, looks_for_http: bool) -> Self {
        let mut out = Self {
            transport_protocol: "raw_buffer",
            looked_for_tls: looks_for_tls,
            looked_for_http: looks_for_http,
            ..Self::default()
        };
        match &request.tls {
            Some(tls) if looks_for_tls => {
                out.transport_protocol = "tls";
                out.server_name = tls.sni.to_ascii_lowercase();
                out.application_protocols.clone_from(&tls.alpn);
            }
            None if looks_for_http && request.speaks == Speaks::Http => {
                let protocol = match request.version {
                    Version::Http10 => "http/1.0",
                    Version::Http11 => "http/1.1",
                    Version::Http2 => "h2c",
                };
                out.application_protocols.push(protocol.to_owned());
            }
            // What is encrypted is no HTTP that could be seen.
            _ => {}
        }
        out
    }
}
