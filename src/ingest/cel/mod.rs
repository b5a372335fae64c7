//! CEL, the language of conditions: [`Expr::parse`] reads it, [`Expr::holds`] evaluates as much of it as the definitions of the
//! Gateway API use. What there is beyond that (maps, messages, bytes, optional values) is read and has no value.

mod evaluate;
mod parse;

use std::sync::OnceLock;

use regex::Regex;
use serde_json::Value;

/// An expression.
#[derive(Debug)]
pub(crate) enum Expr {
    Literal(Value),
    Variable(String),
    List(Vec<Expr>),
    Field(Box<Expr>, String),
    /// A list or map, and what is looked up in it.
    Index(Box<[Expr; 2]>),
    /// A function, or a method of a value.
    Call(String, Option<Box<Expr>>, Vec<Expr>),
    /// A method `matches` whose pattern is a literal, compiled when first used.
    Matches(Box<Expr>, String, OnceLock<Option<Regex>>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Binary(Operator, Box<[Expr; 2]>),
    /// `a ? b : c`
    Conditional(Box<[Expr; 3]>),
    /// What is CEL, but has no value here.
    Unsupported,
}

/// What stands between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Expr {
    /// Reads an expression; nothing if it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        parse::parse(text)
    }

    /// Says whether it is true of a value, which it calls `self`; an expression that cannot be evaluated is not.
    pub(crate) fn holds(&self, value: &Value) -> bool {
        evaluate::evaluate(self, value).is_some_and(|result| *result == Value::Bool(true))
    }
}
