//! How istiod runs, as the input says it.
//!
//! ```text
//! Deployment or Pod of istiod ──▶ environment, arguments, image ──▶ Installation
//! ```
//!
//! What is read is told with its place ([`Setting`]), so that a summary can name it. Nothing here knows what a switch does; that is
//! in [`crate::installation`] and in the rules.

mod arguments;
mod check;
mod environment;
mod istiod;
mod unread;

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostics;
use crate::ingest::Manifests;
use crate::installation::{Effect, Features, Installation, Release, Switch};
use crate::options::Options;
use crate::source::ResourceRef;

use arguments::Arguments;
use istiod::Istiod;

/// How istiod runs, and what says so.
#[derive(Debug, Clone, Default)]
pub struct ControlPlane {
    /// How it runs.
    pub installation: Installation,
    /// Namespace and name of istiod's Deployment or Pod, if the input has it.
    pub istiod: Option<String>,
    /// What the input sets, by name.
    pub settings: Vec<Setting>,
    /// What there is to say.
    pub diagnostics: Diagnostics,
}

/// A setting that the input states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The variable, or the argument: `PILOT_HTTP10`, `--domain`.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The object that states it.
    pub source: ResourceRef,
    /// The field in it.
    pub path: String,
}

impl ControlPlane {
    /// Reads how the istiod of the options' revision runs.
    pub fn new(manifests: &Manifests, options: &Options) -> Self {
        let Some(istiod) = Istiod::find(manifests, options.revision()) else { return Self::default() };
        let settings = environment::variables(&istiod, manifests);
        let environment: BTreeMap<String, String> =
            settings.iter().map(|setting| (setting.name.clone(), setting.value.clone())).collect();
        let arguments = Arguments::new(&istiod, &environment);
        let default = Installation::default();
        let of = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
        let installation = Installation {
            release: istiod.version().and_then(Release::parse).unwrap_or(default.release),
            features: Features::new(&environment),
            cluster_domain: arguments.text("domain").unwrap_or(default.cluster_domain),
            cluster_id: arguments.text("clusterID").or_else(|| of("CLUSTER_ID")).unwrap_or(default.cluster_id),
            cluster_aliases: arguments.pairs("clusterAliases"),
            namespace: arguments
                .text("namespace")
                .or_else(|| arguments.text("n"))
                .or_else(|| of("POD_NAMESPACE"))
                .unwrap_or(default.namespace),
        };
        let diagnostics = check::switches(&istiod, &settings);
        let mut settings = settings;
        settings.extend(arguments.settings(&istiod));
        Self { installation, istiod: Some(istiod.name()), settings, diagnostics }
    }

    /// Drops the objects that this istiod does not read, and says so.
    pub fn drop_unread(&self, manifests: &mut Manifests) -> Diagnostics {
        unread::drop(manifests, &self.installation.features)
    }

    /// Returns the switches that are set to another value than their default and change what is served: `PILOT_HTTP10=true`.
    pub fn changed_switches(&self) -> Vec<String> {
        let changed = self.settings.iter().filter(|setting| {
            Switch::find(&setting.name)
                .is_some_and(|switch| matches!(switch.effect, Effect::Served { .. }) && setting.value != switch.default)
        });
        changed.map(|setting| format!("{}={}", setting.name, setting.value)).collect()
    }
}
