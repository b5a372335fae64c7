//! `--watch`: looks again whenever a file changes, and marks what has come and what has gone.

use std::collections::BTreeMap;
use std::io::Write as _;

use super::args::Lint;
use super::{Looked, Setup, closed_is_fine, text};
use crate::cli::args::OutputFlags;
use crate::cli::{Outcome, guard, watch};
use crate::lint::{Memory, Reported};
use crate::visible::visible;

/// What was found, by what stays the same while lines come and go.
type Findings = BTreeMap<(String, usize), String>;

/// Runs until it is stopped.
pub(super) fn run(arguments: &Lint, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    let memory = Memory::default();
    let mut before: Option<Findings> = None;
    let paths = arguments.paths.iter().chain(&arguments.render.kustomize).chain(&arguments.render.helm);
    let paths: Vec<_> = paths.cloned().collect();
    watch::run(&paths, |changed| {
        guard::again();
        let looked = Setup::new(arguments).and_then(|mut setup| setup.look(arguments, &arguments.paths, &memory));
        let looked = match looked {
            Ok(looked) => looked,
            // Half a file, as an editor may leave it, is no reason to stop.
            Err(error) if before.is_some() => {
                anstream::eprintln!("meshc: {}", visible(&format!("{error:#}")));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if let Some(name) = changed {
            anstream::eprintln!("\n{} has changed", visible(name));
        }
        let now = findings(&looked);
        let mut out = anstream::stdout().lock();
        match &before {
            None => closed_is_fine(text::write(&looked.found.told, &looked.sources, &mut out))?,
            Some(before) => {
                for (_, line) in now.iter().filter(|(key, _)| !before.contains_key(*key)) {
                    closed_is_fine(writeln!(out, "+ {line}"))?;
                }
                for (_, line) in before.iter().filter(|(key, _)| !now.contains_key(*key)) {
                    closed_is_fine(writeln!(out, "- {line}"))?;
                }
            }
        }
        closed_is_fine(out.flush())?;
        before = Some(now);
        looked.summary(arguments, flags)
    })?;
    Ok(Outcome::Fine)
}

fn findings(looked: &Looked) -> Findings {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let line = |one: &Reported| text::short(one, &looked.sources);
    let entry = |one: &Reported| {
        let count = counts.entry(one.fingerprint()).or_default();
        *count += 1;
        ((one.fingerprint(), *count), format!("{} {}", one.level().as_str().to_lowercase(), line(one)))
    };
    looked.found.told.iter().map(entry).collect()
}
