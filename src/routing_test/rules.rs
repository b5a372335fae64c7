//! The rules of VirtualServices, marked so that a route tells which it is made of.
//!
//! istiod calls a route after its rule and its condition, and one of a delegate after both rules. In a copy of the mesh each name ends
//! with a mark, and so the name of a route that a request takes says which rules had it.

use std::sync::Arc;

use serde_json::Value;

use crate::explain::Report;
use crate::ingest::Manifests;
use crate::model::Config;
use crate::model::istio::{HttpRoute, VirtualService};
use crate::source::{FieldPath, ResourceRef};

/// Characters for private use begin and end a mark; no name has them.
const BEGIN: char = '\u{f8f0}';
const END: char = '\u{f8f1}';

/// A rule of a VirtualService, or one of its conditions.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The VirtualService, `namespace/name`.
    pub object: String,
    /// Where it is: `spec.http[1]`, or `spec.http[1].match[0]`.
    pub path: FieldPath,
    /// The file, and line and column; none where it is generated.
    pub place: Option<(String, usize, usize)>,
    /// The rule.
    pub http: HttpRoute,
    /// The rule as written.
    pub written: Value,
    /// Whether it is one of the conditions of a rule, and not the rule itself.
    pub is_condition: bool,
    /// Whether requests can take it by itself: a condition, or a rule without any.
    pub is_route: bool,
}

/// All rules; a mark is an index into them.
#[derive(Debug, Clone, Default)]
pub struct Rules(pub Vec<Rule>);

impl Rules {
    /// Puts marks to all names of the manifests.
    pub fn mark(manifests: &mut Manifests) -> Self {
        let mut rules = Self::default();
        let configs = manifests.resources.virtual_services.clone();
        let marked = configs.iter().map(|config| rules.marked(config, manifests)).collect();
        manifests.resources.virtual_services = marked;
        rules
    }

    fn marked(&mut self, config: &Arc<Config<VirtualService>>, manifests: &Manifests) -> Arc<Config<VirtualService>> {
        let mut copy = Config { meta: config.meta.clone(), spec: config.spec.clone(), source: config.source };
        let object = format!("{}/{}", config.meta.namespace, config.meta.name);
        let written = manifests.object(config.source).unwrap_or_default();
        for (index, http) in copy.spec.http.iter_mut().enumerate() {
            let rule = Rule {
                object: object.clone(),
                path: FieldPath::default(),
                place: None,
                http: http.clone(),
                written: written.pointer(&format!("/spec/http/{index}")).cloned().unwrap_or_default(),
                is_condition: false,
                is_route: http.r#match.is_empty(),
            };
            let path = format!("spec.http[{index}]");
            http.name = self.add(&http.name, rule.clone(), &path, manifests, config.source);
            for (number, condition) in http.r#match.iter_mut().enumerate() {
                let rule = Rule { is_condition: true, is_route: true, ..rule.clone() };
                let path = format!("{path}.match[{number}]");
                condition.name = self.add(&condition.name, rule, &path, manifests, config.source);
            }
        }
        Arc::new(copy)
    }

    /// Adds a rule, and returns its name with the mark.
    fn add(&mut self, name: &str, rule: Rule, path: &str, manifests: &Manifests, source: ResourceRef) -> String {
        let mark = self.0.len();
        let path = FieldPath::parse(path);
        let place = manifests.locate(source, &path).map(|span| {
            let position = manifests.sources.position(span);
            (manifests.sources.path(span.source).to_owned(), position.line, position.column)
        });
        self.0.push(Rule { path, place, ..rule });
        format!("{name}{BEGIN}{mark}{END}")
    }

    /// Returns the marks in a name.
    pub fn in_name<'n>(&'n self, name: &'n str) -> impl Iterator<Item = usize> + use<'n> {
        let marks = name.split(BEGIN).skip(1).filter_map(|part| part.split_once(END)?.0.parse().ok());
        marks.filter(|mark| *mark < self.0.len())
    }

    /// Returns the marks of all rules that the proxies on the way of a request took.
    pub fn in_report(&self, report: &Report) -> Vec<usize> {
        let names = report.hops.iter().filter_map(|hop| Some(hop.route.as_ref()?.name.as_str()));
        names.flat_map(|name| self.in_name(name)).collect()
    }

    /// Takes the marks away from the names of a report.
    pub fn unmark(report: &mut Report) {
        for hop in &mut report.hops {
            let missed = hop.missed.iter_mut().map(|missed| &mut missed.name);
            for name in hop.route.iter_mut().map(|route| &mut route.name).chain(missed) {
                if name.contains(BEGIN) {
                    *name = unmarked(name);
                }
            }
        }
    }
}

/// Returns a name without marks, and without the signs that only join marks.
fn unmarked(name: &str) -> String {
    let mut out = String::new();
    for part in name.split(BEGIN) {
        let text = part.split_once(END).map_or(part, |(_, rest)| rest);
        out.push_str(text);
    }
    out.trim_matches(['.', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_marks() {
        assert_eq!(unmarked("a\u{f8f0}0\u{f8f1}.b\u{f8f0}1\u{f8f1}"), "a.b");
        assert_eq!(unmarked("a\u{f8f0}0\u{f8f1}.\u{f8f0}1\u{f8f1}"), "a");
        assert_eq!(unmarked("\u{f8f0}0\u{f8f1}.\u{f8f0}1\u{f8f1}"), "");
        assert_eq!(unmarked("plain"), "plain");
    }
}
