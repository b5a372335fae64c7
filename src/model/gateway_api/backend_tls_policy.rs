//! `BackendTLSPolicy`: TLS with backends.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{LocalPolicyTargetReference, ObjectReference};

/// How connections to Services are secured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BackendTlsPolicy {
    /// The Services and ServiceEntries that it is for.
    pub target_refs: Vec<LocalPolicyTargetReference>,
    /// What the backend must show.
    pub validation: BackendTlsPolicyValidation,
    /// Further settings. istiod ignores them.
    pub options: BTreeMap<String, String>,
}

/// What a backend must show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BackendTlsPolicyValidation {
    /// The authorities that its certificate must come from.
    pub ca_certificate_refs: Vec<ObjectReference>,
    /// Authorities by name, in place of those; `System`.
    pub well_known_ca_certificates: Option<String>,
    /// The server name to ask for.
    pub hostname: String,
    /// Names of which the certificate must have one.
    pub subject_alt_names: Vec<SubjectAltName>,
}

/// A name in a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubjectAltName {
    /// `Hostname` or `URI`.
    pub r#type: String,
    /// A host.
    pub hostname: String,
    /// A URI, such as a SPIFFE identity.
    pub uri: String,
}
