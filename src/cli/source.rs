//! Folders, files and standard input -> [`SourceFile`]s.
//!
//! What is in a folder was written by whoever sends manifests, links included: a link is followed only to what is inside of the
//! given paths, only regular files are read, and [`Limits`] hold.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use rayon::prelude::*;

use super::guard;
pub use super::limits::Limits;
use super::limits::Spent;
use crate::source::SourceFile;

/// Reads all paths: folders with all below them, files, and `-` for standard input.
///
/// Of a folder, files ending in `.yaml`, `.yml` and `.json` are read, in the order of their names. Hidden folders (`.git`,
/// `.github`, `.vscode`) are not looked into. A file that several paths lead to is read once. What cannot be read is a
/// [`SourceFile`] that says why.
///
/// # Errors
///
/// When the input is more than the limits allow.
pub fn read(paths: &[PathBuf], limits: &Limits) -> anyhow::Result<Vec<SourceFile>> {
    let mut found = Found { limits: limits.clone(), ..Found::default() };
    for (argument, path) in paths.iter().enumerate() {
        found.argument = argument;
        found.given(path)?;
    }
    found.links.make_contiguous().sort();
    while let Some((link, argument)) = found.links.pop_front() {
        found.argument = argument;
        found.link(&link)?;
    }
    let total = AtomicU64::new(0);
    let read = |(path, argument): &(PathBuf, usize)| {
        let content = regular_file(path, limits.file_size, Pipes::OnlyOurs);
        if let Ok(bytes) = &content {
            let before = total.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            Spent::default().bytes(before.saturating_add(bytes.len() as u64), limits)?;
            guard::read(&path.display().to_string(), bytes.len());
        }
        Ok(SourceFile { path: path.display().to_string(), content, argument: *argument })
    };
    let mut files = found.files.par_iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
    files.extend(found.others);
    Ok(files)
}

/// Reads one file that a flag names.
pub(super) fn named(path: &Path, limits: &Limits) -> anyhow::Result<Vec<u8>> {
    let content = real_path(path).and_then(|_| regular_file(path, limits.file_size, Pipes::OnlyOurs));
    counted(path, content)
}

/// Reads one file that a file of this folder names, or that is looked for in it: it has to be inside.
pub(super) fn named_inside(folder: &Path, path: &Path, limits: &Limits) -> anyhow::Result<Vec<u8>> {
    let read = || {
        let root = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let root = root.canonicalize().map_err(|error| reason(&error))?;
        let real = path.canonicalize().map_err(|error| reason(&error))?;
        if !real.starts_with(&root) {
            return Err(format!("it is not inside of {}", root.display()));
        }
        regular_file(&real, limits.file_size, Pipes::None)
    };
    counted(path, read())
}

/// Reads standard input.
pub(super) fn standard_input(limits: &Limits) -> anyhow::Result<Vec<u8>> {
    counted(Path::new("-"), at_most(std::io::stdin().lock(), limits.file_size))
}

fn counted(path: &Path, content: Result<Vec<u8>, String>) -> anyhow::Result<Vec<u8>> {
    let bytes = content.map_err(anyhow::Error::msg).with_context(|| format!("cannot read {}", path.display()))?;
    guard::read(&path.display().to_string(), bytes.len());
    Ok(bytes)
}

/// What the paths lead to.
#[derive(Default)]
struct Found {
    limits: Limits,
    spent: Spent,
    /// The given paths, without links.
    roots: Vec<PathBuf>,
    /// Each with the argument that leads to it.
    files: Vec<(PathBuf, usize)>,
    /// Files and folders without links, to see what is there twice.
    real: BTreeSet<PathBuf>,
    /// Links, which are followed when all folders were read: what they lead to has a name of its own most times.
    links: VecDeque<(PathBuf, usize)>,
    /// Standard input, and what cannot be read.
    others: Vec<SourceFile>,
    has_standard_input: bool,
    /// Which argument is followed.
    argument: usize,
}

impl Found {
    fn given(&mut self, path: &Path) -> anyhow::Result<()> {
        if path.as_os_str() == "-" {
            self.standard_input();
            return Ok(());
        }
        match real_path(path) {
            Ok(real) if real.is_dir() => {
                self.roots.push(real.clone());
                self.folder(path, real)
            }
            Ok(real) => {
                self.roots.push(real.clone());
                self.file(path.to_owned(), real)
            }
            Err(reason) => {
                self.unreadable(path, reason);
                Ok(())
            }
        }
    }

    fn folder(&mut self, path: &Path, real: PathBuf) -> anyhow::Result<()> {
        let mut left = vec![(path.to_owned(), real, true)];
        while let Some((path, real, is_folder)) = left.pop() {
            if !is_folder {
                self.file(path, real)?;
                continue;
            }
            if !self.real.insert(real.clone()) {
                continue;
            }
            self.spent.file(&self.limits)?;
            let mut entries = match std::fs::read_dir(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
                Ok(entries) => entries,
                Err(error) => {
                    self.unreadable(&path, reason(&error));
                    continue;
                }
            };
            // The first name is on top.
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.file_name()));
            for entry in entries {
                let (inner, real) = (entry.path(), real.join(entry.file_name()));
                match entry.file_type() {
                    Ok(sort) if sort.is_symlink() => self.links.push_back((inner, self.argument)),
                    Ok(sort) if sort.is_dir() && !is_hidden(&inner) => left.push((inner, real, true)),
                    Ok(sort) if sort.is_dir() => {}
                    _ if is_manifest(&inner) => left.push((inner, real, false)),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Follows a link of a folder.
    fn link(&mut self, path: &Path) -> anyhow::Result<()> {
        let real = match path.canonicalize() {
            Ok(real) => real,
            Err(error) => {
                if is_manifest(path) {
                    self.unreadable(path, reason(&error));
                }
                return Ok(());
            }
        };
        let is_folder = real.is_dir();
        if (is_folder && is_hidden(path)) || !(is_folder || is_manifest(path)) {
            return Ok(());
        }
        if !self.roots.iter().any(|root| real.starts_with(root)) {
            self.unreadable(
                path,
                "a link that leads out of the given paths; name what it leads to if it is to be read",
            );
            return Ok(());
        }
        if is_folder { self.folder(path, real) } else { self.file(path.to_owned(), real) }
    }

    fn file(&mut self, path: PathBuf, real: PathBuf) -> anyhow::Result<()> {
        if self.real.insert(real) {
            self.spent.file(&self.limits)?;
            self.files.push((path, self.argument));
        }
        Ok(())
    }

    fn standard_input(&mut self) {
        if std::mem::replace(&mut self.has_standard_input, true) {
            return;
        }
        let content = standard_input(&self.limits).map_err(|error| error.root_cause().to_string());
        self.others.push(SourceFile { path: "-".to_owned(), content, argument: self.argument });
    }

    fn unreadable(&mut self, path: &Path, reason: impl Into<String>) {
        let file = SourceFile::unreadable(path.display().to_string(), reason);
        self.others.push(SourceFile { argument: self.argument, ..file });
    }
}

/// Whether a file is read.
pub(super) fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.'))
}

/// Returns a path that was typed, without links, or why it is not read.
///
/// Who types `manifests` means what is in the working directory; a link of this name that leads out of it is the work of others.
fn real_path(path: &Path) -> Result<PathBuf, String> {
    if is_ours(path) {
        return Ok(path.to_owned());
    }
    let real = path.canonicalize().map_err(|error| reason(&error))?;
    if let Some((here, _)) = below_here(path)
        && !real.starts_with(&here)
    {
        return Err(format!(
            "a link that leads out of the working directory; name {} if it is to be read",
            real.display()
        ));
    }
    Ok(real)
}

/// Returns the working directory and what a path is in it, if it is in there by its name.
pub(super) fn below_here(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok()?;
    if !path.is_absolute() {
        let leaves = path.components().any(|component| component == Component::ParentDir);
        return (!leaves).then(|| (here, path.to_owned()));
    }
    let is_here = |folder: &&Path| folder.canonicalize().is_ok_and(|real| real == here);
    let rest = path.strip_prefix(path.ancestors().filter(is_here).last()?).ok()?.to_owned();
    Some((here, rest))
}

/// Whether a path is an open file of this process (`<(...)` of a shell), which no one else can have named.
fn is_ours(path: &Path) -> bool {
    ["/dev/fd", "/proc/self/fd"].iter().any(|folder| path.parent() == Some(Path::new(folder)))
        || path == Path::new("/dev/stdin")
}

/// Whether a pipe is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pipes {
    /// Only one that the shell has opened for us.
    OnlyOurs,
    /// Never.
    None,
}

/// Reads a regular file of at most this many bytes, or says why not.
fn regular_file(path: &Path, limit: u64, pipes: Pipes) -> Result<Vec<u8>, String> {
    let is_read = |metadata: &Metadata| metadata.is_file() || (pipes == Pipes::OnlyOurs && is_ours(path));
    let refused = "not a regular file".to_owned();
    // Opening a pipe would wait for whoever writes into it.
    let before = std::fs::metadata(path).map_err(|error| reason(&error))?;
    if !is_read(&before) {
        return Err(if before.is_dir() { "it is a folder".to_owned() } else { refused });
    }
    let file = File::open(path).map_err(|error| reason(&error))?;
    let metadata = file.metadata().map_err(|error| reason(&error))?;
    if !is_read(&metadata) {
        return Err(refused);
    }
    // A file that says it is too large is not read at all; one that says less is read up to the limit.
    if metadata.is_file() && metadata.len() > limit {
        return Err(super::limits::too_large(limit));
    }
    at_most(file, limit)
}

fn at_most(input: impl std::io::Read, limit: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    input.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    if bytes.len() as u64 > limit { Err(super::limits::too_large(limit)) } else { Ok(bytes) }
}

/// Returns an error's text without the operating system's number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own under the build folder.
    fn folder(name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-source").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the build folder can be written");
        folder
    }

    fn read_all(paths: &[PathBuf]) -> Vec<SourceFile> {
        read(paths, &Limits::default()).expect("the limits are not met")
    }

    fn names(files: &[SourceFile]) -> Vec<(String, Result<usize, &str>)> {
        let name =
            |path: &str| Path::new(path).file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
        files
            .iter()
            .map(|file| (name(&file.path), file.content.as_ref().map(Vec::len).map_err(String::as_str)))
            .collect()
    }

    #[test]
    fn folders_are_read_in_order_and_files_once() {
        let root = folder("order");
        std::fs::create_dir_all(root.join("b")).expect("can be written");
        for (name, text) in [("c.yaml", "1"), ("a.yml", "12"), ("b/d.json", "123"), ("b/e.txt", ""), ("f.YAML", "")] {
            std::fs::write(root.join(name), text).expect("can be written");
        }
        let files = read_all(&[root.clone(), root.join("c.yaml"), root.join("b")]);
        assert_eq!(names(&files), [("a.yml".into(), Ok(2)), ("d.json".into(), Ok(3)), ("c.yaml".into(), Ok(1))]);
        // A file that is named is read whatever its ending.
        assert_eq!(names(&read_all(&[root.join("b/e.txt")])), [("e.txt".into(), Ok(0))]);
    }

    #[test]
    fn what_is_not_there_says_so() {
        let root = folder("missing");
        let files = read_all(&[root.join("nothing.yaml")]);
        assert_eq!(names(&files), [("nothing.yaml".into(), Err("no such file or directory"))]);
    }

    #[test]
    fn hidden_folders_are_not_looked_into() {
        let root = folder("hidden").join(".here");
        std::fs::create_dir_all(root.join(".git")).expect("can be written");
        std::fs::write(root.join("a.yaml"), "1").expect("can be written");
        std::fs::write(root.join(".git/b.yaml"), "1").expect("can be written");
        assert_eq!(names(&read_all(std::slice::from_ref(&root))), [("a.yaml".into(), Ok(1))]);
        assert_eq!(names(&read_all(&[root.join(".git")])), [("b.yaml".into(), Ok(1))]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_loops_are_not() {
        let root = folder("links");
        std::fs::write(root.join("a.yaml"), "1").expect("can be written");
        std::os::unix::fs::symlink(&root, root.join("loop")).expect("can be written");
        std::os::unix::fs::symlink(root.join("a.yaml"), root.join("b.yaml")).expect("can be written");
        std::os::unix::fs::symlink(root.join("gone"), root.join("c.yaml")).expect("can be written");
        let files = read_all(std::slice::from_ref(&root));
        assert_eq!(names(&files), [("a.yaml".into(), Ok(1)), ("c.yaml".into(), Err("no such file or directory"))]);
    }
}
