//! `envoy.config.route.v3.RouteConfiguration`: which virtual host has a host. Envoy: `RouteMatcher::findVirtualHost`.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::header_mutation::HeaderMutation;
use super::virtual_host::{VirtualHost, per_filter};
use crate::evaluate::http::host::without_port;
use crate::evaluate::message::Message;

/// A route configuration.
#[derive(Debug)]
pub(in crate::evaluate) struct RouteConfig {
    /// Its name.
    pub(in crate::evaluate) name: String,
    /// All virtual hosts, in order.
    pub(in crate::evaluate) virtual_hosts: Vec<VirtualHost>,
    /// `internal_only_headers`
    pub(in crate::evaluate) internal_only_headers: Vec<String>,
    /// What it does to headers of requests.
    pub(in crate::evaluate) request_headers: HeaderMutation,
    /// What it does to headers of responses.
    pub(in crate::evaluate) response_headers: HeaderMutation,
    /// `most_specific_header_mutations_wins`
    pub(in crate::evaluate) most_specific_wins: bool,
    /// `typed_per_filter_config`
    pub(in crate::evaluate) per_filter: BTreeMap<String, Value>,
    ignores_port: bool,
    ignores_path_parameters: bool,
    domains: Domains,
}

/// A virtual host, and one of its domains.
type Place = (usize, usize);

/// Domains, each with its place.
#[derive(Debug, Default)]
struct Domains {
    exact: IndexMap<String, Place>,
    /// `*.example.com`, by length, the longest first.
    suffixes: Vec<(usize, IndexMap<String, Place>)>,
    /// `example.*`, likewise.
    prefixes: Vec<(usize, IndexMap<String, Place>)>,
    any: Option<Place>,
}

/// How a host was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::evaluate) enum HostMatch {
    /// The domain is the host.
    Exact,
    /// The domain is `*` and the end of the host.
    Suffix,
    /// The domain is the start of the host and `*`.
    Prefix,
    /// The domain is `*`.
    Any,
}

impl HostMatch {
    /// Its name in the output.
    pub(in crate::evaluate) fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Suffix => "suffix",
            Self::Prefix => "prefix",
            Self::Any => "any",
        }
    }
}

impl RouteConfig {
    /// Reads a route configuration.
    pub(in crate::evaluate) fn new(message: Message<'_>) -> Self {
        let virtual_hosts: Vec<VirtualHost> = message.list("virtual_hosts").map(VirtualHost::new).collect();
        let mut domains = Domains::default();
        for (index, host) in virtual_hosts.iter().enumerate() {
            for (position, domain) in host.domains.iter().enumerate() {
                domains.add(&domain.to_ascii_lowercase(), (index, position));
            }
        }
        for wildcards in [&mut domains.suffixes, &mut domains.prefixes] {
            wildcards.sort_by(|(a, _), (b, _)| b.cmp(a));
        }
        Self {
            name: message.text("name").unwrap_or_default().to_owned(),
            virtual_hosts,
            internal_only_headers: message.texts("internal_only_headers").map(str::to_ascii_lowercase).collect(),
            request_headers: HeaderMutation::of_request(message),
            response_headers: HeaderMutation::of_response(message),
            most_specific_wins: message.is("most_specific_header_mutations_wins"),
            per_filter: per_filter(message),
            ignores_port: message.is("ignore_port_in_host_matching"),
            ignores_path_parameters: message.is("ignore_path_parameters_in_path_matching"),
            domains,
        }
    }

    /// Finds the virtual host of a host, which of its domains that is, and how.
    pub(in crate::evaluate) fn virtual_host(&self, authority: &str) -> Option<(&VirtualHost, &str, HostMatch)> {
        let host = if self.ignores_port { without_port(authority) } else { authority };
        let ((index, position), how) = self.domains.find(&host.to_ascii_lowercase())?;
        let virtual_host = &self.virtual_hosts[index];
        Some((virtual_host, &virtual_host.domains[position], how))
    }

    /// Returns the part of a path that routes look at.
    pub(in crate::evaluate) fn path_for_matching<'p>(&self, path: &'p str) -> &'p str {
        match path.find(';') {
            Some(end) if self.ignores_path_parameters => &path[..end],
            _ => path,
        }
    }
}

impl Domains {
    fn add(&mut self, domain: &str, place: Place) {
        let (wildcards, part) = if domain == "*" {
            self.any.get_or_insert(place);
            return;
        } else if let Some(suffix) = domain.strip_prefix('*') {
            (&mut self.suffixes, suffix)
        } else if let Some(prefix) = domain.strip_suffix('*') {
            (&mut self.prefixes, prefix)
        } else {
            self.exact.entry(domain.to_owned()).or_insert(place);
            return;
        };
        let known = wildcards.iter().position(|(length, _)| *length == part.len());
        let position = known.unwrap_or_else(|| {
            wildcards.push((part.len(), IndexMap::new()));
            wildcards.len() - 1
        });
        wildcards[position].1.entry(part.to_owned()).or_insert(place);
    }

    fn find(&self, host: &str) -> Option<(Place, HostMatch)> {
        if let Some(place) = self.exact.get(host) {
            return Some((*place, HostMatch::Exact));
        }
        // The wildcard stands for something.
        let longer = |length: &usize| *length < host.len();
        for (length, domains) in self.suffixes.iter().filter(|(length, _)| longer(length)) {
            if let Some(place) = host.get(host.len() - length..).and_then(|suffix| domains.get(suffix)) {
                return Some((*place, HostMatch::Suffix));
            }
        }
        for (length, domains) in self.prefixes.iter().filter(|(length, _)| longer(length)) {
            if let Some(place) = host.get(..*length).and_then(|prefix| domains.get(prefix)) {
                return Some((*place, HostMatch::Prefix));
            }
        }
        self.any.map(|place| (place, HostMatch::Any))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_longest_domain_wins() {
        let config = json!({
            "ignore_port_in_host_matching": true,
            "virtual_hosts": [
                { "name": "any", "domains": ["*"] },
                { "name": "com", "domains": ["*.com"] },
                { "name": "example", "domains": ["*.example.com", "example.*"] },
                { "name": "exact", "domains": ["WWW.example.com"] },
            ]
        });
        let config = RouteConfig::new(Message(&config));
        for (host, expected) in [
            ("www.Example.com:8080", ("exact", HostMatch::Exact)),
            ("a.example.com", ("example", HostMatch::Suffix)),
            ("example.org", ("example", HostMatch::Prefix)),
            ("example.com", ("com", HostMatch::Suffix)),
            (".com", ("any", HostMatch::Any)),
            ("other", ("any", HostMatch::Any)),
        ] {
            let (virtual_host, _, how) = config.virtual_host(host).expect("a virtual host");
            assert_eq!((virtual_host.name.as_str(), how), expected, "{host}");
        }
    }
}
