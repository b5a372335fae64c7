//! Rules that a definition writes in CEL, evaluated as the API server does.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use super::schema::Schema;
use crate::ingest::cel::Expr;
use crate::source::{FieldPath, Step};

/// A rule, and what the definition says when it does not hold.
#[derive(Debug, Deserialize)]
#[serde(from = "(String, String)")]
pub(crate) struct CelRule {
    rule: String,
    message: String,
    expression: OnceLock<Option<Expr>>,
}

impl From<(String, String)> for CelRule {
    fn from((rule, message): (String, String)) -> Self {
        Self { rule, message, expression: OnceLock::new() }
    }
}

impl CelRule {
    fn expression(&self) -> Option<&Expr> {
        self.expression.get_or_init(|| Expr::parse(&self.rule)).as_ref()
    }

    /// Says whether the rule can be read at all.
    #[cfg(test)]
    pub(super) fn compiles(&self) -> bool {
        self.expression().is_some()
    }

    /// Says whether the rule holds for a value; one that cannot be evaluated does not.
    fn holds(&self, value: &Value) -> bool {
        self.expression().is_some_and(|expression| expression.holds(value))
    }
}

/// Returns what breaks a rule, with what the definition says of it.
pub(super) fn check(value: &Value, schema: &Schema) -> Vec<(FieldPath, String)> {
    let mut checker = Checker { path: FieldPath::default(), broken: Vec::new() };
    checker.value(value, schema);
    checker.broken
}

struct Checker {
    path: FieldPath,
    broken: Vec<(FieldPath, String)>,
}

impl Checker {
    fn value(&mut self, value: &Value, schema: &Schema) {
        let broken = schema.constraints.cel.iter().filter(|rule| !rule.holds(value));
        self.broken.extend(broken.map(|rule| (self.path.clone(), rule.message.clone())));
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if let Some(schema) = schema.property(name).or(schema.values.as_deref()) {
                        self.below(Step::Key(name.clone()), value, schema);
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(schema) = &schema.items {
                        self.below(Step::Index(index), item, schema);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn below(&mut self, step: Step, value: &Value, schema: &Schema) {
        self.path.0.push(step);
        self.value(value, schema);
        self.path.0.pop();
    }
}
