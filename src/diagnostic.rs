//! What meshc has to say about its input: one type for all findings, and an ordered list of them.
//!
//! A rule that finds something names the resource and the field (`.at(resource, "spec.http[0].timeout")`); the place in
//! the file is looked up once at the end, by [`Diagnostics::finish`]. So rules need no text, and never fail.

use crate::source::{FieldPath, ResourceRef, Sources, Span};

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of finding, in kebab case and in Istio's words: `destination-rule-unknown-subset`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence without a full stop.
    pub message: String,
    /// Places that belong to it, the main one first.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The API server or istiod's webhook would reject the object: it is left out.
    Error,
    /// istiod accepts it, and does what the author likely did not mean.
    Warning,
    /// A limit of meshc, or something worth knowing.
    Note,
}

/// A place in the input and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What; may be empty on the main place, whose message says it.
    pub text: String,
}

/// A place in the input, known at once or to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A stretch of a file.
    Span(Span),
    /// A field of a resource; when the path leads nowhere, the last part of it that exists.
    Field(ResourceRef, FieldPath),
}

impl Diagnostic {
    /// Returns a finding about an object that is rejected.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// Returns a finding about something accepted that is likely not meant.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    /// Returns a note.
    pub fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, message)
    }

    /// Adds a field of a resource as a place: `.at(config.source, "spec.http[0].timeout")`.
    #[must_use]
    pub fn at(self, resource: ResourceRef, path: &str) -> Self {
        self.label_at(resource, path, "")
    }

    /// Adds a field of a resource with a text of its own.
    #[must_use]
    pub fn label_at(mut self, resource: ResourceRef, path: &str, text: impl Into<String>) -> Self {
        self.labels.push(Label { place: Place::Field(resource, FieldPath::parse(path)), text: text.into() });
        self
    }

    /// Adds a stretch of a file as a place.
    #[must_use]
    pub fn span(self, span: Span) -> Self {
        self.label(span, "")
    }

    /// Adds a stretch of a file with a text of its own.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { place: Place::Span(span), text: text.into() });
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn new(code: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self { code, severity, message: message.into(), labels: Vec::new(), help: None }
    }
}

/// Findings in the order in which they were made, until [`Diagnostics::finish`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds a finding, if there is one.
    pub fn push_some(&mut self, diagnostic: Option<Diagnostic>) {
        self.list.extend(diagnostic);
    }

    /// Adds all findings of another list.
    pub fn extend(&mut self, other: Diagnostics) {
        self.list.extend(other.list);
    }

    /// Returns the findings.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// Returns the findings, to be changed.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Diagnostic> {
        self.list.iter_mut()
    }

    /// Returns how many findings there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns how many findings of a severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    /// Looks up all places, sorts by file, position and code, and drops repetitions (many proxies find the same).
    ///
    /// `locate` gives the place of a resource's field: `Manifests::locate`. Findings without a place come first.
    #[must_use]
    pub fn finish(self, sources: &Sources, locate: impl Fn(ResourceRef, &FieldPath) -> Option<Span>) -> Self {
        let mut list = self.list;
        for diagnostic in &mut list {
            for label in &mut diagnostic.labels {
                if let Place::Field(resource, path) = &label.place
                    && let Some(span) = locate(*resource, path)
                {
                    label.place = Place::Span(span);
                }
            }
        }
        // A label whose resource no file holds (a made-up one) cannot be shown.
        for diagnostic in &mut list {
            diagnostic.labels.retain(|label| matches!(label.place, Place::Span(_)));
        }
        list.sort_by_cached_key(|diagnostic| {
            let place =
                diagnostic.first_span().map(|span| (sources.path(span.source).to_owned(), span.start, span.end));
            let others: Vec<Option<Span>> = diagnostic.labels.iter().skip(1).map(Label::span).collect();
            (place, diagnostic.code, diagnostic.message.clone(), others)
        });
        list.dedup();
        Self { list }
    }
}

impl Diagnostic {
    /// Returns the main place, once it is known.
    pub fn first_span(&self) -> Option<Span> {
        self.labels.iter().find_map(Label::span)
    }
}

impl Label {
    pub(crate) fn span(&self) -> Option<Span> {
        match &self.place {
            Place::Span(span) => Some(*span),
            Place::Field(..) => None,
        }
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a mut Diagnostics {
    type Item = &'a mut Diagnostic;
    type IntoIter = std::slice::IterMut<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(list: I) -> Self {
        Self { list: list.into_iter().collect() }
    }
}
