//! The getters of a table, one for each way in which a key may be given. Knows defaults, bounds and choices;
//! must not know how keys are found.

use super::item::NodeReader;
use super::node::{Key, Value};
use super::scalar::FromNode;
use super::shape::Given;
use super::table::TableReader;
use std::ops::{Bound, RangeBounds};

impl TableReader<'_> {
    /// Reads a value that may be left out or, in JSON, be null.
    pub fn optional<T: FromNode>(&mut self, key: &'static str, doc: &'static str) -> Option<T> {
        self.field(key, Given::Optional, doc, |node| node.read())
    }

    /// Reads a value that means `default` where it is left out.
    pub fn or<T: FromNode>(&mut self, key: &'static str, default: T, doc: &'static str) -> T {
        self.field(key, Given::Or(default.to_value()), doc, |node| node.read()).unwrap_or(default)
    }

    /// Reads a value that must be given; where it is missing or wrong that is a mistake, and an empty value stands in.
    pub fn required<T: FromNode + Default>(&mut self, key: &'static str, doc: &'static str) -> T {
        self.field(key, Given::Required, doc, |node| node.read()).unwrap_or_default()
    }

    /// As [`TableReader::or`], within bounds such as `1..=100` or `Span::ZERO..`.
    pub fn in_range<T: FromNode + PartialOrd>(
        &mut self,
        key: &'static str,
        default: T,
        range: impl RangeBounds<T>,
        doc: &'static str,
    ) -> T {
        self.field(key, Given::Or(default.to_value()), doc, |node| node.in_range(range)).unwrap_or(default)
    }

    /// As [`TableReader::optional`], within bounds.
    pub fn optional_in_range<T: FromNode + PartialOrd>(
        &mut self,
        key: &'static str,
        range: impl RangeBounds<T>,
        doc: &'static str,
    ) -> Option<T> {
        self.field(key, Given::Optional, doc, |node| node.in_range(range))
    }

    /// As [`TableReader::required`], within bounds.
    pub fn required_in_range<T: FromNode + PartialOrd + Default>(
        &mut self,
        key: &'static str,
        range: impl RangeBounds<T>,
        doc: &'static str,
    ) -> T {
        self.field(key, Given::Required, doc, |node| node.in_range(range)).unwrap_or_default()
    }

    /// Reads a share of a whole: above 0 and at most 1.
    pub fn fraction(&mut self, key: &'static str, default: f64, doc: &'static str) -> f64 {
        self.in_range(key, default, (Bound::Excluded(0.0), Bound::Included(1.0)), doc)
    }

    /// Reads one of some words, each of which stands for a value.
    pub fn choice<T: Copy + PartialEq>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
        default: T,
        doc: &'static str,
    ) -> T {
        let word = choices.iter().find(|(_, value)| *value == default).map(|(word, _)| (*word).to_owned());
        let given = Given::Or(word.map_or(Value::Null, Value::Text));
        self.field(key, given, doc, |node| node.choice(choices)).unwrap_or(default)
    }

    /// As [`TableReader::choice`], where leaving it out means none of them.
    pub fn optional_choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
        doc: &'static str,
    ) -> Option<T> {
        self.field(key, Given::Optional, doc, |node| node.choice(choices))
    }

    /// As [`TableReader::choice`], where it must be given; otherwise an empty value stands in.
    pub fn required_choice<T: Copy + Default>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
        doc: &'static str,
    ) -> T {
        self.field(key, Given::Required, doc, |node| node.choice(choices)).unwrap_or_default()
    }

    /// Reads a table within this one, where leaving it out means something else than an empty one.
    pub fn optional_section<T>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        read: impl FnOnce(&mut TableReader<'_>) -> T,
    ) -> Option<T> {
        self.field(key, Given::Optional, doc, |node| node.table(read))
    }

    /// Reads a list of tables; where it is left out, an empty one.
    pub fn each<T>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        read: impl FnMut(&mut TableReader<'_>) -> T,
    ) -> Vec<T> {
        self.each_at_least(key, 0, doc, read)
    }

    /// Reads a list of at least so many tables.
    pub fn each_at_least<T>(
        &mut self,
        key: &'static str,
        least: usize,
        doc: &'static str,
        mut read: impl FnMut(&mut TableReader<'_>) -> T,
    ) -> Vec<T> {
        let given = if least > 0 { Given::Required } else { Given::Or(Value::List(Vec::new())) };
        let read = |node: &mut NodeReader<'_>| Some(node.list(least, |item| item.table(&mut read)));
        self.field(key, given, doc, read).unwrap_or_default()
    }

    /// Reads a table under keys of the user's choice; where it is left out, an empty one.
    pub fn entries<V>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        read: impl FnMut(&Key, &mut NodeReader<'_>) -> Option<V>,
    ) -> Vec<(Key, V)> {
        let given = Given::Or(Value::Table(Vec::new()));
        self.field(key, given, doc, |node| Some(node.entries(read))).unwrap_or_default()
    }

    /// Reads a value of any kind that may be left out, by a closure.
    pub fn node<T>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        read: impl FnOnce(&mut NodeReader<'_>) -> Option<T>,
    ) -> Option<T> {
        self.field(key, Given::Optional, doc, read)
    }

    /// Reads a value of any kind that must be given, by a closure.
    pub fn required_node<T>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        read: impl FnOnce(&mut NodeReader<'_>) -> Option<T>,
    ) -> Option<T> {
        self.field(key, Given::Required, doc, read)
    }
}
