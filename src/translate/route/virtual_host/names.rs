//! The names of virtual hosts and their domains: who has them, and who comes too late.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::mesh::conflict::{reason, virtual_service_name};
use crate::mesh::service::Service;
use crate::model::Config;
use crate::model::istio::VirtualService;
use crate::source::ResourceRef;
use crate::translate::route::domains::{Domains, join_host_port};
use crate::translate::route::virtual_host_wrapper::VirtualHostWrapper;

/// Whose a virtual host is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    /// The VirtualService with its routes; none if they are the default ones of the service.
    pub(super) virtual_service: Option<&'a Config<VirtualService>>,
    /// The service that it is for; none if the host is no service.
    pub(super) service: Option<&'a Service>,
}

/// The names in use so far: Envoy refuses a route configuration that has one twice.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    virtual_hosts: BTreeMap<String, Owner<'a>>,
    /// In lower case.
    domains: BTreeMap<String, Owner<'a>>,
    /// The full names of all services.
    services: BTreeSet<String>,
}

impl<'a> Names<'a> {
    pub(super) fn new(wrappers: &[VirtualHostWrapper<'_, 'a>]) -> Self {
        let services = wrappers.iter().flat_map(|w| w.services.iter().map(|s| (&s.hostname, w.port)));
        let services =
            services.flat_map(|(hostname, port)| [join_host_port(hostname, port), hostname.clone()]).collect();
        Self { services, ..Self::default() }
    }

    /// Takes the name of a virtual host, unless another one has it.
    pub(super) fn claim_name(
        &mut self,
        name: &str,
        host: &str,
        owner: Owner<'a>,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let first = match self.virtual_hosts.entry(name.to_owned()) {
            Entry::Vacant(free) => {
                free.insert(owner);
                return true;
            }
            Entry::Occupied(taken) => *taken.get(),
        };
        if owner.source() != first.source() {
            let message =
                format!("the routes for {host} are dropped for sidecars: {} already defines the host", first.named());
            diagnostics.push(duplicate("virtual-service-duplicate-host", message, (owner, &owner.path(host)), first));
        }
        false
    }

    /// Keeps the domains that are free, and takes them. One made from a longer name is not free if it is a service of its own:
    /// `foo.com.cluster.local` must not become `foo.com`.
    ///
    /// istiod: `httproute.go` `dedupeDomains`
    pub(super) fn claim_domains(
        &mut self,
        domains: Domains,
        owner: Owner<'a>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<String> {
        let Domains { mut all, alternates } = domains;
        let mut lost: BTreeMap<ResourceRef, (Owner<'a>, Vec<String>)> = BTreeMap::new();
        all.retain(|domain| {
            if alternates.contains(domain) && self.services.contains(domain) {
                return false;
            }
            match self.domains.entry(domain.to_lowercase()) {
                Entry::Vacant(free) => {
                    free.insert(owner);
                    true
                }
                Entry::Occupied(taken) => {
                    let first = *taken.get();
                    if first.source() != owner.source() {
                        lost.entry(first.source()).or_insert_with(|| (first, Vec::new())).1.push(domain.clone());
                    }
                    false
                }
            }
        });
        for (first, domains) in lost.into_values() {
            let (host, domains) = (owner.service.map_or("", |service| &service.hostname), domains.join(", "));
            let message =
                format!("requests of sidecars for {domains} are not for {host}: {} has them already", first.named());
            let path = owner.domain_path();
            diagnostics.push(duplicate("service-duplicate-domain", message, (owner, path), first));
        }
        all
    }
}

impl Owner<'_> {
    /// The object that it is from.
    fn source(self) -> ResourceRef {
        let of_service = || self.service.map_or(ResourceRef::NONE, |service| service.source);
        self.virtual_service.map_or_else(of_service, |config| config.source)
    }

    fn named(self) -> String {
        match (self.virtual_service, self.service) {
            (Some(config), _) => virtual_service_name(config),
            (None, Some(service)) => service.hostname.clone(),
            (None, None) => String::new(),
        }
    }

    /// The part of the VirtualService that has a host.
    fn path(self, host: &str) -> String {
        let hosts = self.virtual_service.map_or(&[][..], |config| &config.spec.hosts);
        let place = hosts.iter().position(|written| written.eq_ignore_ascii_case(host));
        place.map_or_else(|| "spec.hosts".to_owned(), |place| format!("spec.hosts[{place}]"))
    }

    /// The part of an object that most domains come from.
    fn domain_path(self) -> &'static str {
        match (self.virtual_service, self.service) {
            (None, Some(service)) if service.is_kubernetes() => "metadata.name",
            _ => "spec.hosts",
        }
    }
}

fn duplicate(code: &'static str, message: String, (loser, path): (Owner<'_>, &str), first: Owner<'_>) -> Diagnostic {
    let reason = match (first.virtual_service, loser.virtual_service) {
        (Some(first), Some(loser)) => reason(&first.meta, &loser.meta),
        (Some(_), None) => "a VirtualService goes before services",
        (None, _) => "this one comes first",
    };
    Diagnostic::warning(code, message).at(loser.source(), path).label_at(first.source(), first.domain_path(), reason)
}
