//! The arguments of istiod's command line.
//!
//! istiod: `pilot/cmd/pilot-discovery/app/cmd.go` `addFlags`; flags are read as pflag reads them

use std::collections::BTreeMap;

use super::istiod::Istiod;
use super::{Origin, Setting};
use crate::model::kubernetes::expand_references;

/// Flags that take no value of their own.
const SWITCHES: &[&str] = &["profile", "log_as_json", "log_stacktrace_level", "vklog"];

/// Flags by name, each with its value and where it is in the list of arguments.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    flags: BTreeMap<String, (String, usize)>,
}

impl Arguments {
    /// Reads the arguments of istiod's container; `$(NAME)` is filled in from its environment. Of two flags of one name the later
    /// counts.
    pub(super) fn new(istiod: &Istiod<'_>, environment: &BTreeMap<String, String>) -> Self {
        let arguments: Vec<String> =
            istiod.container.args.iter().map(|argument| expand_references(argument, environment)).collect();
        let mut flags = BTreeMap::new();
        let mut rest = arguments.iter().enumerate().peekable();
        while let Some((index, argument)) = rest.next() {
            if argument == "--" {
                break;
            }
            let Some(flag) = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')) else { continue };
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None if SWITCHES.contains(&flag) => (flag, "true".to_owned()),
                None => match rest.next_if(|(_, next)| !next.starts_with("--")) {
                    Some((_, value)) => (flag, value.clone()),
                    None => (flag, "true".to_owned()),
                },
            };
            flags.insert(name.to_owned(), (value, index));
        }
        Self { flags }
    }

    /// Returns the value of a flag, if it is given and not empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.flags.get(name).map(|(value, _)| value.clone()).filter(|value| !value.is_empty())
    }

    /// Returns the pairs of a flag: `a=b,c=d`.
    pub(super) fn pairs(&self, name: &str) -> BTreeMap<String, String> {
        let text = self.text(name).unwrap_or_default();
        let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    /// Returns all flags with their places.
    pub(super) fn settings(&self, istiod: &Istiod<'_>) -> Vec<Setting> {
        let setting = |(name, (value, index)): (&String, &(String, usize))| Setting {
            name: format!("--{name}"),
            value: value.clone(),
            origin: Origin::Input { source: istiod.source, path: format!("{}.args[{index}]", istiod.path) },
        };
        self.flags.iter().map(setting).collect()
    }
}
