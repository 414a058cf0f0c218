//! The reader of every input file: all mistakes at once, each with its place and the way out.
//! Knows text, places and shapes; must not know files, clocks or what any key means.
//!
//! One pass of code parses, checks and describes: a function over a [`TableReader`] read by [`Document::read`] gives
//! the value or all its [`Problems`], and the same function given to [`describe`] gives the [`Shape`] of the file.
//! Two rules for such a function: ask for every key before returning early, and do not panic on default values.

mod context;
mod duration;
mod edit;
mod getters;
mod item;
mod moment;
mod nearest;
mod node;
mod problem;
mod scalar;
#[cfg(feature = "text")]
mod schema;
mod shape;
mod source;
mod table;
#[cfg(feature = "text")]
mod text;

pub use context::Context;
pub use duration::{duration_text, parse_duration};
pub use item::NodeReader;
pub use moment::parse_timestamp;
pub use nearest::nearest;
pub use node::{Key, Node, Value};
pub use problem::{Problem, Problems};
pub use scalar::{FromNode, Located};
pub use shape::{Field, Given, Kind, Shape, TableShape, Variants};
pub use source::{Place, Source};
pub use table::{Arm, TableReader};
#[cfg(feature = "text")]
pub use text::{parse, parse_json, parse_toml};

/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 64;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TOML 1.1.
    Toml,
    /// JSON after RFC 8259: no comments, no trailing commas.
    Json,
}

/// A file that parsed: a tree of values with their places, and the mistakes that did not stop the parser.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text it came from.
    pub source: Source,
    /// How it is written.
    pub format: Format,
    /// The outermost value.
    pub root: Node,
    /// Mistakes beside which the rest could still be read, such as a key given twice.
    pub problems: Vec<Problem>,
}

impl Document {
    /// Reads the whole file as one table.
    ///
    /// # Errors
    /// Every mistake of the file, in the order of their places.
    pub fn read<T>(&self, read: impl FnOnce(&mut TableReader<'_>) -> T) -> Result<T, Problems> {
        let mut context = Context::reading(self.source.clone(), self.format, self.problems.clone());
        let value = NodeReader::new(&mut context, Some(&self.root)).table(read);
        let problems = context.into_problems();
        match value {
            Some(value) if problems.is_empty() => Ok(value),
            _ => Err(Problems::new(problems)),
        }
    }
}

/// Runs a reading function over nothing and writes down what it asks for.
pub fn describe<T>(read: impl FnOnce(&mut TableReader<'_>) -> T) -> Shape {
    let mut context = Context::describing();
    let (_, root) = TableReader::run(&mut context, &[], Place::default(), read);
    Shape { root, definitions: context.into_definitions() }
}
