//! `meshc diff`

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use anyhow::Context as _;

use super::args::{Diff, DiffFormat, IstioVersion, OutputFlags};
use super::input::Input;
use super::side::{self, Content};
use super::{Outcome, guard, is_closed_pipe, keep, node, selection, upgrade};
use crate::config_dump::ConfigDump;
use crate::diagnostic::{Diagnostics, Severity};
use crate::diff::{self, Dump, Named, Presence, ProxyName, Report, Scope, compare, missing_kinds, render};
use crate::ingest::Manifests;
use crate::mesh::Mesh;
use crate::options::{IstioOptions, Options};
use crate::pipeline::{Side, translate_all};
use crate::provenance::World;
use crate::provenance::between::between;
use crate::provenance::cause::explain;
use crate::proxy::{self, Proxy};
use crate::source::{SourceFile, Span};

/// Runs the command.
pub(super) fn run(arguments: &Diff, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    if let Some(IstioVersion::Upgrade(from, to)) = arguments.mesh.istio_version {
        return upgrade::run(arguments, (from, to), flags);
    }
    let (before, after) = side::both(&arguments.sides, &arguments.mesh.limits)?;
    let command = Comparison { arguments, flags, options: arguments.mesh.options()? };
    let mut report = Report { before: before.label, after: after.label, ..Report::default() };
    let unread = match (before.content, after.content) {
        (Content::Manifests(before), Content::Manifests(after)) => command.manifests(before, after, &mut report)?,
        (Content::Dumps(before), Content::Dumps(after)) => {
            command.dumps(&before, &after, &mut report)?;
            Vec::new()
        }
        (Content::Dumps(dumps), Content::Manifests(files)) => command.mixed(&dumps, files, true, &mut report)?,
        (Content::Manifests(files), Content::Dumps(dumps)) => command.mixed(&dumps, files, false, &mut report)?,
    };
    report.finish();
    if !unread.is_empty() {
        write(&report, arguments).or_else(closed_is_fine)?;
        anyhow::bail!("cannot tell what differs, as {} cannot be read", unread.join(", "));
    }
    anyhow::ensure!(
        report.same + report.differing() > 0,
        "nothing is compared: neither {} nor {} has a proxy (a workload that is injected, or a gateway) that is asked for",
        report.before,
        report.after
    );
    write(&report, arguments).or_else(closed_is_fine)?;
    Ok(if report.is_same() { Outcome::Fine } else { Outcome::Differs })
}

fn closed_is_fine(error: anyhow::Error) -> anyhow::Result<()> {
    if is_closed_pipe(&error) { Ok(()) } else { Err(error) }
}

/// Returns the paths of what cannot be read of the first and not of the second in the same words: it may hide a difference.
fn unread_of(one: &Manifests, other: Option<&Manifests>) -> Vec<String> {
    let text = |manifests: &'_ Manifests, span: Span| manifests.sources.slice(span).to_owned();
    let known: BTreeSet<String> =
        other.into_iter().flat_map(|other| other.unread.iter().map(|span| text(other, *span))).collect();
    let is_new = |span: &&Span| {
        let text = text(one, **span);
        text.is_empty() || !known.contains(&text)
    };
    let paths: BTreeSet<&str> = one.unread.iter().filter(is_new).map(|span| one.sources.path(span.source)).collect();
    paths.into_iter().map(str::to_owned).collect()
}

fn write(report: &Report, arguments: &Diff) -> anyhow::Result<()> {
    if arguments.stat {
        anstream::stdout().lock().write_all(render::stat(report).as_bytes())?;
        return Ok(());
    }
    match arguments.output {
        DiffFormat::Summary => anstream::stdout().lock().write_all(render::summary(report).as_bytes())?,
        DiffFormat::Unified => anstream::stdout().lock().write_all(render::unified(report).as_bytes())?,
        DiffFormat::Json => std::io::stdout().lock().write_all(render::json(report).as_bytes())?,
        DiffFormat::Markdown => std::io::stdout().lock().write_all(render::markdown(report).as_bytes())?,
    }
    Ok(())
}

/// What was asked for.
struct Comparison<'a> {
    arguments: &'a Diff,
    flags: &'a OutputFlags,
    options: Options,
}

impl Comparison<'_> {
    fn scope(&self) -> Scope {
        Scope { all: self.arguments.all }
    }

    /// All proxies of both. Returns what cannot be read.
    fn manifests(
        &self,
        before: Vec<SourceFile>,
        after: Vec<SourceFile>,
        report: &mut Report,
    ) -> anyhow::Result<Vec<String>> {
        let worlds =
            rayon::join(|| &*keep(World::new(before, &self.options)), || &*keep(World::new(after, &self.options)));
        let (before, after) =
            rayon::join(|| Input::of_world(Instant::now(), worlds.0), || Input::of_world(Instant::now(), worlds.1));
        let (before, after) = (keep(before?), keep(after?));
        let (mesh_before, mesh_after) = rayon::join(|| &*keep(before.mesh()), || &*keep(after.mesh()));
        let (of_before, of_after) = (keep(proxy::proxies(mesh_before)), keep(proxy::proxies(mesh_after)));
        let selection = &self.arguments.selection;
        for pattern in &selection.proxy {
            let known = of_before.iter().chain(of_after.iter()).any(|proxy| selection::is_called(proxy, pattern));
            anyhow::ensure!(known, "no proxy matches {pattern} on either side");
        }
        let chosen = (selection.filter(of_before), selection.filter(of_after));
        let sides = (Side { mesh: mesh_before, proxies: &chosen.0 }, Side { mesh: mesh_after, proxies: &chosen.1 });
        let step = || guard::step("the comparison");
        let [of_before, of_after] = between(sides.0, sides.1, self.scope(), report, step);
        report.finish();
        explain(worlds.0, worlds.1, self.scope(), report);
        before.diagnostics.extend(of_before);
        after.diagnostics.extend(of_after);
        before.report_findings(Severity::Error, self.flags);
        after.report_findings(Severity::Error, self.flags);
        let mut unread = unread_of(&before.manifests, Some(&after.manifests));
        unread.extend(unread_of(&after.manifests, Some(&before.manifests)));
        Ok(unread)
    }

    /// Dumps by name; the only one of each side whatever its name.
    fn dumps(
        &self,
        before: &[(String, String)],
        after: &[(String, String)],
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let (before, after) = rayon::join(|| read_dumps(before), || read_dumps(after));
        let (before, after) = (self.wanted(before?), self.wanted(after?));
        let pairs = diff::pair(&before, &after);
        for (a, b) in &pairs {
            let node = |side: Option<usize>, dumps: &[Named<'_>]| side.map(|at| name_of(&dumps[at]));
            let Some(proxy) = node(*a, &before).or_else(|| node(*b, &after)) else { continue };
            match (a.map(|at| &before[at].1), b.map(|at| &after[at].1)) {
                (Some(a), Some(b)) => self.one(proxy, a, b, [true, true], report),
                (Some(a), None) => report.add(proxy, Presence::Removed(a.count()), Vec::new()),
                (None, Some(b)) => report.add(proxy, Presence::Added(b.count()), Vec::new()),
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn wanted<'d>(&self, dumps: Vec<Named<'d>>) -> Vec<Named<'d>> {
        let selection = &self.arguments.selection;
        // A dump that does not say whose it is is meant when nothing else is there.
        let only = dumps.len() == 1;
        let is_wanted = |named: &Named<'_>| {
            let proxy = name_of(named);
            (only && proxy.name.is_empty()) || selection.wants_named(&proxy.name, &proxy.kind)
        };
        dumps.into_iter().filter(is_wanted).collect()
    }

    /// Dumps, each with the proxy that the manifests have for it. Returns what cannot be read.
    fn mixed(
        &self,
        texts: &[(String, String)],
        files: Vec<SourceFile>,
        dumps_are_before: bool,
        report: &mut Report,
    ) -> anyhow::Result<Vec<String>> {
        let (dumps, input) = rayon::join(
            || read_dumps(texts),
            || {
                let istio = IstioOptions { dumped: node::of_dumps(texts), ..self.options.istio.clone() };
                let options = Options { istio, ..self.options.clone() };
                Input::of(Instant::now(), files, &options)
            },
        );
        let (dumps, input) = (dumps?, keep(input?));
        let mesh = &*keep(input.mesh());
        let proxies = keep(proxy::proxies(mesh));
        let dumps = if dumps.len() == 1 { dumps } else { self.wanted(dumps) };
        let mut matched: Vec<(&Named<'_>, Option<&Proxy>)> = Vec::new();
        for named in &dumps {
            let proxy = self.proxy_of(named, proxies, dumps.len() == 1)?;
            if let (Some(proxy), Some(node)) = (proxy, named.1.node.as_ref())
                && proxy.full_name() != node.proxy
            {
                report.notes.push(format!("{} is compared with {} of the manifests", node.proxy, proxy.full_name()));
            }
            matched.push((named, proxy));
        }
        let mut wanted: Vec<&Proxy> = matched.iter().filter_map(|(_, proxy)| *proxy).collect();
        wanted.sort_by_key(|proxy| proxy.full_name());
        wanted.dedup_by_key(|proxy| proxy.full_name());
        let (made, diagnostics) = translate(mesh, &wanted);
        let made = keep(made);
        input.diagnostics.extend(diagnostics);
        for (named, proxy) in matched {
            let live = &named.1;
            let shown = name_of(named);
            match proxy.and_then(|proxy| made.get(&proxy.full_name())) {
                None if dumps_are_before => report.add(shown, Presence::Removed(live.count()), Vec::new()),
                None => report.add(shown, Presence::Added(live.count()), Vec::new()),
                Some(made) => {
                    let made = Dump::of(made);
                    let shown = ProxyName::new(&shown.name, live.node.as_ref().or(made.node.as_ref()));
                    if dumps_are_before {
                        self.one(shown, live, &made, [true, false], report);
                    } else {
                        self.one(shown, &made, live, [false, true], report);
                    }
                }
            }
        }
        input.report_findings(Severity::Note, self.flags);
        Ok(unread_of(&input.manifests, None))
    }

    /// Tells which proxy of the manifests a dump is of: by `--proxy`, by its name, else by the workload that its Pod was made from.
    fn proxy_of<'p>(&self, dump: &Named<'_>, proxies: &'p [Proxy], only: bool) -> anyhow::Result<Option<&'p Proxy>> {
        let selection = &self.arguments.selection;
        if only && !selection.proxy.is_empty() {
            let chosen = selection.choose(proxies)?;
            let names: Vec<_> = chosen.iter().map(|proxy| proxy.full_name()).collect();
            anyhow::ensure!(chosen.len() == 1, "--proxy has to name one proxy, not {}", names.join(", "));
            return Ok(chosen.first().copied());
        }
        let name = &name_of(dump).name;
        if let Some(found) = proxies.iter().find(|proxy| proxy.full_name() == *name) {
            return Ok(Some(found));
        }
        let of_workload = dump.1.node.as_ref().and_then(|node| {
            let workload = node.workload.as_deref()?;
            proxies.iter().find(|proxy| proxy.namespace == node.namespace() && proxy.workload_name == workload)
        });
        if only && of_workload.is_none() {
            let whose = if name.is_empty() {
                "the dump does not say whose it is".to_owned()
            } else {
                format!("the manifests have no proxy {name}")
            };
            anyhow::bail!("{whose}; name one of the manifests with --proxy");
        }
        Ok(of_workload)
    }

    /// Compares one proxy; sides that come from dumps can hold what is set apart, and notes.
    fn one(&self, proxy: ProxyName, before: &Dump<'_>, after: &Dump<'_>, is_dump: [bool; 2], report: &mut Report) {
        for (dump, is_dump) in [(before, is_dump[0]), (after, is_dump[1])] {
            report.notes.extend(dump.notes.iter().map(|note| format!("{}: {note}", proxy.name)));
            if is_dump && !self.arguments.all {
                report.apart += dump.count_apart();
            }
        }
        for kind in missing_kinds(before, after) {
            report.notes.push(format!(
                "{}: {} are not compared, as a dump was taken without them{}",
                proxy.name,
                kind.plural(),
                if kind == diff::Kind::Endpoint { " (/config_dump?include_eds has them)" } else { "" }
            ));
        }
        report.add(proxy, Presence::Both, compare(before, after, self.scope()));
    }
}

/// Translates proxies, by name.
fn translate(mesh: &Mesh, proxies: &[&Proxy]) -> (BTreeMap<String, ConfigDump>, Diagnostics) {
    let dumps = Mutex::new(BTreeMap::new());
    let diagnostics = translate_all(mesh, proxies, |proxy, dump| {
        guard::step("the translation");
        if let Ok(mut dumps) = dumps.lock() {
            dumps.insert(proxy.full_name(), dump);
        }
    });
    (dumps.into_inner().unwrap_or_default(), diagnostics)
}

/// Reads dumps; one that does not say whose it is has the name of its file, `<pod>.<namespace>.json`.
fn read_dumps(texts: &[(String, String)]) -> anyhow::Result<Vec<Named<'_>>> {
    let mut out = Vec::new();
    for (path, text) in texts {
        let dumps = diff::read(text).with_context(|| path.clone())?;
        let dumps = dumps.with_context(|| format!("{path}: not a config dump"))?;
        for (name, dump) in dumps {
            let stem = Path::new(path).file_stem().and_then(|stem| stem.to_str());
            let stem = stem.filter(|stem| stem.contains('.')).map(str::to_owned);
            out.push((name.or_else(|| dump.node.as_ref().map(|node| node.proxy.clone())).or(stem), dump));
        }
    }
    Ok(out)
}

fn name_of((name, dump): &Named<'_>) -> ProxyName {
    ProxyName::new(name.as_deref().unwrap_or_default(), dump.node.as_ref())
}
