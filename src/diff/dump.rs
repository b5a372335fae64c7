//! The resources of one dump, each as its text: most are equal on both sides, and text is compared in no time.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Kind;
use super::section::Key;
use crate::config_dump::ConfigDump;
use crate::envoy::{Node, json};

/// One side of a comparison: what one proxy has.
#[derive(Debug, Clone, Default)]
pub struct Dump<'a> {
    /// Who the proxy is, if the dump says so.
    pub node: Option<NodeName>,
    /// Resources by kind, whether they are set apart, and name.
    pub(super) resources: BTreeMap<Key<'a>, Cow<'a, str>>,
    /// Kinds that the dump has a section for.
    pub(super) sections: BTreeSet<Kind>,
    /// What there is to say: updates that the proxy refused, sections that are not known.
    pub notes: Vec<String>,
}

/// What a node id and its metadata tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeName {
    /// `<pod>.<namespace>`
    pub proxy: String,
    /// The first part of the node id: `sidecar`, `router`.
    pub kind: String,
    /// Metadata `WORKLOAD_NAME`, if there is one.
    pub workload: Option<String>,
}

impl NodeName {
    /// Reads a node id, `sidecar~10.0.0.1~pod.namespace~namespace.svc.cluster.local`.
    pub(super) fn new(id: &str, workload: Option<&str>) -> Option<Self> {
        let mut parts = id.split('~');
        let (kind, proxy) = (parts.next()?, parts.nth(1)?);
        Some(Self { proxy: proxy.to_owned(), kind: kind.to_owned(), workload: workload.map(str::to_owned) })
    }

    /// Returns the namespace of the proxy.
    pub fn namespace(&self) -> &str {
        self.proxy.rsplit_once('.').map_or("", |(_, namespace)| namespace)
    }

    /// Returns the kind of proxy in the words of `--kind`.
    pub fn noun(&self) -> &str {
        match self.kind.as_str() {
            "router" => "gateway",
            other => other,
        }
    }

    /// Takes what meshc says of a proxy.
    pub fn of(node: &Node) -> Option<Self> {
        let fields = node.metadata.as_ref().map(|metadata| &metadata.0);
        let field = |name: &str| {
            let field = fields.and_then(|fields| fields.iter().find(|(key, _)| key.as_str() == name));
            field.and_then(|(_, value)| serde_json::to_value(value).ok())
        };
        let workload = field("WORKLOAD_NAME");
        let labels = field("LABELS");
        let managed =
            labels.as_ref().and_then(|labels| labels.get("gateway.istio.io/managed")).and_then(|value| value.as_str());
        let name = Self::new(&node.id, workload.as_ref().and_then(|value| value.as_str()))?;
        if name.kind == "waypoint" && managed == Some("istio.io-eastwest-controller") {
            return Some(Self { kind: "east-west".to_owned(), ..name });
        }
        Some(name)
    }
}

/// Prints the bootstrap of what meshc made.
pub(super) fn bootstrap(dump: &ConfigDump) -> Option<String> {
    let node = json::to_string(&dump.node).ok()?;
    Some(format!("{{\"node\": {node}}}"))
}

impl<'a> Dump<'a> {
    /// Takes what meshc made.
    pub fn of(dump: &'a ConfigDump) -> Self {
        let resources = dump.resources().into_iter().filter_map(|printed| {
            let kind = Kind::of_list(printed.list)?;
            Some(((kind, false, Cow::Borrowed(printed.name)), Cow::Borrowed(printed.text)))
        });
        let mut resources: BTreeMap<_, _> = resources.collect();
        if let Some(text) = bootstrap(dump) {
            resources.insert((Kind::Bootstrap, true, Cow::Borrowed("")), Cow::Owned(text));
        }
        Self { node: NodeName::of(&dump.node), resources, sections: Kind::ALL.into_iter().collect(), notes: Vec::new() }
    }

    /// Returns all resources, those that are set apart too, each as its text.
    pub fn texts(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.resources.iter().map(|((kind, ..), text)| (*kind, text.as_ref()))
    }

    /// Counts resources that count: all but those that are set apart.
    pub fn count(&self) -> BTreeMap<Kind, usize> {
        let mut out = BTreeMap::new();
        for (kind, apart, _) in self.resources.keys() {
            if !apart {
                *out.entry(*kind).or_default() += 1;
            }
        }
        out
    }

    /// Counts resources that are set apart.
    pub fn count_apart(&self) -> usize {
        self.resources.keys().filter(|(_, apart, _)| *apart).count()
    }
}
