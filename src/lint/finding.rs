//! What a rule finds, before its place is looked up.

use super::Rule;
use super::context::Item;
use crate::source::FieldPath;

/// Something that a rule has found in an object.
#[derive(Debug, Clone)]
pub(crate) struct Finding<'c> {
    pub(super) rule: &'static Rule,
    /// The object; nothing for what is in no object, such as the mesh networks of a file.
    pub(super) item: Option<&'c Item<'c>>,
    /// What to call the object when there is none.
    pub(super) resource: String,
    /// One sentence without a full stop, with all names that istioctl's has.
    pub(super) message: String,
    /// The field that it is about.
    pub(super) at: FieldPath,
    /// The field whose line istioctl gives; of one that does not exist, it gives the object's.
    pub(super) istioctl_at: Option<FieldPath>,
    /// Other places that belong to it.
    pub(super) related: Vec<(&'c Item<'c>, FieldPath, String)>,
    /// What to do about it.
    pub(super) help: Option<String>,
    /// Why it is none, although istioctl says so.
    pub(super) false_alarm: Option<String>,
}

impl<'c> Finding<'c> {
    /// Returns a finding about an object.
    pub(crate) fn new(rule: &'static Rule, item: &'c Item<'c>, message: impl Into<String>) -> Self {
        Self { item: Some(item), ..Self::nowhere(rule, String::new(), message) }
    }

    /// Returns a finding about what no object holds.
    pub(crate) fn nowhere(rule: &'static Rule, resource: String, message: impl Into<String>) -> Self {
        Self {
            rule,
            item: None,
            resource,
            message: message.into(),
            at: FieldPath::default(),
            istioctl_at: None,
            related: Vec::new(),
            help: None,
            false_alarm: None,
        }
    }

    /// Says which field it is about, by istioctl's account too.
    pub(crate) fn at(mut self, path: &str) -> Self {
        self.at = FieldPath::parse(path);
        self.istioctl_at = Some(self.at.clone());
        self
    }

    /// The same for a path that holds a label, whose key may have dots.
    pub(crate) fn at_path(mut self, path: FieldPath) -> Self {
        self.istioctl_at = Some(path.clone());
        self.at = path;
        self
    }

    /// Says which field it is about, where istioctl gives the object's first line, or another one.
    pub(crate) fn point(mut self, path: &str) -> Self {
        self.at = FieldPath::parse(path);
        self
    }

    /// The same for a path that is one already.
    pub(crate) fn point_path(mut self, path: FieldPath) -> Self {
        self.at = path;
        self
    }

    /// Adds another place.
    pub(crate) fn related(mut self, item: &'c Item<'c>, path: &str, text: impl Into<String>) -> Self {
        self.related.push((item, FieldPath::parse(path), text.into()));
        self
    }

    /// Says what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says that istioctl is wrong here, and why.
    pub(crate) fn false_alarm_if(mut self, reason: Option<impl Into<String>>) -> Self {
        if let Some(reason) = reason {
            self.false_alarm = Some(reason.into());
        }
        self
    }
}
