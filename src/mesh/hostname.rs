//! Hostnames with wildcards: which match, which are part of others, which is the most specific.
//!
//! A wildcard is a name that begins with `*`; the rest is a suffix, whatever follows the star.
//!
//! istiod: `pkg/config/host/{name,names}.go`, `pilot/pkg/model/config.go` `MostSpecificHostMatch`

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Says whether the name is a wildcard. istiod: `Name.IsWildCarded`.
pub fn is_wildcard(host: &str) -> bool {
    host.starts_with('*')
}

/// Returns what follows the star of a wildcard.
fn suffix(host: &str) -> Option<&str> {
    host.strip_prefix('*')
}

/// Says whether some host is named by both. istiod: `Name.Matches`.
pub fn matches(a: &str, b: &str) -> bool {
    match (suffix(a), suffix(b)) {
        (Some(a), Some(b)) => a.ends_with(b) || b.ends_with(a),
        (Some(a), None) => b.ends_with(a),
        (None, Some(b)) => a.ends_with(b),
        (None, None) => a == b,
    }
}

/// Says whether every host that `a` names is named by `b`. istiod: `Name.SubsetOf`.
pub fn subset_of(a: &str, b: &str) -> bool {
    match (suffix(a), suffix(b)) {
        (Some(a), Some(b)) => a.ends_with(b),
        (Some(_), None) => false,
        (None, Some(b)) => a.ends_with(b),
        (None, None) => a == b,
    }
}

/// Orders names from the most specific: wildcards last, then the longest first, then by alphabet. istiod: `MoreSpecific`.
pub fn specificity(a: &str, b: &str) -> Ordering {
    is_wildcard(a).cmp(&is_wildcard(b)).then_with(|| b.len().cmp(&a.len())).then_with(|| a.cmp(b))
}

/// Says whether `a` is before `b` in the order of [`specificity`]. istiod: `MoreSpecific`.
pub fn more_specific(a: &str, b: &str) -> bool {
    specificity(a, b) == Ordering::Less
}

/// Returns the names that are part of both lists, in the order of the first; of two that overlap, the narrower one.
///
/// istiod: `Names.Intersection`
pub fn intersection(a: &[String], b: &[String]) -> Vec<String> {
    let mut result: Vec<String> = Vec::new();
    for mine in a {
        for other in b {
            let narrower = if subset_of(mine, other) {
                mine
            } else if subset_of(other, mine) {
                other
            } else {
                continue;
            };
            if !result.contains(narrower) {
                result.push(narrower.clone());
            }
        }
    }
    result
}

/// Returns the hosts that a Gateway server offers to VirtualServices of a namespace: those written `namespace/host` or `*/host`, and
/// those without a namespace. The namespace is cut off.
///
/// istiod: `NamesForNamespace`
pub fn for_namespace(hosts: &[String], namespace: &str) -> Vec<String> {
    let host = |host: &String| match host.split_once('/') {
        Some((of, name)) => (of == namespace || of == "*").then(|| name.to_owned()),
        None => Some(host.clone()),
    };
    hosts.iter().filter_map(host).collect()
}

/// Finds the entry for a host: the name itself, else the most specific wildcard that covers it.
///
/// A wildcard host is looked up among the wildcards only.
///
/// istiod: `MostSpecificHostMatch`
pub fn most_specific_match<'a, V>(
    host: &str,
    exact: &'a BTreeMap<String, V>,
    wildcards: &'a BTreeMap<String, V>,
) -> Option<(&'a str, &'a V)> {
    let map = if is_wildcard(host) { wildcards } else { exact };
    if let Some((name, value)) = map.get_key_value(host) {
        return Some((name, value));
    }
    let needle = suffix(host).unwrap_or(host);
    wildcards
        .iter()
        .filter(|(name, _)| suffix(name).is_some_and(|suffix| needle.ends_with(suffix)))
        .min_by(|(a, _), (b, _)| specificity(a, b))
        .map(|(name, value)| (name.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn names_match_in_both_directions() {
        for (a, b, expected) in [
            ("foo.com", "foo.com", true),
            ("foo.com", "bar.com", false),
            ("*.com", "foo.com", true),
            ("foo.com", "*.com", true),
            ("foo.com", "*.foo.com", false),
            ("*", "foo.com", true),
            ("*", "*.com", true),
            ("*.com", "*", true),
            ("*.foo.com", "*.com", true),
            ("*.foo.com", "*.bar.com", false),
            ("*foo.com", "*.foo.com", true),
            ("*.a.b", "*b", true),
        ] {
            assert_eq!(matches(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn a_subset_is_narrower_or_equal() {
        for (a, b, expected) in [
            ("foo.com", "foo.com", true),
            ("foo.com", "*.com", true),
            ("*.com", "foo.com", false),
            ("*.foo.com", "*.com", true),
            ("*.com", "*.foo.com", false),
            ("*.com", "*.com", true),
            ("*", "*.com", false),
            ("*.com", "*", true),
        ] {
            assert_eq!(subset_of(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_most_specific_name_comes_first() {
        let mut hosts = names("* *.com bar.com *.foo.com foo.com a.foo.com *.bar.com");
        hosts.sort_by(|a, b| specificity(a, b));
        assert_eq!(hosts, names("a.foo.com bar.com foo.com *.bar.com *.foo.com *.com *"));
    }

    #[test]
    fn an_intersection_keeps_the_narrower_name() {
        for (a, b, expected) in [
            ("foo.com", "bar.com", ""),
            ("foo.com bar.com", "bar.com", "bar.com"),
            ("*.com", "foo.com bar.com *.org", "foo.com bar.com"),
            ("foo.com *.net", "*", "foo.com *.net"),
            ("*.com", "*.foo.com *.com", "*.foo.com *.com"),
        ] {
            assert_eq!(intersection(&names(a), &names(b)), names(expected), "{a} {b}");
        }
    }

    #[test]
    fn the_longest_wildcard_wins() {
        let of = |hosts: &str| names(hosts).into_iter().map(|h| (h, 1)).collect::<BTreeMap<_, _>>();
        let (exact, wildcards) = (of("a.foo.com"), of("* *.com *.foo.com"));
        for (host, expected) in [
            ("a.foo.com", Some("a.foo.com")),
            ("b.foo.com", Some("*.foo.com")),
            ("foo.com", Some("*.com")),
            ("*.foo.com", Some("*.foo.com")),
            ("*.b.foo.com", Some("*.foo.com")),
            ("foo.org", Some("*")),
        ] {
            assert_eq!(most_specific_match(host, &exact, &wildcards).map(|(name, _)| name), expected, "{host}");
        }
        assert_eq!(most_specific_match("foo.org", &exact, &of("*.com")), None);
    }
}
