//! A switch of istiod, and the table of all of them.

use super::Release;
use super::env::Kind;
use super::features::SERVED;
use super::unserved::UNSERVED;

/// A variable of istiod's environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Kind,
    /// The value when it is not set.
    pub default: &'static str,
    /// What it does to proxies.
    pub effect: Effect,
}

/// What a switch does to what proxies are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes what is served.
    Served {
        /// What it changes.
        changes: &'static str,
        /// The file of the rule that honours it, below `src`; empty for none.
        rule: &'static str,
    },
    /// It cannot change what sidecars and gateways are served.
    Unserved {
        /// Why not.
        why: &'static str,
    },
}

/// The switches that decide a behaviour in place of the release, and nothing else.
const OF_BEHAVIOURS: &[Switch] = &[
    Switch {
        name: "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS",
        kind: Kind::Bool,
        default: "true",
        effect: Effect::Served {
            changes: "Serves endpoints that are not ready, unless a DestinationRule has `minHealthPercent`.",
            rule: "installation/behaviour/since_1_31.rs",
        },
    },
    Switch {
        name: "PILOT_ENABLE_STRICT_GATEWAY_MERGING",
        kind: Kind::Bool,
        default: "true",
        effect: Effect::Served {
            changes: "Leaves Gateways of other namespaces out of gateways that are deployed for a Gateway of the Gateway API.",
            rule: "installation/behaviour/since_1_31.rs",
        },
    },
];

/// The first release that knows a switch, for those that are not in all.
const SINCE: &[(u32, &[&str])] = &[
    (
        29,
        &[
            "AMBIENT_ENABLE_BAGGAGE",
            "AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY",
            "AMBIENT_ENABLE_MULTI_NETWORK_INGRESS",
            "DISABLE_TRACK_REMAINING_CB_METRICS",
            "ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS",
            "PILOT_CRL_CONFIGMAP",
            "PILOT_ENABLE_AGENTGATEWAY",
            "PILOT_IGNORE_RESOURCES",
            "PILOT_INCLUDE_RESOURCES",
        ],
    ),
    (
        30,
        &[
            "AMBIENT_SCOPED_ADDRESS_PUSHES",
            "PILOT_AGENT_MERGE_ENVOY_STATS",
            "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS",
            "PILOT_GATEWAY_TRANSPORT_SOCKET_CONNECT_TIMEOUT",
            "PILOT_MULTICLUSTER_KUBECONFIG_PATH",
            "PILOT_NODE_UNTAINT_CONTROLLERS_TAINT_NAME",
            "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE",
        ],
    ),
    (
        31,
        &[
            "ENABLE_XDS_API_GENERATOR_AUTH",
            "PILOT_ALLOW_ANY_DYNAMIC_DNS_MAX_HOSTS",
            "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS",
            "PILOT_ENABLE_REMOTE_CREDENTIALS_CONTROLLER",
            "PILOT_ENABLE_STRICT_GATEWAY_MERGING",
        ],
    ),
];

/// The release that has removed a switch.
const REMOVED: &[(u32, &[&str])] =
    &[(31, &["PILOT_SPAWN_UPSTREAM_SPAN_FOR_GATEWAY", "UNSAFE_PILOT_ENABLE_DELTA_TEST"])];

impl Switch {
    /// Returns all switches of all releases.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        SERVED.iter().chain(OF_BEHAVIOURS).chain(UNSERVED)
    }

    /// Returns the switch of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::all().find(|switch| switch.name == name)
    }

    /// Returns whether what it changes is translated as it changes it.
    pub fn is_honoured(&self) -> bool {
        match self.effect {
            Effect::Served { rule, .. } => !rule.is_empty(),
            Effect::Unserved { .. } => true,
        }
    }

    /// Returns the minor version that brought it, if that is one of those that are known.
    pub fn since(&self) -> Option<u32> {
        minor(SINCE, self.name)
    }

    /// Returns the minor version that removed it.
    pub fn removed(&self) -> Option<u32> {
        minor(REMOVED, self.name)
    }

    /// Says whether the istiod of a release reads it.
    pub fn exists_in(&self, release: Release) -> bool {
        self.since().is_none_or(|since| since <= release.minor)
            && self.removed().is_none_or(|gone| release.minor < gone)
    }
}

fn minor(table: &[(u32, &[&str])], name: &str) -> Option<u32> {
    table.iter().find(|(_, names)| names.contains(&name)).map(|(minor, _)| *minor)
}
