//! `Gateway` (`networking.istio.io`): what a proxy at the edge of the mesh listens for.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::proto::proto_enum;

/// What proxies at the edge of the mesh listen for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Gateway {
    /// Ports and hosts to listen for.
    pub servers: Vec<Server>,
    /// Labels of the proxies' pods; empty means all.
    pub selector: BTreeMap<String, String>,
}

/// A port that a gateway listens on, and for whom.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Server {
    /// The port and its protocol.
    pub port: Option<Port>,
    /// Address or Unix socket to listen on; empty means all addresses.
    pub bind: String,
    /// Hosts, as `namespace/name` or `name`, where VirtualServices must be in that namespace; `.` is the
    /// gateway's own.
    pub hosts: Vec<String>,
    /// How connections are secured.
    pub tls: Option<ServerTlsSettings>,
    /// Where traffic goes without a rule. istiod ignores it.
    pub default_endpoint: String,
    /// The server's name, for statistics and for EnvoyFilter.
    pub name: String,
}

/// A port of a gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Port {
    /// The number that clients use.
    pub number: u32,
    /// `HTTP`, `HTTPS`, `GRPC`, `HTTP2`, `MONGO`, `TCP`, `TLS` and so on.
    pub protocol: String,
    /// The port's name.
    pub name: String,
    /// The number that the proxy listens on. Deprecated, and ignored by istiod.
    pub target_port: u32,
}

/// How connections to a server are secured.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServerTlsSettings {
    /// Whether HTTP is answered with a redirect to HTTPS.
    pub https_redirect: bool,
    /// Whether TLS ends here, and whose certificates are used.
    pub mode: ServerTlsSettingsTlsMode,
    /// File of the server's certificate.
    pub server_certificate: String,
    /// File of its key.
    pub private_key: String,
    /// File of the authorities that clients' certificates must come from.
    pub ca_certificates: String,
    /// File of certificates that are revoked.
    pub ca_crl: String,
    /// Secret with the certificates, in place of files.
    pub credential_name: String,
    /// Secrets with certificates of several kinds, at most two, in place of `credential_name`.
    pub credential_names: Vec<String>,
    /// Secret or ConfigMap with the authorities, in place of `<credential_name>-cacert`.
    pub ca_cert_credential_name: String,
    /// Files of certificates of several kinds, at most two, in place of `server_certificate`.
    pub tls_certificates: Vec<ServerTlsSettingsTlsCertificate>,
    /// Names of which the client's certificate must have one.
    pub subject_alt_names: Vec<String>,
    /// Base64 hashes of public keys of which the client's must be one.
    pub verify_certificate_spki: Vec<String>,
    /// Hexadecimal hashes of certificates of which the client's must be one.
    pub verify_certificate_hash: Vec<String>,
    /// Oldest version of TLS.
    pub min_protocol_version: ServerTlsSettingsTlsProtocol,
    /// Newest version of TLS.
    pub max_protocol_version: ServerTlsSettingsTlsProtocol,
    /// Ciphers that are allowed, by OpenSSL's names; empty means Istio's choice.
    pub cipher_suites: Vec<String>,
    /// Whether clients pass whose certificate no authority vouches for.
    pub insecure_skip_verify: Option<bool>,
}

/// Files of one certificate.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServerTlsSettingsTlsCertificate {
    /// File of the certificate.
    pub server_certificate: String,
    /// File of its key.
    pub private_key: String,
    /// File of the authorities that clients' certificates must come from.
    pub ca_certificates: String,
}

proto_enum! {
    /// How connections to a server are secured.
    pub enum ServerTlsSettingsTlsMode {
        /// TLS goes on to the destination, chosen by server name.
        Passthrough = 0 => "PASSTHROUGH",
        /// TLS ends here.
        Simple = 1 => "SIMPLE",
        /// TLS ends here, and clients need a certificate.
        Mutual = 2 => "MUTUAL",
        /// TLS goes on to the service that the server name spells out, without a VirtualService.
        AutoPassthrough = 3 => "AUTO_PASSTHROUGH",
        /// TLS ends here, with the certificates that Istio has given to workloads.
        IstioMutual = 4 => "ISTIO_MUTUAL",
        /// TLS ends here, and clients may have a certificate.
        OptionalMutual = 5 => "OPTIONAL_MUTUAL",
    }
}

proto_enum! {
    /// A version of TLS.
    pub enum ServerTlsSettingsTlsProtocol {
        /// The default: 1.2 at least.
        TlsAuto = 0 => "TLS_AUTO",
        /// TLS 1.0.
        Tlsv1_0 = 1 => "TLSV1_0",
        /// TLS 1.1.
        Tlsv1_1 = 2 => "TLSV1_1",
        /// TLS 1.2.
        Tlsv1_2 = 3 => "TLSV1_2",
        /// TLS 1.3.
        Tlsv1_3 = 4 => "TLSV1_3",
    }
}
