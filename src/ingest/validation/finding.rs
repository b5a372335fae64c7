//! Findings of the webhook's checks, each at the field that it is about.

use crate::ingest::problem::{MAX_PROBLEMS, Problem};
use crate::source::{FieldPath, Node, Step};

/// A field of an object, as a path that grows without copying: `at.field("http").item(0)`.
#[derive(Clone, Copy)]
pub(super) struct At<'p> {
    parent: Option<&'p At<'p>>,
    step: AtStep<'p>,
}

#[derive(Clone, Copy)]
enum AtStep<'p> {
    Key(&'p str),
    Index(usize),
}

impl At<'_> {
    /// The object's `spec`.
    pub(super) const SPEC: At<'static> = At { parent: None, step: AtStep::Key("spec") };

    /// The object's `metadata`.
    pub(super) const METADATA: At<'static> = At { parent: None, step: AtStep::Key("metadata") };

    /// A field of what is checked, when that is no object of Kubernetes.
    pub(super) fn root(name: &str) -> At<'_> {
        At { parent: None, step: AtStep::Key(name) }
    }

    /// Returns a field, or the entry of a map, by its name in the manifest.
    pub(super) fn field<'q>(&'q self, name: &'q str) -> At<'q> {
        At { parent: Some(self), step: AtStep::Key(name) }
    }

    /// Returns an item of a list.
    pub(super) fn item(&self, index: usize) -> At<'_> {
        At { parent: Some(self), step: AtStep::Index(index) }
    }

    fn path(&self) -> FieldPath {
        let mut path = self.parent.map_or_else(FieldPath::default, At::path);
        path.0.push(match self.step {
            AtStep::Key(key) => Step::Key(key.to_owned()),
            AtStep::Index(index) => Step::Index(index),
        });
        path
    }
}

/// Collects what the webhook says about one object.
pub(crate) struct Findings<'a> {
    object: Node<'a>,
    /// The code of its errors: `invalid-virtual-service`.
    code: &'static str,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(object: Node<'a>, code: &'static str, problems: &'a mut Vec<Problem>) -> Self {
        Self { object, code, problems }
    }

    /// Adds something for which the webhook rejects the object.
    pub(super) fn error(&mut self, at: &At<'_>, message: impl AsRef<str>) {
        self.error_below(at, &[], message.as_ref());
    }

    /// Adds an error if a check found one.
    pub(super) fn check(&mut self, at: &At<'_>, found: Result<(), String>) {
        if let Err(message) = found {
            self.error(at, message);
        }
    }

    /// Adds something that the webhook warns of.
    pub(super) fn warning(&mut self, code: &'static str, at: &At<'_>, message: impl AsRef<str>) {
        self.warning_below(code, at, &[], message.as_ref());
    }

    /// Adds an error somewhere below a field.
    pub(super) fn error_below(&mut self, at: &At<'_>, below: &[Step], message: &str) {
        let problem = self.problem(self.code, at, below, message);
        self.problems.extend(problem);
    }

    /// Adds a warning somewhere below a field.
    pub(super) fn warning_below(&mut self, code: &'static str, at: &At<'_>, below: &[Step], message: &str) {
        let problem = self.problem(code, at, below, message);
        self.problems.extend(problem.map(Problem::warning));
    }

    /// Finds the place, unless there are enough problems: what a long list holds may all be wrong.
    fn problem(&self, code: &'static str, at: &At<'_>, below: &[Step], message: &str) -> Option<Problem> {
        (self.problems.len() < MAX_PROBLEMS).then(|| {
            let path = joined(at, below);
            let span = self.object.place(&path);
            Problem::new(code, format!("`{path}`: {message}"), span.start, span.end)
        })
    }
}

fn joined(at: &At<'_>, below: &[Step]) -> FieldPath {
    let mut path = at.path();
    path.0.extend(below.iter().cloned());
    path
}
