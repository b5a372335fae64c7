//! Rules that a definition writes in CEL, evaluated as the API server does.

#[expect(clippy::disallowed_types, reason = "what the library takes; its order reaches no output")]
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use cel::extractors::This;
use cel::{Context, Program};
use serde::Deserialize;
use serde_json::Value;

use super::schema::Schema;
use crate::model::Duration;
use crate::source::{FieldPath, Step};

/// A rule, and what the definition says when it does not hold.
#[derive(Debug, Deserialize)]
#[serde(from = "(String, String)")]
pub(crate) struct CelRule {
    rule: String,
    message: String,
    program: OnceLock<Option<Program>>,
}

impl From<(String, String)> for CelRule {
    fn from((rule, message): (String, String)) -> Self {
        Self { rule, message, program: OnceLock::new() }
    }
}

impl CelRule {
    fn program(&self) -> Option<&Program> {
        self.program.get_or_init(|| Program::compile(&self.rule).ok()).as_ref()
    }

    /// Says whether the rule can be read at all.
    #[cfg(test)]
    pub(super) fn compiles(&self) -> bool {
        self.program().is_some()
    }

    /// Says whether the rule holds; one that cannot be evaluated does not.
    fn holds(&self, context: &Context<'_, '_>) -> bool {
        let Some(program) = self.program() else { return false };
        matches!(program.execute(context), Ok(cel::Value::Bool(true)))
    }
}

/// Returns what breaks a rule, with what the definition says of it.
pub(super) fn check(value: &Value, schema: &Schema) -> Vec<(FieldPath, String)> {
    let mut checker = Checker { context: functions(), path: FieldPath::default(), broken: Vec::new() };
    checker.value(value, schema);
    checker.broken
}

struct Checker {
    context: Context<'static, 'static>,
    path: FieldPath,
    broken: Vec<(FieldPath, String)>,
}

impl Checker {
    fn value(&mut self, value: &Value, schema: &Schema) {
        if !schema.constraints.cel.is_empty() {
            let mut context = self.context.new_inner_scope();
            context.add_variable_from_value("self", cel_value(value));
            let broken = schema.constraints.cel.iter().filter(|rule| !rule.holds(&context));
            let broken: Vec<_> = broken.map(|rule| (self.path.clone(), rule.message.clone())).collect();
            self.broken.extend(broken);
        }
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

/// The functions that Kubernetes adds to CEL, as far as the rules call them.
fn functions() -> Context<'static, 'static> {
    let mut context = Context::default();
    let added = [
        context.add_function("isIP", |text: Arc<String>| text.parse::<IpAddr>().is_ok()),
        // In nanoseconds: durations are only compared.
        context.add_function("duration", |text: Arc<String>| {
            Duration::parse(&text).and_then(|duration| i64::try_from(duration.as_nanos()).ok()).unwrap_or(i64::MAX)
        }),
        context.add_function("substring", |This(text): This<Arc<String>>, start: i64| -> Arc<String> {
            Arc::new(text.chars().skip(usize::try_from(start).unwrap_or_default()).collect())
        }),
        context.add_function("split", |This(text): This<Arc<String>>, separator: Arc<String>| -> cel::Value {
            let parts = text.split(separator.as_str()).map(|part| cel::Value::String(Arc::new(part.to_owned())));
            cel::Value::List(Arc::new(parts.collect()))
        }),
    ];
    debug_assert!(added.iter().all(Result::is_ok), "every function is new");
    context
}

/// Returns a value as CEL has it: whole numbers are `int`, and a reserved word that is a field has underscores around it.
fn cel_value(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(value) => cel::Value::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(number) => cel::Value::Int(number),
            None => cel::Value::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => cel::Value::String(Arc::new(text.clone())),
        Value::Array(items) => cel::Value::List(Arc::new(items.iter().map(cel_value).collect())),
        Value::Object(fields) => {
            #[expect(clippy::disallowed_types, reason = "the library's type; its order reaches no output")]
            let map: HashMap<String, cel::Value> = fields
                .iter()
                .map(|(name, value)| {
                    let name = if name == "namespace" { "__namespace__".to_owned() } else { name.clone() };
                    (name, cel_value(value))
                })
                .collect();
            cel::Value::Map(map.into())
        }
    }
}
