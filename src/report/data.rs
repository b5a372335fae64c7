//! What the page shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use rayon::prelude::*;
use serde::Serialize;

use super::lines::{Line, lines};
use crate::diff::Kind;
use crate::graph::{Pictures, svg};
use crate::pipeline::translate_all;
use crate::provenance::World;
use crate::provenance::annotate::{Question, REASONS, Reason, annotate};
use crate::proxy::{self, Proxy, ProxyKind};
use crate::source::{SourceId, Sources, Span};
use crate::visible::{visible, visible_lines};

/// What stands for the text of a Secret.
const HIDDEN: &str = "[redacted]";

/// Hosts that are looked at together.
const HOSTS: usize = 64;

/// The data of a page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The form of this.
    pub version: u32,
    /// What the page is of.
    pub title: String,
    /// The files.
    pub files: Vec<File>,
    /// Values and objects that make a field.
    pub places: Vec<Place>,
    /// Resources, each text once.
    pub resources: Vec<Resource>,
    /// The proxies.
    pub proxies: Vec<OneProxy>,
    /// What lint has found.
    pub findings: Vec<Finding>,
    /// Hosts, in the order of their pictures.
    pub hosts: Vec<String>,
    /// A picture of each host, as SVG; empty where no proxy handles it.
    pub pictures: Vec<String>,
}

/// A file.
#[derive(Debug, Clone, Default, Serialize)]
pub struct File {
    /// Its path.
    pub path: String,
    /// Its text, without Secrets.
    pub text: String,
}

/// A place of the manifests: file (by number), line, object, field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place(usize, usize, String, String);

/// A resource.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Resource {
    /// `clusters`
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its lines.
    pub text: String,
    /// Lines, from 0, each with the places that say what it says, and those without which it is not there; nearest first.
    pub causes: Vec<(usize, Vec<usize>, Vec<usize>)>,
}

/// A proxy, and what it is served.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OneProxy {
    /// `<pod>.<namespace>`
    pub name: String,
    /// `sidecar`, `gateway`, `waypoint`
    pub kind: &'static str,
    /// The proxy that is served most of the same, by number; itself if there is none.
    pub base: usize,
    /// Resources that it has beside those of the base; all, for itself.
    pub more: Vec<usize>,
    /// Resources of the base that it does not have.
    pub less: Vec<usize>,
}

/// A finding of lint.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Finding {
    /// `error`
    pub level: String,
    /// `MESHC0105`
    pub code: String,
    /// One sentence.
    pub message: String,
    /// `Kind namespace/name`
    pub resource: String,
    /// What to do.
    pub help: String,
    /// The file; empty if none holds it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// Gathers what there is to show.
pub fn report(world: &World, title: &str, findings: Vec<Finding>) -> Report {
    let mut out = Report { version: 1, title: visible(title).into_owned(), findings, ..Report::default() };
    let sources = &world.manifests.sources;
    out.files = sources.ids().map(|id| file(sources, id)).collect();
    let mut store = Store::default();
    store.proxies(world, &mut out);
    let pictures = Pictures::new(world);
    out.hosts = pictures.hosts().to_vec();
    pictures.prepare();
    let of_host = |host: &String| {
        let near = pictures.neighbourhood(host);
        let drawn = near.graph.as_ref().map(svg).unwrap_or_default();
        let question = Question {
            world: near.world.as_ref().unwrap_or(world),
            objects: &near.objects,
            tried: &near.tried,
            proxies: &near.proxies,
        };
        let annotations = annotate(&question);
        (drawn, near.proxies, annotations)
    };
    let mut places: BTreeMap<(SourceId, usize, String, String), usize> = BTreeMap::new();
    let mut causes: BTreeMap<usize, BTreeMap<String, Vec<Reason>>> = BTreeMap::new();
    // A few at a time, as an answer for all fields is large.
    let done = pictures.hosts().chunks(HOSTS).flat_map(|some| some.par_iter().map(of_host).collect::<Vec<_>>());
    for (drawn, proxies, annotations) in done {
        out.pictures.push(drawn);
        let numbers: Vec<usize> = annotations
            .places
            .iter()
            .map(|place| {
                let key = (place.span.source, place.position.line, place.object.to_string(), place.path.clone());
                let next = places.len();
                *places.entry(key).or_insert(next)
            })
            .collect();
        for ((proxy, kind, name), fields) in annotations.fields {
            let Some(id) = store.named.get(&(proxies[proxy].clone(), kind, name)) else { continue };
            let of_resource = causes.entry(*id).or_default();
            for (field, reasons) in fields {
                let known = of_resource.entry(field).or_default();
                for reason in reasons {
                    let reason = Reason { place: numbers[reason.place], ..reason };
                    if known.len() < REASONS && !known.iter().any(|known| known.place == reason.place) {
                        known.push(reason);
                    }
                }
            }
        }
    }
    let ids: BTreeMap<SourceId, usize> = sources.ids().enumerate().map(|(at, id)| (id, at)).collect();
    let mut listed: Vec<(usize, Place)> = places
        .into_iter()
        .map(|((source, line, object, path), at)| {
            let file = ids.get(&source).copied().unwrap_or_default();
            (at, Place(file, line, visible(&object).into_owned(), visible(&path).into_owned()))
        })
        .collect();
    listed.sort();
    out.places = listed.into_iter().map(|(_, place)| place).collect();
    let finished = store.texts.into_par_iter().enumerate().map(|(at, (kind, name, text))| {
        let lines = lines(kind, &text);
        let of_field = causes.get(&at);
        let annotated = lines.iter().enumerate().filter_map(|(number, line)| {
            let reasons = of_field?.get(line.path.as_ref()?)?;
            let of = |is_condition| {
                let kept = reasons.iter().filter(|reason| reason.is_condition == is_condition);
                kept.map(|reason| reason.place).collect()
            };
            Some((number, of(false), of(true)))
        });
        let causes = annotated.collect();
        let text = lines.iter().map(|Line { text, .. }| text.as_str()).collect::<Vec<_>>().join("\n");
        Resource { kind: kind.plural(), name: visible(&name).into_owned(), text, causes }
    });
    out.resources = finished.collect();
    out
}

/// Returns a file without the text of Secrets; its lines stay where they are.
fn file(sources: &Sources, id: SourceId) -> File {
    let mut out = String::new();
    let mut start = 0;
    for line in sources.text(id).split_inclusive('\n') {
        let end = start + line.len();
        let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let shown = line.trim_end_matches(['\n', '\r']);
        let span = Span { source: id, start: byte(start), end: byte(end) };
        let is_hidden = sources.is_hidden(span) && !shown.trim().is_empty() && shown.trim() != "---";
        out.push_str(&if is_hidden { HIDDEN.into() } else { visible_lines(shown) });
        out.push('\n');
        start = end;
    }
    File { path: visible(sources.path(id)).into_owned(), text: out }
}

/// Resources, each text once.
#[derive(Default)]
struct Store {
    texts: Vec<(Kind, String, String)>,
    ids: BTreeMap<(Kind, String), usize>,
    named: BTreeMap<(String, Kind, String), usize>,
}

impl Store {
    /// Translates all proxies and lists what they are served.
    fn proxies(&mut self, world: &World, out: &mut Report) {
        let mesh = world.variant(None, &[]).mesh;
        let proxies = proxy::proxies(&mesh);
        let all: Vec<&Proxy> = proxies.iter().collect();
        let lists: Mutex<(BTreeMap<String, Vec<usize>>, &mut Self)> = Mutex::new((BTreeMap::new(), self));
        translate_all(&mesh, &all, |proxy, dump| {
            let name = proxy.full_name();
            if let Ok(mut locked) = lists.lock() {
                let (lists, store) = &mut *locked;
                let ids = dump.resources().into_iter().filter_map(|printed| {
                    let kind = Kind::of_list(printed.list)?;
                    Some(store.id(&name, kind, printed.name, printed.text))
                });
                let ids: Vec<usize> = ids.collect();
                lists.insert(name, ids);
            }
        });
        let Ok((lists, store)) = lists.into_inner() else { return };
        // Only while texts come in is it asked which are known.
        store.ids.clear();
        let order: BTreeMap<usize, usize> = store.renumbered();
        let mut first_of: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, proxy) in proxies.iter().enumerate() {
            let name = proxy.full_name();
            let ids = |name: &str| -> BTreeSet<usize> {
                lists.get(name).into_iter().flatten().filter_map(|id| order.get(id).copied()).collect()
            };
            let own = ids(&name);
            let base = *first_of.entry(&proxy.namespace).or_insert(at);
            let of_base = if base == at { BTreeSet::new() } else { ids(&proxies[base].full_name()) };
            out.proxies.push(OneProxy {
                name: visible(&name).into_owned(),
                kind: match proxy.client.kind {
                    ProxyKind::Sidecar => "sidecar",
                    ProxyKind::Router => "gateway",
                    ProxyKind::Waypoint => "waypoint",
                },
                base,
                more: own.difference(&of_base).copied().collect(),
                less: of_base.difference(&own).copied().collect(),
            });
        }
        store.renumber(&order);
    }

    fn id(&mut self, proxy: &str, kind: Kind, name: &str, text: &str) -> usize {
        let next = self.texts.len();
        let key = (kind, text.to_owned());
        let id = *self.ids.entry(key).or_insert(next);
        if id == next {
            self.texts.push((kind, name.to_owned(), text.to_owned()));
        }
        self.named.insert((proxy.to_owned(), kind, name.to_owned()), id);
        id
    }

    /// Returns the numbers of resources in one order, whatever the order in which proxies were translated.
    fn renumbered(&self) -> BTreeMap<usize, usize> {
        let mut all: Vec<usize> = (0..self.texts.len()).collect();
        all.sort_by(|a, b| self.texts[*a].cmp(&self.texts[*b]));
        all.into_iter().enumerate().map(|(new, old)| (old, new)).collect()
    }

    fn renumber(&mut self, order: &BTreeMap<usize, usize>) {
        let mut texts: Vec<(usize, (Kind, String, String))> = std::mem::take(&mut self.texts)
            .into_iter()
            .enumerate()
            .filter_map(|(old, text)| Some((*order.get(&old)?, text)))
            .collect();
        texts.sort();
        self.texts = texts.into_iter().map(|(_, text)| text).collect();
        for id in self.named.values_mut() {
            *id = order.get(id).copied().unwrap_or(*id);
        }
    }
}
