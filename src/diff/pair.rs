//! Which dumps of two sides are of the same proxy.

use std::collections::BTreeMap;

use super::Named;

type KeyOf<'k> = &'k dyn Fn(&Named<'_>) -> Option<String>;

/// Pairs dumps, by their places: by name; then, as Pods of one workload come and go, by namespace and workload; the only ones of
/// both sides in any case.
pub fn pair(before: &[Named<'_>], after: &[Named<'_>]) -> Vec<(Option<usize>, Option<usize>)> {
    if let ([_], [_]) = (before, after) {
        return vec![(Some(0), Some(0))];
    }
    let mut partner: Vec<Option<usize>> = vec![None; before.len()];
    let mut taken = vec![false; after.len()];
    let name = |(name, _): &Named<'_>| name.clone().filter(|name| !name.is_empty());
    let workload = |(_, dump): &Named<'_>| {
        let node = dump.node.as_ref()?;
        Some(format!("{}/{}", node.namespace(), node.workload.as_ref()?))
    };
    let keys: [KeyOf<'_>; 2] = [&name, &workload];
    for key in keys {
        let mut free: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, named) in after.iter().enumerate().rev().filter(|(at, _)| !taken[*at]) {
            if let Some(key) = key(named) {
                free.entry(key).or_default().push(at);
            }
        }
        for (at, named) in before.iter().enumerate() {
            if partner[at].is_none()
                && let Some(other) = key(named).and_then(|key| free.get_mut(&key)?.pop())
            {
                partner[at] = Some(other);
                taken[other] = true;
            }
        }
    }
    let left = (0..after.len()).filter(|at| !taken[*at]).map(|at| (None, Some(at)));
    partner.into_iter().enumerate().map(|(at, other)| (Some(at), other)).chain(left).collect()
}
