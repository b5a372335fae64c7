//! A report as a page: the steps of each hop, numbered as they happen.

use std::fmt::Write as _;

use super::report::{Cluster, Hop, Report};
use crate::visible::visible;

/// Routes that were missed and are told without `--verbose`.
const FEW: usize = 3;

/// What to tell, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Tells of every filter chain, filter and route.
    pub verbose: bool,
}

const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const GREEN: &str = "\u{1b}[32m";
const RED: &str = "\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";
const PLAIN: &str = "\u{1b}[0m";

/// Writes the page, with escapes for colours.
pub fn page(report: &Report, style: Style) -> String {
    let mut out = String::new();
    let text = |key: &str| visible(report.request.get(key).and_then(serde_json::Value::as_str).unwrap_or_default());
    let scheme = if text("scheme").is_empty() { "http".into() } else { text("scheme") };
    let from = if text("from").is_empty() { String::new() } else { format!(" from {}", text("from")) };
    let _ = writeln!(out, "{BOLD}{} {scheme}://{}{}{PLAIN}{from}", text("method"), text("authority"), text("path"));
    for hop in &report.hops {
        write_hop(&mut out, hop, style);
    }
    let good = matches!(report.outcome.kind, "forwarded" | "direct_response" | "redirect" | "passthrough");
    let colour = if good { GREEN } else { RED };
    let outcome = &report.outcome;
    let status = outcome.status.map(|status| format!("{status} ")).unwrap_or_default();
    let flags = if outcome.flags == "-" { String::new() } else { format!("{} ", outcome.flags) };
    let location = outcome.location.as_ref().map(|location| format!(" to {}", visible(location))).unwrap_or_default();
    let by = report.hops.get(outcome.hop);
    let by = by
        .filter(|hop| !hop.proxy.is_empty())
        .map(|hop| format!("{DIM}, by {}{PLAIN}", visible(&hop.proxy)))
        .unwrap_or_default();
    let _ = writeln!(
        out,
        "\n{colour}{status}{flags}{}{PLAIN} ({}{location}){by}",
        visible(&outcome.details),
        outcome.kind.replace('_', " ")
    );
    out
}

/// One step of a hop.
struct Steps<'o> {
    out: &'o mut String,
    count: usize,
}

impl Steps<'_> {
    fn step(&mut self, title: &str, text: &str) {
        self.count += 1;
        let _ = writeln!(self.out, " {:>2}. {BOLD}{title:<14}{PLAIN} {text}", self.count);
    }

    fn detail(&mut self, text: &str) {
        let _ = writeln!(self.out, "                    {text}");
    }
}

fn write_hop(out: &mut String, hop: &Hop, style: Style) {
    let what = match hop.direction {
        _ if hop.listener.as_deref() == Some("main_internal") => "tunnel",
        "inbound" => "server side",
        "gateway" => "gateway",
        _ => "client side",
    };
    if hop.proxy.is_empty() {
        out.push('\n');
    } else {
        let _ = writeln!(out, "\n{BOLD}{what}: {}{PLAIN} {DIM}({}){PLAIN}", visible(&hop.proxy), hop.direction);
    }
    let mut steps = Steps { out, count: 0 };
    match &hop.listener {
        // Only a route configuration was asked.
        None if hop.proxy.is_empty() => {}
        None => steps.step("listener", &format!("{RED}none takes the connection{PLAIN}")),
        Some(name) => {
            let by = hop.handed_on_by.as_ref().map(|by| format!(", handed on by {}", visible(by))).unwrap_or_default();
            steps.step("listener", &format!("{}{by}; {}", visible(name), visible(&hop.findings)));
        }
    }
    match &hop.filter_chain {
        None if hop.listener.is_some() => {
            steps.step("filter chain", &format!("{RED}none is for the connection{PLAIN}"));
        }
        None => {}
        Some(chain) => {
            let name = if chain.name.is_empty() { "without a name" } else { &chain.name };
            steps.step(
                "filter chain",
                &format!("{} {DIM}{}{PLAIN}", visible(name), visible(&chain.matching.to_string())),
            );
        }
    }
    if style.verbose || hop.filter_chain.is_none() {
        for lost in &hop.lost_filter_chains {
            let name = if lost.name.is_empty() { "(no name)" } else { &lost.name };
            steps.detail(&format!("{DIM}not {} {}: {}{PLAIN}", lost.index, visible(name), visible(&lost.why)));
        }
    }
    filters(&mut steps, hop, style);
    routes(&mut steps, hop, style);
    if let Some(upstream) = &hop.upstream {
        steps.step("sends", &format!("{} to host {}", visible(&upstream.request_target), visible(&upstream.authority)));
        for (name, value) in &upstream.headers.set {
            steps.detail(&visible(&format!("sets {name}: {value}")));
        }
        for (name, value) in &upstream.headers.append {
            steps.detail(&visible(&format!("adds {name}: {value}")));
        }
        for name in &upstream.headers.remove {
            steps.detail(&visible(&format!("removes {name}")));
        }
    }
    for cluster in &hop.clusters {
        write_cluster(&mut steps, cluster, style);
    }
    if !hop.places.is_empty() {
        steps.step("written in", "");
    }
    for place in &hop.places {
        let at = if place.file.is_empty() {
            String::new()
        } else {
            format!(" {}:{}:{}", visible(&place.file), place.line, place.column)
        };
        steps.detail(&format!("{}{DIM}{at}{PLAIN}", visible(&place.object)));
    }
    for note in &hop.notes {
        steps.detail(&format!("{YELLOW}note: {}{PLAIN}", visible(note)));
    }
}

fn filters(steps: &mut Steps<'_>, hop: &Hop, style: Style) {
    let all = hop.network_filters.iter().chain(&hop.filters);
    let told: Vec<_> = all
        .filter(|filter| style.verbose || filter.verdict != "continue")
        .filter(|filter| style.verbose || !filter.why.is_empty())
        .collect();
    if told.is_empty() {
        return;
    }
    steps.step("filters", "");
    for filter in told {
        let colour = match filter.verdict {
            "deny" => RED,
            "answers" | "unknown" => YELLOW,
            "allow" => GREEN,
            _ => "",
        };
        let why = if filter.why.is_empty() { String::new() } else { format!(": {}", visible(&filter.why)) };
        steps.detail(&format!("{} {colour}{}{PLAIN}{why}", visible(&filter.name), filter.verdict));
    }
}

fn routes(steps: &mut Steps<'_>, hop: &Hop, style: Style) {
    let Some(config) = hop.route_config.as_ref().map(|config| visible(config)) else { return };
    match &hop.host_match {
        None => steps.step("routes", &format!("{config}: {RED}no virtual host is for the host{PLAIN}")),
        Some(host) => {
            let how = match host.by {
                "exact" => "is the host",
                "suffix" | "prefix" => "has the host",
                _ => "has any host",
            };
            steps.step(
                "routes",
                &format!(
                    "{config}: virtual host {}, whose domain {} {how}",
                    visible(&host.virtual_host),
                    visible(&host.domain)
                ),
            );
        }
    }
    let skipped = if style.verbose { 0 } else { hop.missed.len().saturating_sub(FEW) };
    for missed in hop.missed.iter().take(hop.missed.len() - skipped) {
        let name = if missed.name.is_empty() { String::new() } else { format!(" {}", visible(&missed.name)) };
        steps.detail(&format!("{DIM}not {}{name}: {}{PLAIN}", missed.index, visible(&missed.why)));
    }
    if skipped > 0 {
        steps.detail(&format!("{DIM}and {skipped} more; --verbose tells of all{PLAIN}"));
    }
    if let Some(route) = &hop.route {
        let name = if route.name.is_empty() { String::new() } else { format!(" {}", visible(&route.name)) };
        steps.step("route", &format!("{}{name}: {}", route.index, visible(&route.matching)));
    } else if hop.host_match.is_some() && hop.missed.is_empty() {
        steps.detail("none of its routes is asked");
    } else if hop.host_match.is_some() {
        steps.detail(&format!("{RED}no route is for the request{PLAIN}"));
    }
    for effect in &hop.effects {
        steps.detail(&visible(effect));
    }
}

fn write_cluster(steps: &mut Steps<'_>, cluster: &Cluster, style: Style) {
    let share = if cluster.share < 1.0 { format!("{}% ", percent(cluster.share)) } else { String::new() };
    let tls = match cluster.tls {
        "none" => "no TLS".to_owned(),
        "hbone" => "HBONE, in mutual TLS".to_owned(),
        tls => {
            let sni =
                if cluster.sni.is_empty() { String::new() } else { format!(", server name {}", visible(&cluster.sni)) };
            format!("TLS {}{sni}", tls.to_uppercase())
        }
    };
    steps.step("cluster", &format!("{share}{}; {tls}", visible(&cluster.name)));
    for policy in &cluster.policies {
        steps.detail(&visible(policy));
    }
    if cluster.panic {
        steps.detail(&format!(
            "{YELLOW}panic mode: too few endpoints are healthy, so all of them receive requests{PLAIN}"
        ));
    }
    let most = if style.verbose { usize::MAX } else { 5 };
    for endpoint in cluster.endpoints.iter().take(most) {
        let workload = endpoint.workload.as_ref().map(|workload| format!(" {}", visible(workload))).unwrap_or_default();
        let health = if endpoint.health.is_empty() {
            String::new()
        } else {
            format!(" {RED}{}{PLAIN}", visible(&endpoint.health))
        };
        let locality =
            if endpoint.locality.is_empty() { String::new() } else { format!(" in {}", visible(&endpoint.locality)) };
        let priority = if endpoint.priority == 0 { String::new() } else { format!(" priority {}", endpoint.priority) };
        steps.detail(&format!(
            "{:>5}% {}{workload}{locality}{priority}{health}",
            percent(endpoint.share),
            visible(&endpoint.address)
        ));
    }
    if cluster.endpoints.len() > most {
        steps.detail(&format!("{DIM}and {} more; --verbose tells of all{PLAIN}", cluster.endpoints.len() - most));
    }
}

fn percent(share: f64) -> f64 {
    (share * 10_000.0).round() / 100.0
}
