//! Files of a revision, through `git` itself.
//!
//! The repository is the one that the working directory is in, never one that a path names: a folder that a stranger wrote can
//! look like a repository, and git runs what a repository's config says. See [`command`] for what git may not do.

mod command;
mod objects;
mod tree;

use std::path::PathBuf;

use anyhow::Context as _;

use super::limits::Limits;
use crate::source::SourceFile;
use command::Repository;

/// Splits `main..HEAD`; a side that is left out is HEAD. Three dots begin where the second left the first.
pub(super) fn range(text: &str) -> Option<(String, String, bool)> {
    let (before, after) = text.split_once("..")?;
    let (after, since_they_parted) = after.strip_prefix('.').map_or((after, false), |after| (after, true));
    let named = |name: &str| if name.is_empty() { "HEAD".to_owned() } else { name.to_owned() };
    let is_revision = |name: &str| !name.starts_with(['/', '-']) && !name.contains("..");
    // `../manifests` is a path.
    (text != ".." && !after.starts_with('/') && is_revision(before) && is_revision(after))
        .then(|| (named(before), named(after), since_they_parted))
}

/// Returns the commit in which two revisions parted.
pub(super) fn merge_base(before: &str, after: &str, limits: &Limits) -> anyhow::Result<String> {
    let commit = Repository::here(limits)?.git(&["merge-base", "--end-of-options", before, after])?;
    hash(&commit)
}

/// Reads what a revision has at these paths: of a folder all manifests below it, in the order of their names.
pub(super) fn read(revision: &str, paths: &[PathBuf], limits: &Limits) -> anyhow::Result<Vec<SourceFile>> {
    let repository = Repository::here(limits)?;
    let commit = repository
        .git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])
        .with_context(|| format!("git knows no revision {revision}"))?;
    let mut reader = tree::Reader::new(&repository, hash(&commit)?);
    for path in paths {
        reader.add(&repository.path(path)?)?;
    }
    reader.read(revision, limits)
}

/// Reads any bytes as an answer of git.
#[cfg(test)]
pub(super) fn any_answer(bytes: &[u8]) {
    let hash = "1111111111111111111111111111111111111111";
    let mut rest = bytes;
    while let Ok(Ok(read)) = objects::answer(&mut rest, hash, 64) {
        assert!(read.len() <= 64);
    }
    for line in String::from_utf8_lossy(bytes).split_terminator('\0') {
        let _ = tree::entry(line);
    }
    let _ = self::hash(&String::from_utf8_lossy(bytes));
    let _ = range(&String::from_utf8_lossy(bytes));
}

/// Takes what git says for the hash of an object, or says that it is none.
fn hash(text: &str) -> anyhow::Result<String> {
    let text = text.trim();
    anyhow::ensure!(
        text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "git does not name one commit, but {text:?}"
    );
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let range = |text: &str| range(text).map(|(a, b, parted)| format!("{a} {b} {parted}"));
        for (text, want) in [
            ("main..HEAD", Some("main HEAD false")),
            ("main...feature/x", Some("main feature/x true")),
            ("v1.2..", Some("v1.2 HEAD false")),
            ("..v2", Some("HEAD v2 false")),
            ("origin/main..HEAD~1", Some("origin/main HEAD~1 false")),
            ("../manifests", None),
            ("../../manifests", None),
            ("..", None),
            ("manifests", None),
        ] {
            assert_eq!(range(text).as_deref(), want, "{text}");
        }
    }
}
