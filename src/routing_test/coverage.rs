//! Which routes of VirtualServices and of the Gateway API requests reach.
//!
//! A route is a condition (`match`) of a rule, or a rule without any.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::rules::{Rule, Rules};

/// How often each rule is reached.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    rules: Rules,
    hits: BTreeMap<usize, usize>,
}

impl Coverage {
    /// Nothing is reached yet.
    pub fn new(rules: Rules) -> Self {
        Self { rules, hits: BTreeMap::new() }
    }

    /// Notes the rules of one request.
    pub fn add(&mut self, marks: impl IntoIterator<Item = usize>) {
        let once: BTreeSet<usize> = marks.into_iter().collect();
        for mark in once {
            *self.hits.entry(mark).or_default() += 1;
        }
    }

    fn routes(&self) -> impl Iterator<Item = (&Rule, usize)> {
        let all = self.rules.list.iter().enumerate();
        all.filter(|(_, rule)| rule.is_route)
            .map(|(mark, rule)| (rule, self.hits.get(&mark).copied().unwrap_or_default()))
    }

    /// Returns how many routes are reached, and how many there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.routes().filter(|(_, hits)| *hits > 0).count(), self.routes().count())
    }

    /// Returns the reached part in percent; all of nothing is 100.
    pub fn percent(&self) -> f64 {
        match self.counts() {
            (_, 0) => 100.0,
            #[expect(clippy::cast_precision_loss, reason = "there are not that many routes")]
            (reached, all) => reached as f64 * 100.0 / all as f64,
        }
    }

    /// Lists the routes that nothing reaches, each with its line, and the count.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for (rule, _) in self.routes().filter(|(_, hits)| *hits == 0) {
            let _ = write!(out, "not covered: {} {}", rule.object, rule.short());
            if let Some((file, line, column)) = &rule.place {
                let _ = write!(out, " ({file}:{line}:{column})");
            }
            out.push('\n');
        }
        let (reached, all) = self.counts();
        let _ = writeln!(out, "{reached} of {all} routes covered ({:.1}%)", self.percent());
        out
    }

    /// Returns it as JSON.
    pub fn json(&self) -> Value {
        let one = |(rule, hits): (&Rule, usize)| {
            let (file, line, column) = rule.place.clone().unwrap_or_default();
            json!({
                "object": rule.object, "route": rule.short(), "file": file, "line": line,
                "column": column, "cases": hits,
            })
        };
        let (reached, all) = self.counts();
        json!({ "percent": self.percent(), "covered": reached, "routes": all, "list": self.routes().map(one).collect::<Vec<_>>() })
    }

    /// Returns it in the form of lcov, which reports and editors read: a line with a rule or a condition counts the requests.
    pub fn lcov(&self) -> String {
        let mut files: BTreeMap<&str, BTreeMap<usize, usize>> = BTreeMap::new();
        for (mark, rule) in self.rules.list.iter().enumerate() {
            let Some((file, line, _)) = &rule.place else { continue };
            let hits = self.hits.get(&mark).copied().unwrap_or_default();
            // A rule and its first condition may share a line: what no request reaches shows.
            let lines = files.entry(file).or_default();
            lines.entry(*line).and_modify(|known| *known = (*known).min(hits)).or_insert(hits);
        }
        let mut out = String::new();
        for (file, lines) in files {
            let _ = write!(out, "TN:\nSF:{file}\n");
            for (line, hits) in &lines {
                let _ = writeln!(out, "DA:{line},{hits}");
            }
            let reached = lines.values().filter(|hits| **hits > 0).count();
            let _ = write!(out, "LF:{}\nLH:{reached}\nend_of_record\n", lines.len());
        }
        out
    }
}
