//! Which items of two lists belong together, where the order means something: an item more is one addition, not a change of all
//! that come after it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::canonical::text;
use super::distance;
use super::identity::Key;
use crate::config_dump::Json;

/// What became of an item; by places in the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pairing {
    /// Two versions of one item.
    Pair(usize, usize),
    /// The same item at another place among the others.
    Moved(usize, usize),
    /// Only in the first list.
    Removed(usize),
    /// Only in the second list.
    Added(usize),
}

/// Pairs the items that are not the same in the same order.
pub(super) fn align(before: &[Json], after: &[Json], key: Option<Key>) -> Vec<Pairing> {
    let (a, b): (Vec<String>, Vec<String>) = (before.iter().map(text).collect(), after.iter().map(text).collect());
    let mut out = Vec::new();
    let mut gaps = Vec::new();
    for op in differences(&a, &b) {
        if let DiffOp::Equal { .. } = op {
            continue;
        }
        let (mut removed, mut added): (Vec<usize>, Vec<usize>) = (op.old_range().collect(), op.new_range().collect());
        if let Some(key) = key {
            pair_by(&mut removed, &mut added, |at| key(&before[at]), |at| key(&after[at]), &mut out);
        }
        gaps.push((removed, added));
    }
    let mut removed: Vec<usize> = gaps.iter().flat_map(|(removed, _)| removed).copied().collect();
    let mut added: Vec<usize> = gaps.iter().flat_map(|(_, added)| added).copied().collect();
    let mut moved = Vec::new();
    pair_by(&mut removed, &mut added, |at| a[at].clone(), |at| b[at].clone(), &mut moved);
    out.extend(moved.into_iter().map(|pairing| match pairing {
        Pairing::Pair(a, b) => Pairing::Moved(a, b),
        other => other,
    }));
    if let Some(key) = key {
        pair_by(&mut removed, &mut added, |at| key(&before[at]), |at| key(&after[at]), &mut out);
    }
    let (left_before, left_after): (BTreeSet<usize>, BTreeSet<usize>) =
        (removed.iter().copied().collect(), added.iter().copied().collect());
    let mut paired: (BTreeSet<usize>, BTreeSet<usize>) = Default::default();
    for (of_gap, others) in gaps {
        let of_gap: Vec<usize> = of_gap.into_iter().filter(|at| left_before.contains(at)).collect();
        let others: Vec<usize> = others.into_iter().filter(|at| left_after.contains(at)).collect();
        // As many as before, in the same gap: the same items, changed.
        if of_gap.len() == others.len() {
            paired.0.extend(&of_gap);
            paired.1.extend(&others);
            out.extend(of_gap.into_iter().zip(others).map(|(a, b)| Pairing::Pair(a, b)));
        }
    }
    removed.retain(|at| !paired.0.contains(at));
    added.retain(|at| !paired.1.contains(at));
    out.extend(removed.into_iter().map(Pairing::Removed));
    out.extend(added.into_iter().map(Pairing::Added));
    out.sort_by_key(|pairing| match pairing {
        Pairing::Pair(a, _) | Pairing::Moved(a, _) | Pairing::Removed(a) => (*a, 0),
        Pairing::Added(b) => (*b, 1),
    });
    out
}

/// Returns what two lists share in order; of lists that are too far apart, nothing.
fn differences(a: &[String], b: &[String]) -> Vec<DiffOp> {
    if distance::are_near(a, b) {
        return capture_diff_slices(Algorithm::Myers, a, b);
    }
    vec![DiffOp::Replace { old_index: 0, old_len: a.len(), new_index: 0, new_len: b.len() }]
}

/// Pairs what has the same key, in order, and takes it out of both lists.
fn pair_by(
    removed: &mut Vec<usize>,
    added: &mut Vec<usize>,
    key_before: impl Fn(usize) -> String,
    key_after: impl Fn(usize) -> String,
    out: &mut Vec<Pairing>,
) {
    let mut waiting: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
    for at in added.iter() {
        waiting.entry(key_after(*at)).or_default().push_back(*at);
    }
    let mut taken = Vec::new();
    removed.retain(|at| match waiting.get_mut(&key_before(*at)).and_then(VecDeque::pop_front) {
        Some(other) => {
            taken.push(other);
            out.push(Pairing::Pair(*at, other));
            false
        }
        None => true,
    });
    let taken: BTreeSet<usize> = taken.into_iter().collect();
    added.retain(|at| !taken.contains(at));
}

/// Returns the names that two lists share and that stand at another place among those, with both places.
pub(super) fn moved(before: &[String], after: &[String]) -> Vec<(String, usize, usize)> {
    let shared = |names: &[String], others: &[String]| -> Vec<String> {
        let others: BTreeSet<&String> = others.iter().collect();
        names.iter().filter(|name| others.contains(name)).cloned().collect()
    };
    let (a, b) = (shared(before, after), shared(after, before));
    let places = |names: &[String]| {
        // Of equal ones, the first place.
        names.iter().enumerate().rev().map(|(at, name)| (name.clone(), at)).collect::<BTreeMap<_, _>>()
    };
    let (of_before, of_after) = (places(before), places(after));
    let mut out = Vec::new();
    for op in differences(&a, &b) {
        if let DiffOp::Equal { .. } = op {
            continue;
        }
        for name in &a[op.old_range()] {
            if let (Some(from), Some(to)) = (of_before.get(name), of_after.get(name)) {
                out.push((name.clone(), *from, *to));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> Vec<Json> {
        items.iter().map(|item| Json::from(*item)).collect()
    }

    fn first_letter(item: &Json) -> String {
        item.as_str().unwrap_or_default().chars().take(1).collect()
    }

    #[test]
    fn one_more_is_one_addition() {
        assert_eq!(align(&list(&["a", "b", "c"]), &list(&["x", "a", "b", "c"]), None), [Pairing::Added(0)]);
        assert_eq!(align(&list(&["a", "b", "c"]), &list(&["a", "c"]), None), [Pairing::Removed(1)]);
        assert_eq!(align(&list(&[]), &list(&["a"]), None), [Pairing::Added(0)]);
    }

    #[test]
    fn versions_of_one_item_are_paired() {
        let (before, after) = (list(&["a1", "b1", "c1"]), list(&["x", "b1", "a2", "c2"]));
        assert_eq!(
            align(&before, &after, Some(first_letter)),
            [Pairing::Pair(0, 2), Pairing::Added(0), Pairing::Pair(2, 3)]
        );
        assert_eq!(align(&list(&["a", "b"]), &list(&["a", "c"]), None), [Pairing::Pair(1, 1)]);
    }

    #[test]
    fn what_moves_is_neither_gone_nor_new() {
        assert_eq!(align(&list(&["a", "b", "c"]), &list(&["b", "c", "a"]), None), [Pairing::Moved(0, 2)]);
        let names = |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        assert_eq!(moved(&names(&["a", "b", "c"]), &names(&["c", "new", "a", "b"])), [("c".to_owned(), 2, 0)]);
        assert_eq!(moved(&names(&["a", "b"]), &names(&["a", "x", "b"])), []);
    }
}
