//! A file of what is known: findings that were there before, by rule, object and field.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cli::output;
use crate::lint::{Reported, Suppressed};

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    findings: Vec<Entry>,
}

/// Findings that are alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: String,
    resource: String,
    field: String,
    count: usize,
}

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Baseline {
    left: BTreeMap<String, usize>,
    path: String,
}

impl Baseline {
    /// Takes what the file holds.
    pub(super) fn read(path: &Path, bytes: &[u8]) -> anyhow::Result<Self> {
        // Without the words of the error, which quote the file.
        let File { version, findings } = serde_json::from_slice(bytes).map_err(|error| {
            anyhow::anyhow!(
                "{}:{}:{} is not a baseline; --write-baseline writes one",
                path.display(),
                error.line(),
                error.column()
            )
        })?;
        anyhow::ensure!(version == 1, "{} has version {version}: this one reads 1", path.display());
        let key = |entry: &Entry| format!("{} {} {}", entry.code, entry.resource, entry.field);
        let left = findings.into_iter().map(|entry| (key(&entry), entry.count)).collect();
        Ok(Self { left, path: path.display().to_string() })
    }

    /// Says whether a finding is known; each counts once.
    pub(super) fn take(&mut self, one: &Reported) -> Option<Suppressed> {
        let left = self.left.get_mut(&one.fingerprint()).filter(|left| **left > 0)?;
        *left -= 1;
        Some(Suppressed { reason: format!("it is in {}", self.path), in_source: false })
    }
}

/// Writes findings into a file.
pub(super) fn write(path: &Path, found: &[Reported]) -> anyhow::Result<()> {
    let mut counts: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for one in found {
        *counts.entry((one.rule.code, &one.resource, &one.field)).or_default() += 1;
    }
    let entry = |((code, resource, field), count): ((&str, &str, &str), usize)| Entry {
        code: code.to_owned(),
        resource: resource.to_owned(),
        field: field.to_owned(),
        count,
    };
    let file = File { version: 1, findings: counts.into_iter().map(entry).collect() };
    let text = serde_json::to_string_pretty(&file)? + "\n";
    output::file(path, |out| Ok(out.write_all(text.as_bytes())?))
}
