//! What a file may hold: the keys, types, defaults and limits that its reader asks for.
//! Knows types of values; must not know any file.

use super::node::Value;
use std::collections::BTreeMap;
use std::ops::Bound;

/// What a whole file may hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The outermost table.
    pub root: TableShape,
    /// The parts that have names, because they occur more than once or within themselves.
    pub definitions: BTreeMap<&'static str, Kind>,
}

/// What a table may hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableShape {
    /// Its keys in the order in which they are asked for.
    pub fields: Vec<Field>,
    /// The key that says which variant the table is, and the further keys of each.
    pub variants: Option<Variants>,
}

/// The variants of a table, told apart by one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Variants {
    /// The key that tells them apart.
    pub tag: &'static str,
    /// What that key means.
    pub doc: &'static str,
    /// The word for each variant and the keys that only it has.
    pub arms: Vec<(&'static str, Vec<Field>)>,
}

/// One key of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// What stands under it.
    pub kind: Kind,
    /// Whether it must be given.
    pub given: Given,
    /// What it means, in one line.
    pub doc: &'static str,
}

/// Whether a key must be given.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// It must.
    Required,
    /// It may be left out, or be null.
    Optional,
    /// It may be left out and means this then.
    Or(Value),
}

/// What a value looks like.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Anything.
    Any,
    /// True or false.
    Bool,
    /// A whole number within bounds.
    Integer {
        /// The least.
        least: i64,
        /// The greatest; `i64::MAX` is no bound.
        most: i64,
    },
    /// A finite number.
    Number,
    /// Text.
    Text,
    /// A duration as text.
    Duration,
    /// A point in time.
    Timestamp,
    /// One of some words.
    Choice(Vec<&'static str>),
    /// Another kind within bounds.
    Within {
        /// The other kind.
        kind: Box<Self>,
        /// The least value.
        least: Bound<Value>,
        /// The greatest value.
        most: Bound<Value>,
    },
    /// A list.
    List {
        /// What each of its items is.
        item: Box<Self>,
        /// How many it holds at the least.
        least: usize,
    },
    /// A table under keys of the user's choice.
    Map(Box<Self>),
    /// A table of known keys.
    Table(TableShape),
    /// Any of several kinds.
    Either(Vec<Self>),
    /// Another kind, or null.
    Nullable(Box<Self>),
    /// The definition of that name.
    Named(&'static str),
}

impl Kind {
    /// What to write there, to follow the word "expected".
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Any => "a value".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Integer { least: i64::MIN, most: i64::MAX } => "a whole number".to_owned(),
            Self::Integer { least, most: i64::MAX } => format!("a whole number, {least} or more"),
            Self::Integer { least, most } => format!("a whole number from {least} to {most}"),
            Self::Number => "a number".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Duration => "a duration such as \"30s\", \"5m\" or \"1h30m\"".to_owned(),
            Self::Timestamp => "a time such as \"2026-11-24T00:00:00Z\"".to_owned(),
            Self::Choice(words) => format!("one of: {}", words.join(", ")),
            Self::Within { kind, least, most } => {
                format!("{}{}", kind.plain(), limits(least, most))
            }
            Self::List { item, .. } => format!("a list, each item {}", item.expected()),
            Self::Map(_) | Self::Table(_) | Self::Named(_) => "a table".to_owned(),
            Self::Either(kinds) => kinds.iter().map(Self::expected).collect::<Vec<_>>().join(", or "),
            Self::Nullable(kind) => format!("{} or null", kind.expected()),
        }
    }

    /// The same without limits or examples, where limits follow.
    fn plain(&self) -> String {
        match self {
            Self::Integer { .. } => "a whole number".to_owned(),
            Self::Duration => "a duration".to_owned(),
            Self::Timestamp => "a time".to_owned(),
            Self::Any | Self::Bool | Self::Number | Self::Text | Self::Choice(_) | Self::Within { .. } => {
                self.expected()
            }
            Self::List { .. } | Self::Map(_) | Self::Table(_) => self.expected(),
            Self::Either(_) | Self::Nullable(_) | Self::Named(_) => self.expected(),
        }
    }
}

/// Bounds in words, with a blank before them: " from 1 to 100", " above 0 and at most 1".
pub(super) fn limits(least: &Bound<Value>, most: &Bound<Value>) -> String {
    if let (Bound::Included(least), Bound::Included(most)) = (least, most) {
        return format!(" from {} to {}", plain_value(least), plain_value(most));
    }
    let low = match least {
        Bound::Included(value) => format!(" of at least {}", plain_value(value)),
        Bound::Excluded(value) => format!(" above {}", plain_value(value)),
        Bound::Unbounded => String::new(),
    };
    let high = match most {
        Bound::Included(value) => format!(" at most {}", plain_value(value)),
        Bound::Excluded(value) => format!(" below {}", plain_value(value)),
        Bound::Unbounded => return low,
    };
    if low.is_empty() { high } else { format!("{low} and{high}") }
}

/// A single value as a message shows it.
pub(super) fn plain_value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) | Value::DateTime(text) => text.clone(),
        Value::List(_) | Value::Table(_) => value.found(),
    }
}
