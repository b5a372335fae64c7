//! Reads `wanted.txt`: which messages become structs, and how they are named.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::schema::Field;

/// The contents of `wanted.txt`.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Package or message to file; the longest prefix of a full name wins.
    pub(crate) areas: BTreeMap<String, String>,
    /// Messages to start from, in file order.
    pub(crate) roots: Vec<String>,
    /// Those roots that are put into an Any.
    pub(crate) any: Vec<String>,
    /// Full name (of a message, an enum, or message and oneof) to Rust name.
    pub(crate) names: BTreeMap<String, String>,
    /// Messages that stay JSON; with fields, only those of a message that is generated otherwise.
    pub(crate) other: BTreeMap<String, BTreeSet<String>>,
    /// Message to the deprecated fields it keeps.
    pub(crate) keep: BTreeMap<String, BTreeSet<String>>,
    /// Message to the fields it keeps.
    pub(crate) only: BTreeMap<String, BTreeSet<String>>,
    /// Message to the fields it loses.
    pub(crate) except: BTreeMap<String, BTreeSet<String>>,
}

/// Reads the file next to this tool's manifest.
pub(crate) fn load() -> Result<Wanted> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("wanted.txt");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut wanted = Wanted::default();
    for (index, line) in text.lines().enumerate() {
        let line = line.split_once('#').map_or(line, |(before, _)| before);
        let words: Vec<&str> = line.split_whitespace().collect();
        wanted.line(&words).with_context(|| format!("wanted.txt:{}", index + 1))?;
    }
    Ok(wanted)
}

impl Wanted {
    fn line(&mut self, words: &[&str]) -> Result<()> {
        let set = |fields: &[&str]| fields.iter().map(|&field| field.to_owned()).collect();
        match words {
            [] => {}
            ["area", area, prefixes @ ..] => {
                self.areas.extend(prefixes.iter().map(|&prefix| (prefix.to_owned(), (*area).to_owned())));
            }
            ["root", name] => self.roots.push((*name).to_owned()),
            ["any", name] => {
                self.roots.push((*name).to_owned());
                self.any.push((*name).to_owned());
            }
            ["any", name, rust] => {
                self.line(&["any", name])?;
                self.line(&["name", name, rust])?;
            }
            ["name", name, rust] => {
                if self.names.insert((*name).to_owned(), (*rust).to_owned()).is_some() {
                    bail!("{name} is named twice");
                }
            }
            ["other", name, fields @ ..] => {
                self.other.insert((*name).to_owned(), set(fields));
            }
            ["keep", name, fields @ ..] => {
                self.keep.insert((*name).to_owned(), set(fields));
            }
            ["only", name, fields @ ..] => {
                self.only.insert((*name).to_owned(), set(fields));
            }
            ["except", name, fields @ ..] => {
                self.except.insert((*name).to_owned(), set(fields));
            }
            _ => bail!("not understood: {}", words.join(" ")),
        }
        Ok(())
    }

    /// Whether a message keeps a field: all those not deprecated, without lines that say otherwise.
    pub(crate) fn keeps(&self, message: &str, field: &Field) -> bool {
        let listed =
            |lists: &BTreeMap<String, BTreeSet<String>>| lists.get(message).map(|fields| fields.contains(&field.name));
        (!field.deprecated || listed(&self.keep) == Some(true))
            && listed(&self.only) != Some(false)
            && listed(&self.except) != Some(true)
    }

    /// Whether a message, or the one it is nested in, stays JSON.
    pub(crate) fn is_other(&self, message: &str) -> bool {
        let whole = self.other.iter().filter(|(_, fields)| fields.is_empty());
        whole.map(|(other, _)| other).any(|other| message == other || message.starts_with(&format!("{other}.")))
    }

    /// Whether a field of a generated message is met in JSON only.
    pub(crate) fn is_other_field(&self, message: &str, field: &str) -> bool {
        self.other.get(message).is_some_and(|fields| fields.contains(field))
    }
}
