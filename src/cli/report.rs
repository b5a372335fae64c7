//! What goes to standard error at the end: findings, and a summary.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::args::OutputFlags;
use super::input::Input;
use super::rendered::Rendered;
use super::{Outcome, render};
use crate::control_plane::{Origin, Setting};
use crate::diagnostic::{Diagnostics, Severity};
use crate::ingest::Document;
use crate::installation::{Installation, ReleaseOrigin};
use crate::proxy::{Proxy, ProxyKind};
use crate::visible::visible;

impl Input {
    /// Writes the findings and the summary, and tells how the command ends.
    pub(super) fn report(
        &mut self,
        proxies: Option<&[&Proxy]>,
        rendered: &Rendered,
        strict: bool,
        flags: &OutputFlags,
    ) -> Outcome {
        let mut diagnostics = self.take_diagnostics();
        rendered.lead_back_all(&mut self.manifests.sources, &mut diagnostics);
        self.diagnostics = diagnostics;
        if !flags.quiet {
            // Nothing that is said here may fail the run.
            let mut err = anstream::stderr().lock();
            let _ = render::write(&self.diagnostics, &self.manifests.sources, &mut err)
                .and_then(|()| self.summary(proxies, &mut err));
        }
        self.outcome(strict)
    }

    /// Writes findings of at least this severity, without a summary.
    pub(super) fn report_findings(&mut self, least: Severity, flags: &OutputFlags) {
        if flags.quiet {
            return;
        }
        let all = self.take_diagnostics();
        let mut wanted = Diagnostics::default();
        for diagnostic in all.iter().filter(|diagnostic| weight(diagnostic.severity) >= weight(least)) {
            wanted.push(diagnostic.clone());
        }
        let _ = render::write(&wanted, &self.manifests.sources, &mut anstream::stderr().lock());
    }

    fn outcome(&self, strict: bool) -> Outcome {
        if strict && self.has_errors() { Outcome::InputErrors } else { Outcome::Fine }
    }

    /// Writes the same for `expand`, with each value that was made up.
    pub(super) fn report_expansion(&mut self, strict: bool, flags: &OutputFlags) -> Outcome {
        if !flags.quiet {
            let mut err = anstream::stderr().lock();
            for invented in &self.expansion.invented {
                let _ = writeln!(err, "added: {}", visible(&invented.to_string()));
            }
        }
        self.report(None, &Rendered::default(), strict, flags)
    }

    /// Counts what was made up, by kind and field: the output rests on it.
    fn invented(&self) -> BTreeMap<String, usize> {
        let mut out = BTreeMap::new();
        for invented in &self.expansion.invented {
            let what = format!("{} {}", invented.kind, invented.field);
            *out.entry(what.trim_end().to_owned()).or_default() += 1;
        }
        out
    }

    /// Names the switches that count as set because the input asks for them and holds no istiod, and what asks.
    fn implied(&self) -> String {
        let implied = self.control_plane.implied.iter().map(|Setting { name, value, origin }| {
            let asking = match origin {
                Origin::Input { source, .. } => self.manifests.document(*source).map(Document::title),
                Origin::Stated(by) => Some(by.clone()),
            };
            format!("{name}={value} by {}", visible(&asking.unwrap_or_default()))
        });
        implied.collect::<Vec<_>>().join(", ")
    }

    fn summary(&self, proxies: Option<&[&Proxy]>, out: &mut impl Write) -> io::Result<()> {
        let manifests = &self.manifests;
        let (files, documents) = (manifests.sources.len(), manifests.document_count);
        writeln!(out, "read      {}, {}", count(files, "file", "s"), count(documents, "document", "s"))?;
        let used: Vec<_> = manifests.resources.counts().into_iter().filter(|(_, count)| *count > 0).collect();
        list("used", used.into_iter(), out)?;
        list("ignored", manifests.ignored.iter().map(|(kind, count)| (kind.as_str(), *count)), out)?;
        list("invented", self.invented().iter().map(|(what, count)| (what.as_str(), *count)), out)?;
        let changed = self.control_plane.changed_switches().join(", ");
        let changed = if changed.is_empty() { changed } else { format!(": {changed}") };
        writeln!(out, "istiod    {}{changed}", release(&self.settings.installation))?;
        if !self.control_plane.implied.is_empty() {
            writeln!(out, "implied   {}", self.implied())?;
        }
        if let Some(proxies) = proxies {
            writeln!(out, "proxies   {}", kinds(proxies))?;
        }
        let found = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
        let found = found.map(|(severity, name)| (self.diagnostics.count(severity), name));
        let found: Vec<_> = found.iter().filter(|(n, _)| *n > 0).map(|(n, name)| count(*n, name, "s")).collect();
        if !found.is_empty() {
            writeln!(out, "found     {}", found.join(", "))?;
        }
        writeln!(out, "time      {:.1} ms", self.start.elapsed().as_secs_f64() * 1000.0)
    }
}

/// Counts proxies by what they are.
fn kinds(proxies: &[&Proxy]) -> String {
    let of_kind = |kind: ProxyKind| proxies.iter().filter(move |proxy| proxy.client.kind == kind);
    let east_west = of_kind(ProxyKind::Waypoint).filter(|proxy| proxy.is_east_west()).count();
    let waypoints = of_kind(ProxyKind::Waypoint).count() - east_west;
    let mut out = [
        count(of_kind(ProxyKind::Sidecar).count(), "sidecar", "s"),
        count(of_kind(ProxyKind::Router).count(), "gateway", "s"),
    ]
    .to_vec();
    if waypoints > 0 {
        out.push(count(waypoints, "waypoint", "s"));
    }
    if east_west > 0 {
        out.push(count(east_west, "east-west gateway", "s"));
    }
    out.join(", ")
}

/// Returns istiod's release and what says so, and that of the proxies where it is another.
fn release(installation: &Installation) -> String {
    let Installation { release, release_from, proxies, .. } = installation;
    let why = match release_from {
        ReleaseOrigin::Stated(by) => format!("by {by}"),
        ReleaseOrigin::Image(istiod) => format!("from {istiod}"),
        ReleaseOrigin::Default => "by default".to_owned(),
    };
    match proxies {
        Some(proxies) if proxies.release != *release => format!("{release} {why}, proxies {}", proxies.release),
        _ => format!("{release} {why}"),
    }
}

fn weight(severity: Severity) -> u8 {
    match severity {
        Severity::Note => 0,
        Severity::Warning => 1,
        Severity::Error => 2,
    }
}

fn list<'a>(title: &str, items: impl Iterator<Item = (&'a str, usize)>, out: &mut impl Write) -> io::Result<()> {
    let items: Vec<_> = items.map(|(name, count)| format!("{} {count}", visible(name))).collect();
    if items.is_empty() { Ok(()) } else { writeln!(out, "{title:<9} {}", items.join(", ")) }
}

/// Returns `1 file`, `2 files`.
fn count(number: usize, noun: &str, plural: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}{plural}") }
}
