//! HTTP filters: what each says to a request.

mod cors;
mod ext_authz;
mod fault;
mod header_mutation;
mod jwt;

use serde_json::{Map, Value};

pub(super) use cors::Cors;
pub(super) use ext_authz::{ExtAuthz, grpc_cluster};
pub(super) use fault::Fault;
pub(super) use header_mutation::HttpHeaderMutation;
pub(super) use jwt::Jwt;

use super::message::{Message, is_type};
use super::rbac::Rbac;

/// An HTTP filter.
#[derive(Debug)]
pub(super) struct HttpFilter {
    /// Its name, by which routes configure it.
    pub(super) name: String,
    /// Off, unless a route turns it on.
    pub(super) is_disabled: bool,
    /// What it does.
    pub(super) kind: Kind,
}

/// What an HTTP filter does.
#[derive(Debug)]
pub(super) enum Kind {
    /// It sends the request on.
    Router {
        /// It adds no headers of Envoy's own.
        suppresses_envoy_headers: bool,
    },
    /// It answers preflight requests.
    Cors,
    /// It delays and refuses requests.
    Fault(Fault),
    /// It verifies tokens.
    Jwt(Jwt),
    /// It asks policies.
    Rbac(HttpRbac),
    /// It asks a service.
    ExtAuthz(ExtAuthz),
    /// It changes headers.
    HeaderMutation(HttpHeaderMutation),
    /// It lets only so many requests pass.
    RateLimit(String),
    /// It changes nothing of what is told here.
    Other,
    /// It may do anything, and what.
    Unknown(String),
}

/// `envoy.extensions.filters.http.rbac.v3.RBAC`
#[derive(Debug)]
pub(super) struct HttpRbac {
    /// What is enforced.
    pub(super) rules: Option<Rbac>,
    /// What is noted only.
    pub(super) shadow: Option<Rbac>,
    /// `shadow_rules_stat_prefix`, which also begins the keys of what is noted.
    pub(super) shadow_prefix: String,
}

impl HttpRbac {
    /// Reads the filter's configuration.
    pub(super) fn new(config: Message<'_>) -> Self {
        Self {
            rules: config.get("rules").map(Rbac::new),
            shadow: config.get("shadow_rules").map(Rbac::new),
            shadow_prefix: config.text("shadow_rules_stat_prefix").unwrap_or_default().to_owned(),
        }
    }
}

impl HttpFilter {
    /// Reads a filter. `extension` finds a configuration by the name under which it is discovered.
    pub(super) fn new(message: Message<'_>, extension: &dyn Fn(&str) -> Option<Value>) -> Self {
        let name = message.text("name").unwrap_or_default().to_owned();
        let discovered = message.get("config_discovery").and_then(|_| extension(&name));
        let config = message.get("typed_config").or_else(|| discovered.as_ref().map(Message));
        let kind = match config.and_then(Message::unpacked) {
            Some((url, config)) => Kind::new(url, config),
            None if message.get("config_discovery").is_some() => {
                Kind::Unknown("its configuration is discovered, and is not in the dump".to_owned())
            }
            None if name == "envoy.filters.http.router" => Kind::Router { suppresses_envoy_headers: false },
            None => Kind::Other,
        };
        Self { name, is_disabled: message.is("disabled"), kind }
    }
}

/// Filters that leave requests as they are, as far as is told here.
const HARMLESS: &[&str] = &[
    "AlpnFilterConfig",
    "PluginConfig",
    "GrpcWeb",
    "OnDemand",
    "StatefulSession",
    "Buffer",
    "Compressor",
    "Decompressor",
    "Config",
    "AdmissionControl",
    "AdaptiveConcurrency",
    "CacheConfig",
    "GrpcFieldExtraction",
];

impl Kind {
    fn new(url: &str, config: Message<'_>) -> Self {
        let is = |name: &str| is_type(url, name);
        if is("Router") {
            Self::Router { suppresses_envoy_headers: config.is("suppress_envoy_headers") }
        } else if is("Cors") {
            Self::Cors
        } else if is("HTTPFault") {
            Self::Fault(Fault::new(config))
        } else if is("JwtAuthentication") {
            Self::Jwt(Jwt::new(config))
        } else if is("RBAC") {
            Self::Rbac(HttpRbac::new(config))
        } else if is("ExtAuthz") {
            Self::ExtAuthz(ExtAuthz::new(config))
        } else if is("HeaderMutation") {
            Self::HeaderMutation(HttpHeaderMutation::new(config))
        } else if is("LocalRateLimit") {
            let tokens = config.get("token_bucket").and_then(|bucket| bucket.unsigned("max_tokens"));
            Self::RateLimit(tokens.map_or_else(
                || "lets only so many requests pass".to_owned(),
                |tokens| format!("lets requests pass as long as its bucket of {tokens} has tokens"),
            ))
        } else if is("RateLimit") {
            Self::RateLimit("asks a rate limit service".to_owned())
        } else if is("Lua") || is("Wasm") || is("ExternalProcessor") || is("GolangExtension") {
            let what = url.rsplit(['.', '/']).next().unwrap_or_default();
            Self::Unknown(format!("{what} code may change anything from here on"))
        } else if url.contains("envoy.extensions.filters.http.grpc_stats.")
            || url.contains("dynamic_forward_proxy")
            || url.contains("istio.envoy.config.filter.http.alpn.")
            || HARMLESS.iter().any(|name| is(name))
        {
            Self::Other
        } else {
            Self::Unknown("this filter is not evaluated".to_owned())
        }
    }
}

/// What a route says about a filter.
#[derive(Debug, Clone, Copy)]
pub(super) enum PerRoute<'a> {
    /// Nothing.
    Absent,
    /// The filter is off.
    Disabled,
    /// This is its configuration.
    Config(Message<'a>),
}

impl<'a> PerRoute<'a> {
    /// Takes the most specific of what route, virtual host and route configuration say.
    pub(super) fn of(name: &str, most_specific_first: &[&'a std::collections::BTreeMap<String, Value>]) -> Self {
        let Some(config) = most_specific_first.iter().find_map(|map| map.get(name)) else { return Self::Absent };
        let message = Message(config);
        match message.unpacked() {
            Some((url, wrapper)) if is_type(url, "FilterConfig") && url.contains("route.v3") => {
                if wrapper.is("disabled") {
                    return Self::Disabled;
                }
                wrapper.any("config").map_or(Self::Absent, |(_, config)| Self::Config(config))
            }
            Some((_, config)) => Self::Config(config),
            None => Self::Absent,
        }
    }

    /// Returns the configuration, if there is one.
    pub(super) fn config(self) -> Option<Message<'a>> {
        match self {
            Self::Config(config) => Some(config),
            Self::Absent | Self::Disabled => None,
        }
    }
}

/// What filters note for others, by filter.
pub(super) type Metadata = Map<String, Value>;

/// Sets a key of a filter's notes.
pub(super) fn note(metadata: &mut Metadata, filter: &str, key: &str, value: Value) {
    let notes = metadata.entry(filter).or_insert_with(|| Value::Object(Map::new()));
    if let Some(notes) = notes.as_object_mut() {
        notes.insert(key.to_owned(), value);
    }
}
