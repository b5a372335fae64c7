//! `MeshConfig.extensionProviders[].envoyExtAuthzHttp`, `envoyExtAuthzGrpc`: who decides for CUSTOM.
//!
//! istiod: `security/authz/builder/extauthz.go`

use super::matcher;
use super::status_code::status_code;
use crate::envoy::{
    ApiVersion, AuthorizationRequest, AuthorizationResponse, BufferSettings, Duration, ExtAuthzHttpService,
    GrpcService, HeaderValue, HttpExtAuthz, HttpExtAuthzServices, HttpStatus, HttpUri, HttpUriHttpUpstreamType,
    ListStringMatcher, NetworkExtAuthz,
};
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::model;
use crate::model::istio::{
    MeshConfigExtensionProviderEnvoyExternalAuthorizationGrpcProvider as GrpcProvider,
    MeshConfigExtensionProviderEnvoyExternalAuthorizationHttpProvider as HttpProvider,
    MeshConfigExtensionProviderEnvoyExternalAuthorizationRequestBody as RequestBody,
    MeshConfigExtensionProviderProvider as Provider,
};
use crate::translate::duration::duration;
use crate::translate::extension_provider::{self, Backend};

/// The longest name of a provider.
const MAX_NAME: usize = 63;

/// The configuration by which a provider is asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ExtAuthz {
    /// About requests.
    pub(super) http: HttpExtAuthz,
    /// About connections; providers for HTTP are not.
    pub(super) network: Option<NetworkExtAuthz>,
}

/// Returns the configuration for a provider, or why there is none.
///
/// istiod: `extauthz.go` `processExtensionProvider`, `getExtAuthz`
pub(super) fn ext_authz(mesh: &Mesh, name: &str) -> Result<ExtAuthz, String> {
    let mut found =
        mesh.config.extension_providers.iter().filter(|provider| provider.name == name).filter_map(|provider| {
            match &provider.provider {
                Some(Provider::EnvoyExtAuthzHttp(config)) => Some(Kind::Http(config)),
                Some(Provider::EnvoyExtAuthzGrpc(config)) => Some(Kind::Grpc(config)),
                _ => None,
            }
        });
    let Some(kind) = found.next() else {
        return Err(format!("the mesh config has no provider `{name}` for external authorization"));
    };
    if found.next().is_some() {
        return Err(format!("the mesh config has more than one provider `{name}`"));
    }
    if mesh.does(Behaviour::SeparatesCustomProviders) || name.is_empty() {
        check_name(name)?;
    }
    match kind {
        Kind::Http(config) => http(mesh, config),
        Kind::Grpc(config) => grpc(mesh, config),
    }
}

enum Kind<'m> {
    Http(&'m HttpProvider),
    Grpc(&'m GrpcProvider),
}

/// Names become part of metadata and of statistics. istiod: `extauthz.go` `validateProviderName`
fn check_name(name: &str) -> Result<(), String> {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_label = !name.is_empty() && name.chars().all(is_allowed) && !name.starts_with('-') && !name.ends_with('-');
    if is_label && name.len() <= MAX_NAME {
        return Ok(());
    }
    Err(format!("the provider's name `{name}` is not of {MAX_NAME} lower-case letters, digits and dashes at most"))
}

/// istiod: `extauthz.go` `buildExtAuthzHTTP`, `generateHTTPConfig`
fn http(mesh: &Mesh, provider: &HttpProvider) -> Result<ExtAuthz, String> {
    let HttpProvider {
        service,
        port,
        timeout,
        path_prefix,
        fail_open,
        // istiod does nothing with it.
        clear_route_cache: _,
        status_on_error: status,
        include_headers_in_check,
        include_request_headers_in_check,
        include_additional_headers_in_check,
        include_request_body_in_check,
        headers_to_upstream_on_allow,
        headers_to_downstream_on_deny,
        headers_to_downstream_on_allow,
    } = provider;
    let backend = backend(mesh, service, *port)?;
    let status_on_error = status_on_error(status)?;
    if !path_prefix.is_empty() && !is_path(path_prefix) {
        return Err(format!("the provider's `pathPrefix` `{path_prefix}` does not start with `/`"));
    }
    let lists = [
        include_request_headers_in_check,
        include_headers_in_check,
        headers_to_downstream_on_deny,
        headers_to_downstream_on_allow,
        headers_to_upstream_on_allow,
    ];
    if lists.into_iter().flatten().any(|header| header == "*") {
        return Err("the provider has a header `*`, which is neither a prefix nor a suffix".to_owned());
    }
    let headers_to_add: Vec<HeaderValue> = include_additional_headers_in_check
        .iter()
        .map(|(key, value)| HeaderValue { key: key.clone(), value: value.clone(), ..HeaderValue::default() })
        .collect();
    let response = AuthorizationResponse {
        allowed_upstream_headers: headers(headers_to_upstream_on_allow),
        allowed_client_headers: headers(headers_to_downstream_on_deny),
        allowed_client_headers_on_success: headers(headers_to_downstream_on_allow),
        ..AuthorizationResponse::default()
    };
    let service = ExtAuthzHttpService {
        server_uri: Some(HttpUri {
            uri: format!("http://{}", backend.hostname),
            http_upstream_type: Some(HttpUriHttpUpstreamType::Cluster(backend.cluster)),
            timeout: Some(timeout_or_default(*timeout)),
        }),
        path_prefix: path_prefix.clone(),
        authorization_request: (!headers_to_add.is_empty()).then_some(AuthorizationRequest { headers_to_add }),
        authorization_response: (response != AuthorizationResponse::default()).then_some(response),
        ..ExtAuthzHttpService::default()
    };
    let http = HttpExtAuthz {
        allowed_headers: headers(include_request_headers_in_check).or_else(|| headers(include_headers_in_check)),
        ..about_requests(
            HttpExtAuthzServices::HttpService(service),
            *fail_open,
            status_on_error,
            include_request_body_in_check.as_ref(),
        )
    };
    Ok(ExtAuthz { http, network: None })
}

/// istiod: `extauthz.go` `buildExtAuthzGRPC`, `generateGRPCConfig`
fn grpc(mesh: &Mesh, provider: &GrpcProvider) -> Result<ExtAuthz, String> {
    let GrpcProvider {
        service,
        port,
        timeout,
        fail_open,
        // istiod does nothing with it.
        clear_route_cache: _,
        status_on_error: status,
        include_request_body_in_check,
    } = provider;
    let backend = backend(mesh, service, *port)?;
    let status_on_error = status_on_error(status)?;
    let grpc_service =
        GrpcService { timeout: Some(timeout_or_default(*timeout)), ..extension_provider::grpc_service(&backend) };
    let services = HttpExtAuthzServices::GrpcService(grpc_service.clone());
    let http = about_requests(services, *fail_open, status_on_error, include_request_body_in_check.as_ref());
    let network = NetworkExtAuthz {
        stat_prefix: "tcp.".to_owned(),
        grpc_service: Some(grpc_service),
        failure_mode_allow: *fail_open,
        transport_api_version: ApiVersion::V3,
        ..NetworkExtAuthz::default()
    };
    Ok(ExtAuthz { http, network: Some(network) })
}

/// What providers for HTTP and for gRPC have in common.
fn about_requests(
    services: HttpExtAuthzServices,
    failure_mode_allow: bool,
    status_on_error: Option<HttpStatus>,
    body: Option<&RequestBody>,
) -> HttpExtAuthz {
    HttpExtAuthz {
        services: Some(services),
        failure_mode_allow,
        status_on_error,
        transport_api_version: ApiVersion::V3,
        with_request_body: body.map(|body| {
            let RequestBody { max_request_bytes, allow_partial_message, pack_as_bytes } = *body;
            BufferSettings { max_request_bytes, allow_partial_message, pack_as_bytes }
        }),
        ..HttpExtAuthz::default()
    }
}

fn backend(mesh: &Mesh, service: &str, port: u32) -> Result<Backend, String> {
    if !(1..=65_535).contains(&port) {
        return Err(format!("the provider's port {port} is none"));
    }
    let backend = extension_provider::backend(mesh, service, port).filter(|_| is_service(service));
    backend.ok_or_else(|| format!("the provider's service `{service}` not found, or found in more than one namespace"))
}

/// Says whether a provider may name a service so: a wildcard only with a namespace, a short name only without one.
///
/// istiod: `pkg/config/validation/agent/extensionprovider.go` `validateExtensionProviderService`
fn is_service(service: &str) -> bool {
    match service.split_once('/') {
        Some((_, hostname)) => hostname.contains('.'),
        None => !service.contains('*'),
    }
}

/// Says whether a text is a path that Go can read: what follows a `%` is an escape. Go: `url.Parse`
fn is_path(text: &str) -> bool {
    let is_escaped = |part: &str| {
        part.split('%')
            .skip(1)
            .all(|rest| rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
    };
    let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
    let path = before.split_once('?').map_or(before, |(path, _)| path);
    text.starts_with('/') && !text.contains(|c: char| c.is_ascii_control()) && is_escaped(path) && is_escaped(fragment)
}

/// istiod: `extauthz.go` `parseStatusOnError`
fn status_on_error(status: &str) -> Result<Option<HttpStatus>, String> {
    if status.is_empty() {
        return Ok(None);
    }
    let code = status.parse().ok().and_then(status_code);
    let code =
        code.ok_or_else(|| format!("`statusOnError` `{status}` of the provider is not a status that Envoy supports"))?;
    Ok(Some(HttpStatus { code }))
}

/// istiod: `extauthz.go` `timeoutOrDefault`
fn timeout_or_default(timeout: Option<model::Duration>) -> Duration {
    timeout.map_or(Duration::seconds(600), duration)
}

/// istiod: `extauthz.go` `generateHeaders`
fn headers(names: &[String]) -> Option<ListStringMatcher> {
    let patterns: Vec<_> = names.iter().map(|name| matcher::header_name(name)).collect();
    (!patterns.is_empty()).then_some(ListStringMatcher { patterns })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envoy::StatusCode;

    #[test]
    fn names_are_labels() {
        for (name, is_taken) in
            [("opa", true), ("a-1", true), ("Opa", false), ("-a", false), ("a-", false), ("", false)]
        {
            assert_eq!(check_name(name).is_ok(), is_taken, "{name}");
        }
        assert!(check_name(&"a".repeat(63)).is_ok() && check_name(&"a".repeat(64)).is_err());
    }

    #[test]
    fn prefixes_are_paths() {
        for (text, is_one) in
            [("/a", true), ("a", false), ("/%2f?%z", true), ("/%z", false), ("/#%", false), ("/\n", false)]
        {
            assert_eq!(is_path(text), is_one, "{text:?}");
        }
    }

    #[test]
    fn services_are_named_in_two_ways() {
        for (service, is_one) in [("a.b", true), ("a", true), ("*.b", false), ("n/*.b", true), ("n/a", false)] {
            assert_eq!(is_service(service), is_one, "{service}");
        }
    }

    #[test]
    fn statuses_are_those_that_envoy_knows() {
        assert_eq!(status_on_error(""), Ok(None));
        assert_eq!(status_on_error("429"), Ok(Some(HttpStatus { code: StatusCode::TooManyRequests })));
        for status in ["418", "no", "-1"] {
            assert!(status_on_error(status).is_err(), "{status}");
        }
    }
}
