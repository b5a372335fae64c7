//! Reads custom resource definitions, Istio's and those of the Gateway API, and writes, for each kind, what `src/ingest/crd`
//! checks manifests by.
//!
//! ```text
//! cargo run -p crd-schema -- .../manifests/charts/base/files/crd-all.gen.yaml src/ingest/crd/schema
//! cargo run -p crd-schema -- .../tests/integration/pilot/testdata/gateway-api-crd.yaml src/ingest/crd/schema/gateway_api
//! ```
//!
//! A line is a field, indented by its depth: its name, its type, and its constraints as JSON. `[]` are the items of a
//! list, `{}` the values of a map. The few rules of Istio, written in CEL, become names; others stay as they are, with what
//! their definition says of them (`cel`). A schema of an unknown shape is an error here, so that nothing is left out in silence.
//! A version whose schema is not that of the stored version has a table of its own.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

/// CEL rules and the names of the functions that check them (`src/ingest/crd/rule.rs`).
const RULES: &[(&str, &str)] = &[
    ("duration(self) >= duration('1ms')", "duration-of-1ms"),
    ("0 < self && self <= 65535", "port"),
    ("self.all(key, 0 < int(key) && int(key) <= 65535)", "port-keys"),
    (r#"!self.contains("*")"#, "no-wildcard"),
    (r#"self != "*""#, "not-all-hosts"),
    ("self.size() == 0", "empty"),
    (r#"self.all(key, !key.contains("*"))"#, "no-wildcard-in-keys"),
    ("self.all(key, key.size() != 0)", "no-empty-key"),
    (r#"self.all(key, size(key) < 63 && key.matches("^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$"))"#, "port-name-keys"),
    ("self.all(l1, self.exists_one(l2, l1.number == l2.number))", "unique-numbers"),
    (r#"self in ["", "HTTP", "HTTPS"]"#, "http-or-https"),
    (r#"url(self).getScheme() in ["http", "https"]"#, "http-url"),
    (
        r#"isURL(self) ? (url(self).getScheme() in ["", "http", "https", "file", "oci"]) : (isURL("http://" + self) && url("http://" + self).getScheme() in ["", "http", "https", "file", "oci"])"#,
        "module-url",
    ),
    (
        r#"isURL(self) ? (url(self).getScheme() in ["", "http", "https", "oci", "file"]) : (isURL("http://" + self) && url("http://" + self).getScheme() in ["", "http", "https", "oci", "file"])"#,
        "module-url",
    ),
    ("has(self.address) || has(self.network)", "address-or-network"),
    (
        r#"(has(self.address) ? self.address : "").startsWith("unix://") ? !has(self.ports) : true"#,
        "unix-socket-without-ports",
    ),
    (
        r#"self.startsWith("unix://") ? (self.substring(7, 8) == "/" || self.substring(7, 8) == "@") : true"#,
        "unix-socket-absolute",
    ),
    (r#"self.startsWith("unix://") ? !self.endsWith("/") : true"#, "unix-socket-is-no-folder"),
    (
        r#"!((has(self.addresses) ? self.addresses : []).exists(k, k.contains("/")) && !((has(self.resolution) ? self.resolution : "NONE") in ["STATIC", "NONE"]))"#,
        "cidr-addresses-by-resolution",
    ),
    (
        r#"((has(self.resolution) ? self.resolution : "NONE") == "NONE") ? !has(self.endpoints) : true"#,
        "resolution-none-without-endpoints",
    ),
    (
        r#"((has(self.resolution) ? self.resolution : "") == "DNS_ROUND_ROBIN") ? ((has(self.endpoints) ? self.endpoints : []).size() <= 1) : true"#,
        "round-robin-with-one-endpoint",
    ),
    (r#"(has(self.valueFrom) ? self.valueFrom : "") != "HOST" || !has(self.value)"#, "value-from-host-without-value"),
    (
        "(has(self.serviceAccounts) || has(self.notServiceAccounts)) ? (!has(self.principals) && !has(self.notPrincipals) && !has(self.namespaces) && !has(self.notNamespaces)) : true",
        "service-accounts-alone",
    ),
    (
        "has(self.portLevelMtls) ? (((has(self.selector) && has(self.selector.matchLabels)) ? self.selector.matchLabels : {}).size() > 0) : true",
        "port-level-mtls-with-selector",
    ),
    (r#"((has(self.operation) ? self.operation : "") == "UPSERT") ? (self.value != "") : true"#, "upsert-with-value"),
    (r#"((has(self.operation) ? self.operation : "") == "REMOVE") ? !has(self.value) : true"#, "remove-without-value"),
    ("has(self.wasm) != has(self.lua)", "wasm-or-lua"),
    (
        r#"has(self.context) ? ((self.context == "WAYPOINT") ? has(self.waypoint) : !has(self.waypoint)) : !has(self.waypoint)"#,
        "waypoint-match-by-context",
    ),
];

/// Kinds that istiod does not read, or only with a feature that is off by default.
const UNREAD: &[&str] = &["TCPRoute", "UDPRoute", "XBackendTrafficPolicy", "XMesh"];

/// Constraints that are kept as they are.
const KEPT: &[&str] = &[
    "default",
    "enum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "nullable",
    "pattern",
    "required",
];

/// Words of a schema that no check needs, or that are turned into something else.
const HANDLED: &[&str] = &[
    "additionalProperties",
    "allOf",
    "anyOf",
    "description",
    "items",
    "oneOf",
    "properties",
    "type",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(definitions), Some(folder), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        bail!("usage: crd-schema CRDS.yaml FOLDER");
    };
    let text = std::fs::read(&definitions).with_context(|| definitions.clone())?;
    for document in serde_yaml::Deserializer::from_slice(&text) {
        let definition: Value = serde::Deserialize::deserialize(document)?;
        if definition.get("kind").and_then(Value::as_str) != Some("CustomResourceDefinition") {
            continue;
        }
        let kind = text_at(&definition, "/spec/names/kind")?;
        if UNREAD.contains(&kind) {
            continue;
        }
        for (name, table) in tables(&definition).with_context(|| kind.to_owned())? {
            std::fs::write(Path::new(&folder).join(format!("{name}.txt")), table)?;
        }
    }
    Ok(())
}

/// Returns the tables of one definition by the names of their files: that of the stored version, and those that differ from it.
fn tables(definition: &Value) -> Result<Vec<(String, String)>> {
    let kind = text_at(definition, "/spec/names/kind")?;
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array).context("no versions")?;
    let table = |version: &Value| -> Result<String> {
        let schema = version.pointer("/schema/openAPIV3Schema").context("no schema")?;
        let mut table = String::new();
        line(&mut table, 0, kind, schema)?;
        Ok(table)
    };
    let stored = versions.iter().find(|version| version.get("storage") == Some(&json!(true))).context("no version")?;
    let mut tables = vec![(snake_case(kind), table(stored)?)];
    for version in versions {
        let table = table(version)?;
        if table != tables[0].1 {
            tables.push((format!("{}_{}", snake_case(kind), text_at(version, "/name")?), table));
        }
    }
    Ok(tables)
}

/// Writes a field and all below it.
fn line(out: &mut String, depth: usize, name: &str, schema: &Value) -> Result<()> {
    let schema = schema.as_object().with_context(|| format!("{name}: no schema"))?;
    let mut constraints = Map::new();
    for (key, value) in schema {
        if KEPT.contains(&key.as_str()) {
            constraints.insert(key.clone(), value.clone());
        } else {
            ensure!(HANDLED.contains(&key.as_str()), "{name}: unknown word `{key}`");
        }
    }
    let mut at_most_one = shapes(schema).with_context(|| name.to_owned())?;
    let mut rules = Vec::new();
    let mut cel: Vec<[String; 2]> = addresses_by_type(schema).into_iter().collect();
    for rule in schema.get("x-kubernetes-validations").and_then(Value::as_array).into_iter().flatten() {
        let text = text_at(rule, "/rule")?.replace('\n', " ");
        if let Some(fields) = counted(&text) {
            at_most_one.push(fields);
        } else if let Some((_, name)) = RULES.iter().find(|(rule, _)| *rule == text) {
            rules.push(*name);
        } else if text != "self == oldSelf" {
            // What is compared with an older version of the object has none here.
            cel.push([text, rule.get("message").and_then(Value::as_str).unwrap_or_default().to_owned()]);
        }
    }
    if !cel.is_empty() {
        constraints.insert("cel".into(), json!(cel));
    }
    at_most_one.sort_unstable();
    at_most_one.dedup();
    if !at_most_one.is_empty() {
        constraints.insert("atMostOne".into(), json!(at_most_one));
    }
    if !rules.is_empty() {
        constraints.insert("rules".into(), json!(rules));
    }
    if let Some(keys) = schema.get("x-kubernetes-list-map-keys") {
        ensure!(schema.get("x-kubernetes-list-type") == Some(&json!("map")), "{name}: keys of a list that is no map");
        constraints.insert("listMapKeys".into(), keys.clone());
    }
    if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&json!(true)) {
        constraints.insert("preserveUnknownFields".into(), json!(true));
    }
    let kind = match schema.get("type").and_then(Value::as_str) {
        Some(kind) => kind,
        None if schema.get("x-kubernetes-int-or-string") == Some(&json!(true)) => "int-or-string",
        None => bail!("{name}: no type"),
    };
    constraints.sort_keys();
    write!(out, "{:depth$}{name}: {kind}", "")?;
    if !constraints.is_empty() {
        write!(out, " {}", Value::Object(constraints))?;
    }
    out.push('\n');
    for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        // What a controller writes is no part of a manifest, and what all kinds have is checked elsewhere.
        if depth == 0 && ["apiVersion", "kind", "metadata", "status"].contains(&name.as_str()) {
            continue;
        }
        line(out, depth + 1, name, schema)?;
    }
    if let Some(items) = schema.get("items") {
        line(out, depth + 1, "[]", items)?;
    }
    match schema.get("additionalProperties") {
        None => {}
        Some(values @ Value::Object(_)) => line(out, depth + 1, "{}", values)?,
        Some(_) => bail!("{name}: additionalProperties"),
    }
    Ok(())
}

/// Returns the groups of fields of which at most one may be set, which is all that `oneOf` and `allOf` say.
fn shapes(schema: &Map<String, Value>) -> Result<Vec<Vec<String>>> {
    let mut groups = Vec::new();
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        let part = part.as_object().context("allOf")?;
        ensure!(part.keys().all(|key| key == "oneOf"), "allOf of something else");
        groups.extend(shapes(part)?);
    }
    if addresses_by_type(schema).is_some() {
        return Ok(groups);
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        let required = |choice: &Value| -> Result<String> {
            Ok(text_at(choice, "/required/0").context("oneOf of something else")?.to_owned())
        };
        let (none, ones) = choices.split_first().context("oneOf of nothing")?;
        let ones = ones.iter().map(required).collect::<Result<Vec<_>>>()?;
        let none = none.pointer("/not/anyOf").and_then(Value::as_array).context("oneOf without none")?;
        ensure!(none.iter().map(required).collect::<Result<Vec<_>>>()? == ones, "oneOf and its none differ");
        groups.push(ones);
    }
    if let Some(any) = schema.get("anyOf") {
        ensure!(*any == json!([{"type": "integer"}, {"type": "string"}]), "anyOf of something else");
    }
    Ok(groups)
}

/// Returns the rule that the choice among types of addresses says: that a value of the type IPAddress is one.
fn addresses_by_type(schema: &Map<String, Value>) -> Option<[String; 2]> {
    let ip = json!([
        {
            "properties": {"type": {"enum": ["IPAddress"]}, "value": {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}},
        },
        {"properties": {"type": {"not": {"enum": ["IPAddress"]}}}},
    ]);
    let rule = "self.type == 'IPAddress' && has(self.value) ? isIP(self.value) : true";
    (schema.get("oneOf") == Some(&ip)).then(|| [rule.to_owned(), "the value is no address".to_owned()])
}

/// Returns the fields of a rule that counts them: `(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) <= 1`.
fn counted(rule: &str) -> Option<Vec<String>> {
    rule.strip_suffix(" <= 1")?
        .split(" + ")
        .map(|part| Some(part.strip_prefix("(has(self.")?.strip_suffix(") ? 1 : 0)")?.to_owned()))
        .collect()
}

fn text_at<'v>(value: &'v Value, pointer: &str) -> Result<&'v str> {
    value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer}"))
}

/// `HTTPRoute` -> `http_route`
fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, c) in chars.iter().enumerate() {
        let begins_word = c.is_ascii_uppercase()
            && at > 0
            && (!chars[at - 1].is_ascii_uppercase() || chars.get(at + 1).is_some_and(char::is_ascii_lowercase));
        if begins_word {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
