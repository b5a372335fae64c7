//! The tables of `schema/*.txt`, read when first asked for.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::cel::CelRule;
use super::rule::Rule;
use crate::ingest::metadata::TypeMeta;

/// What a value may be.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) r#type: Type,
    pub(crate) constraints: Constraints,
    pub(crate) properties: BTreeMap<String, Schema>,
    /// Of a list.
    pub(crate) items: Option<Box<Schema>>,
    /// Of a map.
    pub(crate) values: Option<Box<Schema>>,
}

impl Schema {
    pub(crate) fn property(&self, name: &str) -> Option<&Schema> {
        self.properties.get(name)
    }

    /// Says whether the API server takes a field that is null for one that is not there.
    ///
    /// apiextensions: `defaulting.PruneNonNullableNullsWithoutDefaults`; where there is a default, that takes its place.
    pub(crate) fn drops_null(&self, name: &str) -> bool {
        self.property(name).or(self.values.as_deref()).is_some_and(|schema| !schema.constraints.nullable)
    }
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Object,
    Array,
    String,
    Boolean,
    Integer,
    Number,
    IntOrString,
}

impl Type {
    /// Returns the type as it stands in a sentence.
    pub(crate) fn article(self) -> &'static str {
        match self {
            Self::Object => "a map",
            Self::Array => "a list",
            Self::String => "a string",
            Self::Boolean => "a boolean",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::IntOrString => "a whole number or a string",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "int-or-string" => Self::IntOrString,
            _ => return None,
        })
    }
}

/// What else holds for a value, in the words of OpenAPI.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Constraints {
    pub(crate) nullable: bool,
    pub(crate) preserve_unknown_fields: bool,
    pub(crate) required: Vec<String>,
    /// Groups of fields that exclude each other.
    pub(crate) at_most_one: Vec<Vec<String>>,
    pub(crate) min_properties: Option<usize>,
    pub(crate) max_properties: Option<usize>,
    pub(crate) list_map_keys: Vec<String>,
    pub(crate) min_items: Option<usize>,
    pub(crate) max_items: Option<usize>,
    pub(crate) r#enum: Vec<serde_json::Value>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) format: Option<String>,
    pub(crate) min_length: Option<usize>,
    pub(crate) max_length: Option<usize>,
    pub(crate) minimum: Option<i64>,
    pub(crate) maximum: Option<i64>,
    pub(crate) rules: Vec<Rule>,
    /// Rules that are evaluated as they are written.
    pub(crate) cel: Vec<CelRule>,
    /// What the API server writes where the field is left out.
    pub(crate) default: Option<serde_json::Value>,
}

/// A regular expression, compiled when first used.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub(crate) struct Pattern {
    text: String,
    regex: OnceLock<Option<regex::Regex>>,
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self { text, regex: OnceLock::new() }
    }
}

impl Pattern {
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.regex.get_or_init(|| regex::Regex::new(&self.text).ok()).as_ref().is_none_or(|regex| regex.is_match(text))
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

macro_rules! tables {
    ($($kind:literal $file:literal;)*) => {
        const TABLES: &[(&str, &str)] = &[$(($kind, include_str!(concat!("schema/", $file, ".txt"))),)*];
    };
}

tables! {
    "AuthorizationPolicy" "authorization_policy";
    "DestinationRule" "destination_rule";
    "EnvoyFilter" "envoy_filter";
    "Gateway" "gateway";
    "PeerAuthentication" "peer_authentication";
    "ProxyConfig" "proxy_config";
    "RequestAuthentication" "request_authentication";
    "ServiceEntry" "service_entry";
    "Sidecar" "sidecar";
    "Telemetry" "telemetry";
    "TrafficExtension" "traffic_extension";
    "VirtualService" "virtual_service";
    "WasmPlugin" "wasm_plugin";
    "WorkloadEntry" "workload_entry";
    "WorkloadGroup" "workload_group";
    "gateway.networking.k8s.io/BackendTLSPolicy" "gateway_api/backend_tls_policy";
    "gateway.networking.k8s.io/GRPCRoute" "gateway_api/grpc_route";
    "gateway.networking.k8s.io/Gateway" "gateway_api/gateway";
    "gateway.networking.k8s.io/GatewayClass" "gateway_api/gateway_class";
    "gateway.networking.k8s.io/HTTPRoute" "gateway_api/http_route";
    "gateway.networking.k8s.io/ListenerSet" "gateway_api/listener_set";
    "gateway.networking.k8s.io/ReferenceGrant" "gateway_api/reference_grant";
    "gateway.networking.k8s.io/TCPRoute" "gateway_api/tcp_route";
    "gateway.networking.k8s.io/TLSRoute" "gateway_api/tls_route";
    "gateway.networking.k8s.io/TLSRoute/v1alpha2" "gateway_api/tls_route_v1alpha2";
}

static SCHEMAS: [OnceLock<Option<Schema>>; TABLES.len()] = [const { OnceLock::new() }; TABLES.len()];

/// Returns the schema of an Istio kind.
pub(crate) fn of(kind: &str) -> Option<&'static Schema> {
    let at = TABLES.iter().position(|(name, _)| *name == kind)?;
    let (_, text) = TABLES.get(at)?;
    SCHEMAS.get(at)?.get_or_init(|| parse(text)).as_ref()
}

/// Returns the schema of a kind of the Gateway API: that of its version, if it differs from the others'.
pub(crate) fn of_gateway_api(type_meta: &TypeMeta<'_>) -> Option<&'static Schema> {
    let TypeMeta { group, version, kind } = type_meta;
    of(&format!("{group}/{kind}/{version}")).or_else(|| of(&format!("{group}/{kind}")))
}

fn parse(text: &str) -> Option<Schema> {
    let lines: Option<Vec<Line>> = text.lines().map(Line::parse).collect();
    let lines = lines?;
    let (root, rest) = lines.split_first()?;
    schema(root, rest)
}

struct Line<'t> {
    depth: usize,
    name: &'t str,
    r#type: Type,
    constraints: &'t str,
}

impl<'t> Line<'t> {
    fn parse(line: &'t str) -> Option<Self> {
        let text = line.trim_start_matches(' ');
        let (name, rest) = text.split_once(": ")?;
        let (r#type, constraints) = rest.split_once(' ').unwrap_or((rest, "{}"));
        Some(Self { depth: line.len() - text.len(), name, r#type: Type::parse(r#type)?, constraints })
    }
}

/// Makes a schema of its line and the lines below it.
fn schema(line: &Line<'_>, below: &[Line<'_>]) -> Option<Schema> {
    let mut schema_of = Schema {
        r#type: line.r#type,
        constraints: serde_json::from_str(line.constraints).ok()?,
        properties: BTreeMap::new(),
        items: None,
        values: None,
    };
    let mut rest = below;
    while let Some((child, after)) = rest.split_first() {
        if child.depth <= line.depth {
            break;
        }
        let end = after.iter().position(|other| other.depth <= child.depth).unwrap_or(after.len());
        let (below, after) = after.split_at_checked(end)?;
        let value = schema(child, below)?;
        match child.name {
            "[]" => schema_of.items = Some(Box::new(value)),
            "{}" => schema_of.values = Some(Box::new(value)),
            name => {
                schema_of.properties.insert(name.to_owned(), value);
            }
        }
        rest = after;
    }
    Some(schema_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cel_compiles(schema: &Schema) -> bool {
        let below = schema.properties.values().chain(schema.items.as_deref()).chain(schema.values.as_deref());
        schema.constraints.cel.iter().all(CelRule::compiles) && below.into_iter().all(cel_compiles)
    }

    #[test]
    fn all_tables_read() {
        for (kind, _) in TABLES {
            let schema = of(kind).and_then(|schema| schema.property("spec"));
            assert!(schema.is_some_and(cel_compiles), "{kind}");
        }
    }
}
