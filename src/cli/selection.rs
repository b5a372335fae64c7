//! `--proxy`, `--namespace`, `--kind`: which proxies.

use super::args::{Kind, Selection};
use super::glob;
use crate::proxy::{Proxy, ProxyKind};
use crate::visible::visible;

impl Selection {
    /// Returns the proxies that are wanted; an error names a `--proxy` that there is none of.
    pub(super) fn choose<'p>(&self, proxies: &'p [Proxy]) -> anyhow::Result<Vec<&'p Proxy>> {
        for pattern in &self.proxy {
            if !proxies.iter().any(|proxy| is_called(proxy, pattern)) {
                let similar = similar(pattern, proxies);
                anyhow::bail!("no proxy matches `{pattern}`{similar}");
            }
        }
        Ok(self.filter(proxies))
    }

    /// Returns the proxies that are wanted, which may be none.
    pub(super) fn filter<'p>(&self, proxies: &'p [Proxy]) -> Vec<&'p Proxy> {
        proxies.iter().filter(|proxy| self.wants(proxy)).collect()
    }

    /// Says whether one proxy is asked for by its name.
    pub(super) fn is_exact(&self) -> bool {
        matches!(self.proxy.as_slice(), [name] if !glob::is_pattern(name))
    }

    fn wants(&self, proxy: &Proxy) -> bool {
        let kind = match proxy.client.kind {
            ProxyKind::Sidecar => Kind::Sidecar,
            ProxyKind::Router => Kind::Gateway,
            ProxyKind::Waypoint if proxy.is_east_west() => Kind::EastWest,
            ProxyKind::Waypoint => Kind::Waypoint,
        };
        (self.proxy.is_empty() || self.proxy.iter().any(|pattern| is_called(proxy, pattern)))
            && (self.namespace.is_empty() || self.namespace.iter().any(|n| glob::matches(n, &proxy.namespace)))
            && self.kind.is_none_or(|wanted| wanted == kind)
    }
}

/// Proxies that are named in an error.
const NAMED: usize = 5;

/// Returns the one proxy that is meant; an error names those that may be.
pub(super) fn one<'p>(pattern: &str, proxies: &'p [Proxy]) -> anyhow::Result<&'p Proxy> {
    if let Some(exact) = proxies.iter().find(|proxy| proxy.full_name() == pattern) {
        return Ok(exact);
    }
    let called: Vec<&Proxy> = proxies.iter().filter(|proxy| is_called(proxy, pattern)).collect();
    match called.as_slice() {
        [one] => Ok(one),
        [] => anyhow::bail!("no proxy matches `{}`{}", visible(pattern), similar(pattern, proxies)),
        several => {
            let names: Vec<String> =
                several.iter().take(NAMED).map(|proxy| format!("`{}`", visible(&proxy.full_name()))).collect();
            let more = several.len().saturating_sub(NAMED);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            anyhow::bail!(
                "`{}` matches {} proxies, and only one can be asked for: {}{more}",
                visible(pattern),
                several.len(),
                names.join(", ")
            )
        }
    }
}

/// Says whether a proxy has this name, with or without its namespace.
pub(super) fn is_called(proxy: &Proxy, pattern: &str) -> bool {
    glob::matches(pattern, &proxy.name) || glob::matches(pattern, &proxy.full_name())
}

impl Selection {
    /// Says whether a proxy that is known by name and kind only is wanted.
    pub(super) fn wants_named(&self, full_name: &str, kind: &str) -> bool {
        let (name, namespace) = full_name.rsplit_once('.').unwrap_or((full_name, ""));
        let is_called = |pattern: &String| glob::matches(pattern, name) || glob::matches(pattern, full_name);
        let is_kind = |wanted: Kind| match wanted {
            Kind::Sidecar => kind == "sidecar",
            Kind::Gateway => kind == "gateway",
            Kind::Waypoint => kind == "waypoint",
            Kind::EastWest => kind == "east-west",
        };
        (self.proxy.is_empty() || self.proxy.iter().any(is_called))
            && (self.namespace.is_empty() || self.namespace.iter().any(|n| glob::matches(n, namespace)))
            && self.kind.is_none_or(is_kind)
    }
}

/// Suggests the proxies that may be meant: those of nearly this name, or with the name in theirs.
fn similar(pattern: &str, proxies: &[Proxy]) -> String {
    if proxies.is_empty() {
        return ": the input has no proxies (injected workloads or gateways)".to_owned();
    }
    let name = pattern.split('.').next().unwrap_or_default();
    let distance = |proxy: &Proxy| {
        let full = distance(pattern, &proxy.full_name());
        let contains = !name.is_empty() && (proxy.name.contains(name) || name.contains(&proxy.name));
        full.min(distance(name, &proxy.name)).min(if contains { 1 } else { usize::MAX })
    };
    let mut near: Vec<(usize, String)> = proxies.iter().map(|proxy| (distance(proxy), proxy.full_name())).collect();
    near.retain(|(distance, _)| *distance <= 1 + name.chars().count() / 3);
    near.sort();
    let best = near.first().map_or(0, |(distance, _)| *distance);
    near.retain(|(distance, _)| *distance == best);
    let near: Vec<String> = near.into_iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
    match near.as_slice() {
        [] => "; `meshc proxies` lists all proxies".to_owned(),
        [one] => format!("; did you mean {one}?"),
        [all @ .., last] => format!("; did you mean {} or {last}?", all.join(", ")),
    }
}

/// How many characters are added, left out, changed or swapped with the next one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_of_typing_are_near() {
        for (a, b, expected) in [("web", "web", 0), ("wbe", "web", 1), ("reviws", "reviews", 1), ("", "ab", 2)] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
