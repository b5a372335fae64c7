//! A translation in the shape of Envoy's `/config_dump?include_eds`.
//!
//! Sections and entries as Envoy's admin page prints them; entries by name, as Envoy's own order is unstable; no `version_info`
//! and no `last_updated`, which would differ from run to run.

pub mod node;
mod print;

use std::io::{self, Write};
use std::sync::Arc;

use crate::envoy::Node;
use crate::translate::{Resource, Translation};

/// One proxy's dump.
#[derive(Debug, Clone)]
pub struct ConfigDump {
    /// Who the proxy is: the bootstrap section.
    pub node: Node,
    /// What it is served.
    pub translation: Translation,
}

impl ConfigDump {
    /// Writes the dump, with endpoints.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        print::dump(self, out)
    }

    /// Returns the sections in Envoy's order: the message, the list inside of it, how an entry holds its resource, the resources.
    fn sections(&self) -> Vec<Section<'_>> {
        let Translation { clusters, endpoints, listeners, routes, secrets, extensions } = &self.translation;
        let mut out =
            vec![Section::new("ClustersConfigDump", "dynamic_active_clusters", Entry::Plain("cluster"), clusters)];
        if !extensions.is_empty() {
            out.push(Section::new("EcdsConfigDump", "ecds_filters", Entry::Plain("ecds_filter"), extensions));
        }
        out.extend([
            Section::new("EndpointsConfigDump", "dynamic_endpoint_configs", Entry::Plain("endpoint_config"), endpoints),
            Section::new("ListenersConfigDump", "dynamic_listeners", Entry::ActiveState("listener"), listeners),
            Section::new("ScopedRoutesConfigDump", "", Entry::Plain(""), &[]),
            Section::new("RoutesConfigDump", "dynamic_route_configs", Entry::Plain("route_config"), routes),
            Section::new("SecretsConfigDump", "dynamic_active_secrets", Entry::Named("secret"), secrets),
        ]);
        out
    }
}

/// One section of a dump.
#[derive(Debug, Clone, Copy)]
struct Section<'a> {
    message: &'static str,
    list: &'static str,
    entry: Entry,
    resources: &'a [Arc<Resource>],
}

impl<'a> Section<'a> {
    fn new(message: &'static str, list: &'static str, entry: Entry, resources: &'a [Arc<Resource>]) -> Self {
        Self { message, list, entry, resources }
    }
}

/// How an entry holds its resource, under a field of this name.
#[derive(Debug, Clone, Copy)]
enum Entry {
    /// Alone.
    Plain(&'static str),
    /// After its name.
    Named(&'static str),
    /// After its name, inside of `active_state`.
    ActiveState(&'static str),
}
