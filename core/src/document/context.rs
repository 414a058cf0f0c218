//! What all readers of one file share: its mistakes so far, and the way to where they are.
//! Knows the file and the path; must not know what is being read.

use super::Format;
use super::node::Node;
use super::problem::{MAX_KEPT, Problem};
use super::shape::{Kind, TableShape};
use super::source::{Place, Source};
use std::collections::BTreeMap;

/// What all readers of one file share.
#[derive(Debug)]
pub struct Context {
    source: Source,
    format: Format,
    problems: Vec<Problem>,
    path: String,
    describing: bool,
    pub(super) definitions: BTreeMap<&'static str, Kind>,
}

impl Context {
    pub(super) const fn reading(source: Source, format: Format, problems: Vec<Problem>) -> Self {
        Self { source, format, problems, path: String::new(), describing: false, definitions: BTreeMap::new() }
    }

    pub(super) fn describing() -> Self {
        Self { describing: true, ..Self::reading(Source::new("", ""), Format::Toml, Vec::new()) }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    pub(super) fn into_definitions(self) -> BTreeMap<&'static str, Kind> {
        self.definitions
    }

    /// The file that is read.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// How the file is written.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The dotted path of the value being read, such as `regions[2].name`; empty for the whole file.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the file is only being described: nothing is read, and mistakes are not kept.
    #[must_use]
    pub const fn is_describing(&self) -> bool {
        self.describing
    }

    /// Writes down a mistake; an empty help says nothing.
    pub fn problem(&mut self, place: Place, message: impl Into<String>, help: impl Into<String>) {
        let problem = Problem::new(&self.source, place, message).with_help(help);
        self.record(problem);
    }

    /// Writes down that the value being read is not what was expected.
    pub fn wrong(&mut self, node: &Node, expected: impl Into<String>, help: impl Into<String>) {
        let name = if self.path.is_empty() { "the file".to_owned() } else { format!("`{}`", self.path) };
        let message = format!("{name} is {}", node.value.found());
        let problem = Problem::new(&self.source, node.place, message).with_expected(expected).with_help(help);
        self.record(problem);
    }

    pub(super) fn record(&mut self, problem: Problem) {
        if !self.describing && !self.is_full() {
            self.problems.push(problem);
        }
    }

    /// Whether further mistakes are not kept.
    pub(super) fn is_full(&self) -> bool {
        self.problems.len() >= MAX_KEPT
    }

    /// Does something one key further down the path.
    pub(super) fn under<T>(&mut self, key: &str, act: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path = self.path_of(key);
        let result = act(self);
        self.path.truncate(length);
        result
    }

    /// Does something one place of a list further down the path.
    pub(super) fn at<T>(&mut self, index: usize, act: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path += &format!("[{index}]");
        let result = act(self);
        self.path.truncate(length);
        result
    }

    /// The path of a key of the table being read.
    pub(super) fn path_of(&self, key: &str) -> String {
        let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        let key = if plain { key.to_owned() } else { format!("\"{}\"", super::problem::quoted(key)) };
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    /// Does something without keeping the mistakes it finds: they would follow from one already written down.
    pub(super) fn quietly<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let kept = self.problems.len();
        let result = act(self);
        self.problems.truncate(kept);
        result
    }

    /// Keeps what a named part looks like.
    pub(super) fn define(&mut self, name: &'static str, kind: Kind) {
        self.definitions.insert(name, kind);
    }

    /// Whether a named part has been described or is being described.
    pub(super) fn begin_definition(&mut self, name: &'static str) -> bool {
        if self.definitions.contains_key(name) {
            return false;
        }
        self.define(name, Kind::Table(TableShape::default()));
        true
    }
}
