//! `--proxy`, `--namespace`, `--kind`: which proxies.

use super::args::{Kind, Selection};
use super::glob;
use crate::proxy::{Proxy, ProxyKind};

impl Selection {
    /// Returns the proxies that are wanted; an error names a `--proxy` that there is none of.
    pub(super) fn choose<'p>(&self, proxies: &'p [Proxy]) -> anyhow::Result<Vec<&'p Proxy>> {
        for pattern in &self.proxy {
            if !proxies.iter().any(|proxy| is_called(proxy, pattern)) {
                let similar = similar(pattern, proxies);
                anyhow::bail!("there is no proxy {pattern}{similar}");
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

/// Names some proxies that may be meant.
fn similar(pattern: &str, proxies: &[Proxy]) -> String {
    let name = pattern.split(['.', '*', '?']).next().unwrap_or_default();
    let alike = proxies.iter().filter(|proxy| !name.is_empty() && proxy.name.contains(name));
    let alike: Vec<_> = alike.map(Proxy::full_name).take(3).collect();
    if alike.is_empty() { String::new() } else { format!("; there is {}", alike.join(", ")) }
}
