//! Running git: where, and what it may not do.

use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::cli::limits::Limits;
use crate::cli::program;

/// Settings that win over those of any config file.
///
/// - A folder that looks like a bare repository is none: everyone can write `HEAD`, `config`, `objects` and `refs`.
/// - Nothing is fetched, by any protocol: what a clone lacks is an error.
/// - Nothing else is run: no hook, no monitor of the file system, no command that compares.
const SETTINGS: [&str; 7] = [
    "safe.bareRepository=explicit",
    "protocol.allow=never",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.attributesFile=/dev/null",
    "diff.external=",
];

/// The same by environment, for other releases of git and for what it starts itself.
const ENVIRONMENT: [(&str, &str); 8] = [
    ("GIT_ALLOW_PROTOCOL", ""),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_PAGER", "cat"),
    ("LC_ALL", "C"),
];

/// Variables that would lead to another repository than that of the working directory, or run a command.
const UNSET: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_EXTERNAL_DIFF",
    "GIT_ASKPASS",
];

/// The repository of the working directory.
pub(super) struct Repository {
    /// The folder that holds `.git`, without links.
    top: PathBuf,
    /// The working directory, without links.
    here: PathBuf,
    /// How long git may take, and how much it may write.
    pub(super) limits: Limits,
}

impl Repository {
    /// Finds it: the nearest folder from here upwards that holds `.git`.
    ///
    /// git itself would also take a folder that only looks like a repository.
    pub(super) fn here(limits: &Limits) -> anyhow::Result<Self> {
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).context("no working directory")?;
        let top = here.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok()).map(Path::to_owned);
        let top = top.with_context(|| format!("{} is not in a git repository; run meshc in it", here.display()))?;
        Ok(Self { top, here, limits: limits.clone() })
    }

    /// Runs git to its end and returns what it prints.
    pub(super) fn git(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let what = format!("git {}", arguments.first().unwrap_or(&""));
        let answer = program::run(self.command(arguments), &what, &self.limits)?.context("cannot run git")?;
        String::from_utf8(answer).context("the answer of git is not valid UTF-8; file names must be")
    }

    /// Prepares git.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.top).arg("--no-pager");
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.args(arguments).envs(ENVIRONMENT);
        for name in UNSET {
            command.env_remove(name);
        }
        command
    }

    /// Returns a path as the repository spells it, from its top; empty for the top. It need not be in the work tree.
    pub(super) fn path(&self, path: &Path) -> anyhow::Result<String> {
        let outside = || {
            format!("{} is not in the repository {}; run meshc in the one it is in", path.display(), self.top.display())
        };
        let from_top = if path.is_absolute() {
            // A link may lead to the repository, and what is below its top is taken as it is written.
            let is_top = |folder: &&Path| folder.canonicalize().is_ok_and(|real| real == self.top);
            let top = path.ancestors().filter(is_top).last().with_context(outside)?;
            path.strip_prefix(top).context("an ancestor is a prefix")?.to_owned()
        } else {
            self.here.strip_prefix(&self.top).context("the working directory is below the top")?.join(path)
        };
        let mut names = Vec::new();
        for component in from_top.components() {
            match component {
                Component::Normal(name) => {
                    names.push(name.to_str().with_context(|| format!("{} is no UTF-8", path.display()))?);
                }
                Component::ParentDir => {
                    names.pop().with_context(outside)?;
                }
                Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            }
        }
        Ok(names.join("/"))
    }
}
