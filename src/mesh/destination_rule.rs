//! DestinationRules by host, those for one host merged.
//!
//! istiod: `pilot/pkg/model/destination_rule.go`, `push_context.go` `setDestinationRules`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::installation::{Behaviour, Installation};
use crate::mesh::backend_policy;
use crate::mesh::conflict::{full_name, outranked};
use crate::mesh::gateway_api::PARENT_NAMES_ANNOTATION;
use crate::mesh::hostname;
use crate::mesh::labels;
use crate::mesh::order;
use crate::mesh::service::Service;
use crate::mesh::short_name;
use crate::mesh::visibility::{ExportTo, Visibility, export_to};
use crate::model::Config;
use crate::model::istio::{DestinationRule, MeshConfig};

/// One or more DestinationRules for the same host, merged into one. istiod: `ConsolidatedDestRule`.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsolidatedDestinationRule {
    /// The merged rule; its metadata are those of the first.
    pub rule: Config<DestinationRule>,
    /// Who sees it.
    pub export_to: ExportTo,
    /// (namespace, name) of all rules that were merged.
    pub from: Vec<(String, String)>,
    firsts: Firsts,
}

/// Which rules of those that were merged are the first to say something, by their index in `from`.
#[derive(Debug, Clone, Default, PartialEq)]
struct Firsts {
    /// By the subset's name: the rule, and the subset's index in it.
    subsets: BTreeMap<String, (usize, usize)>,
    /// That of the traffic policy.
    traffic_policy: Option<usize>,
}

impl Firsts {
    /// Adds a rule; the first is 0.
    fn add(&mut self, index: usize, rule: &DestinationRule) {
        for (place, subset) in rule.subsets.iter().enumerate() {
            if !self.subsets.contains_key(&subset.name) {
                self.subsets.insert(subset.name.clone(), (index, place));
            }
        }
        if rule.traffic_policy.is_some() {
            self.traffic_policy.get_or_insert(index);
        }
    }
}

/// Rules by namespace and name.
type ByName<'r> = BTreeMap<(&'r str, &'r str), &'r Config<DestinationRule>>;

/// All DestinationRules, by who may see them.
#[derive(Debug, Default)]
pub struct DestinationRuleIndex {
    /// By the rule's namespace: what its own proxies see first.
    namespace_local: BTreeMap<String, RulesByHost>,
    /// By the rule's namespace: what proxies elsewhere may see.
    exported: BTreeMap<String, RulesByHost>,
    /// Rules of the root namespace that are private to it.
    root_namespace_local: RulesByHost,
    root_namespace: String,
}

/// Rules by host, in the order in which they were merged.
#[derive(Debug, Default)]
struct RulesByHost {
    exact: Pool,
    wildcard: Pool,
}

type Pool = BTreeMap<String, Vec<Arc<ConsolidatedDestinationRule>>>;

impl DestinationRuleIndex {
    /// Indexes all rules. Rules with a workload selector come first, then the oldest.
    ///
    /// istiod: `push_context.go` `setDestinationRules`
    pub fn new(
        rules: &[Arc<Config<DestinationRule>>],
        mesh: &MeshConfig,
        installation: &Installation,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let cluster_domain = &installation.cluster_domain;
        let mut sorted: Vec<&Arc<Config<DestinationRule>>> = rules.iter().collect();
        let selector_first = |c: &Config<DestinationRule>| c.spec.workload_selector.is_none();
        sorted.sort_by(|a, b| {
            selector_first(a).cmp(&selector_first(b)).then_with(|| order::by_creation(&a.meta, &b.meta))
        });
        let mut by_name = ByName::new();
        for config in &sorted {
            by_name.entry((&config.meta.namespace, &config.meta.name)).or_insert(config);
        }
        let private_by_default = mesh.default_destination_rule_export_to.iter().any(|e| e == ".");

        let mut index = Self { root_namespace: mesh.root_namespace.clone(), ..Self::default() };
        for &config in &sorted {
            let namespace = &config.meta.namespace;
            let mut rule = Config::clone(config);
            rule.spec.host = short_name::fqdn(&rule.spec.host, namespace, cluster_domain);
            let export = match rule.spec.workload_selector {
                None => export_to(&rule.spec.export_to),
                Some(_) => ExportTo::from([Visibility::Private]),
            };
            let own = Visibility::Namespace(namespace.clone());
            let names_own = export.contains(&Visibility::Private) || export.contains(&own);
            if export.is_empty() || export.contains(&Visibility::Public) || names_own {
                index.namespace_local.entry(namespace.clone()).or_default().merge(
                    &rule,
                    &export,
                    &by_name,
                    installation,
                    diagnostics,
                );
            }
            let private_only = if export.is_empty() { private_by_default } else { export.len() == 1 && names_own };
            if !private_only {
                index.exported.entry(namespace.clone()).or_default().merge(
                    &rule,
                    &export,
                    &by_name,
                    installation,
                    diagnostics,
                );
            } else if *namespace == index.root_namespace {
                index.root_namespace_local.merge(&rule, &export, &by_name, installation, diagnostics);
            }
        }
        index.overridden(diagnostics);
        index
    }

    /// Says which rules without a selector never count for some clients, since those see a later one that stays apart.
    fn overridden(&self, diagnostics: &mut Diagnostics) {
        let of_clients = |pool: &RulesByHost, namespace: &str, diagnostics: &mut Diagnostics| {
            let whom = || Some(format!("in {namespace}"));
            pool.lists().for_each(|list| overridden(list, |_, _| whom(), diagnostics));
        };
        for (namespace, pool) in self.namespace_local.iter().filter(|(namespace, _)| **namespace != self.root_namespace)
        {
            of_clients(pool, namespace, diagnostics);
        }
        of_clients(&self.root_namespace_local, &self.root_namespace, diagnostics);
        for (namespace, pool) in &self.exported {
            let whom = |a: &ExportTo, b: &ExportTo| common_audience(a, b, namespace);
            pool.lists().for_each(|list| overridden(list, whom, diagnostics));
        }
    }

    /// Returns the rules for a service as seen from a namespace: the client's own, else the service's, else the root namespace's.
    ///
    /// istiod: `push_context.go` `destinationRule`
    pub fn for_service(&self, client_namespace: &str, service: &Service) -> Vec<Arc<ConsolidatedDestinationRule>> {
        let own = if client_namespace == self.root_namespace {
            Some(&self.root_namespace_local)
        } else {
            self.namespace_local.get(client_namespace)
        };
        if let Some(rules) = own.and_then(|pool| pool.most_specific(&service.hostname)) {
            return rules.clone();
        }
        let exported = self.exported_from(&service.namespace, &service.hostname, client_namespace);
        if !exported.is_empty() {
            return exported;
        }
        self.exported_from(&self.root_namespace, &service.hostname, client_namespace)
    }

    /// Returns the rules for one host of a namespace that select a client there, of which the first counts.
    pub(crate) fn selecting<'m>(
        &'m self,
        namespace: &str,
        client: &'m BTreeMap<String, String>,
    ) -> impl Iterator<Item = Vec<&'m Config<DestinationRule>>> {
        let pool = self.namespace_local.get(namespace);
        let selects = |rule: &&Config<DestinationRule>| {
            let selector = rule.spec.workload_selector.as_ref();
            selector.is_some_and(|selector| labels::subset(&selector.match_labels, client))
        };
        let lists = pool.into_iter().flat_map(RulesByHost::lists).filter(|list| list.len() > 1);
        lists.map(move |list| list.iter().map(|one| &one.rule).filter(selects).collect())
    }

    /// Returns the namespaces of rules that select clients, once for each rule.
    pub(crate) fn selecting_namespaces(&self) -> impl Iterator<Item = &str> {
        let lists = self.namespace_local.values().flat_map(RulesByHost::lists).filter(|list| list.len() > 1);
        let all = lists.flatten().filter(|one| one.rule.spec.workload_selector.is_some());
        all.map(|one| one.rule.meta.namespace.as_str())
    }

    /// Returns the keys of clients' labels that some workload selector or failover priority names.
    pub(crate) fn label_keys(&self) -> impl Iterator<Item = &str> {
        let all = self.namespace_local.values().chain(self.exported.values()).chain([&self.root_namespace_local]);
        let rules = all.flat_map(|p| [&p.exact, &p.wildcard]).flat_map(BTreeMap::values).flatten();
        rules.flat_map(|r| {
            let DestinationRule { workload_selector, traffic_policy, subsets, .. } = &r.rule.spec;
            let selector = workload_selector.iter().flat_map(|s| s.match_labels.keys()).map(String::as_str);
            let top = traffic_policy.iter().chain(subsets.iter().filter_map(|s| s.traffic_policy.as_ref()));
            let balancers = top.flat_map(|p| {
                p.load_balancer.iter().chain(p.port_level_settings.iter().filter_map(|p| p.load_balancer.as_ref()))
            });
            let settings = balancers.flat_map(|b| {
                let locality = b.locality_lb_setting.iter().flat_map(|locality| &locality.failover_priority);
                locality.chain(b.zone_aware_lb_setting.iter().flat_map(|zones| &zones.failover_priority))
            });
            selector.chain(settings.map(|label| label.split_once('=').map_or(label.as_str(), |(key, _)| key)))
        })
    }

    /// istiod: `push_context.go` `getExportedDestinationRuleFromNamespace`
    fn exported_from(&self, namespace: &str, host: &str, client: &str) -> Vec<Arc<ConsolidatedDestinationRule>> {
        let client = Visibility::Namespace(client.to_owned());
        let visible = |rule: &&Arc<ConsolidatedDestinationRule>| {
            let export = &rule.export_to;
            export.is_empty() || export.contains(&Visibility::Public) || export.contains(&client)
        };
        let rules = self.exported.get(namespace).and_then(|pool| pool.most_specific(host));
        rules.into_iter().flatten().filter(visible).cloned().collect()
    }
}

impl RulesByHost {
    /// Adds a rule, merging it into those for the same host that have the same audience and selector.
    ///
    /// Subsets with new names are appended, and the first top-level traffic policy wins. A rule whose audience contains that of
    /// an earlier one is merged into it and stands for itself too.
    ///
    /// Without `ENABLE_ENHANCED_DESTINATIONRULE_MERGE` the audience does not matter.
    ///
    /// istiod: `destination_rule.go` `mergeDestinationRule`
    fn merge(
        &mut self,
        rule: &Config<DestinationRule>,
        export: &ExportTo,
        all: &ByName<'_>,
        installation: &Installation,
        diagnostics: &mut Diagnostics,
    ) {
        let pool = if hostname::is_wildcard(&rule.spec.host) { &mut self.wildcard } else { &mut self.exact };
        let list = pool.entry(rule.spec.host.clone()).or_default();
        let mut append = true;
        for existing in list.iter_mut() {
            if existing.export_to == *export {
                append = false;
            } else if installation.features.enhanced_destination_rule_merge {
                append = true;
                if existing.export_to.is_empty() || !export.is_superset(&existing.export_to) {
                    continue;
                }
            }
            let selectors = (&existing.rule.spec.workload_selector, &rule.spec.workload_selector);
            if let (Some(a), Some(b)) = selectors
                && a.match_labels != b.match_labels
            {
                append = true;
                continue;
            }
            if selectors.0.is_some() == selectors.1.is_some() {
                append = false;
            }
            // What is merged and stands for itself too loses nothing.
            if !append {
                lost(existing, (rule, export), all, diagnostics);
            }
            let merged = Arc::make_mut(existing);
            merged.from.push((rule.meta.namespace.clone(), rule.meta.name.clone()));
            let known = &merged.firsts.subsets;
            let new = rule.spec.subsets.iter().filter(|subset| !known.contains_key(&subset.name));
            merged.rule.spec.subsets.extend(new.cloned());
            merged.firsts.add(merged.from.len() - 1, &rule.spec);
            let (own, other) = (merged.rule.spec.traffic_policy.take(), &rule.spec.traffic_policy);
            let is_policy =
                |rule: &Config<DestinationRule>| rule.meta.annotations.contains_key(PARENT_NAMES_ANNOTATION);
            let by_field = installation.does(Behaviour::MergesBackendPoliciesWithRules);
            merged.rule.spec.traffic_policy = match (is_policy(&merged.rule), is_policy(rule)) {
                (false, true) if by_field => backend_policy::under(own.as_ref(), other.as_ref()),
                (true, false) if by_field => backend_policy::under(other.as_ref(), own.as_ref()),
                _ => own.or_else(|| other.clone()),
            };
        }
        if append {
            let mut firsts = Firsts::default();
            firsts.add(0, &rule.spec);
            list.push(Arc::new(ConsolidatedDestinationRule {
                firsts,
                rule: rule.clone(),
                export_to: export.clone(),
                from: vec![(rule.meta.namespace.clone(), rule.meta.name.clone())],
            }));
        }
    }

    /// All lists of rules for one host.
    fn lists(&self) -> impl Iterator<Item = &Vec<Arc<ConsolidatedDestinationRule>>> {
        self.exact.values().chain(self.wildcard.values())
    }

    /// Returns the rules of the most specific host that covers this one. istiod: `MostSpecificHostMatch`.
    fn most_specific(&self, host: &str) -> Option<&Vec<Arc<ConsolidatedDestinationRule>>> {
        hostname::most_specific_match(host, &self.exact, &self.wildcard).map(|(_, rules)| rules)
    }
}

/// What a rule loses that is merged into those before it: the first one's selector and `exportTo` hold, subsets of a known name
/// and a second traffic policy do not count. istiod: `DuplicatedSubsets`.
fn lost(
    before: &ConsolidatedDestinationRule,
    (rule, export): (&Config<DestinationRule>, &ExportTo),
    all: &ByName<'_>,
    diagnostics: &mut Diagnostics,
) {
    let first = &before.rule;
    if first.spec.workload_selector.is_some() && rule.spec.workload_selector.is_none() {
        let message = format!("the rule applies only to the workloads that {} selects", full_name(&first.meta));
        let places = ((rule, "spec.host"), (first, "spec.workloadSelector"));
        diagnostics.push(outranked("destination-rule-overridden", message, places.0, places.1));
    }
    if before.export_to != *export {
        let message = format!("the rule applies only where {} is exported to: they are merged", full_name(&first.meta));
        let places = ((rule, "spec.exportTo"), (first, "spec.exportTo"));
        diagnostics.push(outranked("destination-rule-overridden", message, places.0, places.1));
    }
    let part = |index: usize| {
        let (namespace, name) = before.from.get(index)?;
        all.get(&(namespace.as_str(), name.as_str())).copied()
    };
    let host = &rule.spec.host;
    for (index, subset) in rule.spec.subsets.iter().enumerate() {
        let first = before.firsts.subsets.get(&subset.name);
        let first = first.and_then(|(index, place)| Some((part(*index)?, place)));
        if let Some((winner, place)) = first {
            let message = format!(
                "subset `{}` of {host} is dropped; {} defines one of this name",
                subset.name,
                full_name(&winner.meta)
            );
            let (path, winner_path) = (format!("spec.subsets[{index}].name"), format!("spec.subsets[{place}].name"));
            let places = ((rule, path.as_str()), (winner, winner_path.as_str()));
            diagnostics.push(outranked("destination-rule-duplicate-subset", message, places.0, places.1));
        }
    }
    if rule.spec.traffic_policy.is_some()
        && let Some(winner) = before.firsts.traffic_policy.and_then(part)
    {
        let message = format!("the traffic policy for {host} is ignored; that of {} applies", full_name(&winner.meta));
        let path = "spec.trafficPolicy";
        let code = "destination-rule-duplicate-traffic-policy";
        diagnostics.push(outranked(code, message, (rule, path), (winner, path)));
    }
}

/// Of rules for one host that a client sees, the last without a selector counts. `whom` names the clients that see both.
///
/// istiod: `sidecar.go` `DestinationRule`
fn overridden(
    list: &[Arc<ConsolidatedDestinationRule>],
    whom: impl Fn(&ExportTo, &ExportTo) -> Option<String>,
    diagnostics: &mut Diagnostics,
) {
    let for_all: Vec<_> = list.iter().filter(|one| one.rule.spec.workload_selector.is_none()).collect();
    for (index, earlier) in for_all.iter().enumerate() {
        let mut later = for_all[index + 1..].iter().rev();
        let found = later.find_map(|later| Some((later, whom(&earlier.export_to, &later.export_to)?)));
        if let Some((later, whom)) = found {
            let message = format!(
                "the rule does not count for clients {whom}: {} is for {} too, and has another `exportTo`",
                full_name(&later.rule.meta),
                later.rule.spec.host
            );
            let code = "destination-rule-overridden";
            diagnostics.push(outranked(code, message, (&earlier.rule, "spec.host"), (&later.rule, "spec.host")));
        }
    }
}

/// Names the clients outside of the rules' namespace that see both.
fn common_audience(a: &ExportTo, b: &ExportTo, namespace: &str) -> Option<String> {
    let names = |export: &ExportTo| {
        let is_public = export.is_empty() || export.contains(&Visibility::Public);
        let name = |visibility: &Visibility| match visibility {
            Visibility::Namespace(name) if name != namespace => Some(name.clone()),
            Visibility::Namespace(_) | Visibility::Private | Visibility::Public | Visibility::None => None,
        };
        (!is_public).then(|| export.iter().filter_map(name).collect::<BTreeSet<String>>())
    };
    let both = match (names(a), names(b)) {
        (None, None) => return Some("in other namespaces".to_owned()),
        (Some(some), None) | (None, Some(some)) => some,
        (Some(a), Some(b)) => a.intersection(&b).cloned().collect(),
    };
    (!both.is_empty()).then(|| format!("in {}", both.into_iter().collect::<Vec<_>>().join(", ")))
}
