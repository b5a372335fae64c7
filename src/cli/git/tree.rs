//! What is at a path of a revision.
//!
//! Links are followed here, by the list of all files: they may lead to any file of the revision, and never out of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::command::Repository;
use super::objects::{Objects, Refusal};
use crate::cli::guard;
use crate::cli::limits::{Limits, Spent, too_large};
use crate::cli::source;
use crate::source::SourceFile;

/// Links that follow each other; as many as Linux allows.
const MAX_LINKS: usize = 40;

/// An entry of a tree.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    sort: Sort,
    hash: String,
}

/// What an entry is, by its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    File,
    Link,
    Folder,
    /// A submodule, of which the revision only has the hash.
    Repository,
}

/// Reads files of one revision, each once.
pub(super) struct Reader<'r> {
    repository: &'r Repository,
    commit: String,
    wanted: Vec<(String, Entry)>,
    names: BTreeSet<String>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(repository: &'r Repository, commit: String) -> Self {
        Self { repository, commit, wanted: Vec::new(), names: BTreeSet::new() }
    }

    /// Adds a file, or all manifests below a folder.
    pub(super) fn add(&mut self, path: &str) -> anyhow::Result<()> {
        for (name, entry) in self.list(&["-r"], path)? {
            if (name == path || is_manifest(&name)) && self.names.insert(name.clone()) {
                self.wanted.push((name, entry));
            }
        }
        Ok(())
    }

    /// Reads what was added.
    pub(super) fn read(self, revision: &str, limits: &Limits) -> anyhow::Result<Vec<SourceFile>> {
        let mut objects = Objects::new(self.repository)?;
        let mut all = None;
        let mut spent = Spent::default();
        let mut read = BTreeSet::new();
        let mut out = Vec::with_capacity(self.wanted.len());
        for (name, entry) in &self.wanted {
            let shown = format!("{revision}:{name}");
            let found = if name.chars().any(char::is_control) {
                Err("its name holds a control character".to_owned())
            } else if entry.sort == Sort::Link {
                let all = match &mut all {
                    Some(all) => all,
                    none => none.insert(self.list(&["-r", "-t"], "")?.into_iter().collect()),
                };
                follow(name, all, &mut objects)?
            } else {
                Ok((name.clone(), entry.clone()))
            };
            let content = match found {
                Ok((real, entry)) if entry.sort == Sort::File => {
                    if !read.insert(real) {
                        continue;
                    }
                    spent.file(limits)?;
                    match objects.blob(&entry.hash, limits.file_size)? {
                        Ok(bytes) => {
                            spent.bytes(bytes.len() as u64, limits)?;
                            guard::read(&shown, bytes.len());
                            Ok(bytes)
                        }
                        Err(Refusal::TooLarge) => Err(too_large(limits.file_size)),
                        Err(Refusal::Missing) => {
                            Err("this clone does not have it, and meshc fetches nothing; git fetch --refetch gets it"
                                .to_owned())
                        }
                    }
                }
                Ok((_, entry)) if entry.sort == Sort::Folder => Err("a link to a folder".to_owned()),
                Ok(_) => Err("it is in another repository".to_owned()),
                Err(reason) => Err(reason),
            };
            out.push(SourceFile { path: shown, content, argument: 0 });
        }
        Ok(out)
    }

    /// Lists what is at a path; the top is empty.
    fn list(&self, how: &[&str], path: &str) -> anyhow::Result<Vec<(String, Entry)>> {
        let mut arguments = vec!["ls-tree", "-z", "--full-tree"];
        arguments.extend(how);
        arguments.push(&self.commit);
        if !path.is_empty() {
            arguments.extend(["--", path]);
        }
        let listed = self.repository.git(&arguments)?;
        listed.split_terminator('\0').map(entry).collect()
    }
}

/// Reads `<mode> <type> <hash>\t<path>`.
pub(super) fn entry(line: &str) -> anyhow::Result<(String, Entry)> {
    let known = line.split_once('\t').and_then(|(entry, path)| {
        let (mode, rest) = entry.split_once(' ')?;
        let (_, hash) = rest.split_once(' ')?;
        let sort = match mode {
            "120000" => Sort::Link,
            "040000" => Sort::Folder,
            "160000" => Sort::Repository,
            _ => Sort::File,
        };
        Some((path.to_owned(), Entry { sort, hash: hash.to_owned() }))
    });
    known.ok_or_else(|| anyhow::anyhow!("git lists {line:?}"))
}

/// Returns what a link leads to, over links to folders as well, or why nothing.
fn follow(
    link: &str,
    all: &BTreeMap<String, Entry>,
    objects: &mut Objects,
) -> anyhow::Result<Result<(String, Entry), String>> {
    const OUT: &str = "a link that leads out of the revision";
    let mut at: Vec<String> = Vec::new();
    let mut left: Vec<String> = link.rsplit('/').map(str::to_owned).collect();
    let mut links = 0;
    while let Some(name) = left.pop() {
        match name.as_str() {
            "" | "." => continue,
            ".." => match at.pop() {
                Some(_) => continue,
                None => return Ok(Err(OUT.to_owned())),
            },
            _ => at.push(name),
        }
        let path = at.join("/");
        let Some(entry) = all.get(&path) else {
            return Ok(Err("a link to what the revision does not have".to_owned()));
        };
        match entry.sort {
            Sort::Link => {
                links += 1;
                if links > MAX_LINKS {
                    return Ok(Err(format!("more than {MAX_LINKS} links that lead to each other")));
                }
                let Ok(Ok(target)) = objects.blob(&entry.hash, 1 << 16)?.map(String::from_utf8) else {
                    return Ok(Err("a link that cannot be read".to_owned()));
                };
                if target.starts_with('/') {
                    return Ok(Err(OUT.to_owned()));
                }
                at.pop();
                left.extend(target.rsplit('/').map(str::to_owned));
            }
            Sort::File | Sort::Repository if !left.is_empty() => {
                return Ok(Err("a link through what is not a folder".to_owned()));
            }
            Sort::Folder | Sort::File | Sort::Repository => {}
        }
    }
    let path = at.join("/");
    let entry = all.get(&path).cloned();
    Ok(entry.map(|entry| (path, entry)).ok_or_else(|| "a link to a folder".to_owned()))
}

fn is_manifest(name: &str) -> bool {
    source::is_manifest(Path::new(name))
}
