//! What istiod's webhook says of objects. istiod: `analyzers/schema/validation.go`

use std::collections::{BTreeMap, BTreeSet};

use super::judge;
use crate::ingest::WrittenObject;
use crate::lint::context::{Item, LintContext, View};
use crate::lint::finding::Finding;
use crate::lint::{Rule, rules};
use crate::model::istio::ServiceEntryResolution;
use crate::source::{FieldPath, Step};

/// Something that the webhook says.
struct Said {
    code: &'static str,
    rule: &'static Rule,
    path: FieldPath,
    text: String,
}

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let auto_allocated: BTreeSet<String> = context
        .service_entries()
        .filter(|entry| entry.spec.resolution != ServiceEntryResolution::None)
        .map(|entry| entry.full_name())
        .collect();
    let mut filters: Vec<&'c Item<'c>> = Vec::new();
    for item in context.items().iter().filter(|item| item.group().ends_with(".istio.io")) {
        let mut all = said(item, context.view);
        if context.view == View::Istioctl {
            let allocated = item.kind() == "ServiceEntry" && auto_allocated.contains(&item.full_name());
            all.retain(|said| !is_lost(said, allocated));
            all = once(by_list(all));
        }
        for Said { rule, path, text, code } in all {
            if code == "envoy-filter" && context.view == View::Meshc {
                filters.push(narrow(item));
                continue;
            }
            let at = if path.0.is_empty() { String::new() } else { format!("`{path}`: ") };
            let (mut text, mut reason) = (text, None);
            if code == "deny-all-tcp" && context.view == View::Meshc {
                reason = judge::tcp_ports(context, item);
                text = denies_tcp(item, &path);
            }
            let finding = Finding::new(rule, narrow(item), format!("{at}{text}")).point_path(path);
            out.push(finding.false_alarm_if(reason));
        }
    }
    out.extend(envoy_filters(&filters));
}

fn narrow<'c>(item: &'c Item<'_>) -> &'c Item<'c> {
    item
}

/// Says what a DENY rule with conditions on HTTP does to connections of TCP.
fn denies_tcp(item: &Item<'_>, rule: &FieldPath) -> String {
    let whose = item.node().at(rule).and_then(|rule| rule.get("from")).map_or("", |_| " from these sources");
    format!("on TCP ports the HTTP conditions are ignored: every connection{whose} is denied")
}

/// Says once of all EnvoyFilters what the webhook says of each.
fn envoy_filters<'c>(filters: &[&'c Item<'c>]) -> Option<Finding<'c>> {
    const SHOWN: usize = 5;
    let first = filters.first()?;
    let message = match filters.len() {
        1 => "an EnvoyFilter depends on internals of this Istio version: check it at each upgrade".to_owned(),
        count => format!("{count} EnvoyFilters depend on internals of this Istio version: check them at each upgrade"),
    };
    let finding = Finding::new(&rules::IST0133, first, message);
    Some(
        filters
            .iter()
            .skip(1)
            .take(SHOWN)
            .fold(finding, |finding, other| finding.related(other, "metadata.name", "so does this one")),
    )
}

fn said(item: &Item<'_>, view: View) -> Vec<Said> {
    let problems = match view {
        View::Istioctl => WrittenObject::validate_spec(item.object(), item.sources()),
        View::Meshc => WrittenObject::validate(item.object(), item.sources()),
    };
    let mut all: Vec<Said> = problems
        .into_iter()
        .map(|problem| {
            let (path, text) = problem.message().split_once("`: ").unwrap_or(("", problem.message()));
            let rule = match problem.code() {
                "unreachable-route" => &rules::IST0130,
                "ineffective-match" => &rules::IST0131,
                _ if problem.is_error() => &rules::IST0106,
                _ => &rules::IST0133,
            };
            let path = FieldPath::parse(path.trim_start_matches('`'));
            Said { code: problem.code(), rule, path, text: text.to_owned() }
        })
        .collect();
    let in_selector = |said: &Said| said.path.to_string().starts_with("spec.workloadSelector");
    if item.kind() == "EnvoyFilter"
        && !all.iter().any(|said| said.rule.code == rules::IST0106.code && in_selector(said))
    {
        let text = "an EnvoyFilter depends on Istio internals; review it at every upgrade".to_owned();
        all.push(Said { code: "envoy-filter", rule: &rules::IST0133, path: FieldPath::default(), text });
    }
    all
}

/// Warnings that istioctl does not get to see: those of parts that are checked for errors only, and what labels are for, which it
/// leaves out.
fn is_lost(said: &Said, allocated: bool) -> bool {
    let within = |name: &str| said.path.0.iter().any(|step| matches!(step, Step::Key(key) if key == name));
    let is_warning = said.rule.code == rules::IST0133.code;
    let of_destination_rule = within("subsets") || within("portLevelSettings");
    let of_tcp_route = matches!(said.path.0.get(1), Some(Step::Key(key)) if key == "tcp") && within("gateways");
    is_warning && (of_destination_rule || of_tcp_route || allocated && said.code == "tcp-without-addresses")
}

/// What is said of each item of a list, where istioctl has one message for the list.
fn by_list(all: Vec<Said>) -> Vec<Said> {
    let mut lists: BTreeMap<(&str, FieldPath), Vec<String>> = BTreeMap::new();
    let mut out = Vec::new();
    for mut said in all {
        if matches!(said.code, "unknown-cipher" | "duplicate-cipher") {
            said.path.0.pop();
            lists.entry((said.code, said.path)).or_default().push(said.text);
        } else {
            out.push(said);
        }
    }
    for ((code, path), mut texts) in lists {
        texts.sort();
        texts.dedup();
        out.push(Said { code, rule: &rules::IST0133, path, text: texts.join("; ") });
    }
    out
}

/// Leaves out what is said again of another item of a list: istioctl's text does not say of which.
fn once(mut all: Vec<Said>) -> Vec<Said> {
    let mut seen = BTreeSet::new();
    all.retain(|said| {
        let keys: Vec<String> =
            said.path.0.iter().filter(|step| matches!(step, Step::Key(_))).map(|step| format!("{step:?}")).collect();
        let place = matches!(said.code, "unreachable-route" | "ineffective-match").then(|| said.path.clone());
        seen.insert((said.code, keys, place, said.text.clone()))
    });
    all
}
