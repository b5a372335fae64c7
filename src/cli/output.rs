//! Files that are written: whole or not at all, and never where a link leads.
//!
//! A file is written beside its place under another name, and renamed when it is complete. Signals that end the program remove
//! what is not complete.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;

use super::guard;
use super::source::below_here;

/// Size of the buffer before a file.
const BUFFER: usize = 1 << 20;

/// Files that are not complete.
static INCOMPLETE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Makes a folder to write into.
pub(super) fn folder(path: &Path) -> anyhow::Result<()> {
    let make = || {
        no_links(path)?;
        Ok::<_, anyhow::Error>(fs::create_dir_all(path)?)
    };
    make().with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Writes a file, whole or not at all.
pub(super) fn file(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    end_well_on_signals();
    replace(path, write).with_context(|| format!("cannot write {}", path.display()))
}

fn replace(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    no_links(path)?;
    let before = fs::symlink_metadata(path).ok();
    anyhow::ensure!(before.as_ref().is_none_or(fs::Metadata::is_file), "it is there, and no regular file");
    let incomplete = Incomplete::new(path)?;
    let mut out =
        BufWriter::with_capacity(BUFFER, OpenOptions::new().write(true).create_new(true).open(&incomplete.0)?);
    if let Some(before) = before {
        out.get_ref().set_permissions(before.permissions())?;
    }
    write(&mut out)?;
    out.flush()?;
    guard::wrote(out.get_ref().metadata()?.len())?;
    drop(out);
    Ok(fs::rename(&incomplete.0, path)?)
}

/// A file that is being written; removed when it is dropped, unless it has got its name.
struct Incomplete(PathBuf);

impl Incomplete {
    fn new(path: &Path) -> anyhow::Result<Self> {
        let name = path.file_name().context("not a file name")?.to_string_lossy();
        let number = std::process::id();
        let place = |count: u32| path.with_file_name(format!(".{name}.{number}-{count}.incomplete"));
        let free = (0..1000).map(place).find(|place| place.symlink_metadata().is_err());
        let free = free.context("there are too many incomplete files beside it")?;
        lock().insert(free.clone());
        Ok(Self(free))
    }
}

impl Drop for Incomplete {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
        lock().remove(&self.0);
    }
}

fn lock() -> std::sync::MutexGuard<'static, BTreeSet<PathBuf>> {
    INCOMPLETE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes what is not complete, and ends the program before another file is begun.
pub(super) fn abandon(end: impl FnOnce() -> std::convert::Infallible) -> ! {
    let incomplete = lock();
    for path in incomplete.iter() {
        let _ = fs::remove_file(path);
    }
    match end() {}
}

/// Refuses a path of which a part in the working directory is a link, or which is one itself: who sends manifests may have made it.
fn no_links(path: &Path) -> anyhow::Result<()> {
    let (root, rest) = match below_here(path) {
        Some((_, rest)) if path.is_absolute() => {
            let above = path.ancestors().nth(rest.components().count()).unwrap_or(path);
            (above.to_owned(), rest)
        }
        Some((_, rest)) => (PathBuf::new(), rest),
        None => {
            let folder = path.parent().unwrap_or(path);
            (folder.to_owned(), path.file_name().map(PathBuf::from).unwrap_or_default())
        }
    };
    let mut part = root;
    for name in rest.components() {
        part.push(name);
        let is_link = part.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        anyhow::ensure!(!is_link, "{} is a link, and meshc writes where no link leads", part.display());
    }
    Ok(())
}

/// Sees to it that a signal leaves no incomplete file and no running program behind. Once: later calls do nothing.
#[cfg(unix)]
pub(super) fn end_well_on_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let (ready, is_ready) = std::sync::mpsc::channel::<()>();
        let wait = move || {
            // In the thread: where none can be started, signals end the program as ever.
            let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM]) else { return };
            drop(ready);
            for signal in signals.forever() {
                super::program::stop();
                // Held until the end, so that no other thread begins a file.
                let incomplete = lock();
                for path in incomplete.iter() {
                    let _ = fs::remove_file(path);
                }
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        };
        let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(wait);
        // A signal that comes before that would leave what is begun after it. The channel closes without a thread, too.
        let _ = is_ready.recv();
    });
}

#[cfg(not(unix))]
pub(super) fn end_well_on_signals() {}
