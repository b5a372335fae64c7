//! One rule of a RequestAuthentication.

use std::collections::BTreeSet;

use super::jwks;
use crate::diagnostic::Diagnostics;
use crate::envoy::{JwtClaimToHeader, JwtHeader, JwtProvider, JwtProviderNormalizePayload};
use crate::model::istio::JwtRule;
use crate::proxy::ProxyView;
use crate::source::ResourceRef;
use crate::translate::metadata_matcher::PAYLOAD;

/// Claims that are lists with spaces whatever the rule says.
const SPACE_DELIMITED_CLAIMS: [&str; 2] = ["permission", "scope"];

/// A rule and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule<'m> {
    pub(super) policy: ResourceRef,
    pub(super) index: usize,
    pub(super) spec: &'m JwtRule,
}

/// `RequestAuthentication.jwtRules[]` -> `JwtProvider`
///
/// istiod: `pilot/pkg/security/authn/policy_applier.go` `convertToEnvoyJwtConfig`
pub(super) fn jwt_provider(
    view: &ProxyView<'_>,
    rule: Rule<'_>,
    clear_route_cache: bool,
    diagnostics: &mut Diagnostics,
) -> JwtProvider {
    let JwtRule {
        issuer,
        audiences,
        jwks_uri: _, // with `jwks`
        jwks: _,
        from_headers,
        from_params,
        output_payload_to_header,
        from_cookies,
        forward_original_token,
        output_claim_to_headers,
        timeout: _, // with `jwks`
        space_delimited_claims,
    } = rule.spec;
    JwtProvider {
        issuer: issuer.clone(),
        audiences: audiences.clone(),
        jwks_source_specifier: Some(jwks::jwks_source(view.outbound.mesh, rule, diagnostics)),
        forward: *forward_original_token,
        from_headers: from_headers
            .iter()
            .map(|header| JwtHeader { name: header.name.clone(), value_prefix: header.prefix.clone() })
            .collect(),
        from_params: from_params.clone(),
        forward_payload_header: output_payload_to_header.clone(),
        payload_in_metadata: PAYLOAD.to_owned(),
        from_cookies: from_cookies.clone(),
        claim_to_headers: output_claim_to_headers
            .iter()
            .map(|output| JwtClaimToHeader { header_name: output.header.clone(), claim_name: output.claim.clone() })
            .collect(),
        clear_route_cache,
        normalize_payload_in_metadata: Some(JwtProviderNormalizePayload {
            space_delimited_claims: with_default_claims(space_delimited_claims),
        }),
        ..JwtProvider::default()
    }
}

/// istiod: `policy_applier.go` `buildSpaceDelimitedClaims`
fn with_default_claims(claims: &[String]) -> Vec<String> {
    let all: BTreeSet<&str> = claims.iter().map(String::as_str).chain(SPACE_DELIMITED_CLAIMS).collect();
    all.into_iter().map(str::to_owned).collect()
}
