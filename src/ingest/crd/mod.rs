//! What the API server checks of an object by its custom resource definition, and what it writes where the object says nothing.
//!
//! `schema/*.txt` are written by `tools/crd-schema` from the definitions of Istio and of the Gateway API: a line a field.
//! [`check`] walks an object and its schema side by side; everything that is wrong is a [`Problem`] at its node. Only the
//! definitions of the Gateway API have defaults, and rules in CEL that are evaluated as they are written ([`complete`]).

mod cel;
mod default;
mod rule;
mod schema;
pub(crate) mod url;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::metadata::{TypeMeta, unknown_field};
use super::problem::{MAX_PROBLEMS, Problem};
use super::yaml::shorten;
use crate::nearest;
use crate::source::{FieldPath, Node, NodeKind};
use schema::{Constraints, Schema, Type};

/// Checks an object of an Istio kind.
pub(crate) fn check(kind: &str, object: Node<'_>, problems: &mut Vec<Problem>) {
    if let Some(schema) = schema::of(kind) {
        let mut checker = Checker { object, problems };
        checker.object(object, schema, true);
    }
}

/// Checks an object of a kind of the Gateway API, and returns it with the defaults; nothing if something is wrong with it.
pub(crate) fn complete(
    type_meta: &TypeMeta<'_>,
    object: Node<'_>,
    problems: &mut Vec<Problem>,
) -> Option<serde_json::Value> {
    let schema = schema::of_gateway_api(type_meta)?;
    Checker { object, problems }.object(object, schema, true);
    if !problems.is_empty() {
        return None;
    }
    let mut value = object.to_json();
    default::drop_nulls(&mut value, schema);
    default::fill(&mut value, schema);
    for (path, message) in cel::check(&value, schema).into_iter().take(MAX_PROBLEMS) {
        let span = object.place(&path);
        problems.push(Problem::new("invalid-value", format!("`{path}`: {message}"), span.start, span.end));
    }
    problems.is_empty().then_some(value)
}

/// Collects what is wrong with one object.
struct Checker<'a, 'p> {
    object: Node<'a>,
    problems: &'p mut Vec<Problem>,
}

impl<'a> Checker<'a, '_> {
    fn value(&mut self, node: Node<'a>, schema: &Schema) {
        if node.is_null() && schema.constraints.nullable {
            return;
        }
        let before = self.problems.len();
        match (schema.r#type, node.kind()) {
            (Type::Object, NodeKind::Map(_)) => self.object(node, schema, false),
            (Type::Array, NodeKind::Seq(_)) => self.array(node, schema),
            (Type::String, NodeKind::String(text)) => self.string(node, text, &schema.constraints),
            (Type::Integer | Type::Number, NodeKind::Int(value)) => {
                self.number(node, i128::from(value), &schema.constraints);
            }
            (Type::Integer | Type::Number, NodeKind::UInt(value)) => {
                self.number(node, i128::from(value), &schema.constraints);
            }
            (Type::Number, NodeKind::Float(value)) => self.float(node, value, &schema.constraints),
            (Type::Boolean, NodeKind::Bool(_))
            | (Type::IntOrString, NodeKind::Int(_) | NodeKind::UInt(_) | NodeKind::String(_)) => {}
            (want, found) => {
                self.report("wrong-type", node, format!("{} where {} belongs", describe(&found), want.article()));
            }
        }
        // Rules look only at what has the right shape.
        if self.problems.len() == before {
            for rule in &schema.constraints.rules {
                if let Some(message) = rule.check(node) {
                    self.report("invalid-value", node, message);
                }
            }
        }
    }

    fn object(&mut self, node: Node<'a>, schema: &Schema, root: bool) {
        let Constraints { required, at_most_one, min_properties, max_properties, preserve_unknown_fields, .. } =
            &schema.constraints;
        let is_dropped = |name: &str, value: Node<'_>| value.is_null() && schema.drops_null(name);
        let has = |name: &str| node.get(name).is_some_and(|value| !is_dropped(name, value));
        // Whoever misspells a field has not left it out.
        let mut meant: Vec<&str> = Vec::new();
        for (key, value) in node.entries() {
            let name = key.as_str().unwrap_or("");
            if is_dropped(name, value) {
                continue;
            }
            if let Some(schema) = schema.property(name).or(schema.values.as_deref()) {
                self.value(value, schema);
            } else if self.problems.len() < MAX_PROBLEMS
                && !(*preserve_unknown_fields || root && matches!(name, "apiVersion" | "kind" | "metadata" | "status"))
            {
                let missing = schema.properties.keys().map(String::as_str).filter(|field| node.get(field).is_none());
                let near = nearest::field(name, missing);
                meant.extend(near);
                self.problems.push(unknown_field(self.object, key, near));
            }
        }
        for field in required {
            if !has(field) && !meant.contains(&field.as_str()) {
                self.report("missing-field", node, format!("the field `{field}` is required"));
            }
        }
        for fields in at_most_one {
            let mut present = fields.iter().filter(|field| has(field)).filter_map(|field| node.key(field));
            if let (Some(first), Some(second)) = (present.next(), present.next())
                && self.problems.len() < MAX_PROBLEMS
            {
                let path = self.path(node);
                let message = format!("{path}only one of `{}` may be set", fields.join("`, `"));
                let (span, other) = (second.span(), first.span());
                self.problems.push(Problem::new("conflicting-fields", message, span.start, span.end).also(
                    other.start,
                    other.end,
                    "the other is here",
                ));
            }
        }
        let count = node.entries().filter(|(key, value)| !is_dropped(key.as_str().unwrap_or(""), *value)).count();
        self.count(node, count, "entries", *min_properties, *max_properties);
    }

    fn array(&mut self, node: Node<'a>, schema: &Schema) {
        if let Some(items) = &schema.items {
            for item in node.items() {
                self.value(item, items);
            }
        }
        let Constraints { list_map_keys, min_items, max_items, .. } = &schema.constraints;
        let count = node.items().count();
        self.count(node, count, "items", *min_items, *max_items);
        // The keys of a list that is a map tell its items apart.
        let mut seen = BTreeSet::new();
        for item in node.items().filter(|_| !list_map_keys.is_empty()) {
            let key: Vec<_> =
                list_map_keys.iter().map(|key| item.get(key).map(|value| value.to_json().to_string())).collect();
            if !seen.insert(key) {
                self.report(
                    "invalid-value",
                    item,
                    format!("another item has the same `{}`", list_map_keys.join("`, `")),
                );
            }
        }
    }

    fn string(&mut self, node: Node<'a>, text: &str, constraints: &Constraints) {
        let Constraints { r#enum, pattern, format, min_length, max_length, .. } = constraints;
        if !r#enum.is_empty() && !r#enum.iter().any(|value| value == text) {
            let values: Vec<&str> = r#enum.iter().filter_map(serde_json::Value::as_str).collect();
            let message = format!("`{}` is none of {}", shorten(text), values.join(", "));
            self.report("unknown-enum-value", node, message);
        }
        if pattern.as_ref().is_some_and(|pattern| !pattern.matches(text)) {
            let pattern = pattern.as_ref().map_or("", |pattern| pattern.text());
            self.report("invalid-value", node, format!("`{}` does not match `{pattern}`", shorten(text)));
        }
        if min_length.is_some() || max_length.is_some() {
            self.count(node, text.chars().count(), "characters", *min_length, *max_length);
        }
        if format.as_deref() == Some("byte") && !is_base64(text) {
            self.report("invalid-value", node, format!("`{}` is not valid base64", shorten(text)));
        }
    }

    fn number(&mut self, node: Node<'a>, value: i128, constraints: &Constraints) {
        let Constraints { r#enum, format, minimum, maximum, .. } = constraints;
        if !r#enum.is_empty() && !r#enum.iter().any(|number| number.as_i64().map(i128::from) == Some(value)) {
            let values: Vec<String> = r#enum.iter().map(ToString::to_string).collect();
            self.report("unknown-enum-value", node, format!("{value} is none of {}", values.join(", ")));
        }
        let int32 = format.as_deref() == Some("int32");
        let least = minimum.or(int32.then_some(i64::from(i32::MIN)));
        let most = maximum.or(int32.then_some(i64::from(i32::MAX)));
        if let Some(least) = least.filter(|least| value < i128::from(*least)) {
            self.report("invalid-value", node, format!("{value} is less than {least}"));
        }
        if let Some(most) = most.filter(|most| value > i128::from(*most)) {
            self.report("invalid-value", node, format!("{value} is more than {most}"));
        }
    }

    /// Checks a number with a fraction.
    fn float(&mut self, node: Node<'a>, value: f64, constraints: &Constraints) {
        let Constraints { minimum, maximum, .. } = constraints;
        #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
        if let Some(least) = minimum.filter(|least| value < *least as f64) {
            self.report("invalid-value", node, format!("{value} is less than {least}"));
        }
        #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
        if let Some(most) = maximum.filter(|most| value > *most as f64) {
            self.report("invalid-value", node, format!("{value} is more than {most}"));
        }
    }

    fn count(&mut self, node: Node<'a>, count: usize, what: &str, least: Option<usize>, most: Option<usize>) {
        if let Some(least) = least.filter(|least| count < *least) {
            self.report("invalid-value", node, format!("{count} {what} are fewer than {least}"));
        }
        if let Some(most) = most.filter(|most| count > *most) {
            self.report("invalid-value", node, format!("{count} {what} are more than {most}"));
        }
    }

    fn report(&mut self, code: &'static str, node: Node<'a>, message: impl AsRef<str>) {
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        let span = self.object.place(&self.object.path_to(node.index()));
        let message = format!("{}{}", self.path(node), message.as_ref());
        self.problems.push(Problem::new(code, message, span.start, span.end));
    }

    /// Returns the path of a node, to start a message with; nothing for the object itself.
    fn path(&self, node: Node<'a>) -> String {
        let path = self.object.path_to(node.index());
        let mut text = String::new();
        if path != FieldPath::default() {
            // Writing to a string cannot fail.
            let _ = write!(text, "`{path}`: ");
        }
        text
    }
}

fn describe(found: &NodeKind<'_>) -> String {
    match found {
        NodeKind::Null => "null".into(),
        NodeKind::Bool(value) => format!("the boolean `{value}`"),
        NodeKind::Int(value) => format!("the number `{value}`"),
        NodeKind::UInt(value) => format!("the number `{value}`"),
        NodeKind::Float(value) => format!("the number `{value}`"),
        NodeKind::String(text) => format!("the string \"{}\"", shorten(text)),
        NodeKind::Seq(_) => "a list".into(),
        NodeKind::Map(_) => "a map".into(),
    }
}

fn is_base64(text: &str) -> bool {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).is_ok()
}

#[cfg(test)]
mod tests;
