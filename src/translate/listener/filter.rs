//! Filters by name and configuration.

use crate::envoy::{
    Any, Filter, FilterConfigType, HttpFilter, HttpFilterConfigType, ListenerFilter, ListenerFilterConfigType,
};

/// A network filter.
pub(crate) fn network(name: &str, config: impl Into<Any>) -> Filter {
    Filter { name: name.to_owned(), config_type: Some(FilterConfigType::TypedConfig(config.into())) }
}

/// An HTTP filter.
pub(crate) fn http(name: &str, config: impl Into<Any>) -> HttpFilter {
    HttpFilter {
        name: name.to_owned(),
        config_type: Some(HttpFilterConfigType::TypedConfig(config.into())),
        ..HttpFilter::default()
    }
}

/// A listener filter.
pub(crate) fn listener(name: &str, config: impl Into<Any>) -> ListenerFilter {
    ListenerFilter {
        name: name.to_owned(),
        config_type: Some(ListenerFilterConfigType::TypedConfig(config.into())),
        filter_disabled: None,
    }
}
