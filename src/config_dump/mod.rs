//! A translation in the shape of Envoy's `/config_dump?include_eds`.
//!
//! Sections and entries as Envoy's admin page prints them; entries by name, as Envoy's own order is unstable; no `version_info`
//! and no `last_updated`, which would differ from run to run. [`Query`] asks for a part of it, as the admin page's parameters do.

mod json;
mod mask;
mod print;
mod query;
mod section;
mod select;
mod served;
mod static_route_configs;

pub use json::Json;
pub use mask::Mask;
pub use print::Printed;
pub use query::{NameRegex, Query, QueryError, ResourceList};
pub use served::{Compared, Differing, PairId};

use std::io::{self, Write};

use crate::envoy::Node;
use crate::translate::Translation;

/// One proxy's dump.
#[derive(Debug, Clone)]
pub struct ConfigDump {
    /// Who the proxy is: the bootstrap section.
    pub node: Node,
    /// What it is served.
    pub translation: Translation,
}

impl ConfigDump {
    /// Writes all of the dump, with endpoints.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        print::dump(self, &Query::all(), out)
    }

    /// Writes what is wanted of the dump, as Envoy prints it.
    pub fn write_part(&self, query: &Query, out: &mut impl Write) -> io::Result<()> {
        if query.resource.is_none() && query.mask.is_none() {
            return print::dump(self, query, out);
        }
        let part = self.part(query).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        crate::envoy::json::to_writer(&mut *out, &part)?;
        out.write_all(b"\n")
    }

    /// Returns the resources that are served, as the dump prints them.
    pub fn resources(&self) -> Vec<Printed<'_>> {
        print::resources(&self.translation)
    }

    /// Returns one resource that is served, by its list (`dynamic_active_clusters`) and its name.
    pub fn resource(&self, list: &str, name: &str) -> Option<Printed<'_>> {
        print::resource(&self.translation, list, name)
    }

    /// Returns the resources of an earlier dump that are others in this one, or gone: by list and name, with what is there now.
    pub fn changed_since<'a>(&'a self, before: &'a Self) -> Vec<(&'static str, &'a str, Option<Printed<'a>>)> {
        print::changed(&before.translation, &self.translation)
    }

    /// Returns what is wanted of the dump.
    pub fn part(&self, query: &Query) -> Result<Json, QueryError> {
        select::select(self, query)
    }
}
