//! `meshc diff` on a running Envoy: what it has and what the manifests say is the same, endpoints included, but for what was adapted
//! to load it.

use meshc::config_dump::ConfigDump;
use meshc::diff::{Change, Dump, FieldChange, Kind, ResourceDifference, Scope, compare, read};
use meshc::envoy::Node;
use meshc::translate::Translation;

use crate::adapt::ISTIO_FILTERS;

/// Fields by which a resource says where others come from: files stand in for discovery servers.
const SOURCES: &[&str] = &["config_source", "eds_config", "sds_config"];

/// Compares Envoy's answer to `/config_dump?include_eds` with what was translated; empty when all that differs was adapted.
pub(crate) fn unexplained(translation: &Translation, live: &str) -> Result<String, String> {
    let ours = ConfigDump { node: Node::default(), translation: translation.clone() };
    let dumps = read(live).map_err(|e| e.to_string())?.ok_or("Envoy answers with something else than a dump")?;
    let (_, live) = dumps.first().ok_or("Envoy answers with no dump")?;
    for found in compare(&Dump::of(&ours), live, Scope::default()) {
        let title = format!("{} {}", found.kind.name(), found.name);
        match &found.change {
            // Certificates are those of the run.
            _ if found.kind == Kind::Secret => {}
            ResourceDifference::Added(_) => return Ok(format!("meshc diff: {title} is only in Envoy.")),
            ResourceDifference::Removed(_) => return Ok(format!("meshc diff: {title} is not in Envoy.")),
            ResourceDifference::Changed { fields, .. } => {
                if let Some(field) = fields.iter().find(|field| !is_adapted(found.kind, field)) {
                    return Ok(format!("meshc diff: {title} differs: {field:?}"));
                }
            }
        }
    }
    Ok(String::new())
}

/// Says whether the test itself made the difference.
fn is_adapted(kind: Kind, field: &FieldChange) -> bool {
    let FieldChange { path, change } = field;
    let is_istio_filter = ISTIO_FILTERS.iter().any(|filter| path.ends_with(&format!("ilters[{filter}]")));
    let is_source = SOURCES.iter().any(|source| path.split('.').any(|part| part == *source));
    match (kind, change) {
        (Kind::Listener | Kind::Cluster, Change::Removed(_)) if is_istio_filter => true,
        // The only filter of a cluster goes with its list.
        (Kind::Cluster, Change::Removed(_)) if path == "filters" => true,
        (Kind::Listener | Kind::Cluster, _) if is_source => true,
        (Kind::Listener, Change::Changed(..) | Change::Added(_)) if path.ends_with(".factory_key") => true,
        // Ports of all addresses are those of loopback.
        (Kind::Listener, Change::Changed(_, to)) => {
            path == "address.socket_address.address" && to.as_str() == Some("127.0.0.1")
        }
        _ => false,
    }
}
