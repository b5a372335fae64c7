//! The value of an expression, by the rules of the CEL specification; the functions beyond them are Kubernetes' own.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::IpAddr;

use regex::Regex;
use serde_json::Value;

use super::{Expr, Operator};
use crate::model::Duration;

/// A value; none is an error, which `&&` and `||` pass over when the other side decides.
type Result<'a> = Option<Cow<'a, Value>>;

/// A variable and those around it.
#[derive(Clone, Copy)]
struct Scope<'a, 's> {
    name: &'a str,
    value: &'s Value,
    outer: Option<&'s Scope<'a, 's>>,
}

/// Returns the value of an expression in which `self` is a variable.
pub(super) fn evaluate<'a>(expression: &'a Expr, this: &'a Value) -> Result<'a> {
    value(expression, Scope { name: "self", value: this, outer: None })
}

fn value<'s>(expression: &'s Expr, scope: Scope<'s, 's>) -> Result<'s> {
    match expression {
        Expr::Literal(value) => Some(Cow::Borrowed(value)),
        Expr::Variable(name) => variable(name, &scope),
        Expr::List(items) => {
            let items: Option<Vec<Value>> = items.iter().map(|item| value(item, scope).map(Cow::into_owned)).collect();
            items.map(|items| Cow::Owned(Value::Array(items)))
        }
        Expr::Field(object, name) => field(value(object, scope)?, unescaped(name)),
        Expr::Index(parts) => {
            let [container, index] = &**parts;
            index_of(value(container, scope)?, &*value(index, scope)?)
        }
        Expr::Call(name, None, arguments) => function(name, arguments, scope),
        Expr::Call(name, Some(receiver), arguments) => method(name, receiver, arguments, scope),
        Expr::Matches(text, pattern, regex) => {
            let regex = regex.get_or_init(|| Regex::new(pattern).ok()).as_ref()?;
            bool(regex.is_match(value(text, scope)?.as_str()?))
        }
        Expr::Not(operand) => bool(!value(operand, scope)?.as_bool()?),
        Expr::Negative(operand) => int(value(operand, scope)?.as_i64()?.checked_neg()),
        Expr::Binary(operator, operands) => binary(*operator, operands, scope),
        Expr::Conditional(parts) => {
            let [condition, then, otherwise] = &**parts;
            value(if value(condition, scope)?.as_bool()? { then } else { otherwise }, scope)
        }
        Expr::Unsupported => None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what all that makes a value returns")]
fn bool<'a>(value: bool) -> Result<'a> {
    Some(Cow::Owned(Value::Bool(value)))
}

fn int<'a>(value: Option<i64>) -> Result<'a> {
    value.map(|value| Cow::Owned(value.into()))
}

fn count<'a>(value: usize) -> Result<'a> {
    int(i64::try_from(value).ok())
}

fn variable<'s>(name: &str, scope: &Scope<'s, 's>) -> Result<'s> {
    let mut scope = scope;
    loop {
        if scope.name == name {
            return Some(Cow::Borrowed(scope.value));
        }
        scope = scope.outer?;
    }
}

/// Returns the field that a name means: Kubernetes puts underscores around reserved words.
fn unescaped(name: &str) -> &str {
    name.strip_prefix("__").and_then(|name| name.strip_suffix("__")).unwrap_or(name)
}

fn field<'a>(object: Cow<'a, Value>, name: &str) -> Result<'a> {
    match object {
        Cow::Borrowed(object) => object.as_object()?.get(name).map(Cow::Borrowed),
        Cow::Owned(Value::Object(mut fields)) => fields.remove(name).map(Cow::Owned),
        Cow::Owned(_) => None,
    }
}

fn index_of<'a>(container: Cow<'a, Value>, index: &Value) -> Result<'a> {
    if let Some(name) = index.as_str() {
        return field(container, name);
    }
    let index = usize::try_from(index.as_i64()?).ok()?;
    match container {
        Cow::Borrowed(list) => list.as_array()?.get(index).map(Cow::Borrowed),
        Cow::Owned(list) => list.as_array()?.get(index).cloned().map(Cow::Owned),
    }
}

fn size<'a>(value: &Value) -> Result<'a> {
    count(match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    })
}

fn binary<'s>(operator: Operator, operands: &'s [Expr; 2], scope: Scope<'s, 's>) -> Result<'s> {
    let [left, right] = operands;
    if let Operator::And | Operator::Or = operator {
        // The value of one side that decides alone.
        let decides = operator == Operator::Or;
        let mut is_error = false;
        for side in [left, right] {
            match value(side, scope).and_then(|value| value.as_bool()) {
                Some(value) if value == decides => return bool(decides),
                Some(_) => {}
                None => is_error = true,
            }
        }
        return if is_error { None } else { bool(!decides) };
    }
    let (left, right) = (value(left, scope)?, value(right, scope)?);
    let integers = || Some((left.as_i64()?, right.as_i64()?));
    match operator {
        Operator::Equal => bool(equal(&left, &right)),
        Operator::NotEqual => bool(!equal(&left, &right)),
        Operator::Less => bool(order(&left, &right)?.is_lt()),
        Operator::LessOrEqual => bool(order(&left, &right)?.is_le()),
        Operator::Greater => bool(order(&left, &right)?.is_gt()),
        Operator::GreaterOrEqual => bool(order(&left, &right)?.is_ge()),
        Operator::In => match &*right {
            Value::Array(items) => bool(items.iter().any(|item| equal(item, &left))),
            Value::Object(fields) => bool(fields.contains_key(left.as_str()?)),
            _ => None,
        },
        Operator::Add => match (&*left, &*right) {
            (Value::String(left), Value::String(right)) => Some(Cow::Owned(format!("{left}{right}").into())),
            (Value::Array(left), Value::Array(right)) => Some(Cow::Owned([&left[..], &right[..]].concat().into())),
            _ => integers().and_then(|(left, right)| int(left.checked_add(right))),
        },
        Operator::Subtract => integers().and_then(|(left, right)| int(left.checked_sub(right))),
        Operator::Multiply => integers().and_then(|(left, right)| int(left.checked_mul(right))),
        Operator::Divide => integers().and_then(|(left, right)| int(left.checked_div(right))),
        Operator::Remainder => integers().and_then(|(left, right)| int(left.checked_rem(right))),
        Operator::And | Operator::Or => None,
    }
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => order(left, right) == Some(Ordering::Equal),
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn function<'s>(name: &str, arguments: &'s [Expr], scope: Scope<'s, 's>) -> Result<'s> {
    let [argument] = arguments else { return None };
    if name == "has" {
        let Expr::Field(object, name) = argument else { return None };
        return bool(value(object, scope)?.as_object()?.contains_key(unescaped(name)));
    }
    let argument = value(argument, scope)?;
    match name {
        "size" => size(&argument),
        "isIP" => bool(argument.as_str()?.parse::<IpAddr>().is_ok()),
        // In nanoseconds: durations are only compared.
        "duration" => int(i64::try_from(Duration::parse(argument.as_str()?)?.as_nanos()).ok()),
        _ => None,
    }
}

fn method<'s>(name: &str, receiver: &'s Expr, arguments: &'s [Expr], scope: Scope<'s, 's>) -> Result<'s> {
    let receiver = value(receiver, scope)?;
    if let [Expr::Variable(variable), body] = arguments {
        let items: Vec<Value> = match &*receiver {
            Value::Array(items) if matches!(name, "all" | "exists" | "exists_one" | "filter" | "map") => {
                return comprehension(name, items, variable, body, scope);
            }
            // The items of a map are its keys.
            Value::Object(fields) => fields.keys().map(|key| Value::from(key.as_str())).collect(),
            _ => return None,
        };
        return comprehension(name, &items, variable, body, scope);
    }
    if name == "size" && arguments.is_empty() {
        return size(&receiver);
    }
    let [argument] = arguments else { return None };
    let text = receiver.as_str()?;
    let argument = value(argument, scope)?;
    if name == "substring" {
        let start = usize::try_from(argument.as_i64()?).ok()?;
        return Some(Cow::Owned(text.chars().skip(start).collect::<String>().into()));
    }
    let argument = argument.as_str()?;
    match name {
        "contains" => bool(text.contains(argument)),
        "startsWith" => bool(text.starts_with(argument)),
        "endsWith" => bool(text.ends_with(argument)),
        "matches" => bool(Regex::new(argument).ok()?.is_match(text)),
        "split" => Some(Cow::Owned(text.split(argument).collect())),
        _ => None,
    }
}

/// A macro that looks at each item, by the name of a variable.
fn comprehension<'s>(
    name: &str,
    items: &[Value],
    variable: &'s str,
    body: &'s Expr,
    scope: Scope<'s, 's>,
) -> Result<'s> {
    let mut kept = Vec::new();
    let mut is_error = false;
    for item in items {
        let inner = Scope { name: variable, value: item, outer: Some(&scope) };
        let result = value(body, inner);
        if name == "map" {
            kept.push(result?.into_owned());
            continue;
        }
        match (name, result.and_then(|value| value.as_bool())) {
            ("all", Some(false)) => return bool(false),
            ("exists", Some(true)) => return bool(true),
            (_, Some(true)) => kept.push(item.clone()),
            (_, Some(false)) => {}
            (_, None) => is_error = true,
        }
    }
    match name {
        _ if is_error => None,
        "all" => bool(true),
        "exists" => bool(false),
        "exists_one" => bool(kept.len() == 1),
        "filter" | "map" => Some(Cow::Owned(Value::Array(kept))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_that_hold() {
        let this = json!({
            "name": "a", "namespace": "b", "port": 80, "none": [], "options": {"k": "v"}, "timeout": "1h",
            "items": [{"type": "x", "port": 1}, {"type": "y"}],
        });
        for text in [
            "self.name == 'a' && self.port == 80",
            "self.__namespace__ == 'b'",
            "has(self.port) && !has(self.host)",
            "size(self.items) == 2 && self.items.size() == 2 && self.name.size() == 1 && size(self.none) == 0",
            "self.items.all(i, has(i.type)) && self.items.exists(i, i.type == 'y')",
            "self.items.exists_one(i, has(i.port)) && self.items.filter(i, i.type == 'x').size() <= 1",
            "self.items.all(i, self.items.exists_one(j, j.type == i.type))",
            "self.items.map(i, i.type) == ['x', 'y']",
            "self.options.all(k, k.matches('^[a-z]$')) && 'k' in self.options && self.options['k'] == 'v'",
            "self.items[1].type == 'y' && 'a' in ['a', 'b'] && !('c' in ['a'])",
            "1 + 2 * 3 == 7 && 7 - 2 - 1 == 4 && 7 / 2 == 3 && 7 % 2 == 1 && -1 < 1 && !!true && - -1 == 1",
            "true ? (false ? false : true) : false",
            "false && self.host == 'x' || true",
            "self.host == 'x' || true",
            "!(self.host == 'x' && false)",
            "duration(self.timeout) > duration('59m') && isIP('::1') && !isIP('a')",
            "'a/b'.split('/')[0] + 'c' == 'ac' && '*.x'.substring(2) == 'x' && 'abc'.contains('b')",
            "'abc'.startsWith('ab') && 'abc'.endsWith('bc') && 'b' > 'a' && true != false && 1 == 1",
            "self.items.exists(i, i.port == 1)",
        ] {
            let expression = Expr::parse(text).expect(text);
            assert_eq!(evaluate(&expression, &this).as_deref(), Some(&Value::Bool(true)), "{text}");
        }
    }

    #[test]
    fn expressions_without_a_value() {
        let this = json!({"name": "a", "items": [{"port": 1}, {}]});
        for text in [
            "self.host",
            "self.name == 'a' && self.host == ''",
            "self.items.all(i, i.port == 1)",
            "self.items.exists_one(i, i.port == 1)",
            "self.name < 1",
            "self.items[2]",
            "other",
            "1 / 0",
            "9223372036854775807 + 1",
            "{'a': 1}",
            "'a'.reverse()",
            "self.name.matches('(')",
        ] {
            let expression = Expr::parse(text).expect(text);
            assert_eq!(evaluate(&expression, &this), None, "{text}");
        }
    }
}
