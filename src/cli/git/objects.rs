//! Contents of objects, by their hash, from one `git cat-file`.
//!
//! Only hashes are asked for: a path may hold a line break, and be two questions. Each answer is checked against its question.

use std::io::{BufRead, Read as _, Write as _};

use anyhow::Context as _;

use super::command::Repository;
use crate::cli::program::Conversation;

/// The process.
pub(super) struct Objects(Conversation);

impl Objects {
    pub(super) fn new(repository: &Repository) -> anyhow::Result<Self> {
        let command = repository.command(&["cat-file", "--batch"]);
        let git = Conversation::new(command, "git cat-file", &repository.limits)?.context("cannot run git")?;
        Ok(Self(git))
    }

    /// Reads a file of at most this many bytes, or says why not.
    pub(super) fn blob(&mut self, hash: &str, limit: u64) -> anyhow::Result<Result<Vec<u8>, Refusal>> {
        let hash = super::hash(hash)?;
        let (questions, answers) = &mut self.0.pipes;
        let asked = questions.write_all(format!("{hash}\n").as_bytes()).context("git does not listen");
        let answer = asked.and_then(|()| answer(answers, &hash, limit));
        answer.map_err(|error| self.0.explain(error))
    }
}

/// Reads the answer to a question: `<hash> <type> <size>`, the bytes, a line break.
pub(super) fn answer(answers: &mut impl BufRead, hash: &str, limit: u64) -> anyhow::Result<Result<Vec<u8>, Refusal>> {
    let mut head = String::new();
    answers.by_ref().take(1 << 10).read_line(&mut head).context("git does not answer")?;
    let words: Vec<&str> = head.trim_end().split(' ').collect();
    let size = match words.as_slice() {
        [of, "missing"] if *of == hash => return Ok(Err(Refusal::Missing)),
        [of, "blob", size] if *of == hash => size.parse::<u64>().ok(),
        _ => None,
    };
    let size = size.with_context(|| format!("git answers {:?} to {hash}", head.trim_end()))?;
    if size > limit {
        let rest = size.saturating_add(1);
        let skipped = std::io::copy(&mut answers.take(rest), &mut std::io::sink());
        anyhow::ensure!(skipped.context("git does not answer")? == rest, "git does not answer");
        return Ok(Err(Refusal::TooLarge));
    }
    let mut bytes = vec![0; usize::try_from(size).context("the file is too large")?];
    answers.read_exact(&mut bytes).context("git does not answer")?;
    let mut end = [0];
    answers.read_exact(&mut end).context("git does not answer")?;
    anyhow::ensure!(end == *b"\n", "git answers something else than {hash}");
    Ok(Ok(bytes))
}

/// Why a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The clone does not have it.
    Missing,
    /// It is larger than what was asked for.
    TooLarge,
}
