//! How istiod runs: its release, its switches, its cluster. Made once beside the mesh config; a rule asks the [`Mesh`] for it.
//!
//! No rule reads an environment variable by its name or compares version numbers: it asks for a switch ([`Features`]) or for a
//! fact about the release ([`Behaviour`]).
//!
//! [`Mesh`]: crate::mesh::Mesh

pub mod behaviour;
mod env;
mod features;
mod gateway;
mod injector;
mod release;
mod switch;
#[cfg(test)]
mod tests;
mod unserved;
mod value;

pub use behaviour::{Behaviour, Behaviours};
pub use env::Kind;
pub use features::{Environment, Features};
pub use gateway::{GatewayComponent, GatewayPort, InstalledGateway};
pub use injector::{InjectionPolicy, Injector, TemplateValues};
pub use release::{KNOWN, Release};
pub use switch::{Effect, Switch};
pub(crate) use value::FIPS_140_3;
pub use value::{CompliancePolicy, JwksFetchMode, Labels, NativeSidecars, Percent};

use std::collections::BTreeMap;

use crate::model::Duration;
use crate::source::ResourceRef;

/// The installation that serves the mesh.
#[derive(Debug, Clone, PartialEq)]
pub struct Installation {
    /// istiod's release.
    pub release: Release,
    /// What says so.
    pub release_from: ReleaseOrigin,
    /// What istiod does, by its release and its switches.
    pub behaviours: Behaviours,
    /// The release that all proxies are taken to be of, whatever their Pods say.
    pub proxies: Option<ProxyRelease>,
    /// istiod's environment switches.
    pub features: Features,
    /// The domain of the cluster's Services: istiod's argument `--domain`.
    pub cluster_domain: String,
    /// The id of the cluster: istiod's variable `CLUSTER_ID`.
    pub cluster_id: String,
    /// Other names of clusters, each with the id that it stands for: istiod's argument `--clusterAliases`.
    pub cluster_aliases: BTreeMap<String, String>,
    /// The network of the cluster, if it is not that of a label on istiod's namespace.
    pub network: Option<String>,
    /// The id of the mesh, if it is not its trust domain.
    pub mesh_id: Option<String>,
    /// How its injector is set up.
    pub injector: Injector,
    /// istiod's own namespace, where its ConfigMaps are: its variable `POD_NAMESPACE`.
    pub namespace: String,
    /// The mesh config that the installer would write where the input has no ConfigMap.
    pub mesh: Option<InstalledMesh>,
    /// The gateways that IstioOperators install beside it.
    pub gateways: Vec<InstalledGateway>,
}

/// The mesh config and the mesh networks that an installer makes of values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstalledMesh {
    /// The mesh config, in JSON.
    pub config: String,
    /// The mesh networks, in JSON.
    pub networks: Option<String>,
    /// The object that says so, with the field; none for a file of values.
    pub place: Option<(ResourceRef, &'static str)>,
}

/// Where a release comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReleaseOrigin {
    /// A flag, the settings of the repository, or a dump.
    Stated(String),
    /// The image of this istiod.
    Image(String),
    /// Nothing says another.
    #[default]
    Default,
}

/// A release of proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyRelease {
    /// The release.
    pub release: Release,
    /// What its proxies do.
    pub behaviours: Behaviours,
}

impl From<Release> for ProxyRelease {
    fn from(release: Release) -> Self {
        Self { release, behaviours: Behaviours::of(release) }
    }
}

impl Default for Installation {
    /// The default install of the default release.
    fn default() -> Self {
        Self::of(Release::default(), ReleaseOrigin::Default)
    }
}

impl Installation {
    /// The default install of a release; of one whose rules are not known, the nearest.
    pub fn of(release: Release, release_from: ReleaseOrigin) -> Self {
        let release = release.nearest();
        Self {
            release,
            release_from,
            behaviours: Behaviours::of(release),
            proxies: None,
            features: Features::default(),
            cluster_domain: "cluster.local".to_owned(),
            cluster_id: "Kubernetes".to_owned(),
            cluster_aliases: BTreeMap::new(),
            network: None,
            mesh_id: None,
            injector: Injector::default(),
            namespace: "istio-system".to_owned(),
            mesh: None,
            gateways: Vec::new(),
        }
    }

    /// Says whether istiod does something that releases do differently.
    pub fn does(&self, behaviour: Behaviour) -> bool {
        self.behaviours.contains(behaviour)
    }
}
