//! The keys by which tokens are verified.
//!
//! istiod fetches the keys that a rule names by URI, or that the issuer's OpenID configuration names, and writes them into the
//! configuration. meshc has no network: what istiod would have fetched is given with the input, by URI.
//!
//! istiod: `pilot/pkg/model/jwks_resolver.go`

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use super::jwt_provider::Rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::envoy::{
    DataSource, DataSourceSpecifier, Duration, HttpUri, HttpUriHttpUpstreamType, JwtProviderJwksSourceSpecifier,
    RemoteJwks,
};
use crate::installation::JwksFetchMode;
use crate::mesh::Mesh;
use crate::model::istio::JwtRule;
use crate::translate::duration::duration;
use crate::translate::{extension_provider, name};

/// What istiod serves when it cannot fetch the keys: a key whose private half nobody has, so that no token is valid.
///
/// istiod: `jwks_resolver.go` `PublicOnlyJwks`
const PUBLIC_ONLY_JWKS: &str = include_str!("public_only_jwks.json");

/// Where an issuer says where its keys are.
const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";

/// `JWTRule.jwks`, `jwksUri` -> `JwtProvider.local_jwks`, or `remote_jwks` where `PILOT_JWT_ENABLE_REMOTE_JWKS` lets Envoy fetch them
///
/// Envoy can where it has a cluster for the host. Without one, `hybrid` leaves it to istiod, and `envoy` names a cluster that is not
/// there.
///
/// istiod: `policy_applier.go` `convertToEnvoyJwtConfig`
pub(super) fn jwks_source(
    mesh: &Mesh,
    rule: Rule<'_>,
    diagnostics: &mut Diagnostics,
) -> JwtProviderJwksSourceSpecifier {
    let mode = mesh.features().jwks_fetch_mode;
    let uri = &rule.spec.jwks_uri;
    let local =
        |diagnostics: &mut Diagnostics| JwtProviderJwksSourceSpecifier::LocalJwks(local_jwks(mesh, rule, diagnostics));
    if mode == JwksFetchMode::Istiod || uri.is_empty() {
        return local(diagnostics);
    }
    let (host, port) = host_and_port(uri).unwrap_or_default();
    let cluster = match extension_provider::backend(mesh, &host, port) {
        Some(backend) => backend.cluster,
        None if mode == JwksFetchMode::Hybrid => return local(diagnostics),
        None => name::outbound_cluster(port, "", &host),
    };
    JwtProviderJwksSourceSpecifier::RemoteJwks(RemoteJwks {
        http_uri: Some(HttpUri {
            uri: uri.clone(),
            http_upstream_type: Some(HttpUriHttpUpstreamType::Cluster(cluster)),
            timeout: Some(rule.spec.timeout.map_or(Duration::seconds(5), duration)),
        }),
        cache_duration: Some(Duration::seconds(5 * 60)),
        ..RemoteJwks::default()
    })
}

/// Returns host and port of a URI of HTTP. istiod: `pkg/config/security/security.go` `ParseJwksURI`
pub(crate) fn host_and_port(uri: &str) -> Option<(String, u32)> {
    let (scheme, rest) = uri.split_once("://")?;
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') && !port.contains(']') => (host, port.parse().ok()?),
        _ => (authority, default),
    };
    Some((host.trim_matches(['[', ']']).to_owned(), port))
}

/// `JWTRule.jwks`, `jwksUri` -> `JwtProvider.local_jwks`
///
/// istiod: `jwks_resolver.go` `BuildLocalJwks`
fn local_jwks(mesh: &Mesh, rule: Rule<'_>, diagnostics: &mut Diagnostics) -> DataSource {
    let keys = if rule.spec.jwks.is_empty() { fetched(mesh, rule.spec) } else { Ok(rule.spec.jwks.clone()) };
    let keys = keys.unwrap_or_else(|uri| {
        diagnostics.push(unknown_keys(rule, &uri));
        PUBLIC_ONLY_JWKS.trim_end().to_owned()
    });
    DataSource { specifier: Some(DataSourceSpecifier::InlineString(keys)), ..DataSource::default() }
}

/// What istiod would have fetched, or the URI that is not known. istiod: `jwks_resolver.go` `GetPublicKey`
fn fetched(mesh: &Mesh, rule: &JwtRule) -> Result<String, String> {
    let known = |uri: String| match mesh.jwks.get(&uri) {
        Some(content) if !content.is_empty() && !is_blocked(mesh, &uri) => Ok(content.clone()),
        _ => Err(uri),
    };
    if !rule.jwks_uri.is_empty() {
        return known(rule.jwks_uri.clone());
    }
    let issuer = rule.issuer.strip_suffix('/').unwrap_or(&rule.issuer);
    let configuration_uri = format!("{issuer}{OPENID_CONFIGURATION}");
    let configuration = known(configuration_uri.clone())?;
    let jwks_uri = serde_json::from_str::<Value>(&configuration).ok();
    let jwks_uri = jwks_uri.as_ref().and_then(|value| value.get("jwks_uri")).and_then(Value::as_str);
    jwks_uri.map_or(Err(configuration_uri), |uri| known(uri.to_owned()))
}

/// Switch `BLOCKED_CIDRS_IN_JWKS_URIS`: istiod connects to no such address. Of a host the addresses are known if it is one itself or a
/// Service.
///
/// istiod: `jwks_resolver.go` `blockedCIDRDialContext`
fn is_blocked(mesh: &Mesh, uri: &str) -> bool {
    let blocked = mesh.features().blocked_jwks_cidrs.split(',');
    let blocked: Vec<IpNet> = blocked.filter_map(|range| range.trim().parse().ok()).collect();
    if blocked.is_empty() {
        return false;
    }
    let authority =
        uri.split_once("://").map_or(uri, |(_, rest)| rest).split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default(),
    };
    let services = mesh.services.iter().filter(|service| service.hostname == host);
    let addresses = services.map(|service| service.default_address.as_str()).chain([host]);
    let mut addresses = addresses.filter_map(|address| address.parse::<IpAddr>().ok());
    addresses.any(|address| blocked.iter().any(|range| range.contains(&address)))
}

fn unknown_keys(rule: Rule<'_>, uri: &str) -> Diagnostic {
    let message = format!(
        "the keys of `{uri}` are not known: the output has the key by which istiod refuses all tokens when it cannot fetch them"
    );
    let field = if rule.spec.jwks_uri.is_empty() { "issuer" } else { "jwksUri" };
    Diagnostic::note("jwks-unknown", message)
        .at(rule.policy, &format!("spec.jwtRules[{}].{field}", rule.index))
        .help(format!("give what the URI returns: --jwks {uri}=FILE"))
}
