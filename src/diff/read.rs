//! Reads dumps: of an Envoy's admin page, of istioctl, of istiod's debug pages, of meshc.
//!
//! Only the layout around resources is read here, in either spelling of protobuf's JSON; a resource stays text. Nothing that is not
//! understood is an error: an unknown section or entry is a note.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rayon::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::dump::{Dump, NodeName};
use super::{Kind, section};

/// A dump, by proxy where the text tells.
pub type Named<'a> = (Option<String>, Dump<'a>);

/// Why a text is no dump.
#[derive(Debug)]
pub struct ReadError(serde_json::Error);

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a config dump: {}", self.0)
    }
}

impl std::error::Error for ReadError {}

#[derive(Deserialize)]
struct Configs<'a> {
    #[serde(borrow)]
    configs: Vec<&'a RawValue>,
}

/// Reads a dump (`{"configs": [...]}`), or an object of several, keyed by proxy; `None` when the text is neither.
pub fn read(text: &str) -> Result<Option<Vec<Named<'_>>>, ReadError> {
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        return Ok(None);
    }
    let text = text.trim_start_matches('\u{feff}');
    let top: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text).map_err(ReadError)?;
    if top.contains_key("configs") {
        let configs: Configs<'_> = serde_json::from_str(text).map_err(ReadError)?;
        return Ok(Some(vec![(None, dump(&configs.configs))]));
    }
    let keyed: Vec<_> =
        top.into_iter().map(|(name, value)| (name, serde_json::from_str::<Configs<'_>>(value.get()))).collect();
    if keyed.is_empty() || keyed.iter().any(|(_, value)| value.is_err()) {
        return Ok(None);
    }
    let keyed = keyed.into_par_iter();
    let keyed = keyed.filter_map(|(name, value)| Some((Some(name.into_owned()), dump(&value.ok()?.configs))));
    Ok(Some(keyed.collect()))
}

/// Says whether a text looks like dumps rather than manifests, by its beginning alone where that tells.
pub fn may_be_dump(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let Some(start) = start.strip_prefix('{') else { return is_yaml_dump(text) };
    let start = start.trim_start();
    if start.starts_with("\"configs\"") {
        return true;
    }
    let is_object =
        ["apiVersion", "kind", "metadata", "items"].iter().any(|key| start.starts_with(&format!("\"{key}\"")));
    !is_object && matches!(read(text), Ok(Some(_)))
}

fn is_yaml_dump(text: &str) -> bool {
    let begins =
        |word: &str| text.lines().any(|line| line.strip_prefix(word).is_some_and(|rest| rest.starts_with(':')));
    (begins("configs") || begins("  configs")) && !begins("apiVersion") && !begins("kind")
}

/// Turns a dump that is YAML into JSON; `None` when the text is no such dump.
pub fn yaml_to_json(text: &str) -> Option<String> {
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') || !is_yaml_dump(text) {
        return None;
    }
    let value: crate::config_dump::Json = serde_yaml::from_str(text).ok()?;
    serde_json::to_string(&value).ok()
}

fn dump<'a>(configs: &[&'a RawValue]) -> Dump<'a> {
    let parts: Vec<section::Part<'a>> = configs.par_iter().map(|config| section::read(config.get())).collect();
    let mut out = Dump::default();
    let mut with_discovery = BTreeSet::new();
    for part in parts {
        out.sections.extend(part.kinds);
        out.notes.extend(part.notes);
        with_discovery.extend(part.with_discovery);
        if let Some(node) = part.node {
            out.node = NodeName::new(&node.id, node.metadata.workload.as_deref());
        }
        // Of an active and a warming one, the warming one is what was served last.
        out.resources.extend(part.resources);
    }
    set_apart_what_clusters_hold(&mut out, &with_discovery);
    out
}

/// An Envoy lists the endpoints of all clusters; only those of clusters with discovery were served as endpoints.
fn set_apart_what_clusters_hold(dump: &mut Dump<'_>, with_discovery: &BTreeSet<Cow<'_, str>>) {
    if !dump.sections.contains(&Kind::Cluster) {
        return;
    }
    let resources = std::mem::take(&mut dump.resources);
    dump.resources = resources
        .into_iter()
        .map(|((kind, apart, name), text)| {
            let apart = apart || (kind == Kind::Endpoint && !with_discovery.contains(&name));
            ((kind, apart, name), text)
        })
        .collect();
}
