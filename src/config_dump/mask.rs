//! `google.protobuf.FieldMask`: which fields of a message are wanted.
//!
//! As Envoy's admin page applies it: a path must lead through single messages to a field that exists, and an `Any` is looked
//! into at the start of a path only. Envoy: `config_dump_handler.cc` `trimResourceMessage`, `checkFieldMaskAndTrimMessage`

use std::collections::BTreeMap;

use super::json::Json;
use crate::envoy::schema::{self, Kind, Label, Message};

/// A parsed mask: `name,cluster.lb_policy`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mask {
    text: String,
    paths: Vec<Vec<String>>,
}

/// The mask names a field that the message does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoSuchField;

const ANY: &str = "google.protobuf.Any";

impl Mask {
    /// Reads the text form: paths of proto field names with dots, between commas.
    pub fn parse(text: &str) -> Self {
        let paths = text.split(',').filter(|path| !path.is_empty());
        let paths = paths.map(|path| path.split('.').map(str::to_owned).collect()).collect();
        Self { text: text.to_owned(), paths }
    }

    /// Returns the text that it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Says whether all paths lead somewhere in a message.
    pub(super) fn fits(&self, message: &str) -> bool {
        schema::message(message).is_some_and(|message| self.paths.iter().all(|path| leads_somewhere(message, path)))
    }

    /// Returns a message cut down to what is wanted; all of it for an empty mask.
    pub(super) fn trim(&self, value: Json) -> Json {
        let mut tree = Tree::default();
        for path in &self.paths {
            tree.add(path);
        }
        if tree.children.is_empty() { value } else { tree.trim(value) }
    }

    /// Cuts down an entry of a list, whose paths may go through an `Any` right at their start.
    pub(super) fn trim_entry(&self, message: &str, entry: Json) -> Result<Json, NoSuchField> {
        let descriptor = schema::message(message).ok_or(NoSuchField)?;
        let mut outer = Self::default();
        let mut inner: BTreeMap<&str, Self> = BTreeMap::new();
        for path in &self.paths {
            let (first, rest) = path.split_first().ok_or(NoSuchField)?;
            let field = descriptor.fields.iter().find(|field| field.name == first).ok_or(NoSuchField)?;
            if field.kind == Kind::Message(ANY.to_owned()) && field.label == Label::Singular && !rest.is_empty() {
                outer.paths.push(vec![first.clone()]);
                inner.entry(first).or_default().paths.push(rest.to_vec());
            } else {
                outer.paths.push(path.clone());
            }
        }
        if !outer.fits(message) {
            return Err(NoSuchField);
        }
        let mut trimmed = outer.trim(entry);
        let Json::Object(fields) = &mut trimmed else { return Ok(trimmed) };
        for (name, value) in fields {
            let Some(mask) = inner.get(name.as_str()) else { continue };
            let url = value.get("@type").and_then(Json::as_str).unwrap_or_default();
            if !schema::message_of_url(url).is_some_and(|message| mask.fits(&message.name)) {
                return Err(NoSuchField);
            }
            *value = mask.trim(std::mem::replace(value, Json::Null));
        }
        Ok(trimmed)
    }
}

fn leads_somewhere(message: &'static Message, path: &[String]) -> bool {
    let mut at = Some(message);
    path.iter().all(|name| {
        let field = at.and_then(|message| message.fields.iter().find(|field| field.name == name));
        at = field.and_then(|field| match (&field.kind, field.label) {
            (Kind::Message(name), Label::Singular | Label::Optional) => schema::message(name),
            _ => None,
        });
        field.is_some()
    })
}

/// Paths by their parts; without children, everything below is wanted.
#[derive(Debug, Default)]
struct Tree {
    children: BTreeMap<String, Tree>,
}

impl Tree {
    fn add(&mut self, path: &[String]) {
        let Some((first, rest)) = path.split_first() else {
            self.children.clear();
            return;
        };
        match self.children.get_mut(first) {
            // The whole field is wanted already.
            Some(child) if child.children.is_empty() => {}
            Some(child) => child.add(rest),
            None => {
                let mut child = Self::default();
                if !rest.is_empty() {
                    child.add(rest);
                }
                self.children.insert(first.clone(), child);
            }
        }
    }

    fn trim(&self, value: Json) -> Json {
        let Json::Object(fields) = value else { return value };
        let kept = fields.into_iter().filter_map(|(name, value)| {
            if name == "@type" {
                return Some((name, value));
            }
            let child = self.children.get(&name)?;
            let value = if child.children.is_empty() { value } else { child.trim(value) };
            Some((name, value))
        });
        Json::Object(kept.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DYNAMIC_CLUSTER: &str = "envoy.admin.v3.ClustersConfigDump.DynamicCluster";

    fn entry() -> Json {
        let text = r#"{"cluster": {"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "a",
            "type": "EDS", "eds_cluster_config": {"eds_config": {"ads": {}}, "service_name": "a"}}}"#;
        serde_json::from_str(text).expect("is JSON")
    }

    fn trimmed(mask: &str) -> Result<String, NoSuchField> {
        let json = Mask::parse(mask).trim_entry(DYNAMIC_CLUSTER, entry())?;
        Ok(serde_json::to_string(&json).expect("prints").replace("type.googleapis.com/envoy.config.cluster.v3.", ""))
    }

    #[test]
    fn paths_go_through_the_any() {
        for (mask, want) in [
            ("cluster.name", r#"{"cluster":{"@type":"Cluster","name":"a"}}"#),
            (
                "cluster.name,cluster.eds_cluster_config.service_name",
                r#"{"cluster":{"@type":"Cluster","name":"a","eds_cluster_config":{"service_name":"a"}}}"#,
            ),
            ("version_info", "{}"),
            ("cluster.type,cluster.type", r#"{"cluster":{"@type":"Cluster","type":"EDS"}}"#),
        ] {
            assert_eq!(trimmed(mask).as_deref(), Ok(want), "{mask}");
        }
    }

    #[test]
    fn a_path_to_nowhere_is_an_error() {
        for mask in ["nothing", "cluster.nothing", "cluster.name.more", "cluster.filters.name"] {
            assert_eq!(trimmed(mask), Err(NoSuchField), "{mask}");
        }
    }

    #[test]
    fn a_whole_field_goes_before_a_part_of_it() {
        let mask = Mask::parse("a.b,a,a.c");
        let value: Json = serde_json::from_str(r#"{"a": {"b": 1, "d": 2}, "e": 3}"#).expect("is JSON");
        let want: Json = serde_json::from_str(r#"{"a": {"b": 1, "d": 2}}"#).expect("is JSON");
        assert_eq!(mask.trim(value), want);
    }
}
