//! How istiod runs, as the input says it.
//!
//! ```text
//! Deployment or Pod of istiod ──▶ environment, arguments, image ──▶ Installation
//! ConfigMap of the injector, --values ──▶ values, rules          ──▶
//! IstioOperator               ──▶ values, mesh config, environment ──▶
//! ```
//!
//! What is read is told with its place ([`Setting`]), so that a summary can name it. Nothing here knows what a switch does; that is
//! in [`crate::installation`] and in the rules.

mod ambient;
mod arguments;
mod check;
mod environment;
mod gateways;
mod injector;
mod istiod;
mod operator;
mod release;
mod template_values;
mod templates;
mod unread;
mod values;

use crate::diagnostic::Diagnostics;
use crate::ingest::Manifests;
use crate::installation::{
    Behaviour, Behaviours, Effect, Environment, FIPS_140_3, Features, Installation, ProxyRelease, Release, Switch,
};
use crate::options::{Options, Stated};
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
    /// What the input asks for that no istiod of it says: switches, each with the object that asks for it.
    pub implied: Vec<Setting>,
    /// What is set and by whom: settings by their own names, then variables and arguments of istiod.
    pub settings: Vec<Setting>,
    /// What there is to say.
    pub diagnostics: Diagnostics,
}

/// A setting that has not its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What is set: `cluster id`, `PILOT_HTTP10`, `--domain`.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Who says so.
    pub origin: Origin,
}

/// Who says how istiod runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An object of the input.
    Input {
        /// The object.
        source: ResourceRef,
        /// The field in it.
        path: String,
    },
    /// The caller, by a flag or a file of its own: `--domain`, `.meshc.yaml`.
    Stated(String),
}

impl ControlPlane {
    /// Reads how the istiod of the options' revision runs. What the caller states goes before what the input says.
    pub fn new(manifests: &Manifests, options: &Options) -> Self {
        let istiod = Istiod::find(manifests, options.revision());
        let namespace = istiod.as_ref().map_or("istio-system", |istiod| &istiod.meta.namespace);
        let mut injector = injector::read(manifests, options, namespace);
        let mut variables = std::mem::take(&mut injector.variables);
        for own in istiod.iter().flat_map(|istiod| environment::variables(istiod, manifests)) {
            variables.retain(|setting| setting.name != own.name);
            variables.push(own);
        }
        let mut implied = if istiod.is_none() { ambient::implied(manifests) } else { Vec::new() };
        let is_stated = |one: &Setting| {
            options.istio.env.contains_key(&one.name) || variables.iter().any(|own| own.name == one.name)
        };
        implied.retain(|one| !is_stated(one));
        variables.extend(implied.iter().cloned());
        for (name, stated) in &options.istio.env {
            variables.retain(|setting| setting.name != *name);
            variables.push(stated_setting(name, stated));
        }
        let environment: Environment = variables.iter().map(|v| (v.name.clone(), v.value.clone())).collect();
        injector.injector.template.openshift |= environment.get("PLATFORM").is_some_and(|name| name == "openshift");
        let arguments = istiod.as_ref().map(|istiod| Arguments::new(istiod, &environment)).unwrap_or_default();
        let found = Found {
            options,
            istiod: istiod.as_ref(),
            variables: &variables,
            arguments: &arguments,
            values: &injector.settings,
        };
        let default = Installation::default();
        let version = found.version();
        let release_from = release::origin(version.as_ref(), istiod.as_ref());
        let by_options =
            |of: Behaviours| options.behaviours.iter().fold(of, |all, (one, holds)| all.with(*one, *holds));
        let mut settings = Vec::new();
        let mut take = |setting: Option<Setting>| {
            let value = setting.as_ref().map(|setting| setting.value.clone());
            settings.extend(setting);
            value
        };
        let stated_release = take(version).and_then(|version| Release::parse(&version)).unwrap_or(default.release);
        let release = stated_release.nearest();
        let of_proxies = options.proxy_version.map(ProxyRelease::from);
        let installation = Installation {
            release,
            release_from,
            behaviours: by_options(Behaviours::new(release, &environment)),
            proxies: of_proxies.map(|of| ProxyRelease { behaviours: by_options(of.behaviours), ..of }),
            cluster_id: take(found.cluster_id()).unwrap_or(default.cluster_id),
            cluster_domain: take(found.cluster_domain()).unwrap_or(default.cluster_domain),
            network: take(stated("network", options.istio.network.as_ref().or(options.istio.dumped.network.as_ref()))),
            mesh_id: take(stated("mesh id", options.istio.mesh_id.as_ref().or(options.istio.dumped.mesh_id.as_ref()))),
            namespace: take(found.namespace()).unwrap_or(default.namespace),
            cluster_aliases: arguments.pairs("clusterAliases"),
            features: Features::new(&known_to(release, &environment)),
            injector: injector.injector,
            mesh: injector.mesh,
            gateways: injector.gateways,
        };
        let mut diagnostics = check::variables(&variables, release);
        diagnostics.extend(release::check(stated_release));
        diagnostics.extend(injector.diagnostics);
        settings.extend(injector.settings);
        settings.extend(variables);
        settings.extend(istiod.iter().flat_map(|istiod| arguments.settings(istiod)));
        Self { installation, istiod: istiod.map(|istiod| istiod.name()), implied, settings, diagnostics }
    }

    /// Drops the objects that this istiod does not read, and says so.
    pub fn drop_unread(&self, manifests: &mut Manifests) -> Diagnostics {
        unread::drop(manifests, &self.installation)
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

/// Returns the variables that a release reads: others change nothing.
fn known_to(release: Release, environment: &Environment) -> Environment {
    let is_read = |name: &str, value: &str| {
        Switch::find(name).is_none_or(|switch| switch.exists_in(release))
            && (value != FIPS_140_3 || Behaviours::of(release).contains(Behaviour::TakesFieldsOf131))
    };
    environment
        .iter()
        .filter(|(name, value)| is_read(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// What there is to read settings from, the strongest first: the caller, arguments, variables, values, dumps.
struct Found<'f> {
    options: &'f Options,
    istiod: Option<&'f Istiod<'f>>,
    variables: &'f [Setting],
    arguments: &'f Arguments,
    values: &'f [Setting],
}

impl Found<'_> {
    fn version(&self) -> Option<Setting> {
        let of_istiod = || {
            let istiod = self.istiod?;
            let (version, path) = istiod.version()?;
            let origin = Origin::Input { source: istiod.source, path };
            Some(Setting { name: "version".to_owned(), value: version.to_owned(), origin })
        };
        let of_values = || self.value("version", "global.tag").filter(|tag| Release::parse(&tag.value).is_some());
        stated("version", self.options.istio.version.as_ref())
            .or_else(of_istiod)
            .or_else(of_values)
            .or_else(|| stated("version", self.options.istio.dumped.version.as_ref()))
    }

    fn cluster_id(&self) -> Option<Setting> {
        let name = "cluster id";
        stated(name, self.options.istio.cluster_id.as_ref())
            .or_else(|| self.argument(name, "clusterID"))
            .or_else(|| self.variable(name, "CLUSTER_ID"))
            .or_else(|| self.value(name, "global.multiCluster.clusterName"))
            .or_else(|| stated(name, self.options.istio.dumped.cluster_id.as_ref()))
    }

    fn cluster_domain(&self) -> Option<Setting> {
        stated("domain", self.options.istio.domain.as_ref())
            .or_else(|| self.argument("domain", "domain"))
            .or_else(|| self.value("domain", "global.proxy.clusterDomain"))
            .or_else(|| stated("domain", self.options.istio.dumped.domain.as_ref()))
    }

    fn namespace(&self) -> Option<Setting> {
        let name = "namespace";
        let argument = self.argument(name, "namespace").or_else(|| self.argument(name, "n"));
        argument.or_else(|| self.variable(name, "POD_NAMESPACE")).or_else(|| self.value(name, "global.istioNamespace"))
    }

    fn argument(&self, name: &str, flag: &str) -> Option<Setting> {
        let istiod = self.istiod?;
        let setting =
            self.arguments.settings(istiod).into_iter().find(|setting| setting.name == format!("--{flag}"))?;
        (!setting.value.is_empty()).then(|| Setting { name: name.to_owned(), ..setting })
    }

    fn value(&self, name: &str, path: &str) -> Option<Setting> {
        let found = self.values.iter().find(|setting| setting.name == path)?;
        Some(Setting { name: name.to_owned(), ..found.clone() })
    }

    fn variable(&self, name: &str, variable: &str) -> Option<Setting> {
        let found = self.variables.iter().find(|setting| setting.name == variable && !setting.value.is_empty())?;
        Some(Setting { name: name.to_owned(), ..found.clone() })
    }
}

fn stated(name: &str, value: Option<&Stated>) -> Option<Setting> {
    value.map(|value| stated_setting(name, value))
}

fn stated_setting(name: &str, Stated { value, by }: &Stated) -> Setting {
    Setting { name: name.to_owned(), value: value.clone(), origin: Origin::Stated(by.clone()) }
}
