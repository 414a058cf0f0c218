//! Reads one value of any kind. Knows how to look into it and name what is wrong; must not know what it means.

use super::Format;
use super::context::Context;
use super::nearest::nearest;
use super::node::{Key, Node, Value};
use super::scalar::FromNode;
use super::shape::Kind;
use super::source::Place;
use super::table::TableReader;
use std::ops::{Bound, RangeBounds};

/// A cursor over one value. While a file is described there is no value, and every closure runs once over nothing.
#[derive(Debug)]
pub struct NodeReader<'a> {
    context: &'a mut Context,
    node: Option<&'a Node>,
    pub(super) kind: Kind,
}

impl<'a> NodeReader<'a> {
    pub(super) const fn new(context: &'a mut Context, node: Option<&'a Node>) -> Self {
        Self { context, node, kind: Kind::Any }
    }

    /// The value as it was parsed.
    #[must_use]
    pub const fn node(&self) -> Option<&'a Node> {
        self.node
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place {
        self.node.map_or_else(Place::default, |node| node.place)
    }

    /// The dotted path of the value, such as `regions[2].name`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.context.path()
    }

    /// Writes down a mistake in this value; an empty help says nothing.
    pub fn problem(&mut self, message: impl Into<String>, help: impl Into<String>) {
        let place = self.place();
        self.context.problem(place, message, help);
    }

    /// Writes down that the value is not what was expected: "`path` is ..., expected ...".
    pub fn wrong(&mut self, expected: impl Into<String>, help: impl Into<String>) {
        if let Some(node) = self.node {
            self.context.wrong(node, expected, help);
        }
    }

    /// Reads a single value, or a list of them.
    pub fn read<T: FromNode>(&mut self) -> Option<T> {
        let Some(node) = self.node else {
            self.kind = T::kind();
            return None;
        };
        T::from_node(node, self.context)
    }

    /// Reads a single value within bounds, such as `1..=100` or `Span::ZERO..`.
    pub fn in_range<T: FromNode + PartialOrd>(&mut self, range: impl RangeBounds<T>) -> Option<T> {
        let value = self.read::<T>();
        let bound = |bound: Bound<&T>| bound.map(T::to_value);
        let limits = || Kind::Within {
            kind: Box::new(T::kind()),
            least: bound(range.start_bound()),
            most: bound(range.end_bound()),
        };
        if self.node.is_none() {
            self.kind = limits();
        }
        let value = value?;
        if range.contains(&value) {
            return Some(value);
        }
        self.wrong(limits().expected(), "");
        None
    }

    /// Reads one of some words, each of which stands for a value.
    pub fn choice<T: Copy>(&mut self, choices: &[(&'static str, T)]) -> Option<T> {
        let words = || choices.iter().map(|(word, _)| *word);
        let Some(node) = self.node else {
            self.kind = Kind::Choice(words().collect());
            return None;
        };
        let given = if let Value::Text(text) = &node.value { text.as_str() } else { "" };
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == given) {
            return Some(*value);
        }
        let help = nearest(given, words()).map_or(String::new(), |word| format!("did you mean `{word}`?"));
        self.wrong(Kind::Choice(words().collect()).expected(), help);
        None
    }

    /// Reads a table of known keys; keys that the closure does not ask for are mistakes.
    pub fn table<T>(&mut self, read: impl FnOnce(&mut TableReader<'_>) -> T) -> Option<T> {
        let Some(node) = self.node else {
            self.kind = Kind::Table(super::TableShape::default());
            if !self.context.is_describing() {
                return None;
            }
            let (value, shape) = TableReader::run(self.context, &[], Place::default(), read);
            self.kind = Kind::Table(shape);
            return Some(value);
        };
        if let Value::Table(entries) = &node.value {
            return Some(TableReader::run(self.context, entries, node.place, read).0);
        }
        self.wrong("a table", "");
        None
    }

    /// Reads a list of at least so many items, leaving out those of which the closure makes nothing.
    pub fn list<T>(&mut self, least: usize, mut read: impl FnMut(&mut NodeReader<'_>) -> Option<T>) -> Vec<T> {
        let Some(node) = self.node else {
            let mut item = NodeReader::new(self.context, None);
            let value = if item.context.is_describing() { read(&mut item) } else { None };
            self.kind = Kind::List { item: Box::new(item.kind), least };
            return value.into_iter().collect();
        };
        let Value::List(items) = &node.value else {
            let heading = self.context.format() == Format::Toml && matches!(node.value, Value::Table(_));
            let help = if heading { format!("write each item as [[{}]]", self.path()) } else { String::new() };
            self.wrong("a list", help);
            return Vec::new();
        };
        if items.len() < least {
            let (found, path) = (items.len(), self.path().to_owned());
            self.problem(format!("`{path}` has {found} of at least {least} items"), "");
        }
        let context = &mut *self.context;
        let each = |(index, item)| context.at(index, |context| read(&mut NodeReader::new(context, Some(item))));
        items.iter().enumerate().filter_map(each).collect()
    }

    /// Reads a table under keys of the user's choice, leaving out entries of which the closure makes nothing.
    pub fn entries<V>(&mut self, mut read: impl FnMut(&Key, &mut NodeReader<'_>) -> Option<V>) -> Vec<(Key, V)> {
        let Some(node) = self.node else {
            let mut entry = NodeReader::new(self.context, None);
            let key = Key { name: String::new(), place: Place::default() };
            let value = if entry.context.is_describing() { read(&key, &mut entry) } else { None };
            self.kind = Kind::Map(Box::new(entry.kind));
            return value.map(|value| (key, value)).into_iter().collect();
        };
        let Value::Table(entries) = &node.value else {
            self.wrong("a table", "");
            return Vec::new();
        };
        let context = &mut *self.context;
        let each = |(key, node): &'a (Key, Node)| {
            let value = context.under(&key.name, |context| read(key, &mut NodeReader::new(context, Some(node))))?;
            Some((key.clone(), value))
        };
        entries.iter().filter_map(each).collect()
    }

    /// Reads either a table or, where there is none, a single value, which `plain` turns into the same.
    pub fn either<A: FromNode + Default, T>(
        &mut self,
        plain: impl FnOnce(A, &mut Self) -> Option<T>,
        table: impl FnOnce(&mut TableReader<'_>) -> T,
    ) -> Option<T> {
        let Some(node) = self.node else {
            let value = self.table(table);
            let kind = Kind::Either(vec![A::kind(), std::mem::replace(&mut self.kind, Kind::Any)]);
            if self.context.is_describing() {
                plain(A::default(), self);
            }
            self.kind = kind;
            return value;
        };
        match &node.value {
            Value::Table(_) => self.table(table),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => self.plain(plain),
            Value::Text(_) | Value::DateTime(_) | Value::List(_) => self.plain(plain),
        }
    }

    fn plain<A: FromNode, T>(&mut self, plain: impl FnOnce(A, &mut Self) -> Option<T>) -> Option<T> {
        let value = self.read::<A>()?;
        plain(value, self)
    }

    /// Reads a part that has a name because it occurs more than once, or within itself: it is described once.
    pub fn named<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.node.is_some() || !self.context.is_describing() {
            return read(self);
        }
        if !self.context.begin_definition(name) {
            self.kind = Kind::Named(name);
            return None;
        }
        let value = read(self);
        let kind = std::mem::replace(&mut self.kind, Kind::Named(name));
        self.context.define(name, kind);
        value
    }
}
