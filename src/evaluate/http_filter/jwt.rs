//! `envoy.filters.http.jwt_authn`: verifies tokens. Envoy: `jwt_authn/authenticator.cc`, `verifier.cc`.
//!
//! Signatures and times are not checked: a token that is given as verified is verified, and one in a header counts as such, which is
//! told.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::cors::is_preflight;
use super::{Metadata, note};
use crate::evaluate::http::Headers;
use crate::evaluate::http::path::without_query;
use crate::evaluate::matcher::parameters;
use crate::evaluate::message::Message;
use crate::evaluate::request::Token;
use crate::evaluate::route::{Context, RouteMatch};

/// The name under which claims are noted.
const FILTER: &str = "envoy.filters.http.jwt_authn";

/// The filter.
#[derive(Debug)]
pub(in crate::evaluate) struct Jwt {
    providers: Vec<(String, Provider)>,
    rules: Vec<(RouteMatch, Option<Requirement>)>,
    bypasses_preflight: bool,
}

#[derive(Debug)]
struct Provider {
    issuer: Option<String>,
    audiences: Vec<String>,
    headers: Vec<(String, String)>,
    parameters: Vec<String>,
    cookies: Vec<String>,
    payload_in_metadata: Option<String>,
    lists: Vec<String>,
    claims_to_headers: Vec<(String, String)>,
    clears_route: bool,
}

#[derive(Debug)]
enum Requirement {
    Provider(String, Option<Vec<String>>),
    Any(Vec<Self>),
    All(Vec<Self>),
    AllowMissing,
    AllowMissingOrFailed,
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Missing,
    Malformed,
    UnknownIssuer,
    Audience,
}

impl Failure {
    /// The name of the status in `jwt_verify_lib`.
    fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "Jwt is missing",
            Self::Malformed => "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
            Self::UnknownIssuer => "Jwt issuer is not configured",
            Self::Audience => "Audiences in Jwt are not allowed",
        }
    }
}

/// What the filter says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::evaluate) struct JwtAnswer {
    /// Status and response code details of a refusal.
    pub(in crate::evaluate) refusal: Option<(u16, String)>,
    /// What there is to say.
    pub(in crate::evaluate) why: String,
    /// Whether the route must be looked for again.
    pub(in crate::evaluate) clears_route: bool,
    /// Whether a token is taken that was not verified.
    pub(in crate::evaluate) is_unverified: bool,
}

impl Jwt {
    /// Reads the filter's configuration.
    pub(in crate::evaluate) fn new(config: Message<'_>) -> Self {
        let rule = |rule: Message<'_>| {
            let requires = rule.get("requires").and_then(Requirement::new);
            let named = || {
                let name = rule.text("requirement_name")?;
                let (_, requirement) = config.entries("requirement_map").find(|(key, _)| *key == name)?;
                Requirement::new(requirement)
            };
            Some((RouteMatch::new(rule.get("match")?), requires.or_else(named)))
        };
        Self {
            providers: config
                .entries("providers")
                .map(|(name, provider)| (name.to_owned(), Provider::new(provider)))
                .collect(),
            rules: config.list("rules").filter_map(rule).collect(),
            bypasses_preflight: config.is("bypass_cors_preflight"),
        }
    }

    /// Looks at a request; notes claims, and puts them into headers.
    pub(in crate::evaluate) fn ask(
        &self,
        headers: &mut Headers,
        token: Option<&Token>,
        metadata: &mut Metadata,
    ) -> JwtAnswer {
        let say = |why: &str| JwtAnswer { why: why.to_owned(), ..JwtAnswer::default() };
        if self.bypasses_preflight && is_preflight(headers) {
            return say("preflight requests need no token");
        }
        let path = without_query(headers.path()).to_owned();
        let context = Context { metadata, has_certificate: false, runtime: None };
        let rule = self.rules.iter().find(|(matching, _)| matching.matches(headers, &path, context).is_none());
        let Some((_, Some(requirement))) = rule else { return say("no token is asked for here") };
        let found = self.found(headers, token);
        match self.verify(requirement, &found) {
            Err(failure) => {
                let text = failure.as_str();
                let status = if failure == Failure::Audience { 403 } else { 401 };
                JwtAnswer {
                    refusal: Some((status, format!("jwt_authn_access_denied{{{}}}", text.replace(' ', "_")))),
                    why: text.to_owned(),
                    ..JwtAnswer::default()
                }
            }
            Ok(None) => say("the request has no token, and needs none"),
            Ok(Some((provider, candidate))) => {
                let claims = candidate.claims.clone().unwrap_or_default();
                provider.use_claims(&claims, headers, metadata);
                let issuer = provider.issuer.as_deref().unwrap_or_default();
                let unverified =
                    if candidate.is_verified { "" } else { ", whose signature and times are not checked here" };
                JwtAnswer {
                    why: format!("a token of {issuer}{unverified}"),
                    clears_route: provider.clears_route,
                    is_unverified: !candidate.is_verified,
                    ..JwtAnswer::default()
                }
            }
        }
    }

    /// Finds the tokens of a request, each with the providers that look there.
    fn found(&self, headers: &Headers, token: Option<&Token>) -> Vec<Candidate> {
        if let Some(token) = token {
            let providers = self.providers.iter().map(|(name, _)| name.clone()).collect();
            return vec![Candidate { providers, claims: Some(token.claims.clone()), is_verified: true }];
        }
        let mut out: Vec<(String, Candidate)> = Vec::new();
        for (name, provider) in &self.providers {
            for text in provider.tokens(headers) {
                if let Some((_, candidate)) = out.iter_mut().find(|(known, _)| *known == text) {
                    candidate.providers.push(name.clone());
                } else {
                    let claims = claims(&text);
                    out.push((text, Candidate { providers: vec![name.clone()], claims, is_verified: false }));
                }
            }
        }
        out.into_iter().map(|(_, candidate)| candidate).collect()
    }

    fn verify<'s, 'c>(
        &'s self,
        requirement: &Requirement,
        found: &'c [Candidate],
    ) -> Result<Option<(&'s Provider, &'c Candidate)>, Failure> {
        match requirement {
            Requirement::Provider(name, audiences) => self.by_provider(name, audiences.as_deref(), found).map(Some),
            Requirement::AllowMissingOrFailed => Ok(None),
            Requirement::AllowMissing if found.is_empty() => Ok(None),
            Requirement::AllowMissing => {
                let by_any = self.providers.iter().map(|(name, _)| self.by_provider(name, None, found));
                let mut failure = Failure::UnknownIssuer;
                for result in by_any {
                    match result {
                        Ok(good) => return Ok(Some(good)),
                        Err(Failure::Missing) => {}
                        Err(other) if failure == Failure::UnknownIssuer => failure = other,
                        Err(_) => {}
                    }
                }
                Err(failure)
            }
            Requirement::Any(list) => {
                let mut failure = Failure::Missing;
                let mut is_missing_fine = false;
                for requirement in list {
                    match self.verify(requirement, found) {
                        Ok(Some(good)) => return Ok(Some(good)),
                        Ok(None) => is_missing_fine = true,
                        Err(Failure::Missing | Failure::UnknownIssuer) if failure != Failure::Missing => {}
                        Err(other) => failure = other,
                    }
                }
                if is_missing_fine { Ok(None) } else { Err(failure) }
            }
            Requirement::All(list) => {
                let mut last = None;
                for requirement in list {
                    last = self.verify(requirement, found)?.or(last);
                }
                Ok(last)
            }
        }
    }

    fn by_provider<'s, 'c>(
        &'s self,
        name: &str,
        audiences: Option<&[String]>,
        found: &'c [Candidate],
    ) -> Result<(&'s Provider, &'c Candidate), Failure> {
        let Some((_, provider)) = self.providers.iter().find(|(key, _)| key == name) else {
            return Err(Failure::UnknownIssuer);
        };
        let mut failure = Failure::Missing;
        for candidate in found.iter().filter(|candidate| candidate.providers.iter().any(|p| p == name)) {
            match provider.check(candidate, audiences.unwrap_or(&provider.audiences)) {
                Ok(()) => return Ok((provider, candidate)),
                Err(other) => failure = other,
            }
        }
        Err(failure)
    }
}

/// A token of a request.
#[derive(Debug)]
struct Candidate {
    /// Providers that look where it was.
    providers: Vec<String>,
    /// Its claims; none when it is malformed.
    claims: Option<Map<String, Value>>,
    is_verified: bool,
}

impl Provider {
    fn new(message: Message<'_>) -> Self {
        let headers: Vec<(String, String)> = message
            .list("from_headers")
            .map(|h| {
                let prefix = h.set_text("value_prefix").unwrap_or_default().to_owned();
                (h.text("name").unwrap_or_default().to_ascii_lowercase(), prefix)
            })
            .collect();
        let texts = |name: &str| message.texts(name).map(str::to_owned).collect::<Vec<_>>();
        let (mut parameters, cookies) = (texts("from_params"), texts("from_cookies"));
        let is_default = headers.is_empty() && parameters.is_empty() && cookies.is_empty();
        if is_default {
            parameters.push("access_token".to_owned());
        }
        let claims = message.list("claim_to_headers").filter_map(|claim| {
            Some((claim.text("claim_name")?.to_owned(), claim.text("header_name")?.to_ascii_lowercase()))
        });
        let normalized = message.get("normalize_payload_in_metadata");
        Self {
            issuer: message.text("issuer").map(str::to_owned),
            audiences: texts("audiences"),
            headers: if is_default { vec![("authorization".to_owned(), "Bearer ".to_owned())] } else { headers },
            parameters,
            cookies,
            payload_in_metadata: message.text("payload_in_metadata").map(str::to_owned),
            lists: normalized
                .into_iter()
                .flat_map(|normalized| normalized.texts("space_delimited_claims"))
                .map(str::to_owned)
                .collect(),
            claims_to_headers: claims.collect(),
            clears_route: message.is("clear_route_cache"),
        }
    }

    /// Returns what may be tokens of a request.
    fn tokens(&self, headers: &Headers) -> Vec<String> {
        let mut out = Vec::new();
        for (name, prefix) in &self.headers {
            let after =
                headers.get(name).and_then(|value| value.find(prefix.as_str()).map(|at| &value[at + prefix.len()..]));
            out.extend(after.and_then(|rest| rest.split([' ', ',']).next()).map(str::to_owned));
        }
        let query = parameters(headers.path()).filter(|(name, _)| self.parameters.iter().any(|p| p == name));
        out.extend(query.map(|(_, value)| value.to_owned()));
        let cookies = headers.get("cookie").unwrap_or_default().split(';').filter_map(|c| c.trim().split_once('='));
        out.extend(
            cookies.filter(|(name, _)| self.cookies.iter().any(|c| c == name)).map(|(_, value)| value.to_owned()),
        );
        out
    }

    fn check(&self, candidate: &Candidate, audiences: &[String]) -> Result<(), Failure> {
        let claims = candidate.claims.as_ref().ok_or(Failure::Malformed)?;
        let issuer = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        if self.issuer.as_deref().is_some_and(|wanted| wanted != issuer) {
            return Err(Failure::UnknownIssuer);
        }
        let plain = |audience: &str| {
            let without = audience.strip_prefix("https://").or_else(|| audience.strip_prefix("http://"));
            without.unwrap_or(audience).trim_end_matches('/').to_owned()
        };
        let given: Vec<String> = match claims.get("aud") {
            Some(Value::String(one)) => vec![plain(one)],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(plain).collect(),
            _ => Vec::new(),
        };
        if audiences.is_empty() || audiences.iter().any(|a| given.contains(&plain(a))) {
            Ok(())
        } else {
            Err(Failure::Audience)
        }
    }

    fn use_claims(&self, claims: &Map<String, Value>, headers: &mut Headers, metadata: &mut Metadata) {
        if let Some(key) = &self.payload_in_metadata {
            let mut payload = claims.clone();
            for name in &self.lists {
                if let Some(Value::String(text)) = payload.get(name) {
                    let words = text.split(' ').filter(|word| !word.is_empty());
                    let words = words.map(|word| Value::String(word.to_owned())).collect();
                    payload.insert(name.clone(), Value::Array(words));
                }
            }
            note(metadata, FILTER, key, Value::Object(payload));
        }
        for (claim, header) in &self.claims_to_headers {
            let mut steps = claim.split('.');
            let mut value = steps.next().and_then(|step| claims.get(step));
            for step in steps {
                value = value.and_then(|value| value.get(step));
            }
            match value {
                Some(Value::String(text)) => headers.set(header.clone(), text.clone()),
                Some(value @ (Value::Bool(_) | Value::Number(_))) => headers.set(header.clone(), value.to_string()),
                _ => {}
            }
        }
    }
}

impl Requirement {
    fn new(message: Message<'_>) -> Option<Self> {
        if let Some(name) = message.text("provider_name") {
            return Some(Self::Provider(name.to_owned(), None));
        }
        if let Some(both) = message.get("provider_and_audiences") {
            let audiences = both.texts("audiences").map(str::to_owned).collect();
            return Some(Self::Provider(both.text("provider_name")?.to_owned(), Some(audiences)));
        }
        let list = |set: Message<'_>| set.list("requirements").filter_map(Self::new).collect();
        if let Some(any) = message.get("requires_any") {
            return Some(Self::Any(list(any)));
        }
        if let Some(all) = message.get("requires_all") {
            return Some(Self::All(list(all)));
        }
        if message.get("allow_missing_or_failed").is_some() {
            return Some(Self::AllowMissingOrFailed);
        }
        message.get("allow_missing").map(|_| Self::AllowMissing)
    }
}

/// Reads the claims of a token; `None` when it is malformed.
fn claims(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}
