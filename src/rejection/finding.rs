//! What is found, and where.

use std::fmt::Write as _;

use serde_json::Value;

use super::fine::{self, Fine};
use super::{Extent, Reference, Rejection};

/// One step from a value to a part of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    /// A field.
    Field(&'a str),
    /// An element of a list.
    Index(usize),
    /// An entry of a map.
    Key(&'a str),
}

/// What has been found so far, and the way to the value that is looked at.
#[derive(Debug, Default)]
pub(crate) struct Findings<'a> {
    way: Vec<Step<'a>>,
    /// Parts that need no other look.
    fine: Option<&'a Fine>,
    pub(crate) rejections: Vec<Rejection>,
    pub(crate) references: Vec<Reference>,
}

impl<'a> Findings<'a> {
    /// Begins with nothing found.
    pub(crate) fn new(fine: Option<&'a Fine>) -> Self {
        Self { fine, ..Self::default() }
    }

    /// Looks at a part that many resources have, a message of this type, unless it is known to be fine.
    pub(crate) fn part(&mut self, message: &str, value: &'a Value, look: impl FnOnce(&'a Value, &mut Self)) {
        let Some(fine) = self.fine else { return look(value, self) };
        let part = fine::part(message, value);
        if fine.has(part) {
            return;
        }
        let before = (self.rejections.len(), self.references.len());
        look(value, self);
        if (self.rejections.len(), self.references.len()) == before {
            fine.add(part);
        }
    }

    /// Looks at a part of the value.
    pub(crate) fn within<R>(&mut self, step: Step<'a>, look: impl FnOnce(&mut Self) -> R) -> R {
        self.way.push(step);
        let result = look(self);
        self.way.pop();
        result
    }

    /// Looks at a field, when the message has it.
    pub(crate) fn field(&mut self, message: &'a Value, name: &'a str, look: impl FnOnce(&'a Value, &mut Self)) {
        if let Some(value) = message.get(name) {
            self.within(Step::Field(name), |found| look(value, found));
        }
    }

    /// Looks at each element of a repeated field.
    pub(crate) fn each(&mut self, message: &'a Value, name: &'a str, mut look: impl FnMut(&'a Value, &mut Self)) {
        let elements = message.get(name).and_then(Value::as_array);
        for (index, value) in elements.into_iter().flatten().enumerate() {
            self.within(Step::Field(name), |found| found.within(Step::Index(index), |found| look(value, found)));
        }
    }

    /// Adds what Envoy's code says of the value that is looked at: it takes the other resources of the response.
    pub(crate) fn reject(&mut self, message: impl Into<String>) {
        let path = self.path();
        self.rejections.push(Rejection { path, message: message.into(), extent: Extent::Resource });
    }

    /// Adds what the code says of a field.
    pub(crate) fn reject_field(&mut self, name: &'a str, message: impl Into<String>) {
        self.within(Step::Field(name), |found| found.reject(message));
    }

    /// Adds a problem, when there is one.
    pub(crate) fn reject_if(&mut self, problem: Option<String>) {
        if let Some(problem) = problem {
            self.reject(problem);
        }
    }

    /// Adds a problem of a field, when there is one.
    pub(crate) fn reject_if_at(&mut self, name: &'a str, problem: Option<String>) {
        if let Some(problem) = problem {
            self.reject_field(name, problem);
        }
    }

    /// Adds a broken constraint of the API: Envoy does not read the response.
    pub(crate) fn constraint(&mut self, message: impl Into<String>) {
        let path = self.path();
        self.rejections.push(Rejection { path, message: message.into(), extent: Extent::Response });
    }

    /// Adds a cluster that must exist.
    pub(crate) fn reference(&mut self, cluster: &str, message: String) {
        let path = self.path();
        self.references.push(Reference { path, cluster: cluster.to_owned(), message });
    }

    /// Adds what was found in a value that was looked at by itself.
    pub(crate) fn absorb(&mut self, rejections: Vec<Rejection>, references: Vec<Reference>) {
        let here = self.path();
        let full = |path: &str| if path.is_empty() { here.clone() } else { format!("{here}.{path}") };
        self.rejections.extend(rejections.into_iter().map(|r| Rejection { path: full(&r.path), ..r }));
        self.references.extend(references.into_iter().map(|r| Reference { path: full(&r.path), ..r }));
    }

    /// Returns the way as text: `virtual_hosts[0].routes[2].typed_per_filter_config["x"].name`.
    pub(crate) fn path(&self) -> String {
        let mut text = String::new();
        for step in &self.way {
            match step {
                Step::Field(name) if text.is_empty() => text.push_str(name),
                Step::Field(name) => _ = write!(text, ".{name}"),
                Step::Index(index) => _ = write!(text, "[{index}]"),
                Step::Key(key) => _ = write!(text, "[{key:?}]"),
            }
        }
        text
    }
}
