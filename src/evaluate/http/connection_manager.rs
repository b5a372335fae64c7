//! `envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`.

use serde_json::Value;

use super::path::{EscapedSlashes, Normalization};
use super::sanitize::Trust;
use crate::evaluate::http_filter::HttpFilter;
use crate::evaluate::message::Message;
use crate::evaluate::route::RouteConfig;

/// A connection manager.
#[derive(Debug)]
pub(in crate::evaluate) struct ConnectionManager {
    /// Where its routes are.
    pub(in crate::evaluate) routes: Routes,
    /// Its HTTP filters, in order.
    pub(in crate::evaluate) filters: Vec<HttpFilter>,
    /// What is done with paths.
    pub(in crate::evaluate) normalization: Normalization,
    /// `strip_trailing_host_dot`
    pub(in crate::evaluate) strips_trailing_dot: bool,
    /// Which ports are taken from hosts.
    pub(in crate::evaluate) strips_port: StripsPort,
    /// What is done with headers.
    pub(in crate::evaluate) trust: Trust,
    /// `http_protocol_options.accept_http_10`
    pub(in crate::evaluate) accepts_http_10: bool,
    /// `http_protocol_options.default_host_for_http_10`
    pub(in crate::evaluate) default_host: Option<String>,
    /// Protocols to which a connection may be upgraded, in lower case.
    pub(in crate::evaluate) upgrades: Vec<String>,
}

/// Where routes are.
#[derive(Debug)]
pub(in crate::evaluate) enum Routes {
    /// In the route configuration of this name.
    Discovered(String),
    /// Here.
    Inline(Box<RouteConfig>),
    /// In scopes, which are not evaluated.
    Scoped,
}

/// Which ports are taken from hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::evaluate) enum StripsPort {
    /// None.
    None,
    /// That of the listener.
    Matching,
    /// Any.
    Any,
}

impl ConnectionManager {
    /// Reads a connection manager. `extension` finds a filter's configuration by the name under which it is discovered.
    pub(in crate::evaluate) fn new(message: Message<'_>, extension: &dyn Fn(&str) -> Option<Value>) -> Self {
        let routes = if let Some(rds) = message.get("rds") {
            Routes::Discovered(rds.text("route_config_name").unwrap_or_default().to_owned())
        } else if let Some(config) = message.get("route_config") {
            Routes::Inline(Box::new(RouteConfig::new(config)))
        } else {
            Routes::Scoped
        };
        let http1 = message.get("http_protocol_options");
        Self {
            routes,
            filters: message.list("http_filters").map(|filter| HttpFilter::new(filter, extension)).collect(),
            normalization: Normalization {
                normalize: message.is("normalize_path"),
                merge_slashes: message.is("merge_slashes"),
                escaped_slashes: match message.text("path_with_escaped_slashes_action") {
                    Some("REJECT_REQUEST") => EscapedSlashes::Reject,
                    Some("UNESCAPE_AND_REDIRECT") => EscapedSlashes::Redirect,
                    Some("UNESCAPE_AND_FORWARD") => EscapedSlashes::Forward,
                    _ => EscapedSlashes::Keep,
                },
            },
            strips_trailing_dot: message.is("strip_trailing_host_dot"),
            strips_port: if message.is("strip_any_host_port") {
                StripsPort::Any
            } else if message.is("strip_matching_host_port") {
                StripsPort::Matching
            } else {
                StripsPort::None
            },
            trust: Trust {
                use_remote_address: message.is("use_remote_address"),
                xff_num_trusted_hops: message.unsigned("xff_num_trusted_hops").unwrap_or_default() as usize,
                skip_xff_append: message.is("skip_xff_append"),
                generate_request_id: message.flag("generate_request_id") != Some(false),
                append_x_forwarded_port: message.is("append_x_forwarded_port"),
                via: message.text("via").unwrap_or_default().to_owned(),
                internal_only_headers: Vec::new(),
            },
            accepts_http_10: http1.is_some_and(|options| options.is("accept_http_10")),
            default_host: http1.and_then(|options| options.text("default_host_for_http_10")).map(str::to_owned),
            upgrades: message
                .list("upgrade_configs")
                .filter(|upgrade| upgrade.flag("enabled") != Some(false))
                .filter_map(|upgrade| upgrade.text("upgrade_type"))
                .map(str::to_ascii_lowercase)
                .collect(),
        }
    }
}
