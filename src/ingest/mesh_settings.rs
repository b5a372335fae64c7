//! The mesh config and the mesh networks: YAML in the ConfigMap `istio` of the root namespace, or in files of their own.
//!
//! istiod: `pkg/config/mesh/mesh.go` `ApplyMeshConfig`, `ParseMeshNetworks`

use super::de::{self, Style};
use super::validation::{self, Findings};
use super::{Manifests, yaml};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::installation::{Behaviour, Installation};
use crate::model::istio::{MeshConfig, MeshNetworks, ProxyConfig};
use crate::options::Options;
use crate::source::{ResourceRef, SourceFile, SourceId};

/// The name of the ConfigMap.
const CONFIG_MAP: &str = "istio";

/// What a mesh is set up with.
#[derive(Debug, Clone, PartialEq)]
pub struct MeshSettings {
    /// The effective mesh config.
    pub config: MeshConfig,
    /// The mesh networks.
    pub networks: MeshNetworks,
    /// Whether the mesh config is that of a default install, for want of another.
    pub is_default: bool,
    /// The revision of istiod: rules with a label `istio.io/rev` of another do not count.
    pub revision: String,
    /// How istiod runs.
    pub installation: Installation,
}

/// Reads the settings; what a file of the options gives goes before the ConfigMap, and without either it is a default install.
///
/// An istiod of a revision reads the ConfigMap `istio-<revision>` of its own namespace; an empty one is `default`, whose ConfigMap
/// is `istio`.
/// It is laid over the one that `SHARED_MESH_CONFIG` names. YAML that istiod cannot read leaves it with its built-in defaults, and so it does here.
pub fn mesh_settings(
    manifests: &Manifests,
    options: &Options,
    installation: Installation,
    diagnostics: &mut Diagnostics,
) -> MeshSettings {
    let (namespace, name) = (&installation.namespace, options.of_revision(CONFIG_MAP));
    // A ConfigMap that completion makes of the values is their object's to answer for.
    let is_made = |source: ResourceRef| installation.mesh.is_some() && source == ResourceRef::NONE;
    let named = |key: &str| {
        let found = named_map(manifests, namespace, &name, key);
        let (text, source) = found.filter(|(_, source)| !is_made(*source))?;
        Some((text, Some(source)))
    };
    let of_file = |file: &SourceFile| {
        let content = file.content.as_ref().ok()?;
        Some((String::from_utf8_lossy(content).into_owned(), None))
    };
    let installed = installation.mesh.clone();
    let place = installed.as_ref().and_then(|mesh| mesh.place);
    let installed_config = || Some((installed.as_ref()?.config.clone(), place));
    let installed_networks = || Some((installed.as_ref()?.networks.clone()?, place));
    let place_of = |(text, source): (String, Option<ResourceRef>), key| (text, source.map(|source| (source, key)));
    let config = options.mesh_config.as_ref().and_then(of_file).or_else(|| named("mesh"));
    let config = config.map(|found| place_of(found, "data.mesh")).or_else(installed_config);
    let networks = options.mesh_networks.as_ref().and_then(of_file).or_else(|| named("meshNetworks"));
    let networks = networks.map(|found| place_of(found, "data.meshNetworks")).or_else(installed_networks);

    let base = match named_map(manifests, &installation.namespace, &installation.features.shared_mesh_config, "mesh") {
        Some((text, source)) => {
            let read = read(
                &text,
                MeshConfig::built_in(),
                |deserializer| MeshConfig::built_in().apply(deserializer),
                |_, _| {},
            );
            read.unwrap_or_else(|message| {
                diagnostics.push(problem("mesh-config", &message, Some((source, "data.mesh"))));
                MeshConfig::built_in()
            })
        }
        None => MeshConfig::built_in(),
    };
    let base = without_newer(base, &installation);
    let is_default = config.is_none();
    let config = match config {
        None => MeshConfig::default_install(),
        Some((text, place)) => {
            let read = read(
                &text,
                base.clone(),
                |deserializer| Ok(without_newer(base.clone().apply(deserializer)?, &installation)),
                validation::mesh_config::check,
            );
            read.unwrap_or_else(|message| {
                diagnostics.push(problem("mesh-config", &message, place));
                MeshConfig::built_in()
            })
        }
    };
    let networks = networks.map(|(text, place)| {
        let read = read(
            &text,
            MeshNetworks::default(),
            |deserializer| serde::Deserialize::deserialize(deserializer),
            validation::mesh_config::check_networks,
        );
        read.unwrap_or_else(|message| {
            diagnostics.push(problem("mesh-networks", &message, place));
            MeshNetworks::default()
        })
    });
    MeshSettings {
        config,
        networks: networks.unwrap_or_default(),
        is_default,
        revision: options.revision().to_owned(),
        installation,
    }
}

/// Clears the fields that the release does not know: it passes them over.
fn without_newer(config: MeshConfig, installation: &Installation) -> MeshConfig {
    if installation.does(Behaviour::TakesFieldsOf131) {
        return config;
    }
    let without = |config| ProxyConfig { connection_settings: None, ..config };
    MeshConfig {
        default_traffic_policy: None,
        zone_aware_lb_setting: None,
        service_entry_visibility: None,
        default_config: config.default_config.map(without),
        ..config
    }
}

/// Returns a key of a ConfigMap.
fn named_map(manifests: &Manifests, namespace: &str, name: &str, key: &str) -> Option<(String, ResourceRef)> {
    let mut all = manifests.config_maps.iter();
    let found = all.find(|c| c.meta.namespace == namespace && c.meta.name == name)?;
    Some((found.spec.data.get(key)?.clone(), found.source))
}

/// Reads YAML inside of a string (nothing means the default), and checks what it says; unknown fields are passed over, as istiod does.
fn read<T>(
    text: &str,
    default: T,
    read: impl FnOnce(de::Deserializer<'_, '_>) -> Result<T, de::Error>,
    check: impl FnOnce(&T, &mut Findings<'_>),
) -> Result<T, String> {
    let end = u32::try_from(text.len()).map_err(|_| "it is too long".to_owned())?;
    let tree = yaml::parse(text, 0..end).map_err(|problem| problem.message().to_owned())?;
    if tree.is_empty() {
        return Ok(default);
    }
    let root = tree.root(SourceId::default(), text);
    let (value, _) = de::read_with(root, Style::Proto, read).map_err(|error| error.message)?;
    let mut problems = Vec::new();
    check(&value, &mut Findings::new(root, "mesh-config", &mut problems));
    match problems.iter().find(|problem| problem.is_error()) {
        Some(problem) => Err(problem.message().to_owned()),
        None => Ok(value),
    }
}

fn problem(code: &'static str, message: &str, place: Option<(ResourceRef, &str)>) -> Diagnostic {
    let diagnostic = Diagnostic::error(code, message.to_owned())
        .help("istiod goes on with its built-in defaults when it cannot read this");
    match place {
        Some((source, path)) => diagnostic.at(source, path),
        None => diagnostic,
    }
}

/// Lays a ProxyConfig in YAML over another; returns it with the JSON that was given. Nothing if it cannot be read.
pub(crate) fn proxy_config(base: ProxyConfig, text: &str) -> Option<(ProxyConfig, serde_json::Value)> {
    let end = u32::try_from(text.len()).ok()?;
    let tree = yaml::parse(text, 0..end).ok().filter(|tree| !tree.is_empty())?;
    let root = tree.root(SourceId::default(), text);
    let (merged, _) = de::read_with(root, Style::Proto, |deserializer| base.merge(deserializer)).ok()?;
    Some((merged, root.to_json()))
}

/// Checks a ProxyConfig in YAML, laid over the built-in one.
///
/// # Errors
///
/// It cannot be read, or `check` finds something.
pub(super) fn check_proxy_config(
    text: &str,
    check: impl FnOnce(&ProxyConfig, &mut Findings<'_>),
) -> Result<(), String> {
    let base = ProxyConfig::built_in();
    read(text, base.clone(), |deserializer| base.merge(deserializer), check).map(drop)
}

/// Returns the JSON of YAML inside of a string. Nothing if it is none, or empty.
pub(crate) fn json_of_yaml(text: &str) -> Option<serde_json::Value> {
    Some(tree_of_yaml(text)?.root(SourceId::default(), text).to_json())
}

/// Returns the tree of YAML inside of a string, with places in that string.
pub(crate) fn tree_of_yaml(text: &str) -> Option<crate::source::Tree> {
    let end = u32::try_from(text.len()).ok()?;
    yaml::parse(text, 0..end).ok().filter(|tree| !tree.is_empty())
}
