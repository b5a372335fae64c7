//! Localities that get all traffic, whether or not anything is left there.

use super::translated::Translated;
use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::model::istio::TrafficPolicy;

pub(super) fn check<'c>(_: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for rule in context.destination_rules().filter(|rule| context.is_taken(rule.item)) {
        let own = rule.spec.traffic_policy.iter().map(|policy| ("spec.trafficPolicy".to_owned(), policy));
        let subsets = rule.spec.subsets.iter().enumerate();
        let of_subsets = subsets.filter_map(|(i, subset)| {
            Some((format!("spec.subsets[{i}].trafficPolicy"), subset.traffic_policy.as_ref()?))
        });
        for (path, policy) in own.chain(of_subsets) {
            for index in without_failover(policy) {
                let path = format!("{path}.loadBalancer.localityLbSetting.distribute[{index}].to");
                let message = "`distribute` sends all requests to one locality, and nothing fails over: when no endpoint is healthy there, requests fail";
                let help = "use `failover` (without `distribute`), or give another locality a weight";
                out.push(Finding::new(&rules::MESHC0133, rule.item, message).point(&path).help(help));
            }
        }
    }
}

/// Returns the entries that name one locality only, where outlier detection shows that failures are to be got around.
fn without_failover(policy: &TrafficPolicy) -> Vec<usize> {
    let locality = policy.load_balancer.as_ref().and_then(|balancer| balancer.locality_lb_setting.as_ref());
    let Some(setting) = locality.filter(|_| policy.outlier_detection.is_some()) else { return Vec::new() };
    if setting.enabled == Some(false) {
        return Vec::new();
    }
    let entries = setting.distribute.iter().enumerate();
    entries.filter(|(_, entry)| entry.to.len() == 1).map(|(index, _)| index).collect()
}
