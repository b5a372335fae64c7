//! Access logging: which providers log, and with which filter.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::istio::{AccessLogging, AccessLoggingFilter, AccessLoggingLogSelector, ProviderRef, WorkloadMode};

/// How one provider logs. istiod: `telemetry.go` `loggingSpec`
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct ProviderLogging<'m> {
    pub(super) disabled: bool,
    pub(super) filter: Option<&'m AccessLoggingFilter>,
}

/// Merges `Telemetry.accessLogging` of all levels, weakest first, for one side of the proxy.
///
/// The last level that names providers for this side decides which ones there are. A filter belongs to the entry that names
/// the provider last. An entry without providers is for those of the entry before it, at first the mesh's default ones.
///
/// istiod: `telemetry.go` `mergeLogs`
pub(super) fn merge<'m>(
    levels: &[&'m [AccessLogging]],
    default_providers: &'m [String],
    mode: WorkloadMode,
) -> BTreeMap<&'m str, ProviderLogging<'m>> {
    let defaults: Vec<&str> = default_providers.iter().map(String::as_str).collect();
    if levels.is_empty() {
        return defaults.into_iter().map(|provider| (provider, ProviderLogging::default())).collect();
    }
    let in_scope = levels.iter().rev().map(|level| named(level, mode)).find(|named| !named.is_empty());
    let in_scope = in_scope.unwrap_or_else(|| defaults.iter().copied().collect());
    let filters = filters(levels, mode);

    let mut merged = BTreeMap::new();
    let mut providers = defaults;
    for entry in levels.iter().copied().flatten() {
        if !entry.providers.is_empty() {
            providers = names(&entry.providers);
        }
        if !is_for(entry.r#match.as_ref(), mode) {
            continue;
        }
        let disabled = entry.disabled == Some(true);
        for &provider in providers.iter().filter(|provider| in_scope.contains(*provider)) {
            let filter = filters.get(provider).copied().flatten().filter(|_| !disabled);
            merged.insert(provider, ProviderLogging { disabled, filter });
        }
    }
    merged
}

/// The providers that one level names for this side.
fn named(level: &[AccessLogging], mode: WorkloadMode) -> BTreeSet<&str> {
    let entries = level.iter().filter(|entry| is_for(entry.r#match.as_ref(), mode));
    entries.flat_map(|entry| names(&entry.providers)).collect()
}

/// The filter of the last entry for this side that names each provider.
fn filters<'m>(
    levels: &[&'m [AccessLogging]],
    mode: WorkloadMode,
) -> BTreeMap<&'m str, Option<&'m AccessLoggingFilter>> {
    let entries = levels.iter().copied().flatten().filter(|entry| is_for(entry.r#match.as_ref(), mode));
    let by_provider = |entry: &'m AccessLogging| {
        names(&entry.providers).into_iter().map(|provider| (provider, entry.filter.as_ref()))
    };
    entries.flat_map(by_provider).collect()
}

fn names(providers: &[ProviderRef]) -> Vec<&str> {
    providers.iter().map(|provider| provider.name.as_str()).collect()
}

/// istiod: `telemetry.go` `matchWorkloadMode`
fn is_for(selector: Option<&AccessLoggingLogSelector>, mode: WorkloadMode) -> bool {
    selector.is_none_or(|selector| selector.mode == WorkloadMode::ClientAndServer || selector.mode == mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(providers: &[&str], disabled: bool, mode: WorkloadMode, expression: Option<&str>) -> AccessLogging {
        AccessLogging {
            r#match: Some(AccessLoggingLogSelector { mode }),
            providers: providers.iter().map(|&name| ProviderRef { name: name.to_owned() }).collect(),
            disabled: disabled.then_some(true),
            filter: expression.map(|expression| AccessLoggingFilter { expression: expression.to_owned() }),
        }
    }

    fn shown(levels: &[&[AccessLogging]], mode: WorkloadMode) -> Vec<(String, bool, String)> {
        let defaults = ["envoy".to_owned()];
        let merged = merge(levels, &defaults, mode);
        let expression =
            |logging: &ProviderLogging<'_>| logging.filter.map_or("", |filter| &filter.expression).to_owned();
        merged.iter().map(|(name, logging)| ((*name).to_owned(), logging.disabled, expression(logging))).collect()
    }

    #[test]
    fn sides_are_told_apart() {
        let level = [
            entry(&["a"], false, WorkloadMode::Client, Some("client")),
            entry(&["b"], false, WorkloadMode::Server, Some("server")),
        ];
        assert_eq!(shown(&[&level], WorkloadMode::Client), [("a".to_owned(), false, "client".to_owned())]);
        assert_eq!(shown(&[&level], WorkloadMode::Server), [("b".to_owned(), false, "server".to_owned())]);
    }

    #[test]
    fn the_last_level_decides_the_providers() {
        let mesh = [entry(&["a"], false, WorkloadMode::ClientAndServer, Some("mesh"))];
        let namespace = [entry(&["b"], false, WorkloadMode::ClientAndServer, None)];
        let workload = [entry(&[], true, WorkloadMode::Server, None)];
        let levels: [&[AccessLogging]; 3] = [&mesh, &namespace, &workload];
        assert_eq!(shown(&levels, WorkloadMode::Client), [("b".to_owned(), false, String::new())]);
        assert_eq!(shown(&levels, WorkloadMode::Server), [("b".to_owned(), true, String::new())]);
    }

    #[test]
    fn without_providers_the_default_ones_are_meant() {
        let level = [entry(&[], false, WorkloadMode::ClientAndServer, Some("ignored: it names no provider"))];
        assert_eq!(shown(&[&level], WorkloadMode::Client), [("envoy".to_owned(), false, String::new())]);
    }
}
