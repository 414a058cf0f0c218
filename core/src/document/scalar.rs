//! Single values out of nodes: numbers, text, durations, times. Knows what each may look like;
//! must not know the keys they stand under.

use super::context::Context;
use super::duration::{duration_text, parse_duration};
use super::moment::parse_timestamp;
use super::node::{Node, Value};
use super::shape::Kind;
use super::source::Place;
use crate::time::{Span, Timestamp};

/// A type that a value of a file can become.
pub trait FromNode: Sized {
    /// Reads a value; what is wrong with it goes to the context, mostly through [`Context::wrong`].
    fn from_node(node: &Node, context: &mut Context) -> Option<Self>;

    /// What such a value looks like.
    fn kind() -> Kind;

    /// How a file would write this value: defaults are shown so.
    fn to_value(&self) -> Value;
}

/// A value and where it stood, for checks that come later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stood.
    pub place: Place,
}

impl<T> From<T> for Located<T> {
    fn from(value: T) -> Self {
        Self { value, place: Place::default() }
    }
}

impl<T: FromNode> FromNode for Located<T> {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        T::from_node(node, context).map(|value| Self { value, place: node.place })
    }
    fn kind() -> Kind {
        T::kind()
    }
    fn to_value(&self) -> Value {
        self.value.to_value()
    }
}

impl<T: FromNode> FromNode for Option<T> {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        if node.value == Value::Null { Some(None) } else { T::from_node(node, context).map(Some) }
    }
    fn kind() -> Kind {
        Kind::Nullable(Box::new(T::kind()))
    }
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        let Value::List(items) = &node.value else {
            context.wrong(node, Self::kind().expected(), "");
            return None;
        };
        let read = |(index, item)| context.at(index, |context| T::from_node(item, context));
        // All are read before any is missed, so that every mistake is found.
        let values: Vec<Option<T>> = items.iter().enumerate().map(read).collect();
        values.into_iter().collect()
    }
    fn kind() -> Kind {
        Kind::List { item: Box::new(T::kind()), least: 0 }
    }
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(|item| Node::new(item.to_value())).collect())
    }
}

impl FromNode for bool {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        let quoted = matches!(&node.value, Value::Text(text) if text == "true" || text == "false");
        context.wrong(node, Self::kind().expected(), if quoted { "write it without quotes" } else { "" });
        None
    }
    fn kind() -> Kind {
        Kind::Bool
    }
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl FromNode for String {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        if let Value::Text(text) = &node.value {
            return Some(text.clone());
        }
        let single = !matches!(node.value, Value::List(_) | Value::Table(_) | Value::Null);
        context.wrong(node, Self::kind().expected(), if single { "write it in double quotes" } else { "" });
        None
    }
    fn kind() -> Kind {
        Kind::Text
    }
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl FromNode for f64 {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        let value = match node.value {
            Value::Int(value) => Some(value as Self),
            Value::Float(value) if value.is_finite() => Some(value),
            Value::Null | Value::Bool(_) | Value::Float(_) | Value::Text(_) => None,
            Value::DateTime(_) | Value::List(_) | Value::Table(_) => None,
        };
        if value.is_none() {
            context.wrong(node, Self::kind().expected(), unquote(node));
        }
        value
    }
    fn kind() -> Kind {
        Kind::Number
    }
    fn to_value(&self) -> Value {
        Value::Float(*self)
    }
}

/// Help for a number that stands in quotes.
fn unquote(node: &Node) -> &'static str {
    let number = matches!(&node.value, Value::Text(text) if text.parse::<f64>().is_ok_and(f64::is_finite));
    if number { "write it without quotes" } else { "" }
}

/// A whole number between bounds; 3.0 is one too, as it is in JSON Schema.
fn whole(node: &Node, least: i64, most: i64, context: &mut Context) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // every whole number up to here is a float
    let value = match node.value {
        Value::Int(value) => Some(value),
        Value::Float(value) if value.fract() == 0.0 && value.abs() <= EXACT => Some(value as i64),
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::Text(_) => None,
        Value::DateTime(_) | Value::List(_) | Value::Table(_) => None,
    };
    let value = value.filter(|value| (least..=most).contains(value));
    if value.is_none() {
        context.wrong(node, Kind::Integer { least, most }.expected(), unquote(node));
    }
    value
}

macro_rules! whole_numbers {
    ($($type:ty: $most:expr),*) => {$(
        impl FromNode for $type {
            fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
                let least = i64::try_from(Self::MIN).unwrap_or(i64::MIN);
                whole(node, least, $most, context).and_then(|value| Self::try_from(value).ok())
            }
            fn kind() -> Kind {
                Kind::Integer { least: i64::try_from(Self::MIN).unwrap_or(i64::MIN), most: $most }
            }
            fn to_value(&self) -> Value {
                Value::Int(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )*};
}

whole_numbers!(u8: 0xff, u16: 0xffff, u32: 0xffff_ffff, u64: i64::MAX, usize: i64::MAX, i64: i64::MAX);

impl FromNode for Span {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        let help = match &node.value {
            Value::Text(text) => match parse_duration(text) {
                Ok(span) => return Some(span),
                Err(help) => help,
            },
            Value::Int(value) if *value < 0 => "a duration must not be negative".to_owned(),
            Value::Float(value) if *value < 0.0 => "a duration must not be negative".to_owned(),
            Value::Int(value) => format!("write a unit, e.g. \"{value}s\""),
            Value::Float(value) if value.is_finite() => format!("write a unit, e.g. \"{value}s\""),
            Value::Null | Value::Bool(_) | Value::Float(_) => String::new(),
            Value::DateTime(_) | Value::List(_) | Value::Table(_) => String::new(),
        };
        context.wrong(node, Self::kind().expected(), help);
        None
    }
    fn kind() -> Kind {
        Kind::Duration
    }
    fn to_value(&self) -> Value {
        Value::Text(duration_text(*self))
    }
}

impl FromNode for Timestamp {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        let help = match &node.value {
            Value::Text(text) | Value::DateTime(text) => match parse_timestamp(text) {
                Ok(time) => return Some(time),
                Err(help) => help,
            },
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => String::new(),
            Value::List(_) | Value::Table(_) => String::new(),
        };
        context.wrong(node, Self::kind().expected(), help);
        None
    }
    fn kind() -> Kind {
        Kind::Timestamp
    }
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}
