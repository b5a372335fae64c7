//! What differs between the dumps of many proxies, when these share most of what they are served.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::print::{Pair, pairs};
use super::{ConfigDump, Printed};
use crate::translate::Resource;

/// Two resources by their addresses, of which one may be missing.
pub type PairId = (usize, usize);

/// Pairs of resources that were compared: proxies that share both need not compare them again.
///
/// Those that others have too are kept, so that no other one has their address.
#[derive(Debug, Default)]
pub struct Compared(RwLock<BTreeMap<PairId, Known>>);

/// Whether both are the same, and the two, which are kept.
type Known = (bool, [Option<Arc<Resource>>; 2]);

/// A resource that is another in one of two dumps, or is in one of them only.
#[derive(Debug, Clone, Copy)]
pub struct Differing<'a> {
    /// The pair, for as long as the [`Compared`] is kept; nothing if no other dump has it.
    pub id: Option<PairId>,
    pair: Pair<'a>,
}

impl Compared {
    /// Returns the resources that differ; two messages that are not the same may still print the same.
    pub fn differing<'a>(&self, before: &'a ConfigDump, now: &'a ConfigDump) -> Vec<Differing<'a>> {
        let mut out = Vec::new();
        let mut new = Vec::new();
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            for pair in pairs(&before.translation, &now.translation) {
                let one = Differing { id: id(&pair), pair };
                match one.id.and_then(|id| known.get(&id)) {
                    Some((true, _)) => {}
                    Some(_) => out.push(one),
                    None => new.push((one, pair.is_same())),
                }
            }
        }
        if new.iter().any(|(one, _)| one.id.is_some()) {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            for (one, is_same) in &new {
                if let Some(id) = one.id {
                    known.insert(id, (*is_same, [one.pair.before.cloned(), one.pair.now.cloned()]));
                }
            }
        }
        out.extend(new.into_iter().filter_map(|(one, is_same)| (!is_same).then_some(one)));
        out
    }
}

impl<'a> Differing<'a> {
    /// The list that it is in: `dynamic_listeners`.
    pub fn list(&self) -> &'static str {
        self.pair.list
    }

    /// Prints it as it is in the first dump.
    pub fn before(&self) -> Option<Printed<'a>> {
        self.pair.print(self.pair.before)
    }

    /// Prints it as it is in the second dump.
    pub fn now(&self) -> Option<Printed<'a>> {
        self.pair.print(self.pair.now)
    }
}

/// Returns what tells a pair from others; nothing if this dump alone has one of the two.
fn id(pair: &Pair<'_>) -> Option<PairId> {
    let is_own = |resource: Option<&Arc<Resource>>| resource.is_some_and(|resource| Arc::strong_count(resource) == 1);
    let address = |resource: Option<&Arc<Resource>>| resource.map_or(0, |resource| Arc::as_ptr(resource) as usize);
    let has_own = is_own(pair.before) || is_own(pair.now);
    (!has_own).then(|| (address(pair.before), address(pair.now)))
}
