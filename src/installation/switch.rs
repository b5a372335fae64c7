//! A switch of istiod, and the table of all of them.

use super::env::Kind;
use super::features::SERVED;
use super::unserved::UNSERVED;

/// A variable of istiod's environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Kind,
    /// The value of 1.30.3 when it is not set.
    pub default: &'static str,
    /// What it does to proxies.
    pub effect: Effect,
}

/// What a switch does to what proxies are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes what is served.
    Served {
        /// What it changes.
        changes: &'static str,
        /// The file of the rule that honours it, below `src`; empty for none.
        rule: &'static str,
    },
    /// It cannot change what sidecars and gateways are served.
    Unserved {
        /// Why not.
        why: &'static str,
    },
}

impl Switch {
    /// Returns all switches.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        SERVED.iter().chain(UNSERVED)
    }

    /// Returns the switch of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::all().find(|switch| switch.name == name)
    }

    /// Returns whether what it changes is translated as it changes it.
    pub fn is_honoured(&self) -> bool {
        match self.effect {
            Effect::Served { rule, .. } => !rule.is_empty(),
            Effect::Unserved { .. } => true,
        }
    }
}
