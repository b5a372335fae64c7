//! What differs between two sides, proxies with the same change together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Kind, NodeName, ResourceChange, ResourceDifference};

/// All that there is to say.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What the first side is: a path, a revision.
    pub before: String,
    /// What the second side is.
    pub after: String,
    /// Proxies that differ, the largest group first.
    pub groups: Vec<Group>,
    /// How many proxies are the same.
    pub same: usize,
    /// How many resources are set apart and not compared.
    pub apart: usize,
    /// What else there is to say, by proxy.
    pub notes: Vec<String>,
    /// The edits of the manifests behind the changes, the one with the most proxies first; empty where a side is no manifests.
    pub causes: Vec<Cause>,
    /// Edits that change nothing on any proxy.
    pub without_effect: Vec<EditLine>,
}

/// Edits of the manifests, and what they change: one, or several that only work together.
#[derive(Debug, Clone, Default)]
pub struct Cause {
    /// The edits.
    pub edits: Vec<EditLine>,
    /// The resources that they change.
    pub resources: BTreeMap<Kind, BTreeSet<String>>,
    /// On how many proxies.
    pub proxies: usize,
}

/// An edit of the manifests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EditLine {
    /// `DestinationRule bookstore/reviews`
    pub object: String,
    /// The field; empty for the whole object.
    pub path: String,
    /// The value before, as JSON; nothing if there was none, empty for an object.
    pub before: Option<String>,
    /// The value after, likewise.
    pub after: Option<String>,
    /// Where it is written, on the second side if it is there.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

/// Proxies with the same change.
///
/// The resources around it need not be the same: each workload's listeners name the workload. See [`ResourceChange::is_like`].
#[derive(Debug, Clone)]
pub struct Group {
    /// By name.
    pub proxies: Vec<ProxyName>,
    /// On which sides they are.
    pub presence: Presence,
    /// What differs, as the first proxy by name has it; nothing for a proxy that is on one side only.
    pub changes: Vec<Arc<ResourceChange>>,
}

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProxyName {
    /// `<pod>.<namespace>`
    pub name: String,
    /// `sidecar`, `gateway`, or what else the node id says; empty when it says nothing.
    pub kind: String,
}

/// On which sides a proxy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// On both.
    Both,
    /// On the first only, with this many resources of each kind.
    Removed(BTreeMap<Kind, usize>),
    /// On the second only, with this many resources of each kind.
    Added(BTreeMap<Kind, usize>),
}

/// How many resources of a kind differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// In the second only.
    pub added: usize,
    /// In the first only.
    pub removed: usize,
    /// In both, not the same.
    pub changed: usize,
}

impl ProxyName {
    /// Returns the name of a proxy as its node says it, or as it is known otherwise.
    pub fn new(name: &str, node: Option<&NodeName>) -> Self {
        Self { name: name.to_owned(), kind: node.map_or_else(String::new, |node| node.noun().to_owned()) }
    }
}

impl Report {
    /// Says whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.groups.is_empty()
    }

    /// Takes what was found for one proxy; the order in which proxies come makes no difference.
    pub fn add(&mut self, proxy: ProxyName, presence: Presence, changes: Vec<Arc<ResourceChange>>) {
        if presence == Presence::Both && changes.is_empty() {
            self.same += 1;
            return;
        }
        let is_like = |group: &&mut Group| {
            group.proxies.first().is_some_and(|first| first.kind == proxy.kind)
                && group.presence == presence
                && group.changes.len() == changes.len()
                && group.changes.iter().zip(&changes).all(|(one, other)| one.is_like(other))
        };
        match self.groups.iter_mut().find(is_like) {
            None => self.groups.push(Group { proxies: vec![proxy], presence, changes }),
            Some(group) if group.proxies.first().is_some_and(|first| proxy < *first) => {
                group.proxies.insert(0, proxy);
                group.changes = changes;
            }
            Some(group) => group.proxies.push(proxy),
        }
    }

    /// Puts everything in its order.
    pub fn finish(&mut self) {
        for group in &mut self.groups {
            group.proxies.sort();
        }
        self.groups.sort_by(|a, b| (b.proxies.len().cmp(&a.proxies.len())).then_with(|| a.proxies.cmp(&b.proxies)));
        self.notes.sort();
        self.notes.dedup();
    }

    /// Counts proxies that differ.
    pub fn differing(&self) -> usize {
        self.groups.iter().map(|group| group.proxies.len()).sum()
    }
}

impl Group {
    /// Counts what differs in each of the proxies.
    pub fn counts(&self) -> BTreeMap<Kind, Counts> {
        let mut out: BTreeMap<Kind, Counts> = BTreeMap::new();
        match &self.presence {
            Presence::Both => {}
            Presence::Added(counts) => {
                out.extend(counts.iter().map(|(kind, added)| (*kind, Counts { added: *added, ..Counts::default() })));
            }
            Presence::Removed(counts) => out.extend(
                counts.iter().map(|(kind, removed)| (*kind, Counts { removed: *removed, ..Counts::default() })),
            ),
        }
        for change in &self.changes {
            let counts = out.entry(change.kind).or_default();
            match change.change {
                ResourceDifference::Added(_) => counts.added += 1,
                ResourceDifference::Removed(_) => counts.removed += 1,
                ResourceDifference::Changed { .. } => counts.changed += 1,
            }
        }
        out
    }

    /// Returns how many proxies of which kind: `12 sidecars`, `1 gateway`, `2 proxies`.
    pub fn title(&self) -> String {
        let kind = self.proxies.first().map_or("", |proxy| proxy.kind.as_str());
        match (self.proxies.len(), kind) {
            (1, "") => "1 proxy".to_owned(),
            (count, "") => format!("{count} proxies"),
            (1, kind) => format!("1 {kind}"),
            (count, kind) => format!("{count} {kind}s"),
        }
    }
}
