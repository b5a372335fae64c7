//! `ProxyConfig.connectionSettings`: how connections that come to the proxy are kept.
//!
//! istiod: `core/connection_settings.go`

use std::borrow::Cow;

use crate::envoy::{
    Http2ProtocolOptions, HttpConnectionManager, HttpConnectionManagerPathWithEscapedSlashesAction as EnvoyPath,
    HttpProtocolOptions, HttpProtocolOptionsHeadersWithUnderscoresAction as EnvoyUnderscores,
};
use crate::installation::Behaviour;
use crate::model::Duration;
use crate::model::istio::{
    ProxyConfigConnectionSettings as Settings,
    ProxyConfigConnectionSettingsHeadersWithUnderscoresAction as Underscores,
    ProxyConfigConnectionSettingsPathWithEscapedSlashesAction as Path, ProxyConfigConnectionSettingsProfile as Profile,
};
use crate::proxy::{OutboundView, ProxyKind};
use crate::translate::duration::duration;

/// The settings of a proxy, else the mesh's, with what the profile adds.
///
/// istiod: `connection_settings.go` `resolveConnectionSettings`
pub(super) fn of_proxy<'m>(view: &OutboundView<'m>) -> Option<Cow<'m, Settings>> {
    let of_mesh = || view.mesh.config.default_config.as_ref()?.connection_settings.as_ref();
    let settings = view.client.proxy_config.connection_settings.as_ref().or_else(of_mesh);
    let settings = settings.filter(|_| view.mesh.does(Behaviour::TakesFieldsOf131))?;
    let at_edge = settings.profile == Profile::Edge && view.client.kind == ProxyKind::Router;
    Some(if at_edge { Cow::Owned(edge(settings)) } else { Cow::Borrowed(settings) })
}

/// What Envoy recommends for clients that are not trusted, where a field is not set.
///
/// istiod: `connection_settings.go` `applyEdgeProfileDefaults`
fn edge(settings: &Settings) -> Settings {
    Settings {
        listener_per_connection_buffer_limit_bytes: settings
            .listener_per_connection_buffer_limit_bytes
            .or(Some(32 * 1024)),
        http_idle_timeout: settings.http_idle_timeout.or(Some(Duration::seconds(3600))),
        http_stream_idle_timeout: settings.http_stream_idle_timeout.or(Some(Duration::seconds(300))),
        http_request_timeout: settings.http_request_timeout.or(Some(Duration::seconds(300))),
        http_request_headers_timeout: settings.http_request_headers_timeout.or(Some(Duration::seconds(60))),
        http_max_concurrent_streams: settings.http_max_concurrent_streams.or(Some(100)),
        http2_initial_stream_window_size: settings.http2_initial_stream_window_size.or(Some(64 * 1024)),
        http2_initial_connection_window_size: settings.http2_initial_connection_window_size.or(Some(1024 * 1024)),
        http_headers_with_underscores_action: match settings.http_headers_with_underscores_action {
            Underscores::Unspecified => Underscores::RejectRequest,
            action => action,
        },
        http_merge_slashes: settings.http_merge_slashes.or(Some(true)),
        http_path_with_escaped_slashes_action: match settings.http_path_with_escaped_slashes_action {
            Path::Unspecified => Path::UnescapeAndRedirect,
            action => action,
        },
        ..settings.clone()
    }
}

/// Lays the settings over a connection manager.
///
/// istiod: `connection_settings.go` `applyConnectionSettingsToHCM`
pub(super) fn apply(settings: &Settings, manager: HttpConnectionManager) -> HttpConnectionManager {
    let Settings {
        profile: _,                                    // done
        listener_per_connection_buffer_limit_bytes: _, // below
        cluster_per_connection_buffer_limit_bytes: _,  // not read by istiod
        http_idle_timeout,
        http_max_connection_duration,
        http_drain_timeout,
        http_request_timeout,
        http_request_headers_timeout,
        http_stream_idle_timeout,
        http_max_stream_duration,
        http_max_concurrent_streams: _,          // of HTTP/2, below
        http2_initial_stream_window_size: _,     // likewise
        http2_initial_connection_window_size: _, // likewise
        http_headers_with_underscores_action,
        http_merge_slashes,
        http_path_with_escaped_slashes_action,
        listener_connection_limit: _,          // not read by istiod
        global_downstream_connection_limit: _, // not read by istiod
    } = settings;
    let underscores = underscores(*http_headers_with_underscores_action);
    let is_common = http_idle_timeout.is_some()
        || http_max_connection_duration.is_some()
        || http_max_stream_duration.is_some()
        || underscores.is_some();
    let common = if is_common {
        let before = manager.common_http_protocol_options.unwrap_or_default();
        Some(HttpProtocolOptions {
            idle_timeout: http_idle_timeout.map(duration).or(before.idle_timeout),
            max_connection_duration: http_max_connection_duration.map(duration).or(before.max_connection_duration),
            max_stream_duration: http_max_stream_duration.map(duration).or(before.max_stream_duration),
            headers_with_underscores_action: underscores.unwrap_or(before.headers_with_underscores_action),
            ..before
        })
    } else {
        manager.common_http_protocol_options
    };
    HttpConnectionManager {
        common_http_protocol_options: common,
        http2_protocol_options: http2(settings, manager.http2_protocol_options),
        stream_idle_timeout: http_stream_idle_timeout.map(duration).or(manager.stream_idle_timeout),
        request_timeout: http_request_timeout.map(duration).or(manager.request_timeout),
        request_headers_timeout: http_request_headers_timeout.map(duration).or(manager.request_headers_timeout),
        drain_timeout: http_drain_timeout.map(duration).or(manager.drain_timeout),
        merge_slashes: http_merge_slashes.unwrap_or(manager.merge_slashes),
        path_with_escaped_slashes_action: path(*http_path_with_escaped_slashes_action)
            .unwrap_or(manager.path_with_escaped_slashes_action),
        ..manager
    }
}

/// `listenerPerConnectionBufferLimitBytes` -> `Listener.per_connection_buffer_limit_bytes`, of gateways
pub(super) fn buffer_limit(view: &OutboundView<'_>) -> Option<u32> {
    not_negative(of_proxy(view)?.listener_per_connection_buffer_limit_bytes)
}

fn http2(settings: &Settings, before: Option<Http2ProtocolOptions>) -> Option<Http2ProtocolOptions> {
    let streams = settings.http_max_concurrent_streams;
    let stream_window = settings.http2_initial_stream_window_size;
    let connection_window = settings.http2_initial_connection_window_size;
    if [streams, stream_window, connection_window].iter().all(Option::is_none) {
        return before;
    }
    let before = before.unwrap_or_default();
    Some(Http2ProtocolOptions {
        max_concurrent_streams: not_negative(streams).or(before.max_concurrent_streams),
        initial_stream_window_size: not_negative(stream_window).or(before.initial_stream_window_size),
        initial_connection_window_size: not_negative(connection_window).or(before.initial_connection_window_size),
        ..before
    })
}

fn not_negative(value: Option<i32>) -> Option<u32> {
    value.and_then(|value| u32::try_from(value).ok())
}

fn underscores(action: Underscores) -> Option<EnvoyUnderscores> {
    match action {
        Underscores::Unspecified => None,
        Underscores::Allow => Some(EnvoyUnderscores::Allow),
        Underscores::RejectRequest => Some(EnvoyUnderscores::RejectRequest),
        Underscores::DropHeader => Some(EnvoyUnderscores::DropHeader),
    }
}

fn path(action: Path) -> Option<EnvoyPath> {
    match action {
        Path::Unspecified => None,
        Path::KeepUnchanged => Some(EnvoyPath::KeepUnchanged),
        Path::RejectRequest => Some(EnvoyPath::RejectRequest),
        Path::UnescapeAndRedirect => Some(EnvoyPath::UnescapeAndRedirect),
        Path::UnescapeAndForward => Some(EnvoyPath::UnescapeAndForward),
    }
}
