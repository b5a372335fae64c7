//! Which waypoint an object asks for, and whether it gets it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::waypoint::{Waypoint, WaypointAddress};
use crate::model::istio::label::USE_WAYPOINT;
use crate::model::kubernetes::Namespace;
use crate::model::{Config, ObjectMeta};

/// The label that names the waypoint's namespace.
pub(crate) const USE_WAYPOINT_NAMESPACE: &str = "istio.io/use-waypoint-namespace";

/// The waypoint that owns an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The waypoint's namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How it is reached.
    pub address: WaypointAddress,
}

/// Why an object has not the waypoint that it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no Gateway of the name with an address: namespace and name.
    Missing(String, String),
    /// The Gateway takes nothing from the object's namespace.
    NotAllowed(String, String),
    /// The Gateway is not for this kind of traffic.
    WrongTraffic(String, String),
}

/// Finds the waypoints of objects.
pub(super) struct Attacher<'m> {
    waypoints: &'m BTreeMap<(String, String), Waypoint>,
    namespaces: BTreeMap<&'m str, &'m BTreeMap<String, String>>,
}

impl<'m> Attacher<'m> {
    pub(super) fn new(
        waypoints: &'m BTreeMap<(String, String), Waypoint>,
        namespaces: &'m [Arc<Config<Namespace>>],
    ) -> Self {
        let namespaces = namespaces.iter().map(|n| (n.meta.name.as_str(), &n.meta.labels)).collect();
        Self { waypoints, namespaces }
    }

    /// Labels of a namespace that is there.
    pub(super) fn namespace_labels(&self, namespace: &str) -> Option<&'m BTreeMap<String, String>> {
        self.namespaces.get(namespace).copied()
    }

    /// Returns the waypoint of this namespace and name.
    pub(super) fn waypoint(&self, namespace: &str, name: &str) -> Option<&'m Waypoint> {
        self.waypoints.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// The waypoint that the object's label names, else its namespace's; none for `none`.
    ///
    /// If the waypoint that is named is not there, or does not take the object, the namespace's does not step in.
    ///
    /// istiod: `waypoints.go` `fetchWaypointForTarget`
    pub(super) fn target(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<Option<&'m Waypoint>, Refusal> {
        let of_namespace = || self.namespace_labels(namespace).map(|labels| named(labels, namespace));
        let wanted = match named(labels, namespace) {
            Named::Nothing => of_namespace().unwrap_or(Named::Nothing),
            own => own,
        };
        let Named::Waypoint(waypoint_namespace, name) = wanted else { return Ok(None) };
        let Some(waypoint) = self.waypoint(&waypoint_namespace, &name) else {
            return Err(Refusal::Missing(waypoint_namespace, name));
        };
        let none = BTreeMap::new();
        if !waypoint.allows(namespace, self.namespace_labels(namespace).unwrap_or(&none)) {
            return Err(Refusal::NotAllowed(waypoint_namespace, name));
        }
        Ok(Some(waypoint))
    }

    /// The same, for whoever asks for no object in particular: what a namespace's own label comes to.
    pub(super) fn of_namespace(&self, namespace: &str) -> Result<Option<&'m Waypoint>, Refusal> {
        self.target(namespace, &BTreeMap::new())
    }

    /// The waypoint of a Service or ServiceEntry. istiod: `waypoints.go` `fetchWaypointForService`.
    pub(super) fn for_service(&self, meta: &ObjectMeta) -> Result<Option<Attachment>, Refusal> {
        let managed = meta.labels.get(super::MANAGED_LABEL).map(String::as_str);
        if matches!(managed, Some(super::MESH_CONTROLLER | super::EAST_WEST_CONTROLLER)) {
            return Ok(None);
        }
        let Some(waypoint) = self.target(&meta.namespace, &meta.labels)? else { return Ok(None) };
        if !waypoint.traffic_type.takes_services() {
            return Err(Refusal::WrongTraffic(waypoint.namespace.clone(), waypoint.name.clone()));
        }
        Ok(attachment(waypoint))
    }

    /// The waypoint of a workload, unless it is an instance of a waypoint itself.
    ///
    /// istiod: `waypoints.go` `fetchWaypointForWorkload`, `workloads.go` `computeWaypoint`
    pub(super) fn for_workload(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<Option<Attachment>, Refusal> {
        let gateway = labels.get("gateway.networking.k8s.io/gateway-name").filter(|name| !name.is_empty());
        if gateway.is_some_and(|name| self.waypoint(namespace, name).is_some()) {
            return Ok(None);
        }
        let Some(waypoint) = self.target(namespace, labels)? else { return Ok(None) };
        if waypoint.traffic_type.takes_workloads() {
            return Ok(attachment(waypoint));
        }
        if labels.contains_key(USE_WAYPOINT) {
            return Err(Refusal::WrongTraffic(waypoint.namespace.clone(), waypoint.name.clone()));
        }
        Ok(None)
    }
}

fn attachment(waypoint: &Waypoint) -> Option<Attachment> {
    Some(Attachment {
        namespace: waypoint.namespace.clone(),
        name: waypoint.name.clone(),
        address: waypoint.address.clone()?,
    })
}

/// What labels say of a waypoint.
enum Named {
    /// Nothing.
    Nothing,
    /// That there is to be none.
    None,
    /// Namespace and name.
    Waypoint(String, String),
}

/// istiod: `waypoints.go` `getUseWaypoint`
fn named(labels: &BTreeMap<String, String>, default_namespace: &str) -> Named {
    match labels.get(USE_WAYPOINT).map(String::as_str) {
        None => Named::Nothing,
        Some("none") => Named::None,
        Some(name) => {
            let namespace = labels.get(USE_WAYPOINT_NAMESPACE).map_or(default_namespace, String::as_str);
            Named::Waypoint(namespace.to_owned(), name.to_owned())
        }
    }
}
