//! Folders, files and standard input -> [`SourceFile`]s.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use crate::source::SourceFile;

/// Reads all paths: folders with all below them, files, and `-` for standard input.
///
/// Of a folder, files ending in `.yaml`, `.yml` and `.json` are read, in the order of their names; links are followed,
/// loops are not. Hidden folders (`.git`, `.github`, `.vscode`) are not looked into. A file that several paths lead to is read once. What cannot be read is a [`SourceFile`] that says why.
pub fn read(paths: &[PathBuf]) -> Vec<SourceFile> {
    let mut found = Found::default();
    for path in paths {
        if path.as_os_str() == "-" {
            found.standard_input();
        } else if path.is_dir() {
            found.folder(path);
        } else {
            found.file(path.clone());
        }
    }
    let mut files: Vec<SourceFile> = found.files.par_iter().map(|path| read_file(path)).collect();
    files.extend(found.others);
    files
}

/// What the paths lead to.
#[derive(Default)]
struct Found {
    files: Vec<PathBuf>,
    /// The same without links, to see what is there twice.
    real: BTreeSet<PathBuf>,
    /// Standard input, and what cannot be read.
    others: Vec<SourceFile>,
    has_standard_input: bool,
}

impl Found {
    fn folder(&mut self, folder: &Path) {
        let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
        for entry in walk.filter_entry(|entry| entry.depth() == 0 || !is_hidden_folder(entry)) {
            match entry {
                Ok(entry) if entry.file_type().is_file() && is_manifest(entry.path()) => self.file(entry.into_path()),
                Ok(_) => {}
                // A link to a folder around it: what is in there is read already.
                Err(error) if error.loop_ancestor().is_some() => {}
                Err(error) => {
                    let path = error.path().unwrap_or(folder).display().to_string();
                    let reason = error.io_error().map_or_else(|| error.to_string(), reason);
                    self.others.push(SourceFile::unreadable(path, reason));
                }
            }
        }
    }

    fn file(&mut self, path: PathBuf) {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        if self.real.insert(real) {
            self.files.push(path);
        }
    }

    fn standard_input(&mut self) {
        if std::mem::replace(&mut self.has_standard_input, true) {
            return;
        }
        let mut bytes = Vec::new();
        let content = std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes).map_err(|error| reason(&error));
        self.others.push(SourceFile { path: "-".to_owned(), content });
    }
}

/// Says whether a file of a folder is read.
pub(super) fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

fn is_hidden_folder(entry: &walkdir::DirEntry) -> bool {
    entry.file_type().is_dir() && entry.file_name().to_str().is_some_and(|name| name.starts_with('.'))
}

fn read_file(path: &Path) -> SourceFile {
    let content = std::fs::read(path).map_err(|error| reason(&error));
    SourceFile { path: path.display().to_string(), content }
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
        let files = read(&[root.clone(), root.join("c.yaml"), root.join("b")]);
        assert_eq!(names(&files), [("a.yml".into(), Ok(2)), ("d.json".into(), Ok(3)), ("c.yaml".into(), Ok(1))]);
        // A file that is named is read whatever its ending.
        assert_eq!(names(&read(&[root.join("b/e.txt")])), [("e.txt".into(), Ok(0))]);
    }

    #[test]
    fn what_is_not_there_says_so() {
        let root = folder("missing");
        let files = read(&[root.join("nothing.yaml")]);
        assert_eq!(names(&files), [("nothing.yaml".into(), Err("no such file or directory"))]);
    }

    #[test]
    fn hidden_folders_are_not_looked_into() {
        let root = folder("hidden").join(".here");
        std::fs::create_dir_all(root.join(".git")).expect("can be written");
        std::fs::write(root.join("a.yaml"), "1").expect("can be written");
        std::fs::write(root.join(".git/b.yaml"), "1").expect("can be written");
        assert_eq!(names(&read(std::slice::from_ref(&root))), [("a.yaml".into(), Ok(1))]);
        assert_eq!(names(&read(&[root.join(".git")])), [("b.yaml".into(), Ok(1))]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_loops_are_not() {
        let root = folder("links");
        std::fs::write(root.join("a.yaml"), "1").expect("can be written");
        std::os::unix::fs::symlink(&root, root.join("loop")).expect("can be written");
        std::os::unix::fs::symlink(root.join("a.yaml"), root.join("b.yaml")).expect("can be written");
        std::os::unix::fs::symlink(root.join("gone"), root.join("c.yaml")).expect("can be written");
        let files = read(std::slice::from_ref(&root));
        assert_eq!(names(&files), [("a.yaml".into(), Ok(1)), ("c.yaml".into(), Err("no such file or directory"))]);
    }
}
