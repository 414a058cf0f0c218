//! The tree that both formats parse into. Knows values and their places; must not know any format.

use super::source::Place;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands; for a TOML `[table]` its heading.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What a node may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, which only JSON has.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A date or time without quotes, which only TOML has.
    DateTime(String),
    /// Values in order.
    List(Vec<Node>),
    /// Values under keys, in the order of the file; no key twice.
    Table(Vec<(Key, Node)>),
}

/// The name under which a table holds a value, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name without quotes.
    pub name: String,
    /// Where it stands.
    pub place: Place,
}

impl Node {
    /// A value that stands nowhere, such as a default.
    #[must_use]
    pub const fn new(value: Value) -> Self {
        Self { place: Place::new(0, 0), value }
    }
}

impl Value {
    /// What was found, in words: "the number 30", "a table".
    #[must_use]
    pub fn found(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => format!("the number {value}"),
            Self::Float(value) => format!("the number {value}"),
            Self::Text(text) => format!("the text \"{}\"", super::problem::quoted(text)),
            Self::DateTime(text) => format!("the date {}", super::problem::quoted(text)),
            Self::List(items) if items.is_empty() => "an empty list".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
        }
    }
}
