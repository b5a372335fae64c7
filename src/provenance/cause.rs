//! Which of the edits between two inputs makes which change.
//!
//! The edits are the objects and values in which the two inputs differ. Halves of them are applied to the first input until the
//! single edits that change something are found; what no single edit makes is looked for in sets of them that only work
//! together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde_json::Value;

use super::leaf;
use super::place::{ObjectName, Place};
use super::world::{Edit, World};
use crate::diff::{
    Cause, Change, Dump, EditLine, Kind, Presence, Report, ResourceChange, ResourceDifference, Scope, compare,
};
use crate::mesh::Mesh;
use crate::pipeline::translate_all;
use crate::proxy;
use crate::source::{FieldPath, ResourceRef, Step as PathStep};

/// Groups of proxies that are looked at; of more the largest.
const GROUPS: usize = 40;

/// Sets of edits that only work together that are looked for.
const TOGETHER: usize = 20;

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
    groups.truncate(GROUPS);
    let wanted: Vec<String> =
        groups.iter().filter_map(|at| Some(report.groups[*at].proxies.first()?.name.clone())).collect();
    let search = Search { world: before, steps: &steps, base: Base::new(before, &wanted), wanted, scope };
    let mut found: Vec<(Vec<usize>, Vec<BTreeSet<Key>>)> = Vec::new();
    search.single(0..steps.len(), &mut found);
    let goal: Vec<BTreeSet<Key>> = groups.iter().map(|at| of_group(&report.groups[*at])).collect();
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
    for _ in 0..TOGETHER {
        let Some((group, key)) = left.iter().enumerate().find_map(|(at, keys)| Some((at, keys.first()?.clone())))
        else {
            break;
        };
        let Some(set) = search.together(group, &key) else {
            left[group].remove(&key);
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
    let idle = steps.iter().enumerate().filter(|(at, _)| !effective.contains(at));
    report.without_effect = idle.map(|(_, step)| line(step)).collect();
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
}

impl Search<'_> {
    /// Translates with some of the edits and returns what changes for each proxy in question.
    fn effects(&self, of: &[usize]) -> Vec<BTreeSet<Key>> {
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
        let one = |name: &String| match (self.base.dumps.get(name), dumps.get(name)) {
            (Some(a), Some(b)) => keys(&compare(&Dump::of(a), &Dump::of(b), self.scope)),
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

    /// Finds a smallest set of edits that makes one change; nothing if not even all of them do.
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

fn keys(changes: &[ResourceChange]) -> BTreeSet<Key> {
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
