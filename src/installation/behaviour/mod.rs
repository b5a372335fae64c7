//! What releases do differently, each a fact that a rule can ask for.
//!
//! ```text
//! since_1_28 to since_1_31 ──rows──▶ table ──release──▶ Behaviours ──▶ a rule: does(KeepsRetryBudgetInMerges)?
//!                                         └──two releases──▶ what an upgrade changes
//! ```
//!
//! A file holds what one minor version changed, its patches too. A new release is a file of rows more.

mod proxy;
mod row;
mod since_1_28;
mod since_1_29;
mod since_1_30;
mod since_1_31;

pub use row::{Component, Effect, Row, Span, Switch};

use super::env::FromEnv as _;
use super::{Environment, Release};

/// A fact about releases. Each has one row in [`table`], which says where it holds, by which source, and what it means to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the row says it in a sentence")]
pub enum Behaviour {
    // Changed by patches of 1.28.
    DropsEndpointsOfShadowedServiceEntries,
    // Changed by 1.29.
    CountsRemainingRequests,
    KeepsRetryBudgetInMerges,
    ReadsTopologyLocalityLabel,
    FormatsCustomTags,
    SendsZipkinByHttpService,
    LogsWasmPeersToOpenTelemetry,
    ReadsCipherSuitesOfListeners,
    TakesTlsPortsOfDynamicDns,
    ChecksPortsOfNetworkGateways,
    SelectsNamespacesOfListenerSets,
    IgnoresFailedPods,
    KeepsGatewaysOfOtherRevisions,
    PatchesWaypoints,
    ReadsHboneIdleTimeout,
    TagsPeersAtWaypoints,
    OpensDoubleTunnelsInOneNetwork,
    ReachesNetworksFromGateways,
    TellsNetworkInTunnels,
    TellsKindInTunnels,
    MatchesAuthorityBeforeAddress,
    AppliesNoServicePoliciesAtEastWestGateways,
    KeepsServiceEntriesOfServiceHosts,
    StatesDivisors,
    // Changed by 1.30.
    NamesServiceEntryEndpoints,
    TranslatesWasmPlugins,
    ServesDynamicDnsToSidecars,
    SeparatesCustomProviders,
    PrefersOldestOfSameDnsHost,
    RacesDnsConnections,
    ReadsTrafficDistributionOfNamespaces,
    NamesEndpointsByAutoRegistrationGroup,
    ForcesNetworkGateways,
    FiltersNetworkGatewaysByFamily,
    FiltersClusterIpsByFamily,
    HonoursListsOfDefaultExportTo,
    MergesHttpAndGrpcRoutes,
    AnswersMissingBackendsWith404,
    ReadsStableTlsRoutes,
    ReadsStableListenerSets,
    TakesTlsRoutesOnTerminatingListeners,
    HonoursAllNamesOfReferenceGrants,
    DisablesContextPropagation,
    EnrichesServiceAttributes,
    MatchesTrustDomains,
    PicksBestServiceNamespace,
    AppliesFailoverPriorityToDns,
    FetchesSdsCredentialsFromProvider,
    HonoursTerminateModeUnderFrontendValidation,
    IgnoresPolicyAttachmentOnDemand,
    TellsClientIdentityAtWaypoints,
    PassesTlsThroughEastWestGateways,
    KeepsInternalDynamicDnsFromWaypoints,
    RoutesAtWaypointsAsOutbound,
    OwnsServiceEntriesOfBlocks,
    ReadsIngressUseWaypointAsBool,
    ReadsTelemetryOfServiceNamespaces,
    ServesExtensionsOfServiceNamespaces,
    ChecksNamesOfInterfaces,
    // Changed by 1.31.
    SendsUnhealthyEndpoints,
    FallsBackToTlsOfRule,
    HashesAtWaypoints,
    ReadsStableTcpRoutes,
    ExcludesHostsFromSidecars,
    MergesBackendPoliciesWithRules,
    PrefersNetworksInFailoverPriority,
    SetsAuthorityOfSdsProvider,
    LooksUpExactSidecarHosts,
    MergesGatewaysStrictly,
    RefusesConflictingListeners,
    TellsListenerSetsFromGateways,
    ServesCaSecretsOfFrontendValidation,
    AllowsInsecureFallback,
    LooksUpDynamicDnsByFamily,
    RedirectsEmptyPrefixByPath,
    IgnoresRoutesOfForeignWaypoints,
    SetsRetryBudgetInterval,
    LimitsProxyVersionPatterns,
    TakesFieldsOf131,
    TrimsCanonicalNames,
    ReadsImageOfProxyInit,
    ReadsScrapeTargets,
    TellsSecureMetricsPort,
    NamesGatewayPortsApart,
    OpensUdpPortsForQuic,
    // The proxy's release.
    ProxyReadsZipkinHttpService,
    ProxyFormatsCustomTags,
    ProxyDisablesContextPropagation,
    ProxyNamesServiceByAppLabels,
    ProxyReadsTraceContextOption,
}

/// Returns the whole table, in the order of [`Behaviour`].
pub fn table() -> impl Iterator<Item = &'static Row> {
    since_1_28::ROWS.iter().chain(since_1_29::ROWS).chain(since_1_30::ROWS).chain(since_1_31::ROWS).chain(proxy::ROWS)
}

/// The behaviours that hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Behaviours(u128);

impl Behaviours {
    /// Returns those of a release.
    pub fn of(release: Release) -> Self {
        let holding = table().filter(|row| row.holds_in(release));
        holding.fold(Self(0), |all, row| all.with(row.behaviour, true))
    }

    /// Says whether a behaviour holds.
    pub const fn contains(self, behaviour: Behaviour) -> bool {
        self.0 & Self::bit(behaviour) != 0
    }

    /// Returns the same but for one behaviour.
    #[must_use]
    pub const fn with(self, behaviour: Behaviour, holds: bool) -> Self {
        if holds { Self(self.0 | Self::bit(behaviour)) } else { Self(self.0 & !Self::bit(behaviour)) }
    }

    /// Returns those of an istiod: of its release, but for what switches decide that the release knows.
    pub fn new(release: Release, environment: &Environment) -> Self {
        let decided = |row: &Row| {
            let switch = row.switch.filter(|switch| switch.since <= release.number())?;
            let value = bool::from_env(environment.get(switch.name)?)?;
            Some((row.behaviour, value == switch.value))
        };
        table().filter_map(decided).fold(Self::of(release), |all, (behaviour, holds)| all.with(behaviour, holds))
    }

    const fn bit(behaviour: Behaviour) -> u128 {
        1 << behaviour as u32
    }
}

impl Default for Behaviours {
    fn default() -> Self {
        Self::of(Release::default())
    }
}

#[cfg(test)]
mod tests {
    use super::Behaviour as B;
    use super::*;

    #[test]
    fn each_behaviour_has_one_row() {
        let numbers: Vec<_> = table().map(|row| row.behaviour as usize).collect();
        let last = B::ProxyReadsTraceContextOption as usize;
        assert_eq!(numbers, (0..=last).collect::<Vec<_>>(), "rows are in the order of the variants");
        assert!(last < 128, "a set of behaviours has a bit for each");
    }

    #[test]
    fn rows_say_both_sides() {
        for row in table() {
            for text in [row.with, row.without] {
                assert!(text.ends_with('.') && text.len() > 20, "{:?}: {text}", row.behaviour);
            }
            assert!(!row.source.is_empty(), "{:?}", row.behaviour);
        }
    }

    #[test]
    fn a_switch_goes_before_the_release() {
        let [old, new] = ["1.28", "1.30"].map(|text| Release::parse(text).expect("a version"));
        let counts = |behaviours: Behaviours| behaviours.contains(B::CountsRemainingRequests);
        assert!(counts(Behaviours::of(old)));
        assert!(!counts(Behaviours::of(new)));
        let with = |release, value: &str| {
            let name = "DISABLE_TRACK_REMAINING_CB_METRICS".to_owned();
            Behaviours::new(release, &Environment::from([(name, value.to_owned())]))
        };
        assert!(counts(with(new, "false")));
        assert!(!counts(with(new, "true")));
        assert!(!counts(with(new, "perhaps")), "a value that is none is as if it were not there");
        assert!(counts(with(old, "true")), "1.28 does not know the switch");
    }
}
