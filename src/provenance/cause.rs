//! Which of the edits between two inputs makes which change.
//!
//! The edits are the objects and values in which the two inputs differ. Halves of them are applied to the first input until the
//! single edits that change something are found; what no single edit makes is looked for in sets of them that only work
//! together.
//!
//! Many edits are told apart by few trials: edits have numbers, and for each binary digit those with a one and those with a zero are
//! applied. A change that one edit makes is in one of the two each time, and so spells the number of its edit. Two numberings must
//! agree; any other change is left to the search for sets.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::leaf;
use super::place::{ObjectName, Place};
use super::world::{Edit, World};
use crate::diff::{Cause, Change, EditLine, Kind, Presence, Report, ResourceChange, ResourceDifference, Scope, Shared};
use crate::mesh::Mesh;
use crate::pipeline::translate_all;
use crate::proxy;
use crate::source::{FieldPath, ResourceRef, Step as PathStep};

/// Groups of proxies that are looked at; of more the largest.
const GROUPS: usize = 40;

/// Sets of edits that only work together that are looked for.
const TOGETHER: usize = 20;

/// Edits that are tried one by one; of more, halves.
const FEW: usize = 32;

/// How often the input is edited and translated before the search for sets ends.
const TRIALS: usize = 400;

/// One difference between two inputs.
#[derive(Debug, Clone)]
struct Step {
    object: ObjectName,
    path: FieldPath,
    before: Option<Value>,
    after: Option<Value>,
    place: Option<Place>,
    apply: Apply,
}

#[derive(Debug, Clone)]
enum Apply {
    Edit(Edit),
    Add(Value),
}

/// A change of one proxy, in words that can be compared.
type Key = (Kind, String, String, String);

/// Names the edits behind the changes of a report of these two inputs.
pub fn explain(before: &World, after: &World, scope: Scope, report: &mut Report) {
    let steps = steps(before, after);
    if steps.is_empty() || report.groups.is_empty() {
        report.without_effect = steps.iter().map(line).collect();
        return;
    }
    let mut groups: Vec<usize> = (0..report.groups.len()).collect();
    let others = groups.len().saturating_sub(GROUPS);
    groups.truncate(GROUPS);
    let wanted: Vec<String> =
        groups.iter().filter_map(|at| Some(report.groups[*at].proxies.first()?.name.clone())).collect();
    let search =
        Search { world: before, steps: &steps, base: Base::new(before, &wanted), wanted, scope, trials: Cell::new(0) };
    let goal: Vec<BTreeSet<Key>> = groups.iter().map(|at| of_group(&report.groups[*at])).collect();
    let mut found: Vec<(Vec<usize>, Vec<BTreeSet<Key>>)> = Vec::new();
    if steps.len() <= FEW {
        search.single(0..steps.len(), &mut found);
    } else {
        found = search.numbered(&goal);
    }
    // What an edit alone does and another undoes is no change between the two inputs.
    for (_, effects) in &mut found {
        for (effect, goal) in effects.iter_mut().zip(&goal) {
            effect.retain(|key| goal.contains(key));
        }
    }
    let mut left: Vec<BTreeSet<Key>> = goal.clone();
    for (_, effects) in &found {
        take_out(&mut left, effects);
    }
    let mut unnamed = 0;
    for _ in 0..TOGETHER {
        let Some((group, key)) = left.iter().enumerate().find_map(|(at, keys)| Some((at, keys.first()?.clone())))
        else {
            break;
        };
        let Some(set) = search.together(group, &key) else {
            left[group].remove(&key);
            unnamed += 1;
            continue;
        };
        let effects: Vec<BTreeSet<Key>> = search
            .effects(&set)
            .into_iter()
            .zip(&left)
            .map(|(effect, left)| effect.intersection(left).cloned().collect())
            .collect();
        take_out(&mut left, &effects);
        left[group].remove(&key);
        match found.iter_mut().find(|(known, _)| *known == set) {
            Some((_, known)) => known.iter_mut().zip(effects).for_each(|(known, more)| known.extend(more)),
            None => found.push((set, effects)),
        }
    }
    unnamed += left.iter().map(BTreeSet::len).sum::<usize>();
    if unnamed > 0 {
        let changes = if unnamed == 1 { "1 change".to_owned() } else { format!("{unnamed} changes") };
        report.notes.push(format!(
            "no edit is named for {changes}: several edits make them together, and finding which takes too many tries"
        ));
    }
    if others > 0 {
        let groups = if others == 1 { "1 more group".to_owned() } else { format!("{others} more groups") };
        report.notes.push(format!("edits are found for the {GROUPS} largest groups of proxies, and not for {groups}"));
    }
    let effective: BTreeSet<usize> = found
        .iter()
        .filter(|(_, effects)| effects.iter().any(|effect| !effect.is_empty()))
        .flat_map(|(set, _)| set.iter().copied())
        .collect();
    let mut causes: Vec<Cause> = found
        .into_iter()
        .filter(|(_, effects)| effects.iter().any(|effect| !effect.is_empty()))
        .map(|(set, effects)| cause(&set.iter().map(|at| &steps[*at]).collect::<Vec<_>>(), &effects, report))
        .collect();
    causes.sort_by_key(|cause| {
        std::cmp::Reverse((cause.proxies, cause.resources.values().map(BTreeSet::len).sum::<usize>()))
    });
    report.causes = causes;
    // Where a change has no edit, nobody knows that the others change nothing.
    if unnamed == 0 && others == 0 {
        let idle = steps.iter().enumerate().filter(|(at, _)| !effective.contains(at));
        report.without_effect = idle.map(|(_, step)| line(step)).collect();
    }
}

fn take_out(left: &mut [BTreeSet<Key>], effects: &[BTreeSet<Key>]) {
    for (left, effect) in left.iter_mut().zip(effects) {
        left.retain(|key| !effect.contains(key));
    }
}

fn cause(steps: &[&Step], effects: &[BTreeSet<Key>], report: &Report) -> Cause {
    let mut resources: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
    let mut proxies = 0;
    for (effect, group) in effects.iter().zip(&report.groups) {
        if !effect.is_empty() {
            proxies += group.proxies.len();
        }
        for (kind, name, ..) in effect {
            resources.entry(*kind).or_default().insert(name.clone());
        }
    }
    Cause { edits: steps.iter().map(|step| line(step)).collect(), resources, proxies }
}

fn line(step: &Step) -> EditLine {
    let is_secret = step.object.kind == "Secret";
    let text = |value: &Option<Value>| {
        value.as_ref().map(|value| if is_secret { "[redacted]".to_owned() } else { value.to_string() })
    };
    let whole = step.path.0.is_empty();
    EditLine {
        object: step.object.to_string(),
        path: step.path.to_string(),
        before: if whole { step.before.as_ref().map(|_| String::new()) } else { text(&step.before) },
        after: if whole { step.after.as_ref().map(|_| String::new()) } else { text(&step.after) },
        file: step.place.as_ref().map(|place| place.file.clone()).unwrap_or_default(),
        line: step.place.as_ref().map_or(0, |place| place.position.line),
        column: step.place.as_ref().map_or(0, |place| place.position.column),
    }
}

/// What the proxies in question are served without any edit.
struct Base {
    dumps: BTreeMap<String, crate::config_dump::ConfigDump>,
}

impl Base {
    fn new(world: &World, wanted: &[String]) -> Self {
        Self { dumps: translate(&world.variant(None, &[]).mesh, wanted) }
    }
}

struct Search<'w> {
    world: &'w World,
    steps: &'w [Step],
    base: Base,
    wanted: Vec<String>,
    scope: Scope,
    trials: Cell<usize>,
}

impl Search<'_> {
    /// Translates with some of the edits and returns what changes for each proxy in question.
    fn effects(&self, of: &[usize]) -> Vec<BTreeSet<Key>> {
        self.trials.set(self.trials.get() + 1);
        let mut edits = Vec::new();
        let mut added = Vec::new();
        for at in of {
            match &self.steps[*at].apply {
                Apply::Edit(edit) => edits.push(edit.clone()),
                Apply::Add(object) => added.push(object.clone()),
            }
        }
        let (input, _) = self.world.edited(None, &edits, &added);
        let dumps = translate(&input.mesh(), &self.wanted);
        let shared = Shared::default();
        let one = |name: &String| match (self.base.dumps.get(name), dumps.get(name)) {
            (Some(a), Some(b)) => keys(&shared.compare(a, b, self.scope)),
            (Some(_), None) => [proxy_key("removed")].into(),
            (None, Some(_)) => [proxy_key("added")].into(),
            (None, None) => BTreeSet::new(),
        };
        self.wanted.iter().map(one).collect()
    }

    /// Finds the single edits that change something.
    fn single(&self, range: std::ops::Range<usize>, found: &mut Vec<(Vec<usize>, Vec<BTreeSet<Key>>)>) {
        if range.is_empty() {
            return;
        }
        let all: Vec<usize> = range.clone().collect();
        let effects = self.effects(&all);
        if effects.iter().all(BTreeSet::is_empty) {
            return;
        }
        if all.len() == 1 {
            found.push((all, effects));
            return;
        }
        let middle = range.start + range.len() / 2;
        self.single(range.start..middle, found);
        self.single(middle..range.end, found);
    }

    /// Finds the edit behind each change that one edit makes.
    fn numbered(&self, goal: &[BTreeSet<Key>]) -> Vec<(Vec<usize>, Vec<BTreeSet<Key>>)> {
        let count = self.steps.len();
        // The second numbering puts edits that are neighbours in the first far from each other.
        let turned: Vec<usize> =
            (0..count).filter(|at| at % 2 == 0).chain((0..count).filter(|at| at % 2 == 1)).collect();
        let numberings = [(0..count).collect(), turned];
        let [first, second] = numberings.map(|numbering: Vec<usize>| self.by_number(&numbering, goal));
        let mut found: BTreeMap<usize, Vec<BTreeSet<Key>>> = BTreeMap::new();
        for (group, (first, second)) in first.into_iter().zip(second).enumerate() {
            for (key, edit) in first {
                if second.get(&key) == Some(&edit) {
                    let effects = found.entry(edit).or_insert_with(|| vec![BTreeSet::new(); goal.len()]);
                    effects[group].insert(key);
                }
            }
        }
        found.into_iter().map(|(edit, effects)| (vec![edit], effects)).collect()
    }

    /// Reads the number of the edit behind each change of each proxy in question from the trials that have the change.
    fn by_number(&self, numbering: &[usize], goal: &[BTreeSet<Key>]) -> Vec<BTreeMap<Key, usize>> {
        let digits = usize::BITS - numbering.len().saturating_sub(1).leading_zeros();
        let mut read: Vec<BTreeMap<Key, usize>> =
            goal.iter().map(|keys| keys.iter().map(|key| (key.clone(), 0)).collect()).collect();
        for digit in 0..digits {
            let with = |value: usize| {
                let edits = numbering.iter().enumerate().filter(|(number, _)| number >> digit & 1 == value);
                self.effects(&edits.map(|(_, edit)| *edit).collect::<Vec<_>>())
            };
            for (read, (zero, one)) in read.iter_mut().zip(with(0).into_iter().zip(with(1))) {
                read.retain(|key, number| {
                    let is_one = one.contains(key);
                    *number |= usize::from(is_one) << digit;
                    is_one != zero.contains(key)
                });
            }
        }
        let edits = |of: BTreeMap<Key, usize>| {
            of.into_iter().filter_map(|(key, number)| Some((key, *numbering.get(number)?))).collect()
        };
        read.into_iter().map(edits).collect()
    }

    /// Finds a smallest set of edits that makes one change; nothing if not even all of them do, or if that takes too many trials.
    fn together(&self, group: usize, key: &Key) -> Option<Vec<usize>> {
        let makes = |set: &[usize]| self.effects(set).get(group).is_some_and(|effect| effect.contains(key));
        let mut kept: Vec<usize> = (0..self.steps.len()).collect();
        if !makes(&kept) {
            return None;
        }
        let mut size = kept.len().div_ceil(2);
        loop {
            let mut at = 0;
            while at < kept.len() {
                if self.trials.get() > TRIALS {
                    return None;
                }
                let end = (at + size).min(kept.len());
                let rest: Vec<usize> = kept[..at].iter().chain(&kept[end..]).copied().collect();
                if makes(&rest) { kept = rest } else { at = end }
            }
            if size <= 1 {
                return Some(kept);
            }
            size = size.div_ceil(2);
        }
    }
}

fn translate(mesh: &Mesh, wanted: &[String]) -> BTreeMap<String, crate::config_dump::ConfigDump> {
    let proxies = proxy::proxies_named(mesh, &wanted.iter().cloned().collect());
    let chosen: Vec<_> = proxies.iter().collect();
    let dumps = Mutex::new(BTreeMap::new());
    translate_all(mesh, &chosen, |proxy, dump| {
        if let Ok(mut dumps) = dumps.lock() {
            dumps.insert(proxy.full_name(), dump);
        }
    });
    dumps.into_inner().unwrap_or_default()
}

fn proxy_key(how: &str) -> Key {
    (Kind::Bootstrap, String::new(), String::new(), how.to_owned())
}

fn of_group(group: &crate::diff::Group) -> BTreeSet<Key> {
    match group.presence {
        Presence::Both => keys(&group.changes),
        Presence::Added(_) => [proxy_key("added")].into(),
        Presence::Removed(_) => [proxy_key("removed")].into(),
    }
}

fn keys(changes: &[Arc<ResourceChange>]) -> BTreeSet<Key> {
    let mut out = BTreeSet::new();
    for change in changes {
        let key = |path: &str, how: String| (change.kind, change.name.clone(), path.to_owned(), how);
        match &change.change {
            ResourceDifference::Added(_) => {
                out.insert(key("", "added".to_owned()));
            }
            ResourceDifference::Removed(_) => {
                out.insert(key("", "removed".to_owned()));
            }
            ResourceDifference::Changed { fields, .. } => out.extend(fields.iter().map(|field| {
                let text = |value| serde_json::to_string(value).unwrap_or_default();
                let how = match &field.change {
                    Change::Added(value) => format!("added {}", text(value)),
                    Change::Removed(_) => "removed".to_owned(),
                    Change::Changed(_, value) => format!("changed {}", text(value)),
                    Change::Moved(..) => "moved".to_owned(),
                };
                key(&field.path, how)
            })),
        }
    }
    out
}

/// Returns the objects and values in which two inputs differ.
fn steps(before: &World, after: &World) -> Vec<Step> {
    let named = |world: &World| -> BTreeMap<ObjectName, ResourceRef> {
        world.objects().into_iter().map(|object| (ObjectName::of(&world.manifests, object), object)).collect()
    };
    let (of_before, of_after) = (named(before), named(after));
    let mut out = Vec::new();
    let names: BTreeSet<&ObjectName> = of_before.keys().chain(of_after.keys()).collect();
    for name in names {
        match (of_before.get(name), of_after.get(name)) {
            (Some(a), Some(b)) => values(before, after, name, (*a, *b), &mut out),
            (Some(a), None) => out.push(Step {
                object: name.clone(),
                path: FieldPath::default(),
                before: Some(Value::Null),
                after: None,
                place: Some(leaf::object_place(&before.manifests, *a)),
                apply: Apply::Edit(Edit::without_object(*a)),
            }),
            (None, Some(b)) => {
                let Some(node) = after.manifests.node(*b) else { continue };
                out.push(Step {
                    object: name.clone(),
                    path: FieldPath::default(),
                    before: None,
                    after: Some(Value::Null),
                    place: Some(leaf::object_place(&after.manifests, *b)),
                    apply: Apply::Add(node.to_json()),
                });
            }
            (None, None) => {}
        }
    }
    out
}

fn values(before: &World, after: &World, name: &ObjectName, (a, b): (ResourceRef, ResourceRef), out: &mut Vec<Step>) {
    let (Some(of_before), Some(of_after)) = (before.manifests.node(a), after.manifests.node(b)) else { return };
    let mut changes = Vec::new();
    differences(&of_before.to_json(), &of_after.to_json(), &mut Vec::new(), &mut changes);
    for (path, was, is) in changes {
        let (world, object) = if is.is_some() { (after, b) } else { (before, a) };
        let manifests = &world.manifests;
        let place = manifests.locate(object, &path).map(|span| Place {
            object: name.clone(),
            path: path.to_string(),
            file: manifests.sources.path(span.source).to_owned(),
            position: manifests.sources.position(span),
            span,
        });
        let edit = Edit { object: a, path: path.clone(), inner: FieldPath::default(), value: is.clone() };
        out.push(Step { object: name.clone(), path, before: was, after: is, place, apply: Apply::Edit(edit) });
    }
}

type Difference = (FieldPath, Option<Value>, Option<Value>);

/// Finds the shallowest places at which two values differ.
fn differences(before: &Value, after: &Value, path: &mut Vec<PathStep>, out: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let mut push = |step: PathStep, path: &[PathStep], before: Option<&Value>, after: Option<&Value>| {
        let path = FieldPath(path.iter().cloned().chain([step]).collect());
        out.push((path, before.cloned(), after.cloned()));
    };
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => {
                        path.push(PathStep::Key(key.clone()));
                        differences(a, b, path, out);
                        path.pop();
                    }
                    (a, b) => {
                        let path = FieldPath(path.iter().cloned().chain([PathStep::Key(key.clone())]).collect());
                        out.push((path, a.cloned(), b.cloned()));
                    }
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                path.push(PathStep::Index(at));
                differences(a, b, path, out);
                path.pop();
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() < b.len() && b.starts_with(a) => {
            for (at, item) in b.iter().enumerate().skip(a.len()) {
                push(PathStep::Index(at), path, None, Some(item));
            }
        }
        (Value::Array(a), Value::Array(b)) if is_part(b, a) => {
            let mut rest = b.iter().peekable();
            for (at, item) in a.iter().enumerate() {
                if rest.next_if(|next| *next == item).is_none() {
                    push(PathStep::Index(at), path, Some(item), None);
                }
            }
        }
        _ => out.push((FieldPath(path.clone()), Some(before.clone()), Some(after.clone()))),
    }
}

/// Says whether a list is another with items left out.
fn is_part(part: &[Value], whole: &[Value]) -> bool {
    let mut rest = part.iter().peekable();
    for item in whole {
        rest.next_if(|next| *next == item);
    }
    rest.peek().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{self, MeshSize};
    use crate::options::Options;
    use crate::source::SourceFile;

    fn world(edit: impl Fn(String) -> String) -> World {
        let files = generate::mesh(&MeshSize { services: 24, pods: 1, namespaces: 2, seed: 1 }).into_iter();
        let files = files.map(|(path, text)| SourceFile::new(path, edit(text).into_bytes()));
        World::new(files.collect(), &Options { expand: true, ..Options::default() })
    }

    #[test]
    fn numbers_name_the_edits_that_single_tries_do() {
        let before = world(|text| text);
        // Ports of Services, and labels that nothing asks for.
        let after = world(|text| text.replace("port: 80,", "port: 81,").replace("version: v0", "version: v9"));
        let steps = steps(&before, &after);
        assert!(steps.len() > FEW, "{}", steps.len());
        let proxies = proxy::proxies(&before.variant(None, &[]).mesh);
        let wanted: Vec<String> = proxies.iter().take(3).map(proxy::Proxy::full_name).collect();
        let search = Search {
            world: &before,
            steps: &steps,
            base: Base::new(&before, &wanted),
            wanted,
            scope: Scope::default(),
            trials: Cell::new(0),
        };
        let all: Vec<usize> = (0..steps.len()).collect();
        let goal = search.effects(&all);
        search.trials.set(0);
        let numbered = search.numbered(&goal);
        let tried = search.trials.get();
        let mut single = Vec::new();
        search.single(0..steps.len(), &mut single);
        assert!(tried < search.trials.get() - tried, "{tried} of {}", search.trials.get());
        single.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, effects) in &mut single {
            for (effect, goal) in effects.iter_mut().zip(&goal) {
                effect.retain(|key| goal.contains(key));
            }
        }
        single.retain(|(_, effects)| effects.iter().any(|effect| !effect.is_empty()));
        let edits = |found: &[(Vec<usize>, Vec<BTreeSet<Key>>)]| -> Vec<Vec<usize>> {
            found.iter().map(|(edits, _)| edits.clone()).collect()
        };
        assert_eq!(edits(&numbered), edits(&single));
        for ((_, numbered), (_, single)) in numbered.iter().zip(&single) {
            assert!(numbered.iter().zip(single).all(|(numbered, single)| numbered.is_subset(single)));
        }
    }
}
