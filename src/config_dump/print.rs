//! Prints a dump. The layout around resources is written here; resources are printed once for all dumps that hold them.

use std::cmp::Ordering;
use std::io::{self, Write};
use std::sync::Arc;

use rayon::prelude::*;

use super::section::{Entry, List, Section, sections};
use super::{ConfigDump, Query};
use crate::envoy::json;
use crate::translate::{Resource, Translation};

/// Open brackets before the body of a resource: root, `configs`, section, list, entry.
const DEPTH: usize = 5;

/// A resource as a dump prints it.
#[derive(Debug, Clone, Copy)]
pub struct Printed<'a> {
    /// The list that it is in: `dynamic_listeners`.
    pub list: &'static str,
    /// The name by which Envoy knows it.
    pub name: &'a str,
    /// Its message.
    pub text: &'a str,
}

/// Returns the text of all resources that are served; what listeners hold themselves is not listed again.
pub(super) fn resources(translation: &Translation) -> Vec<Printed<'_>> {
    let printed = lists(translation)
        .into_par_iter()
        .flat_map(|(list, depth, resources)| resources.par_iter().map(move |resource| printed(list, depth, resource)));
    printed.collect()
}

/// Returns the text of one resource.
pub(super) fn resource<'a>(translation: &'a Translation, list: &str, name: &str) -> Option<Printed<'a>> {
    let (list, depth, resources) = lists(translation).into_iter().find(|(of, ..)| *of == list)?;
    Some(printed(list, depth, resources.iter().find(|resource| resource.name() == name)?))
}

/// Returns the resources of `before` that are others in `now`, or gone there: by list and name, with what is there now.
///
/// Messages are compared, which takes less than to print them; two that are not the same may still print the same.
pub(super) fn changed<'a>(
    before: &'a Translation,
    now: &'a Translation,
) -> Vec<(&'static str, &'a str, Option<Printed<'a>>)> {
    let pairs = pairs(before, now).into_iter().filter(|pair| !pair.is_same());
    pairs.filter_map(|pair| Some((pair.list, pair.before?.name(), pair.print(pair.now)))).collect()
}

/// A resource by its name, in each of two translations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) list: &'static str,
    depth: usize,
    pub(super) before: Option<&'a Arc<Resource>>,
    pub(super) now: Option<&'a Arc<Resource>>,
}

impl<'a> Pair<'a> {
    /// Says whether both have the same message.
    pub(super) fn is_same(&self) -> bool {
        let (Some(before), Some(now)) = (self.before, self.now) else { return false };
        Arc::ptr_eq(before, now) || before.body() == now.body()
    }

    /// Prints one of the two.
    pub(super) fn print(&self, side: Option<&'a Arc<Resource>>) -> Option<Printed<'a>> {
        side.map(|resource| printed(self.list, self.depth, resource))
    }
}

/// Puts the resources of two translations together, by list and name; of several with one name the last counts.
pub(super) fn pairs<'a>(before: &'a Translation, now: &'a Translation) -> Vec<Pair<'a>> {
    let mut out = Vec::new();
    for ((list, depth, before), (_, _, now)) in lists(before).into_iter().zip(lists(now)) {
        let (mut before, mut now) = (last_of_name(before).peekable(), last_of_name(now).peekable());
        loop {
            let order = match (before.peek(), now.peek()) {
                (Some(a), Some(b)) => a.name().cmp(b.name()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let before = before.next_if(|_| order.is_le());
            let now = now.next_if(|_| order.is_ge());
            out.push(Pair { list, depth, before, now });
        }
    }
    out
}

/// Returns the last resource of each name of a list, which is in the order of names.
fn last_of_name(list: &[Arc<Resource>]) -> impl Iterator<Item = &Arc<Resource>> {
    let is_last = |at: &usize| list.get(at + 1).is_none_or(|next| next.name() != list[*at].name());
    (0..list.len()).filter(is_last).map(|at| &list[at])
}

/// The lists of what is served, each with the depth at which its resources are printed.
fn lists(translation: &Translation) -> [(&'static str, usize, &[Arc<Resource>]); 6] {
    let Translation { clusters, endpoints, listeners, routes, secrets, extensions } = translation;
    [
        ("dynamic_active_clusters", DEPTH, clusters),
        ("ecds_filters", DEPTH, extensions),
        ("dynamic_endpoint_configs", DEPTH, endpoints),
        ("dynamic_listeners", DEPTH + 1, listeners),
        ("dynamic_route_configs", DEPTH, routes),
        ("dynamic_active_secrets", DEPTH, secrets),
    ]
}

fn printed<'a>(list: &'static str, depth: usize, resource: &'a Resource) -> Printed<'a> {
    let text = resource.printed(|body| json::message(body, depth));
    // Printed by serde_json, which writes UTF-8.
    let text = std::str::from_utf8(text).expect("JSON is UTF-8");
    Printed { list, name: resource.name(), text }
}

/// Writes whole resources; the query's `resource` and `mask` are not looked at.
pub(super) fn dump(dump: &ConfigDump, query: &Query, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"{\n \"configs\": [\n")?;
    bootstrap(dump, out)?;
    for section in sections(&dump.translation) {
        if query.wants_section(section.message) {
            out.write_all(b",\n")?;
            write_section(&section, query, out)?;
        }
    }
    out.write_all(b"\n ]\n}\n")
}

fn bootstrap(dump: &ConfigDump, out: &mut impl Write) -> io::Result<()> {
    header("BootstrapConfigDump", out)?;
    out.write_all(b",\n   \"bootstrap\": {\n    \"node\": ")?;
    out.write_all(&json::message(&dump.node, 4))?;
    out.write_all(b"\n   }\n  }")
}

/// Opens a section with its type.
fn header(message: &str, out: &mut impl Write) -> io::Result<()> {
    write!(out, "  {{\n   \"@type\": \"type.googleapis.com/envoy.admin.v3.{message}\"")
}

fn write_section(section: &Section<'_>, query: &Query, out: &mut impl Write) -> io::Result<()> {
    header(section.message, out)?;
    for list in &section.lists {
        write_list(list, query, out)?;
    }
    out.write_all(b"\n  }")
}

fn write_list(list: &List<'_>, query: &Query, out: &mut impl Write) -> io::Result<()> {
    let mut is_first = true;
    for resource in list.resources.iter().filter(|resource| query.wants(resource.name())) {
        if std::mem::take(&mut is_first) {
            write!(out, ",\n   \"{}\": [\n    {{\n", list.field)?;
        } else {
            out.write_all(b",\n    {\n")?;
        }
        write_entry(list.entry, resource, out)?;
        out.write_all(b"\n    }")?;
    }
    if is_first { Ok(()) } else { out.write_all(b"\n   ]") }
}

fn write_entry(entry: Entry, resource: &Resource, out: &mut impl Write) -> io::Result<()> {
    let name = || json::message(&resource.name(), 0);
    match entry {
        Entry::Plain(field) => {
            write!(out, "     \"{field}\": ")?;
            out.write_all(resource.printed(|body| json::message(body, DEPTH)))
        }
        Entry::Named(field) => {
            out.write_all(b"     \"name\": ")?;
            out.write_all(&name())?;
            write!(out, ",\n     \"{field}\": ")?;
            out.write_all(resource.printed(|body| json::message(body, DEPTH)))
        }
        Entry::ActiveState(field) => {
            out.write_all(b"     \"name\": ")?;
            out.write_all(&name())?;
            write!(out, ",\n     \"active_state\": {{\n      \"{field}\": ")?;
            out.write_all(resource.printed(|body| json::message(body, DEPTH + 1)))?;
            out.write_all(b"\n     }")
        }
    }
}
