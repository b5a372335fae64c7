//! From a value or an object of the input to the fields of all proxies that it changes.

use std::fmt;

use super::alternative::alternatives;
use super::between::between;
use super::leaf;
use super::place::{ObjectName, Place};
use super::world::{Edit, World};
use crate::diff::{Report, Scope};
use crate::pipeline::Side;
use crate::proxy::{self, Proxy};
use crate::source::{FieldPath, Node, NodeKind, ResourceRef, Step};

/// What the answer is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// Where it is.
    pub place: Place,
    /// What is done to it.
    pub edit: Edit,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AffectsError {
    /// Nothing is at the place.
    NoPlace {
        /// What was asked for.
        place: String,
        /// What is there instead.
        near: Vec<String>,
    },
    /// The object would be refused without the value, and with any other that is known.
    Required(String),
}

impl fmt::Display for AffectsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlace { place, near } if near.is_empty() => {
                write!(f, "no object of the input is at {place}: write FILE:LINE, or KIND NAMESPACE/NAME[#FIELD]")
            }
            Self::NoPlace { place, near } => write!(f, "{place} could be one of {}", near.join(", ")),
            Self::Required(what) => write!(f, "{what} is required, and no other value of it is known to be valid"),
        }
    }
}

impl std::error::Error for AffectsError {}

impl Subject {
    /// Finds what is meant: `file:line[:column]`, `Kind namespace/name`, `Kind namespace/name#spec.field`.
    pub fn find(world: &World, place: &str) -> Result<Self, AffectsError> {
        let none = |near| AffectsError::NoPlace { place: place.to_owned(), near };
        let (object, path) = match of_object(world, place) {
            Found::One(object, path) => (object, path),
            Found::Several(near) => return Err(none(near)),
            Found::None => of_line(world, place).ok_or_else(|| none(Vec::new()))?,
        };
        Ok(Self::new(world, object, path))
    }

    /// Takes a field of an object, or the object.
    fn new(world: &World, object: ResourceRef, path: FieldPath) -> Self {
        let manifests = &world.manifests;
        let mut place = leaf::object_place(manifests, object);
        if !path.0.is_empty()
            && let Some(span) = manifests.locate(object, &path)
        {
            place.position = manifests.sources.position(span);
            place.span = span;
            place.path = path.to_string();
        }
        Self { place, edit: Edit { object, path, inner: FieldPath::default(), value: None } }
    }

    /// Returns `Kind namespace/name field`.
    pub fn title(&self) -> String {
        format!("{} {}", self.place.object, self.place.path).trim_end().to_owned()
    }
}

/// Translates all proxies with and without the subject (with another value, where it is required), and reports what differs.
///
/// `step` is called after each proxy.
pub fn affects(world: &World, subject: &Subject, step: impl Fn() + Sync) -> Result<Report, AffectsError> {
    let input = world.input();
    let mesh = input.mesh();
    let mut edit = subject.edit.clone();
    let (mut edited, mut accepted) = world.edited(None, std::slice::from_ref(&edit), &[]);
    let mut after = format!("without {}", subject.title());
    if !accepted {
        let value = world.manifests.node(edit.object).and_then(|node| node.at(&edit.path)).map(Node::to_json);
        for other in value.iter().flat_map(alternatives) {
            after = format!("{}: {other}", subject.title());
            edit.value = Some(other);
            (edited, accepted) = world.edited(None, std::slice::from_ref(&edit), &[]);
            if accepted {
                break;
            }
        }
    }
    if !accepted {
        return Err(AffectsError::Required(subject.title()));
    }
    let other = edited.mesh();
    let (of_before, of_after) = (proxy::proxies(&mesh), proxy::proxies(&other));
    let mut report = Report { before: "as it is".to_owned(), after, ..Report::default() };
    let (of_before, of_after): (Vec<&Proxy>, Vec<&Proxy>) = (of_before.iter().collect(), of_after.iter().collect());
    let sides = (Side { mesh: &mesh, proxies: &of_before }, Side { mesh: &other, proxies: &of_after });
    between(sides.0, sides.1, Scope::default(), &mut report, step);
    report.finish();
    Ok(report)
}

enum Found {
    None,
    One(ResourceRef, FieldPath),
    Several(Vec<String>),
}

fn of_object(world: &World, place: &str) -> Found {
    let (name, path) = place.split_once('#').unwrap_or((place, ""));
    let Some(wanted) = ObjectName::parse(name) else { return Found::None };
    let is_meant = |object: &ObjectName| {
        object.kind.eq_ignore_ascii_case(&wanted.kind)
            && object.name == wanted.name
            && (wanted.namespace.is_empty() || object.namespace == wanted.namespace)
    };
    let all = world.objects().into_iter().map(|object| (object, ObjectName::of(&world.manifests, object)));
    let found: Vec<_> = all.filter(|(_, object)| is_meant(object)).collect();
    match found.as_slice() {
        [] => Found::None,
        [(object, _)] => {
            let path = FieldPath::parse(path);
            let is_there = world.manifests.node(*object).is_some_and(|node| node.at(&path).is_some());
            if is_there { Found::One(*object, path) } else { Found::None }
        }
        several => Found::Several(several.iter().map(|(_, object)| object.to_string()).collect()),
    }
}

/// Finds what is written at a line: the outermost value that begins there, or the innermost at a column.
fn of_line(world: &World, place: &str) -> Option<(ResourceRef, FieldPath)> {
    let (rest, last) = place.rsplit_once(':')?;
    let last: usize = last.parse().ok()?;
    let (file, line, column) = match rest.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?))) {
        Some((file, line)) => (file, line, Some(last)),
        None => (rest, last, None),
    };
    let sources = &world.manifests.sources;
    let is_file = |path: &str| path == file || path.strip_suffix(file).is_some_and(|before| before.ends_with('/'));
    let mut best: Option<(usize, ResourceRef, FieldPath)> = None;
    for object in world.objects() {
        let Some(node) = world.manifests.node(object) else { continue };
        let span = node.span();
        if !is_file(sources.path(span.source)) {
            continue;
        }
        let mut found = Vec::new();
        lines(node, &mut Vec::new(), &mut |key: Option<Node<'_>>, value: Node<'_>, path: &[Step]| {
            let start = key.map_or(value.span(), Node::span);
            let position = sources.position(start);
            if position.line != line {
                return;
            }
            let fits = column.is_none_or(|column| position.column <= column);
            if fits {
                found.push((position.column, FieldPath(path.to_vec())));
            }
        });
        let chosen = match column {
            None => found.into_iter().next(),
            Some(_) => found.into_iter().max_by_key(|(column, path)| (*column, path.0.len())),
        };
        if let Some((column, path)) = chosen {
            let says_who = matches!(path.0.as_slice(), [Step::Key(key)] if key == "apiVersion" || key == "kind");
            best = Some((column, object, if says_who { FieldPath::default() } else { path }));
        }
    }
    best.map(|(_, object, path)| (object, path))
}

/// Visits all values below a node, each with its key; outer ones first.
fn lines<'n>(node: Node<'n>, path: &mut Vec<Step>, visit: &mut impl FnMut(Option<Node<'n>>, Node<'n>, &[Step])) {
    match node.kind() {
        NodeKind::Map(map) => {
            for (key, value) in map {
                path.push(Step::Key(key.as_str().unwrap_or_default().to_owned()));
                visit(Some(key), value, path);
                lines(value, path, visit);
                path.pop();
            }
        }
        NodeKind::Seq(seq) => {
            for (at, item) in seq.enumerate() {
                path.push(Step::Index(at));
                visit(None, item, path);
                lines(item, path, visit);
                path.pop();
            }
        }
        _ => {}
    }
}
