//! What to check of each message: its fields with their rules read, and the checks of Envoy's code.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::constraint::Rules;
use super::rules::{self, Rule};
use crate::envoy::schema::{self, Field, Message};

/// What to check of a message.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) message: &'static Message,
    /// The rules of each field, in the order of the message's fields.
    fields: Vec<Rules>,
    pub(crate) code: &'static [Rule],
}

impl Plan {
    /// Returns the fields with their rules.
    pub(crate) fn fields(&'static self) -> impl Iterator<Item = (&'static Field, &'static Rules)> {
        self.message.fields.iter().zip(&self.fields)
    }
}

/// Returns the plan of a message, by its full name or type URL.
pub(crate) fn of(name: &str) -> Option<&'static Plan> {
    static PLANS: OnceLock<BTreeMap<&'static str, Plan>> = OnceLock::new();
    let plans =
        PLANS.get_or_init(|| schema::messages().map(|message| (message.name.as_str(), plan(message))).collect());
    plans.get(name.rsplit('/').next().unwrap_or(name))
}

fn plan(message: &'static Message) -> Plan {
    let fields = message.fields.iter().map(|field| Rules::read(field.rules)).collect();
    Plan { message, fields, code: rules::of(&message.name) }
}
