//! `--each`: every folder for itself, as one cluster or environment; what is found in all of them is told once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::args::{Format, Lint, Output};
use super::{Found, Looked, Setup, closed_is_fine, text, write};
use crate::cli::glob;
use crate::diagnostic::{Diagnostics, Place};
use crate::lint::{Memory, Reported};
use crate::source::{SourceId, Sources, Span};
use crate::visible::visible;

/// What is the same in several folders.
type Same = (&'static str, String, String, String);

/// Looks at each folder that matches, and writes what is found by folder.
pub(super) fn look(setup: &mut Setup, arguments: &Lint) -> anyhow::Result<Looked> {
    let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
    for pattern in &arguments.each {
        let matching = matching(Path::new(pattern));
        anyhow::ensure!(!matching.is_empty(), "no folder matches {pattern}");
        folders.extend(matching);
    }
    let mut sources = Sources::default();
    let mut all = Found::default();
    let mut notes = Diagnostics::default();
    let mut by_folder: Vec<(String, Vec<Reported>)> = Vec::new();
    let mut made_up: BTreeSet<String> = BTreeSet::new();
    let mut is_empty = true;
    for folder in &folders {
        let looked = setup.look(arguments, std::slice::from_ref(folder), &Memory::default())?;
        is_empty &= looked.is_empty;
        let Looked { found, notes: own_notes, made_up: own_gateways, .. } = moved(looked, &mut sources);
        notes.extend(own_notes);
        made_up.extend(own_gateways);
        by_folder.push((folder.display().to_string(), found.told));
        all.suppressed.extend(found.suppressed);
        all.false_alarms.extend(found.false_alarms);
        all.unchecked.extend(found.unchecked);
        all.unfinished.extend(found.unfinished);
    }
    let groups = groups(by_folder);
    all.told = groups.iter().flat_map(|(_, told)| told.iter().cloned()).collect();
    for output in &arguments.output {
        match output {
            Output { format: Format::Text, file: None } => {
                let mut out = anstream::stdout().lock();
                for (title, told) in groups.iter().filter(|(_, told)| !told.is_empty()) {
                    closed_is_fine(writeln!(out, "== {}\n", visible(title)))?;
                    closed_is_fine(text::write(told, &sources, &mut out))?;
                }
            }
            output => write(output, &all, &sources, arguments, setup.fail_on)?,
        }
    }
    Ok(Looked { found: all, sources, notes, made_up: made_up.into_iter().collect(), is_empty })
}

/// Takes what all folders have out of them: it comes last, once.
fn groups(mut by_folder: Vec<(String, Vec<Reported>)>) -> Vec<(String, Vec<Reported>)> {
    let number = by_folder.len();
    if number < 2 {
        return by_folder;
    }
    let key =
        |one: &Reported| -> Same { (one.rule.code, one.resource.clone(), one.field.clone(), one.message.clone()) };
    let mut seen: BTreeMap<Same, usize> = BTreeMap::new();
    for (_, told) in &by_folder {
        let own: BTreeSet<Same> = told.iter().map(key).collect();
        for same in own {
            *seen.entry(same).or_default() += 1;
        }
    }
    let is_common = |one: &Reported| seen.get(&key(one)) == Some(&number);
    let common = by_folder.first().map(|(_, told)| told.iter().filter(|one| is_common(one)).cloned().collect());
    for (_, told) in &mut by_folder {
        told.retain(|one| !is_common(one));
    }
    by_folder.push((format!("in all {number} folders"), common.unwrap_or_default()));
    by_folder
}

/// Moves the files of one look to those of all.
fn moved(mut looked: Looked, sources: &mut Sources) -> Looked {
    let own = std::mem::take(&mut looked.sources);
    let ids: BTreeMap<SourceId, SourceId> =
        own.ids().map(|id| (id, sources.add(own.path(id).to_owned(), own.text(id).to_owned()))).collect();
    let mut lead = |span: &mut Span| span.source = ids.get(&span.source).copied().unwrap_or(span.source);
    let Found { told, suppressed, false_alarms, unchecked, unfinished } = &mut looked.found;
    for one in told.iter_mut().chain(suppressed).chain(false_alarms).chain(unchecked) {
        one.spans().for_each(&mut lead);
    }
    for (span, _) in unfinished {
        lead(span);
    }
    for label in looked.notes.iter_mut().flat_map(|one| &mut one.labels) {
        if let Place::Span(span) = &mut label.place {
            lead(span);
        }
    }
    looked
}

/// Returns the folders that match a pattern, in which `*` and `?` stand for a part of one name.
fn matching(pattern: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::from([PathBuf::new()]);
    for step in pattern.components() {
        let name = step.as_os_str().to_string_lossy();
        let mut next = BTreeSet::new();
        for folder in found {
            if !glob::is_pattern(&name) {
                next.extend(Some(folder.join(&*name)).filter(|path| path.is_dir()));
                continue;
            }
            let here = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
            for entry in std::fs::read_dir(here).into_iter().flatten().filter_map(Result::ok) {
                let own = entry.file_name().to_string_lossy().into_owned();
                if entry.path().is_dir() && !own.starts_with('.') && glob::matches(&name, &own) {
                    next.insert(folder.join(own));
                }
            }
        }
        found = next;
    }
    found.retain(|path| !path.as_os_str().is_empty());
    found
}
