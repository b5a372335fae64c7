//! What the listener of a tunnel notes for the listener of what is inside.
//!
//! istiod: `pilot/pkg/xds/filters/filters.go` `ConnectAuthorityFilter` and siblings

use crate::envoy::{
    Any, Cel, DataSource, DataSourceSpecifier, Filter, FilterStateValue, FilterStateValueKey,
    FilterStateValueSharedWithUpstream, FilterStateValueValue, HttpFilter, HttpSetFilterState, NetworkSetFilterState,
    SubstitutionFormatString, SubstitutionFormatStringFormat, TypedExtensionConfig,
};
use crate::translate::listener::filter;

/// Where the connection goes; only an IP address can be here.
const ORIGINAL_DST: &str = "envoy.filters.listener.original_dst.local_ip";
/// Where the connection goes, as the client says it: an address, or a host.
pub(in crate::translate::listener) const AUTHORITY: &str = "io.istio.connect_authority";
/// Who has handled the tunnel before.
pub(in crate::translate::listener) const REQUEST_SOURCE: &str = "io.istio.source";

/// Where a tunnel to another network ends.
pub(super) const HBONE_TARGET: &str = "%FILTER_STATE(istio.double_hbone.hbone_target_address:PLAIN)%";

/// Notes what the endpoint says of a tunnel to another network, for both of its listeners.
///
/// istiod: `listener.go` `buildInnerConnectOriginateListener`
pub(super) fn propagate_endpoint_metadata(version: (u32, u32, u32)) -> Filter {
    let through = |value: FilterStateValue| FilterStateValue {
        shared_with_upstream: FilterStateValueSharedWithUpstream::Transitive,
        ..value
    };
    let target = "%DYNAMIC_METADATA(istio:double_hbone:hbone_target_address)%";
    let on_new_connection = vec![
        through(noted(ORIGINAL_DST, "%DYNAMIC_METADATA(envoy.filters.listener.original_dst:local)%", "")),
        through(noted("istio.double_hbone.hbone_target_address", target, text_factory(version))),
    ];
    let config = NetworkSetFilterState { on_new_connection, ..NetworkSetFilterState::default() };
    filter::network("propagate_endpoint_metadata", config)
}

/// Notes who opens the tunnel, and where to. Proxies before 1.29.2 have no text that can be hashed.
///
/// istiod: `filters.go` `ConnectAuthorityFilter`, `ConnectAuthorityFilterPre1_29_2`
pub(super) fn connect_authority(version: (u32, u32, u32)) -> HttpFilter {
    let text = text_factory(version);
    set_on_request(
        "connect_authority",
        vec![
            noted(ORIGINAL_DST, "%REQ(:AUTHORITY)%", ""),
            noted(AUTHORITY, "%REQ(:AUTHORITY)%", text),
            noted("envoy.filters.listener.original_dst.remote_ip", "%DOWNSTREAM_REMOTE_ADDRESS%", ""),
            noted("io.istio.peer_principal", "%DOWNSTREAM_PEER_URI_SAN%", text),
            noted("io.istio.local_principal", "%DOWNSTREAM_LOCAL_URI_SAN%", text),
        ],
    )
}

/// Notes who has handled the tunnel before: a waypoint has applied the policies, and need not be asked again.
///
/// istiod: `filters.go` `RequestSourceFilter`
pub(super) fn request_source(version: (u32, u32, u32)) -> HttpFilter {
    set_on_request("request_source", vec![noted(REQUEST_SOURCE, "%REQ(x-istio-source)%", text_factory(version))])
}

/// Hands the destination on to the listener that opens the next tunnel.
///
/// istiod: `filters.go` `ConnectAuthorityNetworkFilter`
pub(in crate::translate::listener) fn connect_authority_network() -> Filter {
    let format = format!("%FILTER_STATE({ORIGINAL_DST}:PLAIN)%");
    set_on_connection("connect_authority", noted(ORIGINAL_DST, &format, ""))
}

/// Makes the destination an address, where the client has named a host.
///
/// istiod: `listener_waypoint.go` `buildWaypointInternal`
pub(in crate::translate::listener) fn set_dst_address(address_and_port: &str) -> Filter {
    let expression =
        format!("'{ORIGINAL_DST}' in filter_state ? filter_state['{ORIGINAL_DST}']: r'{address_and_port}'");
    let formatter =
        TypedExtensionConfig { name: "envoy.formatter.cel".to_owned(), typed_config: Some(Cel::default().into()) };
    let format =
        SubstitutionFormatString { formatters: vec![formatter], ..format_string(&format!("%CEL({expression})%")) };
    let value = FilterStateValue {
        key: Some(FilterStateValueKey::ObjectKey("envoy.network.transport_socket.original_dst_address".to_owned())),
        value: Some(FilterStateValueValue::FormatString(format)),
        ..FilterStateValue::default()
    };
    set_on_connection("set_dst_address", value)
}

fn text_factory(version: (u32, u32, u32)) -> &'static str {
    if version >= (1, 29, 2) { "istio.hashable_string" } else { "envoy.string" }
}

fn set_on_request(name: &str, on_request_headers: Vec<FilterStateValue>) -> HttpFilter {
    let config: Any = HttpSetFilterState { on_request_headers, ..HttpSetFilterState::default() }.into();
    filter::http(name, config)
}

fn set_on_connection(name: &str, value: FilterStateValue) -> Filter {
    let config = NetworkSetFilterState { on_new_connection: vec![value], ..NetworkSetFilterState::default() };
    filter::network(name, config)
}

fn noted(key: &str, format: &str, factory_key: &str) -> FilterStateValue {
    FilterStateValue {
        key: Some(FilterStateValueKey::ObjectKey(key.to_owned())),
        value: Some(FilterStateValueValue::FormatString(format_string(format))),
        factory_key: factory_key.to_owned(),
        shared_with_upstream: FilterStateValueSharedWithUpstream::Once,
        ..FilterStateValue::default()
    }
}

fn format_string(format: &str) -> SubstitutionFormatString {
    let source =
        DataSource { specifier: Some(DataSourceSpecifier::InlineString(format.to_owned())), ..DataSource::default() };
    SubstitutionFormatString {
        format: Some(SubstitutionFormatStringFormat::TextFormatSource(source)),
        ..SubstitutionFormatString::default()
    }
}
