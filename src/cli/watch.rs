//! Runs something again whenever a file changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::visible::visible;

/// How often files are looked at.
const PERIOD: Duration = Duration::from_millis(20);

/// How deep folders are looked into.
const DEPTH: usize = 32;

/// When a file was last written, and how long it is.
type Stamp = (Option<SystemTime>, u64);

/// Runs a function at once, and then whenever a file of the paths has changed, with its name; returns when the function fails.
///
/// Several changes at once are one: it waits until nothing changes any more.
pub(super) fn run(paths: &[PathBuf], mut act: impl FnMut(Option<&str>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    anyhow::ensure!(!paths.iter().any(|path| path.as_os_str() == "-"), "standard input cannot be watched");
    let mut known = stamps(paths);
    act(None)?;
    loop {
        std::thread::sleep(PERIOD);
        let mut now = stamps(paths);
        if now == known {
            continue;
        }
        let changed = first_difference(&known, &now);
        loop {
            std::thread::sleep(PERIOD);
            let later = stamps(paths);
            if later == now {
                break;
            }
            now = later;
        }
        known = now;
        act(changed.as_deref())?;
    }
}

fn stamps(paths: &[PathBuf]) -> BTreeMap<PathBuf, Stamp> {
    let mut out = BTreeMap::new();
    for path in paths {
        collect(path, 0, &mut out);
    }
    out
}

fn collect(path: &Path, depth: usize, out: &mut BTreeMap<PathBuf, Stamp>) {
    let Ok(metadata) = std::fs::metadata(path) else { return };
    if !metadata.is_dir() {
        out.insert(path.to_owned(), (metadata.modified().ok(), metadata.len()));
        return;
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().filter_map(Result::ok) {
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if !is_hidden && !is_link && depth < DEPTH {
            collect(&entry.path(), depth + 1, out);
        }
    }
}

/// Returns the name of a file that is in one of the two only, or differs.
fn first_difference(before: &BTreeMap<PathBuf, Stamp>, after: &BTreeMap<PathBuf, Stamp>) -> Option<String> {
    let written = after.iter().find(|(path, stamp)| before.get(*path) != Some(*stamp)).map(|(path, _)| path);
    let gone = before.keys().find(|path| !after.contains_key(*path));
    written.or(gone).map(|path| path.display().to_string())
}

/// Runs this program again with the same arguments but for `--watch`, whenever a file changes.
pub(super) fn run_again(paths: &[PathBuf]) -> anyhow::Result<()> {
    let program = std::env::current_exe()?;
    let arguments: Vec<_> = std::env::args_os().skip(1).filter(|argument| argument != "--watch").collect();
    run(paths, |changed| {
        if let Some(name) = changed {
            anstream::eprintln!("\n{} has changed", visible(name));
        }
        std::process::Command::new(&program).args(&arguments).status()?;
        Ok(())
    })
}
