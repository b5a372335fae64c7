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
fn filters<'m>(levels: &[&'m [AccessLogging]], mode: WorkloadMode) -> BTreeMap<&'m str, Option<&'m AccessLoggingFilter>> {
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
