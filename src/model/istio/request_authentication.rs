//! `RequestAuthentication` (`security.istio.io`): which tokens requests may have.

use serde::Deserialize;

use super::selector::{PolicyTargetReference, TypeWorkloadSelector};
use crate::model::Duration;

/// Which tokens requests may have. Requests without one pass; those with an invalid one do not.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RequestAuthentication {
    /// Workloads that it is for; left out means all of its namespace, or all of the mesh in the root
    /// namespace.
    pub selector: Option<TypeWorkloadSelector>,
    /// Resource that it is for. Deprecated: `targetRefs`.
    pub target_ref: Option<PolicyTargetReference>,
    /// Gateways or services that it is for; excludes `selector`.
    pub target_refs: Vec<PolicyTargetReference>,
    /// Issuers that are trusted.
    pub jwt_rules: Vec<JwtRule>,
}

/// An issuer of tokens, and where its tokens are.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct JwtRule {
    /// The issuer, as tokens name it.
    pub issuer: String,
    /// Audiences of which tokens must have one; empty means any.
    pub audiences: Vec<String>,
    /// Where its keys are; empty means where the issuer's OpenID configuration says. The CRD has both
    /// spellings.
    #[serde(alias = "jwks_uri")]
    pub jwks_uri: String,
    /// Its keys, in place of `jwks_uri`.
    pub jwks: String,
    /// Headers where tokens may be. If there is no place at all, `Authorization: Bearer` and `access_token`
    /// of the query.
    pub from_headers: Vec<JwtHeader>,
    /// Parameters of the query where tokens may be.
    pub from_params: Vec<String>,
    /// Header that gets the token's content, in base64.
    pub output_payload_to_header: String,
    /// Cookies where tokens may be.
    pub from_cookies: Vec<String>,
    /// Whether the token goes on to the workload.
    pub forward_original_token: bool,
    /// Headers that get single claims.
    pub output_claim_to_headers: Vec<ClaimToHeader>,
    /// Time to fetch the keys; left out means five seconds.
    pub timeout: Option<Duration>,
    /// Claims that are lists with spaces, besides `scope` and `permission`.
    pub space_delimited_claims: Vec<String>,
}

/// A header where tokens may be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct JwtHeader {
    /// Its name.
    pub name: String,
    /// What comes before the token, such as `Bearer `.
    pub prefix: String,
}

/// A header that gets a claim.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ClaimToHeader {
    /// The header.
    pub header: String,
    /// The claim; dots lead into nested ones.
    pub claim: String,
}
