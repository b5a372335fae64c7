//! Completes what a repository of manifests lacks, as the controllers of Kubernetes and Istio would.
//!
//! A repository says what is wanted: Deployments and Services. istiod reads what has become of it: Pods with addresses,
//! EndpointSlices, virtual addresses. [`expand`] makes these by rules that depend on nothing but the resource itself, so that
//! one resource more never shifts another's values (but for a collision of hashes). The rules are in this folder's README.
//!
//! What is made is a Kubernetes object in JSON, read back by the same reader as the files. So [`Expansion::documents`], given
//! to meshc or to istiod, is by construction what meshc translates.

mod address;
mod ambient;
mod endpoint_slice;
mod endpoints;
mod gateway;
mod inject;
mod installed_gateway;
mod invented;
mod mesh_config;
mod namespace;
mod node;
mod owner;
mod pod;
mod service;
mod service_entry;
mod strategic_merge;
mod workload;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diagnostic::Diagnostics;
use crate::ingest::Manifests;
use crate::installation::Installation;
use crate::model::istio::label;
use crate::options::Options;
use crate::source::ResourceRef;

pub use inject::OtherRevision;
pub use invented::Invented;

/// What [`expand`] has made.
#[derive(Debug, Clone, Default)]
pub struct Expansion {
    /// The values that are made up, in the order of the rules.
    pub invented: Vec<Invented>,
    /// The Pods that another revision's injector would give a proxy.
    pub other_revisions: Vec<OtherRevision>,
    /// What there is to say.
    pub diagnostics: Diagnostics,
    /// Objects of the input that now say more, by document.
    changed: BTreeMap<u32, Value>,
    /// Objects that the input does not have.
    added: Vec<Value>,
}

/// An object that is to be added, or to take an object's place.
struct Made {
    /// The resource that it is made from, or whose place it takes.
    source: ResourceRef,
    object: Value,
    /// Whether it takes the place of the resource.
    replaces: bool,
    invented: Vec<Invented>,
}

/// For whom the manifests are completed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'t> {
    /// What the caller decides.
    pub(crate) options: &'t Options,
    /// How istiod runs, whose controllers and injector these are.
    pub(crate) installation: &'t Installation,
}

/// Completes the manifests, unless [`Options::expand`] is off.
pub fn expand(manifests: &mut Manifests, options: &Options, installation: &Installation) -> Expansion {
    let target = &Target { options, installation };
    let mut expansion = Expansion::default();
    if !options.expand {
        return expansion;
    }
    // Each step sees what those before it have made.
    for step in [service_entry::make, mesh_config::make, namespace::make] {
        let made = step(manifests, target);
        expansion.put(manifests, made);
    }
    let shows_a_cluster = shows_a_cluster(manifests);
    // What istiod and the CNI have done to an ambient mesh is asked before anything of it is made.
    let enrolled = ambient::enrol(manifests, target);
    let made = gateway::make(manifests, target, &mut expansion.diagnostics);
    expansion.put(manifests, made);
    if !shows_a_cluster {
        for step in [installed_gateway::of_operators, installed_gateway::make] {
            let made = step(manifests, target);
            expansion.put(manifests, made);
        }
    }
    expansion.put(manifests, enrolled);
    let made = pod::make(manifests, target, &mut expansion.diagnostics);
    expansion.put(manifests, made);
    for step in [service::make, endpoints::make, endpoint_slice::make, gateway::status::make] {
        let made = step(manifests, target);
        expansion.put(manifests, made);
    }
    expansion.other_revisions = inject::other_revisions(manifests, target);
    if manifests.proxy_configs.len() > 1 {
        expansion.diagnostics.extend(inject::overridden_proxy_configs(manifests, target));
    }
    expansion
}

/// Says whether the input has a Pod with an address: then it shows what a cluster holds.
fn shows_a_cluster(manifests: &Manifests) -> bool {
    manifests.pods.iter().any(|pod| !pod.spec.status.pod_ip.is_empty())
}

impl Target<'_> {
    /// Returns the network that proxies state, unless a label of theirs does: the value `global.network`, which Istio's guide sets
    /// together with the label on istiod's namespace.
    fn network(&self, manifests: &Manifests) -> Option<String> {
        let Installation { injector, network, namespace, .. } = self.installation;
        let stated = network.clone().or_else(|| Some(injector.network.clone()).filter(|network| !network.is_empty()));
        stated.or_else(|| {
            let own = manifests.namespaces.iter().find(|own| own.meta.name == *namespace)?;
            own.meta.labels.get(label::NETWORK).cloned()
        })
    }
}

impl Expansion {
    /// Returns all objects of the input, completed: first the input's own, then the new ones.
    pub fn documents(&self, manifests: &Manifests) -> Vec<Value> {
        let own = manifests.documents.iter().zip(0..).map(|(document, index)| match self.changed.get(&index) {
            Some(object) => object.clone(),
            None => node::object(document.object(&manifests.sources)),
        });
        own.chain(self.added.iter().cloned()).collect()
    }

    /// Puts objects into the manifests. One that the API server would refuse comes to nothing.
    fn put(&mut self, manifests: &mut Manifests, made: Vec<Made>) {
        let mut added = Vec::new();
        for Made { source, object, replaces, invented } in made {
            let Some(resource) = manifests.read_of_program(&object, source) else { continue };
            if replaces {
                manifests.resources.replace(resource, source);
                manifests.completed.insert(source);
                self.changed.insert(source.index(), object);
            } else {
                added.push((resource, source));
                self.added.push(object);
            }
            self.invented.extend(invented);
        }
        if added.is_empty() {
            return;
        }
        for (resource, source) in added {
            manifests.resources.put(resource, source);
        }
        manifests.resources.sort();
    }
}

#[cfg(test)]
mod tests;
