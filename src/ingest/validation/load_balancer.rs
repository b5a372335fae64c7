//! Load balancing, by hash and by locality.

use std::collections::BTreeSet;

use crate::model::istio::{
    LoadBalancerSettings, LoadBalancerSettingsConsistentHashLb, LoadBalancerSettingsConsistentHashLbHashAlgorithm,
    LoadBalancerSettingsConsistentHashLbHashKey, LoadBalancerSettingsLbPolicy, LocalityLoadBalancerSetting,
    OutlierDetection, ZoneAwareLoadBalancerSetting,
};

use super::finding::{At, Findings};
use super::name::check_duration;

/// istiod: `validateLoadBalancer`
pub(super) fn check(
    settings: Option<&LoadBalancerSettings>,
    outlier_detection: Option<&OutlierDetection>,
    at: &At<'_>,
    findings: &mut Findings<'_>,
) {
    let Some(settings) = settings else { return };
    if let Some(LoadBalancerSettingsLbPolicy::ConsistentHash(hash)) = &settings.lb_policy {
        check_hash(hash, &at.field("consistentHash"), findings);
    }
    if let Some(zone_aware) = &settings.zone_aware_lb_setting {
        let at = at.field("zoneAwareLbSetting");
        if settings.locality_lb_setting.is_some() {
            findings.error(&at, "`localityLbSetting` and `zoneAwareLbSetting` exclude each other");
        }
        check_zone_aware(zone_aware, outlier_detection, &at, findings);
    }
    if let Some(locality) = &settings.locality_lb_setting {
        check_locality(locality, outlier_detection, &at.field("localityLbSetting"), findings);
    }
    if let Some(warmup) = &settings.warmup {
        let at = at.field("warmup");
        if warmup.duration.is_none() {
            findings.error(&at, "a warmup requires a `duration`");
        }
        check_duration(warmup.duration, &at.field("duration"), findings);
        if warmup.minimum_percent.is_some_and(|percent| percent > 100.0) {
            findings.error(&at.field("minimumPercent"), "the percentage must be at most 100");
        }
        if warmup.aggression.is_some_and(|aggression| aggression <= 0.0) {
            findings.error(&at.field("aggression"), "the aggression must be greater than 0");
        }
    }
}

fn check_hash(hash: &LoadBalancerSettingsConsistentHashLb, at: &At<'_>, findings: &mut Findings<'_>) {
    if let Some(LoadBalancerSettingsConsistentHashLbHashKey::HttpCookie(cookie)) = &hash.hash_key {
        let at = at.field("httpCookie");
        if cookie.name.is_empty() {
            findings.error(&at, "a cookie requires a `name`");
        }
        let mut names = BTreeSet::new();
        let list = at.field("attributes");
        for (index, attribute) in cookie.attributes.iter().enumerate() {
            if attribute.name.is_empty() {
                findings.error(&list.item(index), "a cookie attribute requires a `name`");
            } else if !names.insert(&attribute.name) {
                findings.error(&list.item(index), format!("attribute `{}` is defined twice", attribute.name));
            }
        }
    }
    if hash.minimum_ring_size != 0 {
        let at = at.field("minimumRingSize");
        findings.warning("deprecated-field", &at, "`ringHash.minimumRingSize` takes the place of this field");
        if hash.hash_algorithm.is_some() {
            findings.error(&at, "this field and `ringHash` or `maglev` exclude each other");
        }
    }
    if let Some(LoadBalancerSettingsConsistentHashLbHashAlgorithm::Maglev(maglev)) = &hash.hash_algorithm {
        let at = at.field("maglev");
        let at = at.field("tableSize");
        if maglev.table_size >= 5_000_011 {
            findings.error(&at, "the table size must be less than 5000011");
        }
        if !is_prime(maglev.table_size) {
            findings.error(&at, "the table size must be a prime number");
        }
    }
}

/// Whether Envoy takes a number for prime. istiod: `isPrime`
fn is_prime(number: u64) -> bool {
    if number < 4 {
        return number != 0;
    }
    // Too large ones are rejected anyway.
    !number.is_multiple_of(2)
        && (3..=2236)
            .step_by(2)
            .take_while(|factor| factor * factor <= number)
            .all(|factor| !number.is_multiple_of(factor))
}

/// The labels that say where something runs.
const TOPOLOGY: [&str; 3] =
    ["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];

/// istiod: `ValidateZoneAwareLbSetting`
pub(super) fn check_zone_aware(
    setting: &ZoneAwareLoadBalancerSetting,
    outlier_detection: Option<&OutlierDetection>,
    at: &At<'_>,
    findings: &mut Findings<'_>,
) {
    let ZoneAwareLoadBalancerSetting { enabled: _, failover, failover_priority, min_cluster_size: _ } = setting;
    if let Some(label) = failover_priority.iter().find(|label| TOPOLOGY.contains(&label.as_str())) {
        let message = format!("the label `{label}` is not allowed: regions and zones count by themselves");
        findings.error(&at.field("failoverPriority"), message);
    }
    let regions: Vec<(&str, &str)> = failover.iter().map(|part| (&*part.from, &*part.to)).collect();
    check_failover(&regions, failover_priority, outlier_detection, at, findings);
}

/// istiod: `ValidateLocalityLbSetting`
pub(super) fn check_locality(
    setting: &LocalityLoadBalancerSetting,
    outlier_detection: Option<&OutlierDetection>,
    at: &At<'_>,
    findings: &mut Findings<'_>,
) {
    let LocalityLoadBalancerSetting { distribute, failover, failover_priority, enabled: _ } = setting;
    if !distribute.is_empty() && !failover.is_empty() {
        findings.error(at, "`distribute` and `failover` exclude each other");
        return;
    }
    if let Some(label) = failover_priority.iter().find(|label| TOPOLOGY.contains(&label.as_str()))
        && !failover.is_empty()
    {
        findings.error(&at.field("failoverPriority"), format!("`failover` and the label `{label}` exclude each other"));
        return;
    }
    let list = at.field("distribute");
    for (index, part) in distribute.iter().enumerate() {
        let at = list.item(index);
        let at = at.field("to");
        if part.to.values().any(|weight| !(1..=100).contains(weight)) {
            findings.error(&at, "the percentage must be between 1 and 100");
            return;
        }
        let total: u32 = part.to.values().sum();
        if total != 100 {
            findings.error(&at, format!("the percentages add up to {total}, not 100"));
            return;
        }
        findings.check(&at, apart(part.to.keys().map(String::as_str)));
    }
    findings.check(&list, apart(distribute.iter().map(|part| part.from.as_str())));
    let regions: Vec<(&str, &str)> = failover.iter().map(|part| (&*part.from, &*part.to)).collect();
    check_failover(&regions, failover_priority, outlier_detection, at, findings);
}

/// Failover goes from one region to another, and only with outlier detection.
fn check_failover(
    failover: &[(&str, &str)],
    failover_priority: &[String],
    outlier_detection: Option<&OutlierDetection>,
    at: &At<'_>,
    findings: &mut Findings<'_>,
) {
    if (!failover.is_empty() || !failover_priority.is_empty()) && outlier_detection.is_none() {
        findings.warning("failover-without-outlier-detection", at, "without `outlierDetection` nothing fails over");
    }
    let list = at.field("failover");
    for (index, (from, to)) in failover.iter().enumerate() {
        let at = list.item(index);
        if from == to {
            findings.error(&at, "the two regions are the same");
        }
        for region in [from, to] {
            if region.contains(['/', '*']) {
                findings.error(&at, format!("`{region}` is not a region; remove the zone or wildcard"));
            }
        }
    }
}

/// Localities of which none is part of another. istiod: `validateLocalities`
fn apart<'l>(localities: impl Iterator<Item = &'l str>) -> Result<(), String> {
    let mut seen: Vec<Vec<&str>> = Vec::new();
    for locality in localities {
        if locality.matches('*').count() > usize::from(locality.ends_with('*')) {
            return Err(format!("`{locality}` has a wildcard that is not at its end"));
        }
        let parts: Vec<_> = locality.splitn(3, '/').collect();
        if parts.contains(&"") {
            return Err(format!("`{locality}` has an empty region, zone or sub-zone"));
        }
        if seen.iter().any(|other| covers(other, &parts)) {
            return Err(format!("`{locality}` is part of another one"));
        }
        seen.push(parts);
    }
    Ok(())
}

/// Whether an earlier locality leaves no room for a later one, as istiod's nested tables have it.
///
/// A region excludes all of that region. A zone excludes the region and itself, but not the other way round for a later
/// `*`, which istiod finds only when it comes first.
fn covers(earlier: &[&str], later: &[&str]) -> bool {
    match (earlier, later) {
        (["*"], _) => true,
        ([region, ..], [later]) | ([region] | [region, "*", ..], [later, ..]) => region == later,
        ([region, zone, ..], [later, later_zone]) | ([region, zone] | [region, zone, "*"], [later, later_zone, _]) => {
            region == later && zone == later_zone
        }
        ([_, _, _], [_, _, _]) => earlier == later,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes() {
        assert_eq!((0..30).filter(|n| is_prime(*n)).collect::<Vec<_>>(), [1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
        assert!(is_prime(65537) && !is_prime(65536) && !is_prime(4_999_999 - 2));
    }

    #[test]
    fn localities() {
        for list in
            [vec!["a/b/c", "a/b/d"], vec!["a/b", "a/c"], vec!["a", "b"], vec!["a/*"], vec!["a/b/*"], vec!["a", "*"]]
        {
            assert_eq!(apart(list.iter().copied()), Ok(()), "{list:?}");
        }
        for list in [
            vec!["a", "a/b"],
            vec!["a/b", "a"],
            vec!["a/b", "a/b/c"],
            vec!["a/b/c", "a/b"],
            vec!["*", "a"],
            vec!["a/*/c"],
            vec!["a//c"],
            vec!["a/*", "a/b"],
            vec!["a/b/c", "a/b/c"],
        ] {
            assert!(apart(list.iter().copied()).is_err(), "{list:?}");
        }
    }
}
