//! `istio.networking.v1alpha3` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::proto::proto_enum;

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Gateway {
    pub servers: Vec<Server>,
    pub selector: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Server {
    pub port: Option<Port>,
    pub bind: String,
    pub hosts: Vec<String>,
    pub tls: Option<ServerTlsSettings>,
    pub default_endpoint: String,
    pub name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Port {
    pub number: u32,
    pub protocol: String,
    pub name: String,
    pub target_port: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServerTlsSettings {
    pub https_redirect: bool,
    pub mode: ServerTlsSettingsTlsMode,
    pub server_certificate: String,
    pub private_key: String,
    pub ca_certificates: String,
    pub ca_crl: String,
    pub credential_name: String,
    pub credential_names: Vec<String>,
    pub ca_cert_credential_name: String,
    pub tls_certificates: Vec<ServerTlsSettingsTlsCertificate>,
    pub subject_alt_names: Vec<String>,
    pub verify_certificate_spki: Vec<String>,
    pub verify_certificate_hash: Vec<String>,
    pub min_protocol_version: ServerTlsSettingsTlsProtocol,
    pub max_protocol_version: ServerTlsSettingsTlsProtocol,
    pub cipher_suites: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServerTlsSettingsTlsCertificate {
    pub server_certificate: String,
    pub private_key: String,
    pub ca_certificates: String,
}

proto_enum! {
    pub enum ServerTlsSettingsTlsMode {
        Passthrough = 0 => "PASSTHROUGH",
        Simple = 1 => "SIMPLE",
        Mutual = 2 => "MUTUAL",
        AutoPassthrough = 3 => "AUTO_PASSTHROUGH",
        IstioMutual = 4 => "ISTIO_MUTUAL",
        OptionalMutual = 5 => "OPTIONAL_MUTUAL",
    }
}

proto_enum! {
    pub enum ServerTlsSettingsTlsProtocol {
        TlsAuto = 0 => "TLS_AUTO",
        Tlsv1_0 = 1 => "TLSV1_0",
        Tlsv1_1 = 2 => "TLSV1_1",
        Tlsv1_2 = 3 => "TLSV1_2",
        Tlsv1_3 = 4 => "TLSV1_3",
    }
}
