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
/// The resources are kept, so that no other one has their address.
#[derive(Debug, Default)]
pub struct Compared(RwLock<BTreeMap<PairId, Known>>);

/// Whether both are the same, and the two, which are kept.
type Known = (bool, [Option<Arc<Resource>>; 2]);

/// A resource that is another in one of two dumps, or is in one of them only.
#[derive(Debug, Clone, Copy)]
pub struct Differing<'a> {
    /// The pair, for as long as the [`Compared`] is kept.
    pub id: PairId,
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
                match known.get(&one.id) {
                    Some((true, _)) => {}
                    Some(_) => out.push(one),
                    None => new.push((one, pair.is_same())),
                }
            }
        }
        if !new.is_empty() {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            for (one, is_same) in new {
                known.insert(one.id, (is_same, [one.pair.before.cloned(), one.pair.now.cloned()]));
                out.extend((!is_same).then_some(one));
            }
        }
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

fn id(pair: &Pair<'_>) -> PairId {
    let address = |resource: Option<&Arc<Resource>>| resource.map_or(0, |resource| Arc::as_ptr(resource) as usize);
    (address(pair.before), address(pair.now))
}
