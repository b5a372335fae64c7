//! The rules that Istio's definitions write in CEL, each as a function.
//!
//! Where a CEL expression fails (a duration that is none, a substring that is not there) the API server rejects the
//! object as if the rule had been false; so does each function here.

use serde::Deserialize;

use super::url;
use crate::model::Duration;
use crate::source::Node;

/// A rule, named as `tools/crd-schema` names it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rule {
    AddressOrNetwork,
    CidrAddressesByResolution,
    #[serde(rename = "duration-of-1ms")]
    DurationOf1ms,
    Empty,
    HttpOrHttps,
    HttpUrl,
    ModuleUrl,
    NoEmptyKey,
    NoWildcard,
    NoWildcardInKeys,
    NotAllHosts,
    Port,
    PortKeys,
    PortLevelMtlsWithSelector,
    PortNameKeys,
    RemoveWithoutValue,
    ResolutionNoneWithoutEndpoints,
    RoundRobinWithOneEndpoint,
    ServiceAccountsAlone,
    UniqueNumbers,
    UnixSocketAbsolute,
    UnixSocketIsNoFolder,
    UnixSocketWithoutPorts,
    UpsertWithValue,
    ValueFromHostWithoutValue,
    WasmOrLua,
    WaypointMatchByContext,
}

impl Rule {
    /// Returns what is wrong with a value of the right type.
    pub(crate) fn check(self, node: Node<'_>) -> Option<&'static str> {
        let (holds, message) = match self {
            Self::AddressOrNetwork => (has(node, "address") || has(node, "network"), "an address is required"),
            Self::CidrAddressesByResolution => {
                (cidr_addresses_by_resolution(node), "a range of addresses is for the resolutions NONE and STATIC only")
            }
            Self::DurationOf1ms => (duration_of_1ms(text(node)), "not a duration of at least 1ms"),
            Self::Empty => (text(node).is_empty(), "a reference to another namespace is not supported"),
            Self::HttpOrHttps => (matches!(text(node), "" | "HTTP" | "HTTPS"), "this is neither HTTP nor HTTPS"),
            Self::HttpUrl => (
                matches!(url::scheme(text(node)).as_deref(), Some("http" | "https")),
                "not a valid URL with scheme http or https",
            ),
            Self::ModuleUrl => (module_url(text(node)), "not a valid URL with scheme http, https, file or oci"),
            Self::NoEmptyKey => (node.get("").is_none(), "a key is empty"),
            Self::NoWildcard => (!text(node).contains('*'), "a wildcard is not allowed here"),
            Self::NoWildcardInKeys => (keys(node).all(|key| !key.contains('*')), "a wildcard is not allowed in a key"),
            Self::NotAllHosts => (text(node) != "*", "the host cannot be `*`"),
            Self::Port => (is_port(integer(node)), "a port is between 1 and 65535"),
            Self::PortKeys => (keys(node).all(|key| is_port(key.parse().ok())), "a port is between 1 and 65535"),
            Self::PortLevelMtlsWithSelector => {
                (port_level_mtls_with_selector(node), "`portLevelMtls` is for workloads that a `selector` names")
            }
            Self::PortNameKeys => (keys(node).all(is_port_name), "not a valid port name"),
            Self::RemoveWithoutValue => {
                (field(node, "operation") != "REMOVE" || !has(node, "value"), "`value` and REMOVE exclude each other")
            }
            Self::ResolutionNoneWithoutEndpoints => {
                let none = !has(node, "resolution") || field(node, "resolution") == "NONE";
                (!(none && has(node, "endpoints")), "resolution NONE must not have endpoints")
            }
            Self::RoundRobinWithOneEndpoint => {
                let many = node.get("endpoints").is_some_and(|endpoints| endpoints.items().count() > 1);
                (field(node, "resolution") != "DNS_ROUND_ROBIN" || !many, "DNS_ROUND_ROBIN allows at most one endpoint")
            }
            Self::ServiceAccountsAlone => {
                let accounts = ["serviceAccounts", "notServiceAccounts"];
                let others = ["principals", "notPrincipals", "namespaces", "notNamespaces"];
                let both = accounts.iter().any(|name| has(node, name)) && others.iter().any(|name| has(node, name));
                (!both, "`serviceAccounts` cannot be combined with principals or namespaces")
            }
            Self::UniqueNumbers => (unique_numbers(node), "port number is defined twice"),
            Self::UnixSocketAbsolute => {
                let path = text(node).strip_prefix("unix://");
                (
                    path.is_none_or(|path| path.starts_with(['/', '@'])),
                    "a socket is an absolute path or starts with `@`",
                )
            }
            Self::UnixSocketIsNoFolder => {
                (!(text(node).starts_with("unix://") && text(node).ends_with('/')), "a socket is not a directory")
            }
            Self::UnixSocketWithoutPorts => {
                (!(field(node, "address").starts_with("unix://") && has(node, "ports")), "a socket has no ports")
            }
            Self::UpsertWithValue => {
                (field(node, "operation") != "UPSERT" || !field(node, "value").is_empty(), "UPSERT requires a `value`")
            }
            Self::ValueFromHostWithoutValue => {
                (field(node, "valueFrom") != "HOST" || !has(node, "value"), "`value` and HOST exclude each other")
            }
            Self::WasmOrLua => (has(node, "wasm") != has(node, "lua"), "exactly one of `wasm` and `lua` is set"),
            Self::WaypointMatchByContext => (
                has(node, "waypoint") == (field(node, "context") == "WAYPOINT"),
                "a `waypoint` match and the context WAYPOINT belong together",
            ),
        };
        (!holds).then_some(message)
    }
}

fn duration_of_1ms(text: &str) -> bool {
    Duration::parse(text).is_some_and(|duration| duration.as_nanos() >= 1_000_000)
}

fn cidr_addresses_by_resolution(service_entry: Node<'_>) -> bool {
    let cidr = service_entry
        .get("addresses")
        .is_some_and(|addresses| addresses.items().any(|address| text(address).contains('/')));
    let by_address =
        !has(service_entry, "resolution") || matches!(field(service_entry, "resolution"), "STATIC" | "NONE");
    !cidr || by_address
}

fn module_url(text: &str) -> bool {
    let scheme = url::scheme(text).or_else(|| url::scheme(&format!("http://{text}")));
    matches!(scheme.as_deref(), Some("" | "http" | "https" | "file" | "oci"))
}

fn port_level_mtls_with_selector(peer_authentication: Node<'_>) -> bool {
    let labels = peer_authentication.get("selector").and_then(|selector| selector.get("matchLabels"));
    !has(peer_authentication, "portLevelMtls") || labels.is_some_and(|labels| labels.entries().next().is_some())
}

fn unique_numbers(ports: Node<'_>) -> bool {
    let mut numbers: Vec<_> = ports.items().map(|port| port.get("number").and_then(integer)).collect();
    let count = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len() == count
}

fn is_port_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() < 63
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

fn is_port(number: Option<i64>) -> bool {
    number.is_some_and(|number| (1..=65535).contains(&number))
}

fn has(node: Node<'_>, field: &str) -> bool {
    node.get(field).is_some_and(|value| !value.is_null())
}

fn field<'a>(node: Node<'a>, field: &str) -> &'a str {
    node.get(field).map_or("", text)
}

fn text(node: Node<'_>) -> &str {
    node.as_str().unwrap_or("")
}

fn integer(node: Node<'_>) -> Option<i64> {
    match node.kind() {
        crate::source::NodeKind::Int(value) => Some(value),
        _ => None,
    }
}

fn keys(node: Node<'_>) -> impl Iterator<Item = &str> {
    node.entries().map(|(key, _)| text(key))
}
