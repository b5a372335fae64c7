//! What came of a request, compared with what must.

use std::collections::BTreeMap;

use super::case::{Difference, Expect};
use crate::explain::{Cluster, Hop, Report};

/// Compares a report with what must come, and with what must not.
pub fn check(report: &Report, expect: &Expect, expect_not: &Expect) -> Vec<Difference> {
    let mut out: Vec<Difference> =
        fields(report, expect).into_iter().filter(|(_, holds)| !holds).map(|(d, _)| d).collect();
    let unwanted = fields(report, expect_not).into_iter().filter(|(_, holds)| *holds);
    out.extend(
        unwanted.map(|(difference, _)| Difference { expected: format!("not {}", difference.expected), ..difference }),
    );
    out
}

/// Says of each field that is stated whether it holds.
fn fields(report: &Report, expect: &Expect) -> Vec<(Difference, bool)> {
    let Expect {
        status,
        kind,
        denied,
        flags,
        details,
        cluster,
        host,
        subset,
        port,
        share,
        redirect,
        path,
        authority,
        headers,
        virtual_host,
        route,
        via,
    } = expect;
    let outcome = &report.outcome;
    let mut out = Vec::new();
    let mut add = |field: &'static str, expected: String, found: String, holds: bool| {
        out.push((Difference::new(field, expected, found), holds));
    };
    // What leaves the last proxy with a route of its own is what the application gets; inbound proxies leave it as it is.
    let routing = report.hops.iter().rfind(|hop| hop.direction != "inbound").or_else(|| report.hops.last());
    let clusters: Vec<Parts<'_>> = routing.map(|hop| hop.clusters.iter().map(Parts::new).collect()).unwrap_or_default();
    let of_clusters = |part: &dyn Fn(&Parts<'_>) -> String| list(clusters.iter().map(part));
    if let Some(wanted) = status {
        let found = outcome.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        add("status", wanted.to_string(), found, outcome.status == Some(*wanted));
    }
    if let Some(wanted) = kind {
        add("kind", wanted.clone(), outcome.kind.to_owned(), wanted == outcome.kind);
    }
    if let Some(wanted) = denied {
        let found = outcome.kind == "denied";
        add("denied", wanted.to_string(), format!("{found} ({})", outcome.details), found == *wanted);
    }
    if let Some(wanted) = flags {
        add("flags", wanted.clone(), outcome.flags.clone(), *wanted == outcome.flags);
    }
    if let Some(wanted) = details {
        add("details", wanted.clone(), outcome.details.clone(), *wanted == outcome.details);
    }
    if let Some(wanted) = cluster {
        add("cluster", wanted.clone(), of_clusters(&|c| c.name.to_owned()), clusters.iter().any(|c| c.name == wanted));
    }
    if let Some(wanted) = host {
        add("host", wanted.clone(), of_clusters(&|c| c.host.to_owned()), clusters.iter().any(|c| c.has_host(wanted)));
    }
    if let Some(wanted) = subset {
        add(
            "subset",
            wanted.clone(),
            of_clusters(&|c| c.subset.to_owned()),
            clusters.iter().any(|c| c.subset == wanted),
        );
    }
    if let Some(wanted) = port {
        let wanted = wanted.to_string();
        let holds = clusters.iter().any(|c| c.port == wanted);
        add("port", wanted, of_clusters(&|c| c.port.to_owned()), holds);
    }
    if let Some(wanted) = share {
        let found = |key: &str| -> f64 {
            clusters.iter().filter(|c| c.subset == key || c.has_host(key)).map(|c| c.share).sum()
        };
        let holds =
            wanted.iter().all(|(key, share)| share.part().is_some_and(|part| (part - found(key)).abs() < 0.005));
        let text = list(
            clusters
                .iter()
                .map(|c| format!("{} {}%", if c.subset.is_empty() { c.host } else { c.subset }, c.share * 100.0)),
        );
        let expected =
            list(wanted.iter().map(|(key, share)| format!("{key} {}%", share.part().unwrap_or_default() * 100.0)));
        add("share", expected, text, holds);
    }
    if let Some(wanted) = redirect {
        let found = outcome.location.clone().unwrap_or_default();
        // A path or a host is enough.
        let after_scheme = found.split_once("://").map_or(found.as_str(), |(_, rest)| rest);
        let (at_host, at_path) = after_scheme.split_at(after_scheme.find('/').unwrap_or(after_scheme.len()));
        let holds = *wanted == found || *wanted == at_path || *wanted == at_host;
        add("redirect", wanted.clone(), found, !wanted.is_empty() && holds);
    }
    let upstream = routing.and_then(|hop| hop.upstream.as_ref());
    if let Some(wanted) = path {
        let found = upstream.map(|upstream| upstream.request_target.clone()).unwrap_or_default();
        let holds = *wanted == found;
        add("path", wanted.clone(), found, holds);
    }
    if let Some(wanted) = authority {
        let found = upstream.map(|upstream| upstream.authority.clone()).unwrap_or_default();
        let holds = *wanted == found;
        add("authority", wanted.clone(), found, holds);
    }
    if let Some(wanted) = headers {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for upstream in report.hops.iter().filter_map(|hop| hop.upstream.as_ref()) {
            found.extend(upstream.headers.set.clone());
            found.extend(upstream.headers.append.clone());
        }
        let holds = wanted.iter().all(|(name, value)| found.get(&name.to_ascii_lowercase()) == Some(value));
        add("headers", pairs(wanted), pairs(&found), holds);
    }
    if let Some(wanted) = virtual_host {
        let found = routing.and_then(|hop| hop.virtual_host.clone()).unwrap_or_default();
        let holds = *wanted == found;
        add("virtual_host", wanted.clone(), found, holds);
    }
    if let Some(wanted) = route {
        let found = routing.and_then(|hop| hop.route.as_ref()).map(|route| route.name.clone()).unwrap_or_default();
        let holds = *wanted == found;
        add("route", wanted.clone(), found, holds);
    }
    if let Some(wanted) = via {
        let found: Vec<&Hop> = report.hops.iter().collect();
        let holds =
            wanted.len() == found.len() && wanted.iter().zip(&found).all(|(w, hop)| hop.proxy.starts_with(w.as_str()));
        add("via", wanted.join(", "), list(found.iter().map(|hop| hop.proxy.clone())), holds);
    }
    out
}

/// The parts of a cluster's name: `outbound|9080|v1|reviews.default.svc.cluster.local`.
pub(super) struct Parts<'r> {
    pub(super) name: &'r str,
    pub(super) port: &'r str,
    pub(super) subset: &'r str,
    pub(super) host: &'r str,
    pub(super) share: f64,
}

impl<'r> Parts<'r> {
    pub(super) fn new(cluster: &'r Cluster) -> Self {
        let mut parts = cluster.name.splitn(4, '|').skip(1);
        let mut part = || parts.next().unwrap_or_default();
        let (port, subset, host) = (part(), part(), part());
        Self { name: &cluster.name, port, subset, host, share: cluster.share }
    }

    /// A short name is enough.
    fn has_host(&self, wanted: &str) -> bool {
        self.host == wanted
            || (!wanted.is_empty() && self.host.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.')))
    }
}

fn list(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

fn pairs(headers: &BTreeMap<String, String>) -> String {
    list(headers.iter().map(|(name, value)| format!("{name}: {value}")))
}
