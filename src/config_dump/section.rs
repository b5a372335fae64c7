//! The sections of a dump, in Envoy's order.

use std::borrow::Cow;
use std::sync::Arc;

use super::static_route_configs::static_route_configs;
use crate::translate::{Resource, Translation};

/// One message of a dump.
#[derive(Debug, Clone)]
pub(super) struct Section<'a> {
    /// Its name, without the package.
    pub(super) message: &'static str,
    /// Its lists that can hold something.
    pub(super) lists: Vec<List<'a>>,
}

/// One list of a section.
#[derive(Debug, Clone)]
pub(super) struct List<'a> {
    /// Its field.
    pub(super) field: &'static str,
    /// How an entry holds its resource.
    pub(super) entry: Entry,
    /// The resources, by name.
    pub(super) resources: Cow<'a, [Arc<Resource>]>,
}

/// How an entry holds its resource, under a field of this name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entry {
    /// Alone.
    Plain(&'static str),
    /// After its name.
    Named(&'static str),
    /// After its name, inside of `active_state`.
    ActiveState(&'static str),
}

impl<'a> List<'a> {
    fn new(field: &'static str, entry: Entry, resources: impl Into<Cow<'a, [Arc<Resource>]>>) -> Self {
        Self { field, entry, resources: resources.into() }
    }
}

/// The messages that `/config_dump` is made of, whether a dump holds them or not.
pub(super) const MESSAGES: &[&str] = &[
    "BootstrapConfigDump",
    "ClustersConfigDump",
    "EcdsConfigDump",
    "EndpointsConfigDump",
    "ListenersConfigDump",
    "ScopedRoutesConfigDump",
    "RoutesConfigDump",
    "SecretsConfigDump",
];

/// Returns the sections of what a proxy is served, but for the bootstrap.
pub(super) fn sections(translation: &Translation) -> Vec<Section<'_>> {
    let Translation { clusters, endpoints, listeners, routes, secrets, extensions } = translation;
    let mut out = vec![Section {
        message: "ClustersConfigDump",
        lists: vec![List::new("dynamic_active_clusters", Entry::Plain("cluster"), clusters)],
    }];
    if !extensions.is_empty() {
        let lists = vec![List::new("ecds_filters", Entry::Plain("ecds_filter"), extensions)];
        out.push(Section { message: "EcdsConfigDump", lists });
    }
    out.extend([
        Section {
            message: "EndpointsConfigDump",
            lists: vec![List::new("dynamic_endpoint_configs", Entry::Plain("endpoint_config"), endpoints)],
        },
        Section {
            message: "ListenersConfigDump",
            lists: vec![List::new("dynamic_listeners", Entry::ActiveState("listener"), listeners)],
        },
        Section { message: "ScopedRoutesConfigDump", lists: Vec::new() },
        Section {
            message: "RoutesConfigDump",
            lists: vec![
                List::new("static_route_configs", Entry::Plain("route_config"), static_route_configs(listeners)),
                List::new("dynamic_route_configs", Entry::Plain("route_config"), routes),
            ],
        },
        Section {
            message: "SecretsConfigDump",
            lists: vec![List::new("dynamic_active_secrets", Entry::Named("secret"), secrets)],
        },
    ]);
    out
}
