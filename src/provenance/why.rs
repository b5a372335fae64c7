//! From a field of a proxy to the values and objects that make it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::default::{self, Default};
use super::effect::{Cause, Effect, Outcome, Probe};
use super::leaf::{self, Leaf};
use super::place::{ObjectName, Place};
use super::sufficient;
use super::target::{self, Field, Target, TargetError};
use super::world::{Edit, World};
use crate::config_dump::Json;
use crate::diagnostic::{Diagnostics, Place as Label};
use crate::diff::{self, Kind};
use crate::pipeline::translate_one;
use crate::proxy;
use crate::source::ResourceRef;

/// Why a field is what it is.
#[derive(Debug, Clone)]
pub struct Answer {
    /// `<pod>.<namespace>`
    pub proxy: String,
    /// The field.
    pub field: Field,
    /// Values whose change changes the field, nearest first.
    pub set_by: Vec<Setting>,
    /// Values and objects without which the field, or its resource, is gone: grouped by object, nearest first.
    pub because_of: Vec<Place>,
    /// The value among these that the field's own holds, such as the name of a Service in a cluster's name.
    pub names: Option<Place>,
    /// Whose default it is, when no value of the input sets it.
    pub default: Option<Default>,
    /// What would have set it and was overridden.
    pub lost: Vec<Lost>,
}

/// A value that sets a field.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Where.
    pub place: Place,
    /// What it says; a secret's is `[redacted]`.
    pub value: Value,
    /// Another value, with which the field is another; nothing where only leaving the value out shows it.
    pub other: Option<Value>,
}

/// An object that lost to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// What does not count.
    pub place: Place,
    /// What counts instead.
    pub to: ObjectName,
}

/// Answers for the fields that the target names.
pub fn why(world: &World, target: &Target) -> Result<Vec<Answer>, TargetError> {
    let no_proxy = || TargetError::NoProxy(target.proxy.clone());
    let dump = world.variant(None, &[]).translate(&target.proxy).ok_or_else(no_proxy)?;
    let fields = target::fields(&dump, &target.field)?;
    Ok(fields.into_iter().filter_map(|field| one(world, &target.proxy, field)).collect())
}

/// Answers for every single value of the resource that the target names.
pub fn why_all(world: &World, target: &Target) -> Result<Vec<Answer>, TargetError> {
    let no_proxy = || TargetError::NoProxy(target.proxy.clone());
    let dump = world.variant(None, &[]).translate(&target.proxy).ok_or_else(no_proxy)?;
    let fields = target::fields(&dump, &target.field)?;
    Ok(fields.into_iter().flat_map(|field| all(world, &target.proxy, &field)).collect())
}

fn one(world: &World, proxy: &str, field: Field) -> Option<Answer> {
    let probe = Probe::new(world, proxy, field.kind, &field.name)?;
    let keep = sufficient::for_field(&probe, &[&field.name, proxy, &field.path], &field.path);
    let keep = with_namespaces(world, keep);
    let leaves = keep.iter().flat_map(|object| leaf::leaves(&world.manifests, *object)).collect();
    let matters = |outcome: &Outcome| outcome.of(&field.path) != Effect::Same;
    let causes = verified(&probe, probe.causes(&world.only(&keep), leaves, matters), matters);
    let objects = necessary(&probe, &keep, &field.path);
    let lost = lost(world, proxy, &involved(&causes, &objects));
    Some(answer(world, proxy, field, &causes, &objects, &lost))
}

/// The causes of all leaves of a field, found together.
fn all(world: &World, proxy: &str, field: &Field) -> Vec<Answer> {
    let Some(probe) = Probe::new(world, proxy, field.kind, &field.name) else { return Vec::new() };
    let keep = sufficient::for_field(&probe, &[&field.name, proxy, &field.path], &field.path);
    let keep = with_namespaces(world, keep);
    let leaves = keep.iter().flat_map(|object| leaf::leaves(&world.manifests, *object)).collect();
    let matters = |outcome: &Outcome| outcome.of(&field.path) != Effect::Same;
    let causes = verified(&probe, probe.causes(&world.only(&keep), leaves, matters), matters);
    let objects = necessary(&probe, &keep, &field.path);
    let lost = lost(world, proxy, &involved(&causes, &objects));
    let located = diff::locate(field.kind, probe.resource());
    let inside = located.iter().filter(|l| l.is_leaf() && super::effect::is_inside(&l.path, &field.path));
    inside
        .map(|l| Field { path: l.path.clone(), value: l.value.clone(), ..field.clone() })
        .map(|field| answer(world, proxy, field, &causes, &objects, &lost))
        .collect()
}

/// Adds the Namespaces of the objects: without one it is made up, so that leaving it out shows nothing, but its labels count.
fn with_namespaces(world: &World, mut keep: BTreeSet<ResourceRef>) -> BTreeSet<ResourceRef> {
    let name = |object: &ResourceRef| ObjectName::of(&world.manifests, *object);
    let namespaces: BTreeSet<String> = keep.iter().map(|object| name(object).namespace).collect();
    keep.extend(world.manifests.namespaces.iter().filter(|n| namespaces.contains(&n.meta.name)).map(|n| n.source));
    keep
}

/// Drops causes that change nothing in the whole input, where other objects may do the same.
fn verified(probe: &Probe<'_>, causes: Vec<Cause>, matters: impl Fn(&Outcome) -> bool + Sync) -> Vec<Cause> {
    use rayon::prelude::*;
    let again = |tried: Option<(Edit, Outcome)>| {
        let (edit, _) = tried?;
        let outcome = probe.observe(std::slice::from_ref(&edit)).filter(&matters)?;
        Some((edit, outcome))
    };
    let checked = causes.into_par_iter().map(|Cause { leaf, changed, removed }| Cause {
        changed: again(changed),
        removed: again(removed),
        leaf,
    });
    checked.filter(|cause| cause.changed.is_some() || cause.removed.is_some()).collect()
}

/// Returns the objects without which the field is gone or another, each alone, in the whole input.
fn necessary(probe: &Probe<'_>, keep: &BTreeSet<ResourceRef>, path: &str) -> Vec<(ResourceRef, Outcome)> {
    use rayon::prelude::*;
    let tried = keep.par_iter().filter_map(|object| {
        let outcome = probe.observe(&[Edit::without_object(*object)])?;
        (outcome.of(path) != Effect::Same).then_some((*object, outcome))
    });
    tried.collect()
}

/// Returns the objects that have to do with a field.
fn involved(causes: &[Cause], objects: &[(ResourceRef, Outcome)]) -> BTreeSet<ResourceRef> {
    objects.iter().map(|(object, _)| *object).chain(causes.iter().map(|cause| cause.leaf.object)).collect()
}

fn answer(
    world: &World,
    proxy: &str,
    field: Field,
    causes: &[Cause],
    objects: &[(ResourceRef, Outcome)],
    lost: &[Lost],
) -> Answer {
    let manifests = &world.manifests;
    let mut set_by: Vec<(&Leaf, Option<Value>)> = Vec::new();
    let mut because_of: Vec<&Leaf> = Vec::new();
    for Cause { leaf, changed, removed } in causes {
        let effect = |tried: &Option<(Edit, Outcome)>| {
            tried.as_ref().map_or(Effect::Same, |(_, outcome)| outcome.of(&field.path))
        };
        match (effect(changed), effect(removed)) {
            (Effect::Changed, _) => set_by.push((leaf, changed.as_ref().and_then(|(edit, _)| edit.value.clone()))),
            (_, Effect::Changed) => set_by.push((leaf, None)),
            (Effect::Gone, _) | (_, Effect::Gone) => because_of.push(leaf),
            (Effect::Same, Effect::Same) => {}
        }
    }
    set_by.sort_by_cached_key(|(leaf, _)| (distance(&field.path, &field.value, leaf), leaf.object, leaf.span));
    let mut there: BTreeMap<ResourceRef, Vec<(u8, Place)>> = BTreeMap::new();
    for (object, outcome) in objects {
        if outcome.of(&field.path) == Effect::Gone {
            there.entry(*object).or_default().push((FAR, leaf::object_place(manifests, *object)));
        }
    }
    for leaf in because_of {
        there.entry(leaf.object).or_default().push((distance(&field.path, &field.value, leaf), leaf.place(manifests)));
    }
    let names = nearest(&there);
    let default = (set_by.is_empty() && names.is_none()).then(|| default::of(world, &field));
    let set_by: Vec<Setting> = set_by
        .into_iter()
        .map(|(leaf, other)| Setting { place: leaf.place(manifests), value: leaf.shown_value(manifests), other })
        .collect();
    let (proxy, lost) = (proxy.to_owned(), lost.to_vec());
    Answer { proxy, field, set_by, because_of: by_distance(there), names, default, lost }
}

/// Returns the place whose value is part of the field's.
fn nearest(there: &BTreeMap<ResourceRef, Vec<(u8, Place)>>) -> Option<Place> {
    let all = there.values().flatten().filter(|(distance, _)| *distance < FAR);
    all.min_by_key(|(distance, place)| (*distance, !place.path.ends_with("name"))).map(|(_, place)| place.clone())
}

/// Puts the object with the value that is nearest to the field first; in each, the object comes before its values.
fn by_distance(there: BTreeMap<ResourceRef, Vec<(u8, Place)>>) -> Vec<Place> {
    let mut objects: Vec<Vec<(u8, Place)>> = there.into_values().collect();
    for places in &mut objects {
        places.sort_by_key(|(distance, place)| (!place.path.is_empty(), *distance));
    }
    objects.sort_by_key(|places| {
        let nearest = places.iter().map(|(distance, _)| *distance).min();
        let is_namespace = places.iter().any(|(_, place)| place.object.kind == "Namespace");
        (is_namespace, nearest)
    });
    objects.into_iter().flatten().map(|(_, place)| place).collect()
}

/// The distance of a value that has nothing to do with the field's own.
pub(super) const FAR: u8 = 4;

/// How far a value is from the field that it sets: the same value is nearest, then one whose name is that of the field.
pub(super) fn distance(path: &str, value: &Json, leaf: &Leaf) -> u8 {
    let text = |value: &Json| match value {
        Json::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    };
    let shown = text(value);
    let own = match &leaf.value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let word = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let last = |path: &str| word(path.rsplit(['.', '[']).next().unwrap_or_default());
    let same_name = last(path) == last(&leaf.shown_path());
    match (shown == own, same_name) {
        (true, true) => 0,
        (_, true) => 1,
        (true, false) => 2,
        // A short number would be part of many values by chance.
        _ if own.len() > 2 && own.contains(char::is_alphabetic) && shown.contains(&own) => 3,
        _ => FAR,
    }
}

/// What conflict findings know of objects that lost to one of those involved.
fn lost(world: &World, proxy: &str, involved: &BTreeSet<ResourceRef>) -> Vec<Lost> {
    let mesh = world.variant(None, &[]).mesh;
    let mut findings = mesh.findings.clone();
    if let Some(proxy) = proxy::proxy_named(&mesh, proxy) {
        let mut own = Diagnostics::default();
        translate_one(&mesh, &proxy, &mut own);
        findings.extend(own);
    }
    let mut out: Vec<Lost> = Vec::new();
    for finding in &findings {
        let mut labels = finding.labels.iter().filter_map(|label| match &label.place {
            Label::Field(object, path) => Some((*object, path)),
            Label::Span(_) => None,
        });
        let (Some((loser, path)), Some((winner, _))) = (labels.next(), labels.next()) else { continue };
        if loser == winner || !involved.contains(&winner) {
            continue;
        }
        let manifests = &world.manifests;
        let Some(span) = manifests.locate(loser, path) else { continue };
        let place = Place {
            object: ObjectName::of(manifests, loser),
            path: path.to_string(),
            file: manifests.sources.path(span.source).to_owned(),
            position: manifests.sources.position(span),
            span,
        };
        let lost = Lost { place, to: ObjectName::of(manifests, winner) };
        if !out.contains(&lost) {
            out.push(lost);
        }
    }
    out
}

/// The kinds of resources that a question may name.
pub const KINDS: [Kind; 6] =
    [Kind::Listener, Kind::Route, Kind::Cluster, Kind::Endpoint, Kind::Secret, Kind::Extension];
