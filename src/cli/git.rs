//! Files of a revision, through `git` itself.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::source;
use crate::source::SourceFile;

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
pub(super) fn merge_base(near: &Path, before: &str, after: &str) -> anyhow::Result<String> {
    let place = Place::of(near)?;
    let text = place.git(&["merge-base", "--end-of-options", before, after])?;
    Ok(text.trim().to_owned())
}

/// Reads what a revision has at these paths: of a folder all manifests below it, in the order of their names.
pub(super) fn read(revision: &str, paths: &[PathBuf]) -> anyhow::Result<Vec<SourceFile>> {
    let mut out = Vec::new();
    for path in paths {
        let place = Place::of(path)?;
        let commit = place
            .git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])
            .with_context(|| format!("git knows no revision {revision}"))?;
        for file in place.files(revision, commit.trim())? {
            if !out.iter().any(|known: &SourceFile| known.path == file.path) {
                out.push(file);
            }
        }
    }
    Ok(out)
}

/// A path in a repository, which need not be in the work tree.
struct Place {
    /// A folder of the work tree.
    folder: PathBuf,
    /// The path from the top of the repository; empty for the top.
    path: String,
}

impl Place {
    fn of(path: &Path) -> anyhow::Result<Self> {
        let mut rest = Vec::new();
        let mut folder = path;
        while !folder.is_dir() && !folder.as_os_str().is_empty() {
            rest.extend(folder.file_name().map(|name| name.to_string_lossy().into_owned()));
            folder = folder.parent().unwrap_or(Path::new(""));
        }
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() };
        let mut place = Self { folder, path: String::new() };
        let prefix = place.git(&["rev-parse", "--show-prefix"])?;
        prefix.trim_end_matches('\n').clone_into(&mut place.path);
        for name in rest.into_iter().rev() {
            if !place.path.is_empty() && !place.path.ends_with('/') {
                place.path.push('/');
            }
            place.path.push_str(&name);
        }
        place.path.truncate(place.path.trim_end_matches('/').len());
        Ok(place)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(arguments);
        command
    }

    fn git(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).stdin(Stdio::null()).output().context("cannot run git")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = text(&output.stderr);
        anyhow::ensure!(output.status.success(), "git {} failed: {}", arguments.first().unwrap_or(&""), said.trim());
        Ok(text(&output.stdout))
    }

    fn files(&self, revision: &str, commit: &str) -> anyhow::Result<Vec<SourceFile>> {
        let mut arguments = vec!["ls-tree", "-r", "-z", "--full-tree", commit];
        if !self.path.is_empty() {
            arguments.extend(["--", &self.path]);
        }
        let listed = self.git(&arguments)?;
        let mut wanted = Vec::new();
        for line in listed.split('\0').filter(|line| !line.is_empty()) {
            let Some((entry, path)) = line.split_once('\t') else { continue };
            let mut words = entry.split(' ');
            let (mode, object) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
            if path != self.path && !source::is_manifest(Path::new(path)) {
                continue;
            }
            // A link is followed by its path, anything else is read by its hash.
            let object = if mode == "120000" { format!("{commit}:{path}") } else { object.to_owned() };
            wanted.push((format!("{revision}:{path}"), object));
        }
        self.contents(&wanted)
    }

    /// Reads objects, all in one process.
    fn contents(&self, wanted: &[(String, String)]) -> anyhow::Result<Vec<SourceFile>> {
        let mut child = self
            .command(&["cat-file", "--batch", "--follow-symlinks"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run git")?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            anyhow::bail!("cannot talk to git");
        };
        let asked: String = wanted.iter().flat_map(|(_, object)| [object.as_str(), "\n"]).collect();
        // On its own, as git answers before it has read everything.
        let writer = std::thread::spawn(move || input.write_all(asked.as_bytes()));
        let mut output = BufReader::new(output);
        let mut out = Vec::with_capacity(wanted.len());
        for (path, _) in wanted {
            out.push(SourceFile { path: path.clone(), content: answer(&mut output)? });
        }
        drop(output);
        let _ = writer.join();
        child.wait().context("git does not end")?;
        Ok(out)
    }
}

/// Reads one answer of `git cat-file --batch`: `<hash> <type> <size>`, the bytes, a line break.
fn answer(output: &mut impl BufRead) -> anyhow::Result<Result<Vec<u8>, String>> {
    let mut head = String::new();
    output.read_line(&mut head)?;
    let words: Vec<&str> = head.trim_end().split(' ').collect();
    let size = words.last().and_then(|size| size.parse::<usize>().ok());
    let Some(size) = size.filter(|_| words.last() != Some(&"missing")) else {
        return Ok(Err("git does not have it".to_owned()));
    };
    let mut bytes = vec![0; size];
    output.read_exact(&mut bytes).context("git does not answer")?;
    output.read_exact(&mut [0]).context("git does not answer")?;
    Ok(match words.as_slice() {
        [_, "blob", _] => Ok(bytes),
        [_, "tree" | "commit", _] => Err("a link to a folder, or another repository".to_owned()),
        _ => Err("a link that leads out of the revision".to_owned()),
    })
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
