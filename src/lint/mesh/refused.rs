//! Objects that the API server would refuse or that are defined twice, and files that cannot be read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Diagnostics, Place, Severity};
use crate::ingest::{self, Manifests, Named};
use crate::lint::{Reported, Rule, apart, context, rules};
use crate::source::{SourceId, Sources, Span};

/// The objects of files in which something was found.
type Objects = BTreeMap<SourceId, Vec<Named>>;

/// Returns what reading has found, but for what istiod's webhook says: IST0106 and IST0133 are that.
pub(in crate::lint) fn refused(diagnostics: &Diagnostics, manifests: &Manifests) -> Vec<Reported> {
    let sources = &manifests.sources;
    let mut objects = Objects::new();
    let mut out = Vec::new();
    let mut twice = Vec::new();
    for diagnostic in diagnostics {
        let rule = match diagnostic.severity {
            _ if diagnostic.code == ingest::DUPLICATE => {
                twice.push(diagnostic);
                continue;
            }
            Severity::Error if !ingest::is_of_webhook(diagnostic.code) => &rules::MESHC0001,
            _ => continue,
        };
        let mut one = reported(rule, diagnostic, &mut objects, sources);
        one.unchecked = one.span.and_then(|span| unfinished(manifests, span));
        out.push(one);
    }
    // Bases, overlays and components of Kustomize are never all applied.
    let is_kustomized =
        |one: &&Diagnostic| places(one).any(|(span, _)| manifests.kustomized.contains_key(&span.source));
    twice.retain(|one| !is_kustomized(one));
    out.extend(duplicates(&twice, &mut objects, sources));
    out
}

/// Says why what is found at a place is not judged: the object there has values that are not filled in.
fn unfinished(manifests: &Manifests, place: Span) -> Option<String> {
    let holds = |span: &Span| span.source == place.source && span.start <= place.start && place.start < span.end;
    let (_, found) = manifests.unfinished.iter().find(|(span, _)| holds(span))?;
    Some(format!("{found} has no value yet"))
}

/// What is in a file of the flags has no place.
fn reported(rule: &'static Rule, diagnostic: &Diagnostic, objects: &mut Objects, sources: &Sources) -> Reported {
    let span = diagnostic.first_span();
    let object = span.and_then(|span| object(objects, span, sources).cloned());
    let named = object.as_ref().map(|Named { kind, namespace, name, .. }| context::resource(kind, namespace, name));
    Reported {
        rule,
        checks: vec!["reading"],
        resource: named.unwrap_or_else(|| span.map_or(diagnostic.code, |span| sources.path(span.source)).to_owned()),
        message: if diagnostic.code == rule.name {
            diagnostic.message.clone()
        } else {
            format!("{} ({})", diagnostic.message, diagnostic.code)
        },
        line: span.map(|span| sources.position(span).line),
        field: String::new(),
        span,
        related: places(diagnostic).skip(1).map(|(span, text)| (span, text.to_owned())).collect(),
        help: diagnostic.help.clone(),
        false_alarm: None,
        unchecked: None,
        suppressed: None,
        object: object.map(|object| object.span),
    }
}

fn object<'o>(objects: &'o mut Objects, place: Span, sources: &Sources) -> Option<&'o Named> {
    let of_file = objects.entry(place.source).or_insert_with(|| ingest::names(sources, place.source));
    of_file.iter().find(|object| object.span.start <= place.start && place.start < object.span.end)
}

fn places(diagnostic: &Diagnostic) -> impl Iterator<Item = (Span, &str)> {
    diagnostic.labels.iter().filter_map(|label| match label.place {
        Place::Span(span) => Some((span, label.text.as_str())),
        Place::Field(..) => None,
    })
}

/// Folders beside each other that define the same objects, and what was said of each object: whether it is alone.
type Siblings<'a> = (BTreeSet<String>, Vec<(&'a Diagnostic, bool)>);

/// Says of each object that it is defined twice; of folders beside each other that define the same ones, once of all.
fn duplicates(all: &[&Diagnostic], objects: &mut Objects, sources: &Sources) -> Vec<Reported> {
    let mut out = Vec::new();
    let mut single: Vec<Reported> = Vec::new();
    let mut siblings: BTreeMap<PathBuf, Siblings> = BTreeMap::new();
    for diagnostic in all {
        let spans: Vec<Span> = places(diagnostic).map(|(span, _)| span).collect();
        let Some((used, replaced)) = spans.split_first().filter(|(_, replaced)| !replaced.is_empty()) else {
            out.push(reported(&rules::MESHC0002, diagnostic, objects, sources));
            continue;
        };
        let text = |objects: &mut Objects, span: &Span| {
            object(objects, *span, sources).map(|object| sources.slice(object.span).trim_end())
        };
        let first = text(objects, used);
        // Copies are the same whichever counts.
        let are_copies = first.is_some() && replaced.iter().all(|one| text(objects, one) == first);
        let path = |span: &Span| Path::new(sources.path(span.source));
        let apart: Vec<_> = replaced.iter().filter_map(|one| apart::folders(path(used), path(one))).collect();
        // Folders of one namespace often repeat it.
        let is_trivial = are_copies && diagnostic.message.starts_with("Namespace ");
        if apart.is_empty() && !are_copies {
            single.push(reported(&rules::MESHC0002, diagnostic, objects, sources));
        }
        for (index, (above, folders)) in apart.into_iter().enumerate() {
            let (known, of_folder) = siblings.entry(above).or_default();
            known.extend(folders);
            if index == 0 {
                of_folder.push((*diagnostic, is_trivial));
            }
        }
    }
    out.extend(of_objects(single));
    siblings.retain(|_, (_, of_folder)| !of_folder.iter().all(|(_, is_trivial)| *is_trivial));
    let others = siblings.len().saturating_sub(1);
    let largest = siblings.into_iter().max_by_key(|(_, (_, of_folder))| of_folder.len());
    out.extend(largest.into_iter().filter_map(|(above, (folders, of_folder))| {
        let mut names =
            of_folder.iter().filter_map(|(diagnostic, _)| object(objects, diagnostic.first_span()?, sources).cloned());
        let distinct: BTreeSet<String> = names
            .by_ref()
            .map(|Named { kind, namespace, name, .. }| context::resource(&kind, &namespace, &name))
            .collect();
        let first = of_folder.iter().map(|(diagnostic, _)| *diagnostic).min_by_key(|one| one.first_span())?;
        Some(of_folders(
            &above,
            &folders,
            (distinct.len(), others),
            reported(&rules::MESHC0002, first, objects, sources),
        ))
    }));
    out
}

/// Says of each object once that it is defined more than once: alternatives in one folder may be many.
fn of_objects(all: Vec<Reported>) -> Vec<Reported> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in &all {
        *counts.entry(one.resource.clone()).or_default() += 1;
    }
    let mut out: Vec<Reported> = Vec::new();
    for mut one in all {
        match counts.remove(&one.resource) {
            Some(1) => out.push(one),
            Some(count) => {
                one.message = format!("{} ({} definitions in all)", one.message, count + 1);
                out.push(one);
            }
            None => {}
        }
    }
    out
}

fn of_folders(
    above: &Path,
    folders: &BTreeSet<String>,
    (objects, others): (usize, usize),
    first: Reported,
) -> Reported {
    const SHOWN: usize = 4;
    let path = |name: &str| above.join(name).display().to_string();
    let names: Vec<String> = folders.iter().take(SHOWN).map(|name| format!("`{}`", path(name))).collect();
    let more = if folders.len() > SHOWN { format!(" and {} more", folders.len() - SHOWN) } else { String::new() };
    let same = if objects == 1 { "the same object".to_owned() } else { format!("the same {objects} objects") };
    let message = format!("{} folders define {same}: {}{more}", folders.len(), names.join(", "));
    let message = match others {
        0 => message,
        1 => format!("{message} (and folders in 1 more place do so)"),
        others => format!("{message} (and folders in {others} more places do so)"),
    };
    let example = folders.first().map(|name| path(name)).unwrap_or_default();
    let help = format!("lint them one at a time (`meshc lint {example}`), or all with `--each '{}'`", path("*"));
    Reported { message, help: Some(help), ..first }
}
